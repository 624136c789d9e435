//! Every fault of rules, limits, filters, watches, tests and inheritance: which code, at which line.

use std::sync::OnceLock;

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_yaml::{Fault, Faults, Source};

const SETS: &str = "version: 1\nfield_sets:\n  post: [id, caption]\n  more: [post, username]\n";
const SCOPES: &str =
    "version: 1\nscopes:\n  media:read: { about: x, classes: [media.by_account, post.basic] }\n";
const PARENT: &str = "\
version: 1
tier: parent
about: x
rates: [{ id: calls, per: partner, max: 10, window: 1h }]
lists: { locations: 50 }
limits: [{ id: rows, count: rows, max: 100, window: 24h, each: target }]
allow:
  - { id: posts, class: [place.posts], target: { declared: locations }, when: { cursor: forbidden, words: { min: 2 } }, fields: [post], rows: 25, limits: [rows] }
  - { id: single, class: [media.single], target: any, fields: [more], ids: 5 }
deny:
  - { id: never, class: any, fields: [biography] }
";
const TIER: &str = "\
version: 1
tier: t
about: x
use: testing
inherits: parent
rates: []
limits:
  - { id: places, count: targets, max: 40, window: 24h }
allow:
  - id: posts
    class: [place.posts]
    target: { declared: locations }
    when: { cursor: forbidden, words: { min: 3 } }
    fields: [post]
    rows: 20
    limits: [places]
deny:
  - { id: no-names, class: [place.posts], fields: [username], reason: names, tell: No names. }
filter:
  - { id: no-stories, class: any, drop_items: { expired: true }, except: [posts] }
watch:
  - { id: walk, signal: id_walk, over: 20, per: 24h, then: [hold], tell: Ids in order. }
tests:
  - name: posts
    call: GET /v21.0/200300014810/posts
    at: 2024-03-01T10:00:00Z
    facts: { lists: { locations: ['200300014810'] } }
    used: { places: 3, calls: 2 }
    expect: allow posts
";

fn compile(sets: &str, tier: &str) -> Vec<Fault> {
    static ONE: OnceLock<Catalogue> = OnceLock::new();
    let catalogue = ONE.get_or_init(crate::desk::catalogue);
    let sources = [
        Source::new("sets.yaml", sets),
        Source::new("scopes.yaml", SCOPES),
        Source::new("parent.yaml", PARENT),
        Source::new("tier.yaml", tier),
    ];
    PolicySet::compile(&sources, catalogue).err().unwrap_or_default()
}

#[track_caller]
fn expect(faults: &[Fault], want: &[&str], what: &str) {
    let shown: Vec<String> =
        faults.iter().map(|at| format!("{} {}:{}", at.code, at.line, at.column)).collect();
    assert_eq!(shown, want, "`{what}`\n{}", Faults(faults.to_vec()));
}

#[track_caller]
fn check(piece: &str, by: &str, want: &[&str]) {
    assert!(TIER.contains(piece), "`{piece}` is not in the file");
    expect(&compile(SETS, &TIER.replacen(piece, by, 1)), want, by);
}

#[test]
fn the_files_the_faults_are_put_into_have_none() {
    expect(&compile(SETS, TIER), &[], "");
}

#[test]
fn every_fault_of_a_field_set_is_found_at_its_line() {
    let check = |piece: &str, by: &str, want: &[&str]| {
        let mut faults = compile(&SETS.replacen(piece, by, 1), TIER);
        faults.retain(|fault| fault.file == "sets.yaml");
        expect(&faults, want, by);
    };
    check("version: 1", "version: 2", &["PC0301 1:10"]);
    check("[id, caption]", "[id, captoin]", &["PC0313 3:14"]);
    check("[id, caption]", "[]", &["PC0312 3:9"]);
    check("[post, username]", "[more]", &["PC0316 4:10"]);
    check("more:", "caption:", &["PC0305 4:3"]);
    check("more:", "'a b':", &["PC0311 4:3"]);
    check("more:", "post:", &["PC0102 4:3"]);
    check("field_sets:", "fieldsets:", &["PC0302 2:1"]);
}

