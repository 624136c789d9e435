//! Every fault of route and policy files: which code, at which line.

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_yaml::{Fault, Faults, Source};

const ROUTES: &str = include_str!("faults/routes.yaml");
const SCOPES: &str = include_str!("faults/scopes.yaml");
const TIER: &str = include_str!("faults/tier.yaml");

/// The text with one piece replaced; the piece must be there.
fn with(text: &str, piece: &str, by: &str) -> String {
    assert!(text.contains(piece), "`{piece}` is not in the file");
    text.replacen(piece, by, 1)
}

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}:{}", fault.code, fault.line, fault.column)).collect()
}

fn routes(text: &str) -> Vec<Fault> {
    Catalogue::compile(&[Source::new("routes.yaml", text)]).err().unwrap_or_default()
}

fn policies(scopes: &str, tier: &str) -> Vec<Fault> {
    let catalogue = Catalogue::compile(&[Source::new("routes.yaml", ROUTES)]).unwrap();
    let sources = [Source::new("scopes.yaml", scopes), Source::new("tier.yaml", tier)];
    PolicySet::compile(&sources, &catalogue).err().unwrap_or_default()
}

#[test]
fn the_files_the_faults_are_put_into_have_none() {
    assert_eq!(shown(&routes(ROUTES)), Vec::<String>::new());
    assert_eq!(shown(&policies(SCOPES, TIER)), Vec::<String>::new());
}

#[test]
fn every_fault_of_a_route_file_is_found_at_its_line() {
    let check = |piece: &str, by: &str, want: &[&str]| {
        let faults = routes(&with(ROUTES, piece, by));
        assert_eq!(shown(&faults), want, "`{by}`\n{}", Faults(faults.clone()));
    };
    // The spelling.
    check("version: 1", "version: [1", &["PC0101 3:1"]);
    check("version: 1", "version: 1\nversion: 1", &["PC0102 2:1"]);
    check("target: id", "traget: id", &["PC0103 32:5"]);
    check("    method: GET\n", "", &["PC0104 29:5"]);
    check("default: [id, text]", "default: id", &["PC0105 16:14"]);
    check("default: [id, text]", "default:", &["PC0106 16:12"]);
    check("links: true", "links: yes", &["PC0107 34:12"]);
    check("default: [id, text]", "default: &a [id]", &["PC0108 16:17"]);
    check("default: [id, text]", "default: *a", &["PC0108 16:14"]);
    check("default: [id, text]", "default: !x [id]", &["PC0108 16:17"]);
    check("default: [id, text]", "<<: {}\n    default: [id, text]", &["PC0108 16:5"]);
    check("The posts", "The \0 posts", &["PC0110 5:18"]);
    check("method: GET", "method: FETCH", &["PC0111 29:13"]);
    check("operations:", "---\noperations:", &["PC0112 27:1"]);
    // The matter.
    check("version: 1", "version: 2", &["PC0201 1:10"]);
    check("  post.list:", "  post.list: Twice\n  post.list:", &["PC0102 6:3"]);
    check(
        "post.list:",
        "post list:",
        &["PC0215 5:3", "PC0203 19:7", "PC0203 21:22", "PC0203 31:12"],
    );
    check("holds: comment", "holds: coment", &["PC0204 21:40"]);
    check("class: post.list", "class: post.lst", &["PC0203 21:22"]);
    check("ids: [2####]", "ids: ['2 ###']", &["PC0205 24:11"]);
    check("ids: [2####]", "ids: ['1####']", &["PC0206 24:11"]);
    check("/{version}/{id}/posts", "'{version}/{id}/posts'", &["PC0207 30:11"]);
    check("/{version}/{id}/posts", "/{version}/a{id}/posts", &["PC0207 30:11"]);
    check("/{version}/{id}/posts", "/{id}/posts", &["PC0207 30:11"]);
    check("/{version}/{id}/posts", "/{version}/{other}", &["PC0210 32:13", "PC0208 38:11"]);
    check("class: post.list\n    target", "target", &["PC0209 28:3"]);
    check("class: post.single", "not_judged: ids\n    class: post.single", &["PC0209 36:3"]);
    check("target: id\n    answer: post", "target: di\n    answer: post", &["PC0210 32:13"]);
    check("default: [id, text]", "default: [id, txt]", &["PC0211 16:19"]);
    check("default: [id, text]", "default: [id, id]", &["PC0202 16:19"]);
    check("post.list: [text]", "post.list: [text, id]", &["PC0202 19:25"]);
    check("limit: page_size", "method: plain", &["PC0212 35:15"]);
    check("limit: page_size", "more: fields", &["PC0212 35:29"]);
    check("    answer: target\n", "", &["PC0212 41:15"]);
    check("missing: v2.0", "missing: v3.0", &["PC0214 3:43"]);
    check("known: [v1.0, v2.0]", "known: [V1.0, v2.0]", &["PC0214 3:21"]);
    check("known: [v1.0, v2.0]", "known: [v2.0, v2.0]", &["PC0214 3:27"]);
    check(
        "versions: { known: [v1.0, v2.0], missing: v2.0 }\n",
        "",
        &["PC0214 29:11", "PC0214 37:11"],
    );
    check("getNode:", "-get:", &["PC0215 36:3"]);
    let open = |list: &str| format!("continuity: {list}\ntypes:");
    check("types:", &open("[post.list, post.lsit]"), &["PC0203 11:25"]);
    check("types:", &open("[post.list, unclassified]"), &["PC0203 11:25"]);
    check("types:", &open("[post.list, post.list]"), &["PC0202 11:25"]);
    let ledger = |lists: &str| format!("ledger: {lists}\ntypes:");
    check("types:", &ledger("{ digests: [post.*, comment.*] }"), &[]);
    check("types:", &ledger("{ digests: [post.lsit] }"), &["PC0203 11:21"]);
    check("types:", &ledger("{ none: [unclassified] }"), &["PC0203 11:18"]);
    check("types:", &ledger("{ digests: [pst.*] }"), &["PC0203 11:21"]);
    check("types:", &ledger("{ digests: ['*'] }"), &["PC0203 11:21"]);
    check("types:", &ledger("{ digests: [post.*, post.list] }"), &["PC0202 11:29"]);
    check("types:", &ledger("{ digests: [post.*], none: [post.list] }"), &["PC0202 11:37"]);
    check("types:", &ledger("{ digest: [post.*] }"), &["PC0103 11:11"]);
}

