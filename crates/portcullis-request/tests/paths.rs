//! Every spelling of a path leads to what the plain one leads to, or nowhere.

use crate::common::{Call, USER};
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
    assert!(canonicalise(&arrival, crate::common::shared(), &bounds).is_err());
}
