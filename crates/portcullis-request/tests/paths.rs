//! Every spelling of a path leads to what the plain one leads to, or nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Call, POST, USER};
use portcullis_request::{Bounds, canonicalise};
use portcullis_types::Refusal;

#[track_caller]
fn check(target: &str, expected: &str) {
    assert_eq!(Call::get(target).sent_text(), expected, "{target}");
}

#[test]
fn a_path_has_one_spelling() {
    let want = format!("GET /v21.0/{USER}/media");
    for target in [
        format!("/v21.0/{USER}/media"),
        format!("/V21.0/{USER}/media"),
        format!("/{USER}/media"),
        format!("//{USER}/media"),
        format!("/v21.0//{USER}//media"),
        format!("/v21.0/{USER}/media/"),
        format!("/v21.0/{USER}/media//"),
        format!("/v21.0/./{USER}/./media/."),
        format!("/v21.0/%2e/{USER}/media"),
        format!("/v21.0/{USER}/%6Dedia"),
        format!("/v21.0/{USER}/m%65%64ia"),
        format!("/%7621.0/{USER}/media"),
        format!("/v21%2E0/{USER}/media"),
        format!("/v21.0/{}/media", USER.replace('1', "%31")),
        format!("/v21.0/{USER}/media?"),
        format!("/v21.0/{USER}/media?&"),
    ] {
        check(&target, &want);
    }
    check("/", "GET /v21.0");
    check("/v20.0", "GET /v20.0");
    check("/V20.0/", "GET /v20.0");
    check("/explore/tags/caf%c3%a9/", "GET /explore/tags/caf%C3%A9");
    check("/explore/tags/a:b%40c", "GET /explore/tags/a:b@c");
    check("/explore/tags/café", "GET /explore/tags/caf%C3%A9");
}

#[test]
fn what_stands_in_its_one_spelling_is_not_written_again() {
    for target in [format!("/v21.0/{USER}/media"), format!("/v21.0/{USER}?fields=id,media%7Bid%7D")]
    {
        assert!(Call::get(&target).read(|call| call.target_as_received()).unwrap(), "{target}");
    }
    for target in [
        format!("/{USER}"),
        format!("/v21.0/{USER}?"),
        format!("/v21.0/{USER}?fields=id+"),
        format!("/v21.0/{USER}?fields"),
        format!("/v21.0/{USER}?fields=media{{id}}"),
        format!("/v21.0/{USER}?fields=media%7bid%7d"),
        format!("/v21.0/{USER}?access_token=abc"),
        format!("/v21.0/{USER}?appsecret_proof=abc"),
        format!("/v21.0/{USER}?method=get"),
    ] {
        assert!(!Call::get(&target).read(|call| call.target_as_received()).unwrap(), "{target}");
    }
}

/// Each of these is refused for what it is, before anything is looked up.
#[test]
fn what_has_several_readings_is_refused_with_advice() {
    let check = |path: &str, expected: &str| {
        let refusal = Call::get(path).sent().expect_err(path);
        let Refusal::Unreadable { why } = refusal else { panic!("{path}: {refusal:?}") };
        assert!(why.contains(expected), "{path}: {why}");
    };
    check("v21.0/me", "does not begin with `/`");
    check("", "does not begin with `/`");
    check("*", "does not begin with `/`");
    check("/v21.0%2Fme", "write ids without `%2F`");
    check("/v21.0%2fme", "write ids without `%2F`");
    check("/v21.0\\me", "backslash");
    check("/v21.0%5Cme", "backslash");
    check("/v21.0/me/..", "`..` segment");
    check("/v21.0/me/%2e%2E/x", "`..` segment");
    check("/v21.0/.../x", "`..` segment");
    check("/v21.0/me%252fmedia", "encoded twice");
    check("/v21.0/%256De", "encoded twice");
    check("/v21.0/me%", "two hexadecimal digits");
    check("/v21.0/me%4", "two hexadecimal digits");
    check("/v21.0/me%zz", "two hexadecimal digits");
    check("/v21.0/me%u006d", "two hexadecimal digits");
    check("/v21.0/me%00", "NUL");
    check("/v21.0/me%0a", "control character");
    check("/v21.0/me%7f", "control character");
    check("/v21.0/me;x=1", "`;` parameter");
    check("/v21.0/me%3Bx", "`;` parameter");
    check("/v21.0/me%20", "white space");
    check("/v21.0/me%3fx=1", "encoded `?`");
    check("/v21.0/me%23", "encoded `?` or `#`");
    check("/v21.0/%c0%aee", "not UTF-8");
    check("/v21.0/%ff", "not UTF-8");
    check("/v21.0/{me}", "a character that paths may not hold");
    check("/v21.0/me\"", "a character that paths may not hold");
    check("/v21.0/%EF%BC%8E%EF%BC%8E/me", "only looks like another");
    check("/v21.0/m\u{200b}e", "only looks like another");
}

