//! The same thing, spelt so that a gate may read it otherwise than the platform.

use crate::case::{Case, List};
use crate::talk::{Ask, KEY};
use crate::world::World;

const SI: &str = "story_insights";
const AI: &str = "audience_insights";

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("versions");
    versions(w, &mut list);
    list.way("spelling of the path");
    paths(w, &mut list);
    list.way("headers");
    headers(w, &mut list);
    list.way("protocol");
    protocol(w, &mut list);
    list.cases
}

fn versions(w: &World, list: &mut List) {
    let (b, square) = (&w.baker, &w.square.beyond(0));
    let stories = format!("{}/stories?fields=id", b.id);
    list.get(SI, "none", &b.stories, format!("/{stories}"));
    list.get("research", "none, posts at a place", square, format!("/{}/posts", w.square.id));
    list.get(
        AI,
        "none, what an account says about itself",
        &b.bio,
        format!("/{}?fields=biography", b.id),
    );
    for version in ["v18.0", "v19.0", "v22.0", "v25.0"] {
        list.get(
            SI,
            &format!("another that is known: {version}"),
            &b.stories,
            format!("/{version}/{stories}"),
        );
    }
    for version in ["v1.0", "v2.0", "v17.0", "v26.0", "v99.9", "V21.0", "v21.5"] {
        list.get(
            SI,
            &format!("one that is not agreed: {version}"),
            &b.stories,
            format!("/{version}/{stories}"),
        );
    }
}

fn paths(w: &World, list: &mut List) {
    let (b, id) = (&w.baker, &w.baker.id);
    for (name, path) in [
        ("two slashes before it", format!("//v21.0/{id}/stories")),
        ("two slashes in it", format!("/v21.0//{id}/stories")),
        ("two slashes before the edge", format!("/v21.0/{id}//stories")),
        ("a slash behind it", format!("/v21.0/{id}/stories/")),
        ("many slashes", format!("////v21.0////{id}////stories////")),
        ("a slash escaped", format!("/v21.0/{id}%2Fstories")),
        ("a slash escaped in lower case", format!("/v21.0%2f{id}/stories")),
        ("all slashes escaped", format!("/%2Fv21.0%2F{id}%2Fstories")),
        ("a question mark and nothing", format!("/v21.0/{id}/stories?")),
        ("a letter of the edge escaped", format!("/v21.0/{id}/%73tories")),
        ("the id escaped", format!("/v21.0/%31{}/stories", &id[1..])),
        ("the version escaped", format!("/%7621.0/{id}/stories")),
        ("all escaped", format!("/%76%32%31%2e%30/{id}/%73%74%6f%72%69%65%73")),
        ("no version, two slashes", format!("//{id}/stories")),
    ] {
        list.get(SI, name, &b.stories, path);
    }
    let at = format!("http://gate.test/v21.0/{id}/stories");
    list.get(SI, "a whole address", &b.stories, at);
    let at = format!("http://127.0.0.1/v21.0/{id}/stories");
    list.get(SI, "a whole address of another host", &b.stories, at);
    list.get(
        "research",
        "posts at a place, a slash escaped",
        &w.square.beyond(0),
        format!("/v21.0/{}%2Fposts", w.square.id),
    );
    list.get(
        "research",
        "posts at a place, two slashes",
        &w.square.beyond(0),
        format!("/v21.0/{}//posts", w.square.id),
    );
}