#[test]
fn every_fault_of_a_policy_file_is_found_at_its_line() {
    let check_scopes = |piece: &str, by: &str, want: &[&str]| {
        let faults = policies(&with(SCOPES, piece, by), TIER);
        assert_eq!(shown(&faults), want, "`{by}`\n{}", Faults(faults.clone()));
    };
    check_scopes("classes: [post.list]", "classes: [post.lsit]", &["PC0304 5:15"]);
    check_scopes("classes: [post.list]", "classes: [unclassified]", &["PC0310 5:15"]);
    check_scopes("classes: [post.list]", "classes: []", &["PC0312 5:14"]);
    check_scopes("classes: [post.list]", "classes: [post.list, post.list]", &["PC0305 5:26"]);
    check_scopes("about: Posts", "about: ' '", &["PC0311 4:12"]);
    check_scopes("posts:read:", "'posts read':", &["PC0311 3:3", "PC0303 4:10"]);
    check_scopes("scopes:", "scops:", &["PC0302 2:1", "PC0303 4:10"]);
    let check = |piece: &str, by: &str, want: &[&str]| {
        let faults = policies(SCOPES, &with(TIER, piece, by));
        assert_eq!(shown(&faults), want, "`{by}`\n{}", Faults(faults.clone()));
    };
    check("version: 1", "version: 7", &["PC0301 1:10"]);
    check("tier: basic", "teir: basic", &["PC0103 2:1"]);
    check("tier: basic", "tier: no", &["PC0107 2:7"]);
    check("tier: basic", "tier: 12", &["PC0105 2:7"]);
    check("posts:read", "posts:raed", &["PC0303 4:10"]);
    check("[posts:read]", "[posts:read, posts:read]", &["PC0305 4:22"]);
    check("id: calls", "id: few", &["PC0305 7:11"]);
    check("per: key", "per: keys", &["PC0111 6:21"]);
    check("max: 100", "max: -1", &["PC0111 6:31"]);
    check("max: 100", "max: 10.5", &["PC0105 6:31"]);
    check("max: 100", "max: 0100", &["PC0105 6:31"]);
    check("max: 100", "max: '100'", &["PC0105 6:31"]);
    check("max: 100", "max: 5000000000", &["PC0306 6:31"]);
    check("window: 1h", "window: 1 hour", &["PC0111 6:44"]);
    check("window: 1h", "window: 60", &["PC0105 6:44"]);
    check("window: 1h", "window: 32d", &["PC0307 6:44"]);
    check("window: 1h", "window: 999ms", &["PC0307 6:44"]);
    check("burst: 10", "burst: 0", &["PC0308 6:55"]);
    check("burst: 10", "burst: 101", &["PC0308 6:55"]);
    check("classes: [post.list]", "classes: [post.list, x]", &["PC0304 7:83"]);
    check("post.list: 5", "post.list: 0", &["PC0309 9:14"]);
    check("post.list: 5", "post.list: 11", &["PC0309 9:14"]);
    check("post.list: 5", "post.lost: 5", &["PC0304 9:3"]);
    check("costs:", "cots:", &["PC0103 8:1"]);
}

