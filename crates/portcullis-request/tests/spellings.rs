//! A closed path stays closed however it is spelled.

use crate::common::{Call, USER};

/// Spellings by which gates were passed before (security.md S3), for an operation that is closed
/// and for one whose template has room for anything.
#[test]
fn no_spelling_of_a_closed_path_leads_to_an_open_operation() {
    let mut tried = 0;
    for (closed, last) in
        [(format!("/v21.0/{USER}/stories"), "stories"), ("/explore/tags/search".into(), "search")]
    {
        assert!(Call::get(&closed).asked().contains(": unclassified"), "{closed}");
        for path in spellings(&closed, last) {
            tried += 1;
            let asked = Call::get(&path).asked();
            let closed_too = asked.contains(": unclassified")
                || asked.starts_with("unreadable")
                || asked.ends_with("_unlisted")
                || asked.ends_with("_unclassified")
                || asked.starts_with("undeclared")
                || asked == "version_unknown";
            assert!(closed_too, "{path}: {asked}");
        }
    }
    assert!(tried >= 200, "{tried}");
}

fn spellings(path: &str, last: &str) -> Vec<String> {
    let with = |text: &str| path.replace(last, text);
    let capital = last[..1].to_uppercase() + &last[1..];
    let first = last.bytes().next().unwrap_or(b'x');
    let mut all = vec![
        with(&last.to_uppercase()),
        with(&capital),
        with(&format!("%{first:02x}{}", &last[1..])),
        with(&format!("%{first:02X}{}", &last[1..])),
        with(&format!("%25{first:02x}{}", &last[1..])),
        with(&format!("%2525{first:02x}{}", &last[1..])),
        with(&format!("%u00{first:02x}{}", &last[1..])),
        with(&last.bytes().map(|b| format!("%{b:02x}")).collect::<String>()),
        path.replace('/', "//"),
        path.replace('/', "///"),
        path.replace('/', "/./"),
        path.replace('/', "/%2e/"),
        path.replace('/', "/%2E/"),
        path.replace("/v21.0", ""),
        path.replace("/v21.0", "/V21.0"),
        path.replace("/v21.0", "/v21.00"),
        path.replace("/v21.0", "/v21"),
        path.replace("/v21.0", "/v021.0"),
        path.replace("/v21.0", "/v20.0"),
        format!("/v21.0{path}"),
        format!("http://gate.example{path}"),
        format!("/x/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/..{path}"),
        format!("/%2e%2e{path}"),
        format!("/x/..;{path}"),
        format!("/me/..;/..{path}"),
        format!("{path}/../{last}"),
        path.replace('/', "\\"),
        path.replacen(&format!("/{last}"), &format!("\\{last}"), 1),
        with(&format!("x/../{last}")),
        with(&format!("..%2f{last}")),
        with(&format!("..%5c{last}")),
        with(&format!("%2e%2e%2f{last}")),
    ];
    for slash in [
        "%2f",
        "%2F",
        "%5c",
        "%5C",
        "%252f",
        "%255c",
        "%c0%af",
        "%e0%80%af",
        "%ef%bc%8f",
        "\u{ff0f}",
        "\u{2215}",
        "\u{2044}",
    ] {
        all.push(path.replacen(&format!("/{last}"), &format!("{slash}{last}"), 1));
        all.push(format!("{path}{slash}"));
    }
    let ends = [
        "/",
        "//",
        "/.",
        "/./",
        "/..",
        "/../",
        "/%2e",
        ".",
        "..",
        "...",
        "%2e",
        ".json",
        ".html",
        ".xml",
        ".json/",
        ";",
        ";/",
        ";x",
        ";x=1",
        ";jsessionid=1",
        ";/x",
        "%3b",
        "%3Bx=1",
        "%00",
        "%00.html",
        "%0a",
        "%0d",
        "%0d%0a",
        "%09",
        "%20",
        "%20/",
        "+",
        "%2b",
        "%a0",
        "%c2%a0",
        "%e2%80%8b",
        "%ef%bb%bf",
        "%ad",
        "%c2%ad",
        "%23",
        "%3f",
        "%3fx=1",
        "#",
        "#x",
        "~",
        "~1",
        "$",
        "%24",
        "*",
        "%2a",
        "'",
        "%27",
        "%22",
        "%5b%5d",
        "[]",
        "%25",
        "%2525",
        "%",
        "%7f",
        "%80",
        "::$DATA",
        ":80",
        "@",
        "@x",
        "!",
        "&",
        "&x=1",
        "=",
        ",",
        "(x)",
        "%ff",
        "/x/..",
        "/%2e%2e/stories",
        "%2f..%2fstories",
    ];
    all.extend(ends.iter().map(|end| format!("{path}{end}")));
    for wide in ["ｓ", "ſ", "ѕ", "%ef%bd%93", "%c5%bf", "%d1%95", "𝐬"] {
        all.push(with(&format!("{wide}{}", &last[1..])));
    }
    // A lone tag or node is not the closed path at all, and open by its own right.
    all.retain(|spelling| !is_its_own(spelling, last));
    all
}

/// Tags that merely begin like the closed one: `/explore/tags/search~` is a tag of that name.
fn is_its_own(spelling: &str, last: &str) -> bool {
    let Some(tag) = spelling.strip_prefix("/explore/tags/") else { return false };
    let marks = [
        "~", "~1", "$", "%24", "*", "%2a", "'", "%27", "+", "%2b", "::$DATA", ":80", "@", "@x",
        "!", "&", "&x=1", "=", ",", "(x)",
    ];
    marks.iter().any(|mark| tag == format!("{last}{mark}"))
        || ["ѕ", "%d1%95"].iter().any(|c| tag.starts_with(c))
}

#[test]
fn a_tag_in_capitals_is_a_tag_and_a_closed_path_in_capitals_is_none() {
    assert_eq!(Call::get("/explore/tags/Rome").asked(), "tagPage: tag.page");
    for path in ["/explore/tags/SEARCH", "/explore/tags/search.json", "/explore/tags/Search."] {
        assert!(Call::get(path).asked().contains("almost like another operation"), "{path}");
    }
}
