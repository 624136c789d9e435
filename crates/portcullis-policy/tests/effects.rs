//! Changes that open a loophole, each told in a sentence that says who gains what.

use portcullis_catalogue::Catalogue;
use portcullis_policy::{PolicySet, Side, Way, diff};
use portcullis_yaml::{Faults, Source};

const GUARDED: &str = "\
version: 1
tier: guarded
about: For tests
clients: required
lists: { brands: 50, grants: 9 }
rates:
  - { id: calls, per: partner, max: 100, window: 1h }
limits:
  - { id: places, count: targets, max: 40, window: 24h }
  - { id: rows, count: rows, each: target, max: 200, window: 24h, per: group }
  - { id: found, count: targets, returned: [user, place], max: 90, window: 24h }
  - { id: cells, count: cells, cell_m: 1000, max: 20, window: 24h }
allow:
  - id: search
    class: [place.search]
    when: { scope: [places:search], age: { min: 30d } }
    fields: [place]
    limits: [cells, found]
  - id: posts
    class: [place.posts, hashtag.media]
    target: { declared: locations }
    when: { cursor: forbidden }
    fields: [post]
    rows: 25
    limits: [places, rows]
  - id: single
    class: [media.single, media.by_account]
    target: granted
    fields: [credited-post]
  - id: brands
    class: [discovery.by_username]
    target: { declared: brands }
    fields: [id]
  - id: place
    class: [place.single]
    target: any
    fields: [place]
    limits: [places]
deny:
  - { id: no-names, class: [place.posts, hashtag.media, media.single], fields: [username] }
  - { id: no-nights, class: any, when: { hour: { from: 0, to: 6 } } }
filter:
  - { id: no-stories, class: [place.posts, media.by_account], drop_items: { product_type: [STORY], expired: true } }
watch:
  - { id: walk, signal: id_walk, over: 20, per: 24h, then: [open_case] }
";

/// Files by name; the first is the route file.
type Files = Vec<(String, String)>;

fn files() -> Files {
    let mut files = vec![("plaza.yaml".to_owned(), crate::desk::ROUTES.to_owned())];
    files.extend(
        crate::desk::USES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
    );
    files.push(("guarded.yaml".to_owned(), GUARDED.to_owned()));
    files
}

fn compiled(files: &Files) -> (Catalogue, PolicySet) {
    let source = |(name, text): &(String, String)| Source::new(name.clone(), text.clone());
    let routes = [source(&files[0])];
    let catalogue = Catalogue::compile(&routes).unwrap_or_else(|all| panic!("{}", Faults(all)));
    let policies: Vec<Source> = files[1..].iter().map(source).collect();
    let set = PolicySet::compile(&policies, &catalogue);
    (catalogue, set.unwrap_or_else(|all| panic!("{}", Faults(all))))
}

