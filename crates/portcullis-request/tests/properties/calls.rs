//! Random calls: known pieces in every order, and soup.

use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{Call, POST, USER};

const PIECES: &[&str] = &[
    "/",
    "//",
    "/./",
    "/../",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    "%2e",
    ".",
    "..",
    ";",
    "%3b",
    "%00",
    "%20",
    "+",
    "%25",
    "%2573",
    "%",
    "?",
    "#",
    "=",
    "&",
    "a",
    "A",
    "é",
    "%c3%a9",
    "%ff",
    "v21.0",
    "V21.0",
    "v99.0",
    "v20.0",
    USER,
    POST,
    "me",
    "media",
    "Media",
    "stories",
    "STORIES",
    "%73tories",
    "search",
    "upload",
    "loose",
    "explore",
    "tags",
    "debug_token",
    "/explore/tags/",
    "/v21.0/",
];
const NAMES: &[&str] = &[
    "fields",
    "Fields",
    "caption",
    "tags",
    "limit",
    "access_token",
    "acces%73_token",
    "Access_Token",
    "method",
    "_method",
    "ids",
    "batch",
    "after",
    "since",
    "hide",
    "input_token",
    "appsecret_proof",
    "x",
    "a.b",
    "caption[]",
    "id",
    "",
    "count",
    "%63aption",
];
const VALUES: &[&str] = &[
    "id",
    "id,caption",
    "media{id}",
    "media%7Bid%7D",
    "media.limit(5){id}",
    "stories",
    "owner{stories}",
    "+id+,+media",
    "5",
    "05",
    "delete",
    "get",
    "POST",
    "key",
    "key2",
    "a%20b",
    "a+b",
    "a%2Bb",
    "%",
    "%00",
    "%0a",
    "é",
    "%C3%A9",
    "",
    "a=b",
    "a;b",
    "a%26b=c",
    "[1]",
    "{\"a\":1}",
    "\"",
    "\\",
    "a%25",
    "%2525",
    "😀",
    "biography",
    USER,
    POST,
    "me",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat())
}

pub(crate) fn path() -> impl Strategy<Value = String> {
    let known = select(vec![
        format!("/v21.0/{USER}/media"),
        format!("/v21.0/{USER}"),
        format!("/{POST}"),
        "/me/media/".to_owned(),
        "/v21.0/upload".to_owned(),
        "/v21.0/loose".to_owned(),
        "/explore/tags/rome".to_owned(),
        format!("/v21.0/{USER}/stories"),
        "//v21.0//me".to_owned(),
    ]);
    prop_oneof![4 => known, 1 => soup().prop_map(|soup| format!("/{soup}")), 1 => "/\\PC{0,20}"]
}

fn pairs() -> impl Strategy<Value = String> {
    let value = prop_oneof![4 => select(VALUES).prop_map(str::to_owned), 1 => "[ -~é]{0,8}"];
    let pair = (select(NAMES), value).prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
}

fn json() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        select(VALUES).prop_map(|value| serde_json::Value::from(value).to_string()),
        "\\PC{0,6}".prop_map(|value| serde_json::Value::from(value).to_string()),
        select(vec![
            "1",
            "-0",
            "1.5e3",
            "true",
            "null",
            "[1, 2]",
            "{\"a\":{}}",
            "\"\\u0069d\"",
            "\"\\ud83d\\ude00\"",
            "01"
        ])
        .prop_map(str::to_owned),
    ];
    let member = (select(NAMES), value).prop_map(|(name, value)| format!("\"{name}\" :{value}"));
    prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(", ")))
}

fn multipart() -> impl Strategy<Value = String> {
    let value = prop_oneof![select(VALUES).prop_map(str::to_owned), "[ -~]{0,8}"];
    let part = (select(NAMES), value).prop_map(|(name, value)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    prop::collection::vec(part, 0..4).prop_map(|parts| format!("{}--XX--\r\n", parts.concat()))
}

pub(crate) fn call() -> impl Strategy<Value = Call> {
    let body = prop_oneof![
        Just((None, String::new())),
        pairs().prop_map(|text| (None, text)),
        pairs().prop_map(|text| (Some("application/x-www-form-urlencoded"), text)),
        json().prop_map(|text| (Some("application/json"), text)),
        multipart().prop_map(|text| (Some("multipart/form-data; boundary=XX"), text)),
        soup().prop_map(|text| (Some("image/png"), text)),
    ];
    let method = select(vec!["GET", "POST", "POST", "DELETE", "HEAD", "PUT"]);
    (method, path(), proptest::option::of(pairs()), body).prop_map(
        |(method, path, query, (media, body))| {
            Call { query, ..Call::new(method, &path) }.body(media, body)
        },
    )
}

/// The plain spelling of paths that are closed, and of some that are open.
pub(crate) fn plain() -> impl Strategy<Value = String> {
    select(vec![
        format!("/v21.0/{USER}/stories"),
        "/explore/tags/search".to_owned(),
        "/v21.0/search".to_owned(),
        "/v21.0/debug_token".to_owned(),
        "/v21.0/999".to_owned(),
        format!("/v21.0/{USER}/friends"),
        "/v21.0".to_owned(),
        format!("/v21.0/{USER}/media"),
        format!("/v21.0/{POST}"),
        "/v21.0/upload".to_owned(),
    ])
}

/// One way a lenient server would still read the same path.
pub(crate) fn respell(path: &str, how: usize, at: usize) -> String {
    let letters: Vec<usize> = path
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte != b'/')
        .map(|(place, _)| place)
        .collect();
    let slashes: Vec<usize> = path
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/')
        .map(|(place, _)| place)
        .collect();
    let pick = |places: &[usize]| places.get(at % places.len().max(1)).copied().unwrap_or(0);
    let replace = |place: usize, with: &str| {
        format!("{}{with}{}", path.get(..place).unwrap_or(""), path.get(place + 1..).unwrap_or(""))
    };
    let letter = pick(&letters);
    let byte = path.as_bytes().get(letter).copied().unwrap_or(b'x');
    let slash = pick(&slashes);
    match how {
        0 => replace(letter, &format!("%{byte:02x}")),
        1 => replace(letter, &format!("%{byte:02X}")),
        2 => replace(letter, &format!("%25{byte:02X}")),
        3 => replace(letter, &char::from(byte).to_ascii_uppercase().to_string()),
        4 => replace(slash, "//"),
        5 => replace(slash, "/./"),
        6 => replace(slash, "/%2e/"),
        7 => replace(slash, "/x/../"),
        8 => replace(slash, "%2f"),
        9 => replace(slash, "\\"),
        10 => format!("{path}/"),
        11 => format!("{path};x=1"),
        12 => format!("{path}.json"),
        13 => format!("{path}%00"),
        14 => format!("{path}%20"),
        15 => path.replacen("/v21.0", "", 1),
        16 => format!("{path}."),
        _ => format!("{path}?"),
    }
}