#[test]
fn every_fault_of_a_rule_is_found_at_its_line() {
    check(
        "id: posts\n    class",
        "id: 'a b'\n    class",
        &["PC0318 8:11", "PC0311 10:9", "PC0314 20:75", "PC0322 29:13"],
    );
    check("class: [place.posts]\n    target", "class: [place.post]\n    target", &["PC0304 11:13"]);
    check("class: [place.posts]\n    target", "class: []\n    target", &["PC0312 11:12"]);
    check("target: { declared: locations }\n", "target: everyone\n", &["PC0111 12:13"]);
    check("target: { declared: locations }\n", "target: none\n", &["PC0317 10:9", "PC0315 12:13"]);
    check("target: { declared: locations }\n", "target: 5\n", &["PC0105 12:13"]);
    check("target: { declared: locations }\n", "target: [any]\n", &["PC0105 12:13"]);
    check("target: { declared: locations }\n", "target: {}\n", &["PC0317 10:9", "PC0315 12:13"]);
    check("declared: locations }\n", "declraed: locations }\n", &["PC0103 12:15"]);
    check("declared: locations }\n", "declared: 'My Places' }\n", &["PC0317 10:9", "PC0311 12:25"]);
    check(
        "target: { declared: locations }\n",
        "target: { declared: locations, type: [plaec] }\n",
        &["PC0315 12:43"],
    );
    check(
        "target: { declared: locations }\n",
        "target: { declared: locations, type: [post] }\n",
        &["PC0315 12:13"],
    );
    check("    target: { declared: locations }\n", "", &["PC0315 10:9", "PC0317 10:9"]);
    check("    fields: [post]\n", "", &["PC0313 10:9"]);
    check("fields: [post]", "fields: [psot]", &["PC0313 14:14"]);
    check("fields: [post]", "fields: [biography]", &["PC0313 14:14"]);
    check("rows: 20", "rows: 0", &["PC0321 15:11"]);
    check("rows: 20", "rows: 20\n    ids: 51", &["PC0317 10:9", "PC0321 16:10"]);
    check("limits: [places]", "limits: [plces, places]", &["PC0314 16:14"]);
    check("limits: [places]", "limits: [places, places]", &["PC0305 16:22"]);
    check("limits: [places]", "limits: []", &["PC0318 8:11"]);
    check(
        "when: { cursor: forbidden, words: { min: 3 } }",
        "when: {}",
        &["PC0317 10:9", "PC0312 13:11"],
    );
    check(
        "words: { min: 3 } }",
        "words: { min: 3 }, hour: { from: 9, to: 25 } }",
        &["PC0321 13:57"],
    );
    check("words: { min: 3 } }", "words: { min: 3 }, scope: [media:raed] }", &["PC0303 13:59"]);
    check("words: { min: 3 } }", "words: { min: 3 }, scope: [] }", &["PC0312 13:58"]);
    check("words: { min: 3 } }", "words: { min: 3 }, age: { min: 0s } }", &["PC0321 13:63"]);
    check("words: { min: 3 } }", "words: { min: 3 }, age: { min: 30d } }", &[]);
    check("cursor: forbidden", "cursor: never", &["PC0111 13:21"]);
    check("cursor: forbidden, words", "standing: [bad], words", &["PC0111 13:24"]);
    check("reason: names", "reason: 'no names'", &["PC0311 18:71"]);
    check("tell: No names.", "tell: ' '", &["PC0311 18:84"]);
    check("inherits: parent", "inherits: parent\nscopes: [media:read]", &["PC0317 6:9"]);
}

#[test]
fn every_fault_of_a_bound_on_lists_is_found_at_its_line() {
    check("rates: []", "rates: []\nlists: { locations: many }", &["PC0105 7:21"]);
    check("rates: []", "rates: []\nlists: { locations: 5, locations: 6 }", &["PC0102 7:24"]);
    check("rates: []", "rates: []\nlists: { hashtags: 5 }", &["PC0318 7:10"]);
    check("rates: []", "rates: []\nlists: { 'My Places': 5 }", &["PC0311 7:10"]);
}

#[test]
fn every_fault_of_a_limit_a_filter_and_a_watch_is_found_at_its_line() {
    check("max: 40", "max: { figure: a, times: 3 }", &["PC0320 8:40"]);
    check("max: 40", "max: { for_each: grants }", &["PC0320 8:40"]);
    check("max: 40", "max: forty", &["PC0105 8:40"]);
    check("max: 40", "max: 5000000000", &["PC0306 8:40"]);
    check("window: 24h }\nallow", "window: 32d }\nallow", &["PC0307 8:52"]);
    check("count: targets", "count: target", &["PC0111 8:26"]);
    check("count: targets", "each: target, count: targets", &["PC0320 8:11"]);
    check("id: places", "id: rows", &["PC0317 8:11", "PC0314 16:14", "PC0314 28:13"]);
    check("count: targets", "count: cells", &["PC0320 8:11"]);
    check("count: targets", "count: cells, cell_m: 0", &["PC0321 8:41"]);
    check("count: targets", "count: targets, cell_m: 5", &["PC0320 8:43"]);
    check("count: targets", "count: cells, cell_m: 5", &["PC0320 16:14"]);
    check("count: targets", "count: targets, returned: [user]", &[]);
    check("count: targets", "count: targets, returned: [usr]", &["PC0315 8:46"]);
    check("count: targets", "count: targets, returned: []", &["PC0312 8:45"]);
    check("count: targets", "count: rows, returned: [user]", &["PC0320 8:42"]);
    check("count: targets", "count: targets, returned: [hashtag]", &["PC0320 16:14"]);
    check("drop_items: { expired: true }, ", "", &["PC0312 20:11"]);
    check("{ expired: true }", "{ expired: false }", &["PC0312 20:47"]);
    check("except: [posts]", "except: [psots]", &["PC0314 20:75"]);
    check("signal: id_walk", "signal: ids_walk", &["PC0111 22:25"]);
    check(
        "over: 20, per: 24h, then: [hold], tell: Ids in order. }",
        "over: 20, per: 24h, then: [hold] }",
        &["PC0312 22:60"],
    );
    check("then: [hold]", "then: []", &["PC0312 22:60"]);
    check("signal: id_walk, over: 20", "signal: not_found, over: 100", &["PC0321 22:42"]);
    check("signal: id_walk, over: 20", "signal: key_union, over: 100", &["PC0321 22:42"]);
    check("signal: id_walk, over: 20", "signal: overlap, over: 20, min: 4096", &[]);
    check("signal: id_walk, over: 20", "signal: overlap, over: 20, min: 4097", &["PC0321 22:49"]);
    check("signal: id_walk, over: 20", "signal: id_walk, over: 20, min: 0", &[]);
}