#[test]
fn more_than_can_be_held_is_a_fault() {
    let codes = |faults: Vec<Fault>| faults.iter().map(|fault| fault.code).collect::<Vec<_>>();
    let classes: String = (0..300).map(|n| format!("  c{n}: x\n")).collect();
    assert_eq!(codes(routes(&with(ROUTES, "types:", &format!("{classes}types:")))), ["PC0213"]);
    let scope = |n| format!("  s{n}: {{ about: x, classes: [post.list] }}\n");
    let scopes = format!("{SCOPES}{}", (0..64).map(scope).collect::<String>());
    assert_eq!(codes(policies(&scopes, TIER)), ["PC0306"]);
    let rate = |n| format!("  - {{ id: r{n}, per: key, max: 9, window: 1s }}\n");
    let rates: String = (0..63).map(rate).collect();
    let faults = policies(SCOPES, &with(TIER, "costs:", &format!("{rates}costs:")));
    assert!(codes(faults).contains(&"PC0306"));
    assert_eq!(codes(routes(&"a: 1\n".repeat(300_000))), ["PC0109"]);
    assert_eq!(codes(routes(&"[".repeat(5000))), ["PC0101"]);
    assert_eq!(codes(routes("")), ["PC0112"]);
}

#[test]
fn a_zero_rate_is_legal_and_means_none() {
    let tier = with(TIER, "max: 100, window: 1h, burst: 10", "max: 0, window: 1h");
    assert_eq!(shown(&policies(SCOPES, &tier)), Vec::<String>::new());
}

#[test]
fn all_faults_of_all_files_are_reported_at_once_for_a_person() {
    let scopes = with(SCOPES, "classes: [post.list]", "clases: [post.list]");
    let tier = with(TIER, "posts:read", "posts:raed, posts:read");
    let tier = with(&tier, "per: key", "per: keys");
    let tier = with(&tier, "window: 1h", "window: 1 hour");
    let tier = with(&tier, "burst: 5", "burst: 50");
    let tier = with(&tier, "post.list: 5", "post.list: yes\n  post.single: 0\n  post.lsit: 2");
    insta::assert_snapshot!(Faults(policies(&scopes, &tier)).to_string(), @r#"
    scopes.yaml:5:5: PC0103: unknown field `clases`
       5 |     clases: [post.list]
         |     ^
         = help: did you mean `classes`?

    tier.yaml:4:10: PC0303: unknown scope `posts:raed`
       4 | scopes: [posts:raed, posts:read]
         |          ^
         = help: did you mean `posts:read`?

    tier.yaml:6:21: PC0111: unknown word `keys`
       6 |   - { id: few, per: keys, max: 100, window: 1 hour, burst: 10 }
         |                     ^
         = help: did you mean `key`?

    tier.yaml:6:45: PC0111: `1 hour` is not a length of time: write a whole number and a unit, such as `30s`, `15m`, `1h` or `7d`
       6 |   - { id: few, per: keys, max: 100, window: 1 hour, burst: 10 }
         |                                             ^

    tier.yaml:7:59: PC0308: more at once than in the whole window
       7 |   - { id: calls, per: partner, max: 9, window: 1m, burst: 50, classes: [post.list] }
         |                                                           ^
         = help: write a burst up to `max`

    tier.yaml:9:14: PC0107: `yes` without quotes: some read it as a text, some as yes or no
       9 |   post.list: yes
         |              ^
         = help: write `true` or `false` for a choice, "yes" for the text

    tier.yaml:10:16: PC0309: a call can't be free
      10 |   post.single: 0
         |                ^
         = help: write 1 or more, or leave the class out for 1

    tier.yaml:11:3: PC0304: unknown class `post.lsit`
      11 |   post.lsit: 2
         |   ^
         = help: did you mean `post.list`?

    8 faults in 2 files
    "#);
}