#[test]
fn what_no_file_lists_is_told_only_when_the_caller_is_known() {
    let check = |target: &str, expected: Refusal| {
        let read = Call::get(target).read(|call| call.operation.as_ref().err().cloned());
        assert_eq!(read, Ok(Some(expected)), "{target}");
    };
    check("/v21.0/me/friends", Refusal::OperationUnlisted);
    check("/v99.0/me", Refusal::VersionUnknown);
    check("/v21/me", Refusal::VersionUnknown);
    check("/v021.0/me", Refusal::VersionUnknown);
    check("/v21.0/v21.0/me", Refusal::OperationUnlisted);
    check("/v21.0/upload", Refusal::MethodUnlisted);
    check("/explore/nothing", Refusal::OperationUnlisted);
}

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

#[test]
fn methods_are_told_apart() {
    let check = |call: Call, expected: &str| assert_eq!(call.asked(), expected, "{call:?}");
    let one = format!("/v21.0/{POST}");
    check(Call::new("HEAD", &one), "getNode: media.single profile.basic<<owner.id");
    check(Call::new("DELETE", &one), "deleteNode: comment.delete");
    check(Call::new("PUT", &one), "method_unlisted");
    for method in ["get", "TRACE", "CONNECT", "FOO", "", "GET ", "DELETE/x"] {
        check(Call::new(method, &one), "method_unlisted");
    }
    assert_eq!(Call::new("HEAD", &one).sent_text(), format!("HEAD {one}"));
}

#[test]
fn post_may_be_turned_into_another_method_and_then_is_that_method() {
    let check = |call: Call, asked: &str, sent: &str| {
        assert_eq!(call.asked(), asked, "{call:?}");
        assert_eq!(call.sent_text(), sent, "{call:?}");
    };
    let one = format!("/v21.0/{POST}");
    let delete = (String::from("deleteNode: comment.delete"), format!("DELETE {one}"));
    check(Call::post(&format!("{one}?method=delete")), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?method=DeLeTe")), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?%6dethod=%64elete")), &delete.0, &delete.1);
    check(Call::post(&one).form("method=delete"), &delete.0, &delete.1);
    check(Call::post(&one).body(None, "method=DELETE"), &delete.0, &delete.1);
    check(Call::post(&one).json("{\"method\":\"delete\"}"), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?method=delete")).form("method=DELETE"), &delete.0, &delete.1);
    let part = "--XX\nContent-Disposition: form-data; name=\"method\"\n\ndelete\n--XX--\n";
    check(Call::post(&one).multipart(part), &delete.0, &delete.1);
    check(
        Call::post(&one).form("method=get&fields=caption"),
        "getNode: media.single",
        &format!("GET {one}?fields=caption"),
    );
    check(
        Call::post(&format!("{one}?method=post")).form("hide=true"),
        "updateNode: media.publish",
        &format!("POST {one} [application/x-www-form-urlencoded] hide=true"),
    );
    check(
        Call::get(&format!("{one}?method=get&fields=id")),
        "getNode: media.single",
        &format!("GET {one}?fields=id"),
    );
}

#[test]
fn an_override_that_some_may_read_otherwise_is_refused() {
    let one = format!("/v21.0/{POST}");
    for call in [
        Call::get(&format!("{one}?method=delete")),
        Call::get(&format!("{one}?method=post")),
        Call::new("DELETE", &format!("{one}?method=get")),
        Call::post(&format!("{one}?method=delete&method=get")),
        Call::post(&format!("{one}?method=get")).form("method=delete"),
        Call::post(&format!("{one}?method=")),
        Call::post(&format!("{one}?method=put")),
        Call::post(&format!("{one}?method=delete%20")),
        Call::post(&format!("{one}?method=+delete")),
        Call::post(&format!("{one}?Method=delete")),
        Call::post(&format!("{one}?METHOD=delete")),
        Call::post(&format!("{one}?method[]=delete")),
        Call::post(&format!("{one}?_method=delete")),
        Call::post(&format!("{one}?X-HTTP-Method-Override=delete")),
        Call::post(&one).json("{\"method\":[\"delete\"]}"),
        Call::post(&one).json("{\"method\":\"delete\",\"method\":\"get\"}"),
        Call::get("/v21.0/loose?_method=delete"),
    ] {
        assert!(call.asked().starts_with("unreadable"), "{call:?}: {}", call.asked());
    }
}

#[test]
fn a_head_beyond_the_bounds_is_refused() {
    let long = "a".repeat(8 * 1024);
    assert_eq!(Call::get(&format!("/{long}")).asked(), "head_too_large");
    assert_eq!(Call::get(&format!("/v21.0/me?fields={long}{long}")).asked(), "head_too_large");
    let many: String = (0..257).map(|n| format!("p{n}=1&")).collect();
    assert!(Call::get(&format!("/v21.0/me?{many}")).asked().contains("more parameters"));
    let bounds = Bounds { path_bytes_max: 1, ..Bounds::default() };
    let call = Call::get("/v21.0/me");
    let arrival = portcullis_request::Arrival {
        method: &call.method,
        path: &call.path,
        query: None,
        content_type: None,
        header_keys: &[],
        body: &[],
        has_body: false,
    };
    assert!(canonicalise(&arrival, common::shared(), &bounds).is_err());
}