#[test]
fn every_fault_of_a_test_is_found_at_its_line() {
    check("GET /v21.0/200300014810/posts", "get a place", &["PC0322 25:11"]);
    check("2024-03-01T10:00:00Z", "yesterday", &["PC0322 26:9"]);
    check("places: 3", "place: 3", &["PC0314 28:13"]);
    check("expect: allow posts", "expect: maybe", &["PC0322 29:13"]);
    check("expect: allow posts", "expect: allow post", &["PC0322 29:13"]);
    check("expect: allow posts", "expect: deny no-name", &["PC0322 29:13"]);
    check("expect: allow posts", "expect: deny never", &[]);
    check("expect: allow posts", "expect: deny class_not_granted", &[]);
    check("expect: allow posts", "expect: limit rows", &[]);
    check("expect: allow posts", "expect: limit calls", &[]);
}

#[test]
fn a_child_that_gives_more_than_its_parent_is_a_fault() {
    let wider = &["PC0317 10:9"][..];
    check("target: { declared: locations }\n", "target: any\n", wider);
    check("target: { declared: locations }\n", "target: { declared: places }\n", wider);
    check("when: { cursor: forbidden, words: { min: 3 } }", "when: { words: { min: 3 } }", wider);
    check("words: { min: 3 }", "words: { min: 1 }", wider);
    check("fields: [post]", "fields: [post, like_count]", wider);
    check("rows: 20", "rows: 26", wider);
    check("    rows: 20\n", "", wider);
    check("class: [place.posts]\n    target", "class: [hashtag.media]\n    target", wider);
    check("inherits: parent", "inherits: parent\nbatch: true", &["PC0317 6:8"]);
    check("rates: []", "rates: [{ id: calls, per: key, max: 10, window: 1h }]", &["PC0317 6:15"]);
    check("rates: []", "rates: [{ id: calls, per: partner, max: 9, window: 1h }]", &[]);
    check(
        "id: places, count: targets, max: 40",
        "id: rows, count: rows, each: target, max: 101",
        &["PC0317 8:11", "PC0314 16:14", "PC0314 28:13"],
    );
    check("rates: []", "rates: []\nlists: { locations: 50 }", &[]);
    check("rates: []", "rates: []\nlists: { locations: 51 }", &["PC0317 7:21"]);
    check("id: no-names", "id: never", &["PC0305 18:11"]);
}

#[test]
fn a_tier_says_what_it_gives() {
    let tier = |rest: &str| format!("version: 1\ntier: t\nabout: x\nrates: []\n{rest}");
    let check = |rest: &str, want: &[&str]| expect(&compile(SETS, &tier(rest)), want, rest);
    check("", &["PC0312 2:7"]);
    check("scopes: []\n", &[]);
    check("frame: true\n", &[]);
    check("frame: true\nscopes: [media:read]\n", &["PC0312 2:7"]);
    check(
        "scopes: [media:read]\nallow: [{ id: a, class: [media.by_account], target: granted, fields: [post] }]\n",
        &["PC0319 6:25"],
    );
    check("inherits: parnt\nscopes: []\n", &["PC0316 5:11"]);
}

#[test]
fn all_faults_of_a_tier_are_told_at_once_for_a_person() {
    let tier = TIER
        .replacen("declared: locations }\n", "declared: locations, typ: [place] }\n", 1)
        .replacen("fields: [post]", "fields: [post, captoin, biography]", 1)
        .replacen("limits: [places]", "limits: [place]", 1)
        .replacen("rows: 20", "rows: many", 1)
        .replacen("signal: id_walk", "signal: idwalk", 1)
        .replacen("expect: allow posts", "expect: allow post", 1);
    insta::assert_snapshot!(Faults(compile(SETS, &tier)).to_string());
}

#[test]
fn a_child_asks_for_declared_clients_where_its_parent_does() {
    let required = |parent: &str| {
        let sources = [
            Source::new("sets.yaml", SETS),
            Source::new("scopes.yaml", SCOPES),
            Source::new("parent.yaml", parent),
            Source::new("tier.yaml", TIER),
        ];
        let set = PolicySet::compile(&sources, &crate::desk::catalogue()).unwrap();
        set.tier("t").and_then(|ix| set.tier_at(ix)).unwrap().clients_required
    };
    assert!(!required(PARENT));
    assert!(required(&PARENT.replace("about: x\n", "about: x\nclients: required\n")));
    check("about: x", "about: x\nclients: sometimes", &["PC0111 4:10"]);
}