fn headers(w: &World, list: &mut List) {
    let b = &w.baker;
    let target = format!("/v21.0/{}?fields=biography", b.id);
    for (name, line) in [
        ("a range", "Range: bytes=0-100000"),
        ("a range behind the first bytes", "Range: bytes=1-"),
        ("if it has changed since", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
        ("if it is another", "If-None-Match: \"x\""),
        ("if it is any", "If-Match: *"),
        ("packed", "Accept-Encoding: gzip"),
        ("packed in any way", "Accept-Encoding: *;q=1"),
        ("not packed", "Accept-Encoding: identity;q=0, gzip;q=0.5"),
        ("another kind of answer", "Accept: text/html"),
        ("from a cache only", "Cache-Control: only-if-cached"),
        ("another path by a header", "X-Original-URL: /v21.0/me?fields=id"),
        ("another path by another header", "X-Rewrite-URL: /v21.0/me?fields=id"),
        ("another host", "X-Forwarded-Host: plaza.example"),
        ("from within", "X-Forwarded-For: 127.0.0.1"),
        ("as the gate itself", "X-Portcullis-Partner: creator_marketplace"),
        ("a header that is to be dropped", "Connection: close, x-request-id"),
    ] {
        list.say(AI, name, &b.bio, Ask::get(&target).line(line));
    }
    list.say(AI, "an upgrade", &b.bio, Ask::get(&target).line("Upgrade: websocket"));
    let keyed = format!("{target}&access_token={KEY}");
    list.say(AI, "the key in the query", &b.bio, Ask::get(&keyed).bare());
    list.say(AI, "the key in the query and in a header", &b.bio, Ask::get(&keyed));
    list.say(
        AI,
        "the key under the old scheme",
        &b.bio,
        Ask::get(&target).line(&format!("Authorization: OAuth {KEY}")).bare(),
    );
    list.say(
        AI,
        "the key twice in headers",
        &b.bio,
        Ask::get(&target).line(&format!("Authorization: Bearer {KEY}")),
    );
    list.say(
        AI,
        "a read with a body that asks for less",
        &b.bio,
        Ask::get(&target).form("fields=id"),
    );
    list.say(
        AI,
        "a read with an empty document",
        &b.bio,
        Ask::get(&target).body("application/json", "{}"),
    );
}

fn protocol(w: &World, list: &mut List) {
    let (b, square) = (&w.baker, &w.square.beyond(0));
    for (by, name, marks, target) in [
        (AI, "own words over HTTP/2", &b.bio, format!("/v21.0/{}?fields=biography", b.id)),
        (SI, "stories over HTTP/2", &b.stories, format!("/v21.0/{}/stories", b.id)),
        (
            "research",
            "posts at a place over HTTP/2",
            square,
            format!("/v21.0/{}/posts", w.square.id),
        ),
        (
            AI,
            "followers over HTTP/2, nested",
            &b.followers,
            format!(
                "/v21.0/me?fields=business_discovery.username({}){{media{{owner{{followers_count}}}}}}",
                b.username
            ),
        ),
        (
            "newsroom",
            "a back channel over HTTP/2",
            square,
            format!("/explore/locations/{}/?__a=1", w.square.id),
        ),
    ] {
        list.talk(by, name, marks, move |talk| {
            talk.say_h2(&Ask::get(&target));
        });
    }
    let hidden = format!(
        "GET /v21.0/{}?fields=biography HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {KEY}\r\n\r\n",
        b.id
    );
    let head = format!("Host: gate.test\r\nAuthorization: Bearer {KEY}\r\n");
    let length = hidden.len();
    for (name, first) in [
        ("behind a call that is agreed", format!("GET /v21.0/me?fields=id HTTP/1.1\r\n{head}\r\n")),
        (
            "as the body of a read whose length is said twice",
            format!(
                "GET /v21.0/me?fields=id HTTP/1.1\r\n{head}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n"
            ),
        ),
        (
            "as the body of a read that is chunked and has a length",
            format!(
                "GET /v21.0/me?fields=id HTTP/1.1\r\n{head}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ),
        (
            "behind the last chunk",
            format!(
                "GET /v21.0/me?fields=id HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n0;x=y\r\n\r\n"
            ),
        ),
    ] {
        let bytes = first + &hidden;
        list.talk(AI, name, &b.bio, move |talk| talk.raw(&bytes, 2));
    }
    let target = format!("/v21.0/{}?fields=biography", b.id);
    list.talk(AI, "asked for twenty times", &b.bio, move |talk| {
        for _ in 0..20 {
            talk.get(&target);
        }
    });
}
