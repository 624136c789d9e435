//! Which header fields go on, as tables.

use super::*;

const KEY: HeaderName = HeaderName::from_static("x-partner-key");

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    headers
}

/// What goes on of a call.
fn outward(map: &mut HeaderMap, rules: &Outward<'_>) {
    keep(map, |name, value| goes_on(name, value, rules));
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    headers.keys().map(HeaderName::as_str).collect()
}

const DROPPED: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "content-length",
    "expect",
    "authorization",
    "x-api-key",
    "x-partner-key",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-original-host",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "forwarded",
    "x-real-ip",
    "x-forwarded-prefix",
    "content_length",
    "x_api_key",
    "x_forwarded_for",
    "true-client-ip",
    "x-method",
    "x-http-override",
    "method-override",
    "x-rest-method",
    "x-requested-method",
    "x-override-url",
    "x-original-path",
    "x-envoy-original-path",
    "x-accel-redirect",
    "x-request-uri",
    "request-uri",
    "x-path-info",
    "x-script-name",
    "x-proxy-url",
    "x-backend-host",
    "x-waws-unencoded-url",
    "x-http-destinationurl",
    "x-http-path-override",
    "x-ts-original-uri",
    "x-mod-rewrite-url",
    "destination",
    "base-url",
    "http-url",
    "redirect",
    "x-custom-ip-authorization",
    "client-ip",
    "fastly-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "x-azure-clientip",
    "wl-proxy-client-ip",
    "x-proxyuser-ip",
    "x-url-scheme",
    "front-end-https",
    "x-arr-ssl",
    "x-forwarded-proto-version",
];

#[test]
fn what_could_change_the_meaning_of_a_call_does_not_go_on() {
    let rules =
        Outward { key_header: &KEY, trusted: false, plain_answer: false, traced: None, key: None };
    for name in DROPPED {
        let mut map = headers(&[(name, "a"), ("accept", "b"), (name, "c")]);
        outward(&mut map, &rules);
        assert_eq!(names(&map), ["accept"], "{name}");
    }
    let mut all = headers(&DROPPED.iter().map(|name| (*name, "v")).collect::<Vec<_>>());
    all.insert("cookie", "c=1".parse().unwrap());
    outward(&mut all, &rules);
    assert_eq!(names(&all), ["cookie"], "however many there are");
}

#[test]
fn a_copy_of_the_key_does_not_go_on_in_any_other_field() {
    let key = "ptc_live_AAAAAAAAAAAA_0123456789";
    let mut map = headers(&[
        ("authorization", &format!("Bearer {key}")),
        ("cookie", &format!("a=1; key={key}")),
        ("referer", &format!("https://partner.example/?access_token={key}")),
        ("user-agent", "sdk/1"),
    ]);
    let given = map.clone();
    let found = long_key(&given, &KEY);
    assert_eq!(found, Some(key.as_bytes()));
    let rules =
        Outward { key_header: &KEY, trusted: false, plain_answer: false, traced: None, key: found };
    outward(&mut map, &rules);
    assert_eq!(names(&map), ["user-agent"]);
    let short = headers(&[("x-partner-key", "short"), ("cookie", "short")]);
    assert_eq!(long_key(&short, &KEY), None, "what may stand anywhere is looked for nowhere");
}

#[test]
fn what_ordinary_clients_send_goes_on() {
    let rules =
        Outward { key_header: &KEY, trusted: false, plain_answer: false, traced: None, key: None };
    let ordinary = [
        "accept",
        "accept-language",
        "accept-encoding",
        "user-agent",
        "cookie",
        "referer",
        "origin",
        "content-type",
        "if-none-match",
        "if-modified-since",
        "range",
        "cache-control",
        "dnt",
        "traceparent",
        "tracestate",
        "x-fb-trace-id",
        "idempotency-key",
        "x-requested-with",
    ];
    let mut map = headers(&ordinary.map(|name| (name, "v")));
    outward(&mut map, &rules);
    assert_eq!(map.len(), ordinary.len(), "{:?}", names(&map));
}

#[test]
fn an_answer_that_will_be_read_is_asked_for_whole_and_unpacked() {
    let rules =
        Outward { key_header: &KEY, trusted: true, plain_answer: true, traced: None, key: None };
    let mut map =
        headers(&[("accept-encoding", "gzip"), ("range", "bytes=0-1"), ("forwarded", "for=x")]);
    outward(&mut map, &rules);
    assert_eq!(names(&map), ["forwarded"], "a trusted peer is believed");
}

#[test]
fn what_connection_names_goes_unless_the_gate_relies_on_it() {
    let mut map = headers(&[("connection", "close, X-Debug,"), ("x-debug", "1"), ("accept", "b")]);
    drop_nominated(&mut map, &KEY).unwrap();
    assert_eq!(names(&map), ["connection", "accept"]);
    for named in [
        "host",
        "Content-Type",
        "content-length",
        "authorization",
        "X-Partner-Key",
        "a b",
        "cookie",
    ] {
        let mut map = headers(&[("connection", named)]);
        assert!(drop_nominated(&mut map, &KEY).is_err(), "{named}");
    }
}

#[test]
fn the_platforms_connection_and_rates_stay_behind() {
    let mut map = headers(&[
        ("connection", "x-internal"),
        ("x-internal", "1"),
        ("keep-alive", "1"),
        ("x-app-usage", "{}"),
        ("alt-svc", "h3"),
        ("transfer-encoding", "chunked"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
        ("server", "plaza"),
        ("etag", "e"),
    ]);
    let secret = Leak::new("platform-secret-42");
    map.append("x-debug", "Bearer platform-secret-42".parse().unwrap());
    keep(&mut map, |name, value| comes_back(name, value.as_bytes(), &secret));
    drop_named(&mut map);
    let mut names = names(&map);
    names.sort_unstable();
    assert_eq!(names, ["etag", "server", "set-cookie"]);
    assert_eq!(map.get_all("set-cookie").iter().count(), 2);
}

#[test]
fn a_key_is_lifted_from_each_place_it_may_stand() {
    for (value, key) in [
        ("Bearer k", "k"),
        ("bearer  k", "k"),
        ("BEARER k, Bearer l", "k, Bearer l"),
        ("Basic eDp5", "Basic eDp5"),
        ("k", "k"),
        ("Bearer", "Bearer"),
        ("", ""),
    ] {
        let map = headers(&[("authorization", value), ("x-partner-key", "other")]);
        assert_eq!(header_keys(&map, &KEY).to_vec(), [key.as_bytes(), b"other"], "{value}");
    }
}