/// The effects of putting pieces in place of others in one file.
fn effects(file: &str, edits: &[(&str, &str)]) -> String {
    let before = files();
    let mut after = before.clone();
    let text = &mut after.iter_mut().find(|(name, _)| name == file).unwrap().1;
    for (piece, by) in edits {
        assert!(text.contains(piece), "`{piece}` is not in {file}");
        *text = text.replacen(piece, by, 1);
    }
    let (old_catalogue, old) = compiled(&before);
    let (new_catalogue, new) = compiled(&after);
    let old = Side { policies: &old, catalogue: &old_catalogue };
    let new = Side { policies: &new, catalogue: &new_catalogue };
    let all = diff(old, new);
    assert_eq!(diff(new, old).is_empty(), all.is_empty(), "seen from both sides");
    for call in opened(old, new) {
        assert!(all.iter().any(|effect| effect.way == Way::Wider), "not told: {call}\n{all:?}");
    }
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Calls of the tiers' own tests that were refused and are not any more.
fn opened(old: Side<'_>, new: Side<'_>) -> Vec<String> {
    let mut calls = Vec::new();
    for tier in old.policies.tiers() {
        let now = new.policies.tier_at(new.policies.tier(tier.name.as_str()).unwrap()).unwrap();
        for case in tier.tests() {
            let (before, _) = crate::desk::run(old.policies, old.catalogue, tier, case);
            let (after, _) = crate::desk::run(new.policies, new.catalogue, now, case);
            if !before.starts_with("allow") && after.starts_with("allow") {
                calls.push(format!("{}: {} ({before}, {after})", tier.name, case.name));
            }
        }
    }
    calls
}

#[test]
fn each_loophole_is_told_in_a_sentence() {
    let g = "guarded.yaml";
    let table = [
        (
            "a class left out of a deny",
            g,
            "hashtag.media, media.single], fields",
            "media.single], fields",
        ),
        (
            "a budget per key instead of per group",
            g,
            "window: 24h, per: group",
            "window: 24h, per: key",
        ),
        (
            "an id pattern too narrow",
            "plaza.yaml",
            "ids: [18###############]",
            "ids: [180##############]",
        ),
        (
            "a default field forgotten",
            "plaza.yaml",
            "    default: [id, username]\n",
            "    default: [id]\n",
        ),
        ("any target instead of the declared", g, "target: { declared: locations }", "target: any"),
        (
            "a field too many in a set",
            "field-sets.yaml",
            "profile: [id,",
            "profile: [id, biography,",
        ),
        ("a limit forgotten in a rule", g, "limits: [places, rows]", "limits: [rows]"),
        ("a shorter window", g, "max: 40, window: 24h", "max: 40, window: 1h"),
        ("a figure with a zero too many", g, "max: 40,", "max: 400,"),
        ("a condition left out", g, "    when: { cursor: forbidden }\n", ""),
        (
            "a filter that forgets a class",
            g,
            "class: [place.posts, media.by_account], drop",
            "class: [place.posts], drop",
        ),
        ("a filter put in shadow", g, "expired: true } }", "expired: true }, shadow: true }"),
        ("a denial put in shadow", g, "to: 6 } } }", "to: 6 } }, shadow: true }"),
        ("a denial of fewer hours", g, "to: 6 } } }", "to: 5 } } }"),
        ("larger pages", g, "rows: 25", "rows: 50"),
        ("several ids in a call", g, "    rows: 25", "    ids: 50\n    rows: 25"),
        ("calls for clients that nobody declared", g, "clients: required\n", ""),
        ("batches", "newsroom.yaml", "rates: []\n", "rates: []\nbatch: true\n"),
        (
            "an operation of another class",
            "plaza.yaml",
            "place: story.by_place }",
            "place: place.posts }",
        ),
        (
            "a page size that is not read",
            "plaza.yaml",
            "params: { fields: fields, limit: page_size, after: cursor, before: cursor, summary: plain }\n    links: true\n\n  listChildren",
            "params: { fields: fields, limit: plain, after: cursor, before: cursor, summary: plain }\n    links: true\n\n  listChildren",
        ),
        ("a use that gets another tier", "research.yaml", "use: research", "use: research_of_all"),
        ("a rate of each key", g, "per: partner, max: 100", "per: key, max: 100"),
        ("a watch that sees less", g, "over: 20, per: 24h", "over: 200, per: 24h"),
        (
            "a frame that filters less",
            "base.yaml",
            "drop_items: { expired: true }",
            "drop_items: { expired: true }\n    shadow: true",
        ),
        ("a watch of smaller gaps", g, "over: 20, per: 24h", "over: 20, min: 10, per: 24h"),
        (
            "a limit on what answers name, too, that counts what is asked only",
            g,
            "{ id: found, count: targets, returned: [user, place],",
            "{ id: found, count: targets,",
        ),
        ("larger cells", g, "cell_m: 1000", "cell_m: 5000"),
        (
            "a key of any scope",
            g,
            "when: { scope: [places:search], age: { min: 30d } }",
            "when: { age: { min: 30d } }",
        ),
        ("newer partners", g, "age: { min: 30d }", "age: { min: 7d }"),
        ("a longer list", g, "brands: 50", "brands: 500"),
        ("a list without a bound", g, "brands: 50, ", ""),
        ("more accounts", g, "grants: 9", "grants: 10"),
        (
            "more that a hold leaves open",
            "plaza.yaml",
            "continuity: [publish.status,",
            "continuity: [place.posts,",
        ),
        ("comments that the ledger only counts", "plaza.yaml", "    - comment.*\n", ""),
        (
            "lists of comments that the ledger does not even count",
            "plaza.yaml",
            "    - comment.*\n",
            "    - comment.basic\n    - comment.author\n  none: [comment.list]\n",
        ),
        (
            "a name that goes to a class that the ledger only counts",
            "plaza.yaml",
            "[id, username, name, account_type, media_count, profile_picture_url, is_private]\n      profile.counts: [",
            "[id, username, account_type, media_count, profile_picture_url, is_private]\n      platform.debug_token: [name]\n      profile.counts: [",
        ),
        (
            "tokens that the ledger digests",
            "plaza.yaml",
            "    - comment.*\n",
            "    - comment.*\n    - platform.debug_token\n",
        ),
        (
            "tokens that the ledger does not even count",
            "plaza.yaml",
            "    - comment.*\n",
            "    - comment.*\n  none: [platform.debug_token]\n",
        ),
        (
            "tagged posts taken for the account's own",
            "plaza.yaml",
            "owned: [media.by_account,",
            "owned: [media.by_account, media.tagged,",
        ),
        (
            "stories asked whose they are",
            "plaza.yaml",
            "owned: [media.by_account, story.by_account]",
            "owned: [media.by_account]",
        ),
        (
            "an edge that goes to a class whose owner is told",
            "plaza.yaml",
            "tags: { class: media.tagged,",
            "tags: { class: media.by_account,",
        ),
        (
            "posts of an account that the ledger only counts",
            "plaza.yaml",
            "    - media.*\n    - story.*\n    - place.*\n    - hashtag.media\n    - comment.*\n  # What these give is the account's that the call names: nobody asks the platform for whose it is.\n  owned: [media.by_account, story.by_account]\n",
            "    - story.*\n    - place.*\n    - hashtag.media\n    - comment.*\n  owned: [story.by_account]\n",
        ),
        ("nothing but a text", g, "about: For tests", "about: For other tests"),
    ];
    let mut said = String::new();
    for (name, file, piece, by) in table {
        said.push_str(&format!("# {name}\n{}\n\n", effects(file, &[(piece, by)])));
    }
    let edits = [
        ("    ids: [17900############,", "    ids: [189##############, 17900############,"),
        ("ids: [18###############]", "ids: [180##############]"),
    ];
    said.push_str("# ids of stories taken for posts\n");
    said.push_str(&effects("plaza.yaml", &edits));
    insta::assert_snapshot!(said);
}

#[test]
fn the_same_set_has_no_effect() {
    let (catalogue, set) = compiled(&files());
    let side = Side { policies: &set, catalogue: &catalogue };
    assert_eq!(diff(side, side), Vec::new());
}
