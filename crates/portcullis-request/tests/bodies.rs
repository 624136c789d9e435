//! Bodies are read strictly, and written in the media type they came in.

use crate::common::{Call, POST, USER, shared};
use portcullis_request::{BodyWanted, Bounds, wants_body};

fn media() -> String {
    format!("/v21.0/{USER}/media")
}

#[track_caller]
fn sent(call: Call, expected: &str) {
    let asked = call.asked();
    assert!(
        asked.starts_with("createMedia") || asked.starts_with("listMedia"),
        "{call:?}: {asked}"
    );
    let head = format!("{} {}", call.sent().unwrap().method, media());
    assert_eq!(call.sent_text().strip_prefix(&head), Some(expected), "{call:?}");
}

#[track_caller]
fn refused(call: Call, expected: &str) {
    let asked = call.asked();
    assert!(asked.contains(expected), "{call:?}: {asked}");
}

const FORM: &str = " [application/x-www-form-urlencoded] ";
const JSON: &str = " [application/json] ";

#[test]
fn a_form_stays_a_form_in_one_spelling() {
    let post = || Call::post(&media());
    sent(post(), "");
    sent(post().form("caption=a%20b&tags=c"), &format!("{FORM}caption=a%20b&tags=c"));
    sent(post().form("caption=a+b&&tags=%63"), &format!("{FORM}caption=a%20b&tags=c"));
    sent(post().body(None, "caption=a"), &format!("{FORM}caption=a"));
    sent(
        post().body(Some("application/x-www-form-urlencoded; charset=UTF-8"), "caption=%c3%a9"),
        &format!("{FORM}caption=%C3%A9"),
    );
    sent(post().form("caption=a%0D%0Ab"), &format!("{FORM}caption=a%0D%0Ab"));
    sent(
        Call::post(&format!("{}?caption=x", media())).form("tags=c"),
        &format!("?caption=x{FORM}tags=c"),
    );
    sent(Call::post(&format!("{}?caption=x", media())).form("caption=x"), "?caption=x");
    sent(Call::get(&media()).form("limit=2"), "?limit=2");
    sent(Call::get(&media()).json("{}"), "");
    sent(
        Call::get(&format!("{}?limit=2", media())).json("{\"limit\":2,\"since\":\"a\"}"),
        "?limit=2&since=a",
    );
}

#[test]
fn json_stays_json_with_numbers_as_they_came() {
    let post = || Call::post(&media());
    sent(post().json("{}"), &format!("{JSON}{{}}"));
    sent(post().json(" { \"caption\" : \"a\\u0062\" } "), &format!("{JSON}{{\"caption\":\"ab\"}}"));
    sent(
        post().json("{\"count\":1.10e400,\"tags\":[1, {\"a\":null}],\"source\":true,\"limit\":5}"),
        &format!(
            "{JSON}{{\"count\":1.10e400,\"tags\":[1, {{\"a\":null}}],\"source\":true,\"limit\":5}}"
        ),
    );
    sent(
        post().json("{\"caption\":\"\\ud83d\\ude00\\n\\/\\\"\"}"),
        &format!("{JSON}{{\"caption\":\"😀\\n/\\\"\"}}"),
    );
    sent(
        post().body(Some("application/json; charset=utf-8"), "{\"caption\":\"a\"}"),
        &format!("{JSON}{{\"caption\":\"a\"}}"),
    );
}

#[test]
fn what_came_in_its_one_spelling_is_not_written_again() {
    use portcullis_request::{Amendments, SentBody, write};
    let check = |call: Call, unchanged: bool| {
        let body = call.read(|canonical| write(canonical, &Amendments::default()).body).unwrap();
        assert_eq!(body == SentBody::Unchanged, unchanged, "{call:?}");
    };
    check(Call::post(&media()).form("caption=a%20b"), true);
    check(Call::post(&media()).json("{\"caption\":\"a\",\"count\":1}"), true);
    check(Call::post(&media()).form("caption=a+b"), false);
    check(Call::post(&media()).body(None, "caption=a"), false);
    check(Call::post(&media()).json("{\"caption\": \"a\"}"), false);
    check(Call::post("/v21.0/upload").body(Some("image/png"), "\0\u{1}"), true);
}

#[test]
fn forms_with_several_readings_are_refused() {
    let post = |body: &str| Call::post(&media()).form(body);
    refused(post("caption=a&caption=b"), "there twice");
    refused(post("caption=a&caption=a"), "there twice");
    refused(post("caption=a;tags=b"), "plain `;`");
    refused(post("caption=%"), "two hexadecimal digits");
    refused(post("caption=%ff"), "not UTF-8");
    refused(post("caption=%00"), "NUL");
    refused(post("caption=a%C2%85b"), "NUL");
    refused(post("caption=a\nb"), "raw control");
    refused(post("caption=a\r\n"), "raw control");
    refused(post("=a"), "no name");
    refused(post("caption[]=a"), "name holds a character");
    refused(post("{\"caption\":\"a\"}"), "name holds a character");
    refused(
        Call::post(&format!("{}?caption=x", media())).form("caption=y"),
        "one value in the query",
    );
    refused(
        Call::post(&format!("{}?caption=x", media())).json("{\"caption\":\"y\"}"),
        "one value in the query",
    );
    refused(post("nothing=1"), "undeclared: nothing");
    refused(post("Caption=1"), "undeclared: Caption");
    refused(
        Call::post(&media()).body(Some("application/x-www-form-urlencoded"), b"caption=\xff"),
        "not UTF-8",
    );
    refused(
        Call::post(&media())
            .body(Some("application/x-www-form-urlencoded; charset=utf-7"), "caption=a"),
        "character set",
    );
    let many: String = (0..257).map(|n| format!("p{n}=1&")).collect();
    refused(post(&many), "more parameters");
    refused(post(&"a".repeat(1024 * 1024 + 1)), "body_too_large");
    refused(Call::get(&format!("{}?limit=1&limit=2", media())), "there twice");
    refused(Call::get(&format!("{}?limit=1", media())).form("limit=2"), "one value in the query");
    for size in ["01", "+5", "5.0", "1e3", "0x10", "-1", "5%20", "", "٥", "1000000000"] {
        refused(Call::get(&format!("{}?limit={size}", media())), "page size");
    }
}

#[test]
fn json_with_several_readings_is_refused() {
    let post = |body: &str| Call::post(&media()).json(body);
    for body in [
        "",
        " ",
        "[]",
        "[{}]",
        "\"a\"",
        "5",
        "null",
        "{",
        "{}}",
        "{} {}",
        "{\"caption\":}",
        "{caption:1}",
        "{'caption':'a'}",
        "{\"caption\":\"a\",}",
        "{\"caption\":01}",
        "{\"caption\":+1}",
        "{\"caption\":.5}",
        "{\"caption\":NaN}",
        "{\"caption\":Infinity}",
        "{\"caption\":0x1}",
        "{\"caption\":\"\\ud800\"}",
        "{\"caption\":\"\\x41\"}",
        "{\"caption\":\"a\nb\"}",
        "{/**/\"caption\":\"a\"}",
        "\u{feff}{}",
        "{\"caption\":True}",
        "{\"caption\":\"a\"}\0",
        "{\"tags\":[\"\\udc00\"]}",
    ] {
        if !body.is_empty() {
            refused(post(body), "unreadable");
        }
    }
    refused(post("{\"caption\":\"a\",\"caption\":\"a\"}"), "there twice");
    refused(post("{\"caption\":\"a\",\"c\\u0061ption\":\"b\"}"), "there twice");
    refused(post("{\"tags\":[{\"a\":1,\"\\u0061\":2}]}"), "there twice");
    refused(post("{\"caption\":null}"), "null");
    refused(post("{\"caption\":\"\\u0000\"}"), "NUL");
    refused(post("{\"limit\":[5]}"), "page size");
    refused(post("{\"limit\":\"5 \"}"), "page size");
    refused(post("{\"tags[]\":1}"), "name holds a character");
    refused(post(&format!("{{\"tags\":{}{}}}", "[".repeat(200), "]".repeat(200))), "not the JSON");
    refused(
        Call::post(&media()).body(Some("application/json; charset=utf-16"), "{}"),
        "character set",
    );
    refused(
        Call::post(&media()).body(Some("application/json"), b"{\"caption\":\"\xff\"}"),
        "not UTF-8",
    );
    refused(
        Call::post(&format!("/v21.0/{POST}")).json("{\"fields\":[\"id\"]}"),
        "JSON array or object",
    );
}

#[test]
fn other_media_types_are_refused_where_parameters_are_expected() {
    for media_type in [
        "text/plain",
        "application/xml",
        "application/graphql",
        "text/json",
        "application/x-json",
        "image/png",
    ] {
        refused(Call::post(&media()).body(Some(media_type), "caption=a"), "media_type_unknown");
        refused(Call::get(&media()).body(Some(media_type), "limit=1"), "media_type_unknown");
        assert!(Call::post("/v21.0/upload").body(Some(media_type), "x").asks().is_ok());
    }
    refused(Call::post("/v21.0/a/b/c").body(Some("text/plain"), "x"), "operation_unlisted");
    refused(Call::post("/v21.0/upload").form("access_token=x"), "plain bytes, not a form");
    refused(Call::post("/v21.0/upload").body(None, "access_token=x"), "plain bytes, not a form");
    refused(Call::post(&media()).body(Some(""), "caption=a"), "Content-Type");
}

#[test]
fn the_head_says_what_to_do_with_the_body() {
    let check = |method: &str, target: &str, media_type: Option<&str>, expected: BodyWanted| {
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let media_type = media_type.map(str::as_bytes);
        let wanted = wants_body(method, path, query, media_type, shared(), &Bounds::default());
        assert_eq!(wanted, expected, "{method} {target}");
    };
    let whole = BodyWanted::Whole { max: 1024 * 1024 };
    check("POST", &media(), None, whole);
    check("POST", &media(), Some("application/json"), whole);
    check("POST", &media(), Some("text/plain"), BodyWanted::None);
    check("POST", "/v21.0/nothing", None, whole);
    check("GET", &media(), Some("application/json"), whole);
    check("POST", "/v21.0/upload", Some("image/png"), BodyWanted::Stream);
    check("POST", "/upload/", Some("image/png"), BodyWanted::Stream);
    // Some platforms read a body without a media type as a form.
    check("POST", "/v21.0/upload", None, BodyWanted::None);
    check("POST", "/v21.0/upload", Some("application/x-www-form-urlencoded"), BodyWanted::None);
    check("POST", "/v21.0/upload?method=get", None, whole);
    check("GET", "/v21.0/upload", None, whole);
    check("POST", "/v21.0/me%2fx", None, BodyWanted::None);
    check("POST", "/v21.0/upload?a=%", None, BodyWanted::None);
    check("BREW", "/v21.0/upload", None, BodyWanted::None);
}
