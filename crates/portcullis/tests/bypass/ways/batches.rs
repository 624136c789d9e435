//! Several calls in one, in every encoding, each entry wrapped as the platform unwraps it.

use serde_json::{Value, json};

use crate::case::{Case, List};
use crate::talk::{Ask, KEY, percent};
use crate::world::World;

const AI: &str = "audience_insights";
const CR: &str = "campaign_reports";

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("batch");
    encodings(w, &mut list);
    entries(w, &mut list);
    elsewhere(w, &mut list);
    depending(w, &mut list);
    older(w, &mut list);
    list.cases
}

fn get(relative: impl AsRef<str>) -> Value {
    json!({ "method": "GET", "relative_url": relative.as_ref() })
}

fn named(name: &str, relative: impl AsRef<str>) -> Value {
    json!({ "method": "GET", "name": name, "relative_url": relative.as_ref() })
}

/// As a form.
fn form(entries: &Value) -> Ask {
    Ask::post("/v21.0").form(format!("batch={}", percent(&entries.to_string(), 1)))
}

fn parts(entries: &str) -> Ask {
    let body = format!(
        "--b7\r\nContent-Disposition: form-data; name=\"batch\"\r\n\r\n{entries}\r\n--b7--\r\n"
    );
    Ask::post("/v21.0").body("multipart/form-data; boundary=b7", body)
}

fn encodings(w: &World, list: &mut List) {
    let b = &w.baker;
    let bio = format!("{}?fields=id,biography", b.id);
    let stories = format!("{}?fields=stories{{id}}", b.id);
    let one = json!([get(&bio)]);
    list.say(AI, "as a form", &b.bio, form(&one));
    list.say(
        AI,
        "in JSON, as text",
        &b.bio,
        Ask::post("/v21.0").json(&json!({ "batch": one.to_string() })),
    );
    list.say(AI, "in JSON, as a list", &b.bio, Ask::post("/v21.0").json(&json!({ "batch": one })));
    list.say(AI, "in several parts", &b.bio, parts(&one.to_string()));
    list.say(
        AI,
        "in the query",
        &b.bio,
        Ask::post(format!("/v21.0?batch={}", percent(&one.to_string(), 1))),
    );
    list.say(
        AI,
        "in a form that does not say that it is one",
        &b.bio,
        Ask::post("/v21.0").body("", format!("batch={}", percent(&one.to_string(), 1))),
    );
    list.say(
        AI,
        "without heads",
        &b.bio,
        Ask::post("/v21.0")
            .form(format!("include_headers=false&batch={}", percent(&one.to_string(), 1))),
    );
    for (times, name) in [(1, "two layers"), (2, "three layers")] {
        let inner = percent("stories{id,media_url}", times - 1);
        let whole = json!([get(percent(&format!("{}?fields={inner}", b.id), 1))]);
        list.say(AI, &format!("as a form, {name} deep"), &b.stories, form(&whole));
        list.say(
            AI,
            &format!("in JSON, the address {name} deep"),
            &b.stories,
            Ask::post("/v21.0").json(&json!({ "batch": whole })),
        );
        list.say(
            AI,
            &format!("in several parts, {name} deep"),
            &b.stories,
            parts(&whole.to_string()),
        );
    }
    list.say(
        AI,
        "the fields alone escaped",
        &b.stories,
        form(&json!([get(format!("{}?fields={}", b.id, percent("stories{id}", 1)))])),
    );
    list.say(
        AI,
        "its first letter escaped in JSON",
        &b.stories,
        parts(&json!([get(&stories)]).to_string().replace("stories", "\\u0073tories")),
    );
    list.say(
        AI,
        "the list twice in JSON: the last counts",
        &b.bio,
        Ask::post("/v21.0").body(
            "application/json",
            format!(r#"{{"batch":{},"batch":{one}}}"#, json!([get("me?fields=id")])),
        ),
    );
    list.say(
        AI,
        "an agreed list in the query, another in the body",
        &b.bio,
        Ask::post(format!(
            "/v21.0?batch={}",
            percent(&json!([get("me?fields=id")]).to_string(), 1)
        ))
        .form(format!("batch={}", percent(&one.to_string(), 1))),
    );
}

fn entries(w: &World, list: &mut List) {
    let (b, me) = (&w.baker, &w.me);
    let baker = &b.id;
    let bio = format!("{baker}?fields=biography");
    for (name, marks, entries) in [
        (
            "beside one that is agreed",
            &b.bio,
            json!([get("me?fields=id,username"), get(&bio), get("me/media?fields=id&limit=1")]),
        ),
        (
            "the last of fifty",
            &b.bio,
            Value::Array([vec![get("me?fields=id"); 49], vec![get(&bio)]].concat()),
        ),
        ("an address that begins with a slash", &b.bio, json!([get(format!("/{bio}"))])),
        ("with a version", &b.bio, json!([get(format!("v25.0/{bio}"))])),
        ("with another, and slashes", &b.bio, json!([get(format!("//v18.0//{bio}"))])),
        ("a method in lower case", &b.bio, json!([{ "method": "get", "relative_url": bio }])),
        (
            "fields in the body of a read",
            &b.bio,
            json!([{ "method": "GET", "relative_url": baker, "body": "fields=biography" }]),
        ),
        (
            "fields in a body that is an object",
            &b.bio,
            json!([{ "method": "GET", "relative_url": baker, "body": { "fields": "biography" } }]),
        ),
        (
            "a method overridden in the address",
            &b.bio,
            json!([{ "method": "POST", "relative_url": format!("{bio}&method=GET") }]),
        ),
        (
            "a method overridden in the body",
            &b.bio,
            json!([{ "method": "POST", "relative_url": baker, "body": "fields=biography&method=get" }]),
        ),
        (
            "fields in the address and in the body: the last count",
            &b.bio,
            json!([{ "method": "GET", "relative_url": "me?fields=id", "body": "fields=business_discovery.username(".to_owned() + &b.username + ")%7Bbiography%7D" }]),
        ),
        (
            "fields twice in the address",
            &b.bio,
            json!([get(format!("{baker}?fields=id&fields=biography"))]),
        ),
        ("a method that has no body", &b.bio, json!([{ "method": "HEAD", "relative_url": bio }])),
        ("a slash escaped", &b.stories, json!([get(format!("{baker}%2Fstories?fields=id"))])),
        ("an edge of several", &b.stories, json!([get(format!("stories?ids={baker}"))])),
        ("a version that is gone", &b.stories, json!([get(format!("v2.0/{baker}/stories"))])),
        (
            "heads of its own",
            &b.bio,
            json!([{ "method": "GET", "relative_url": bio, "headers": ["X-HTTP-Method-Override: POST"] }]),
        ),
        (
            "several ids",
            &b.followers,
            json!([get(format!("?ids={},{baker}&fields=followers_count", me.id))]),
        ),
        ("stories of an account", &b.stories, json!([get(format!("{baker}/stories?fields=id"))])),
        ("stories at a place", &b.stories, json!([get(format!("{}/stories", w.square.id))])),
        (
            "posts at a place",
            &w.square.beyond(0),
            json!([get(format!("{}/posts?fields=id", w.square.id))]),
        ),
        (
            "with business_discovery",
            &b.bio,
            json!([get(format!(
                "me?fields=business_discovery.username({}){{biography}}",
                b.username
            ))]),
        ),
        (
            "with business_discovery, escaped",
            &b.stories,
            json!([get(percent(
                &format!(
                    "me?fields=business_discovery.username({}).as(me){{stories{{id}}}}",
                    b.username
                ),
                1
            ))]),
        ),
    ] {
        list.say(AI, name, marks, form(&entries));
    }
    list.say("publishing", "a write, read back", &b.bio, form(&json!([{ "method": "POST", "relative_url": w.baker_post, "body": "comment_enabled=true&fields=owner%7Bbiography%7D" }])));
    list.say(
        CR,
        "the picture of a story that may be told of",
        &me.pictures,
        form(&json!([get("me/stories?fields=id,media_url")])),
    );
    list.say(
        CR,
        "a story by its id",
        &b.pictures,
        form(&json!([get(format!("{}?fields=media_url", w.baker_story))])),
    );
    list.say(
        "creator_marketplace",
        "own words of one who has not joined",
        &b.bio,
        form(&json!([get("me?fields=biography"), get(&bio)])),
    );
    let mut own = get(&bio);
    own["access_token"] = json!(KEY);
    list.say(
        AI,
        "with a key in the entry",
        &b.bio,
        Ask::post("/v21.0").json(&json!({ "batch": [own] })),
    );
    list.say(
        AI,
        "with a key in the entry alone",
        &b.bio,
        Ask::post("/v21.0").json(&json!({ "batch": [own] })).bare(),
    );
    list.say(
        AI,
        "with a key in the address of the entry",
        &b.bio,
        Ask::post("/v21.0").json(&json!({ "batch": [get(format!("{bio}&access_token={KEY}"))] })),
    );
    list.say(
        AI,
        "with a key beside the list",
        &b.bio,
        Ask::post("/v21.0").json(&json!({ "access_token": KEY, "batch": [get(&bio)] })).bare(),
    );
    let mut quiet = named("x", &bio);
    quiet["omit_response_on_success"] = json!(false);
    list.say(
        AI,
        "one that others wait for, shown",
        &b.bio,
        form(&json!([quiet, get("me?fields=id")])),
    );
    list.talk(AI, "over HTTP/2", &b.bio, {
        let ask = form(&json!([get(&bio)]));
        move |talk| {
            talk.say_h2(&ask);
        }
    });
}

fn elsewhere(w: &World, list: &mut List) {
    let b = &w.baker;
    let one = json!([get(format!("{}?fields=biography", b.id))]);
    let body = format!("batch={}", percent(&one.to_string(), 1));
    let at = |path: &str| Ask::post(path).form(body.clone());
    list.say(AI, "without a version", &b.bio, at("/"));
    list.say(AI, "where accounts publish", &b.bio, at("/v21.0/me/media"));
    list.say(AI, "on an account", &b.bio, at("/v21.0/me"));
    list.say(AI, "on a path that nobody lists", &b.bio, at("/anywhere"));
    list.say(AI, "on a superseded path", &b.bio, at("/v1/locations/search"));
    list.say(AI, "at a version that is gone", &b.bio, at("/v2.0"));
    list.say(AI, "at the newest version", &b.bio, at("/v25.0"));
    list.say(
        "publishing",
        "beside what is published",
        &b.bio,
        Ask::post("/v21.0/me/media").form(format!("image_url=x&{body}")),
    );
    list.way("batch, where none are agreed");
    for by in ["story_insights", "market_statistics", "newsroom", "nobody"] {
        list.say(by, &format!("one entry, {}", by.replace("_", " ")), &b.bio, form(&one));
    }
    list.way("batch");
}

fn depending(w: &World, list: &mut List) {
    list.way("batch, one entry waiting for another");
    let (me, b) = (&w.me, &w.baker);
    for (by, name, marks, entries) in [
        (
            AI,
            "ids out of a page",
            &me.bio,
            json!([
                named("posts", "me/media?limit=2&fields=id"),
                get("?ids={result=posts:$.data[*].id}&fields=owner{biography}")
            ]),
        ),
        (
            AI,
            "the same with a star by itself",
            &me.bio,
            json!([
                named("posts", "me/media?limit=2&fields=id"),
                get("?ids={result=posts:$.data.*.id}&fields=id,owner{biography}")
            ]),
        ),
        (
            CR,
            "an id in the path",
            &b.followers,
            json!([
                named("post", format!("{}?fields=id", w.baker_post)),
                get("{result=post:$.id}?fields=owner{followers_count}")
            ]),
        ),
        (
            CR,
            "the fields out of a caption",
            &me.bio,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_fields)),
                get("me?fields={result=trick:$.caption}")
            ]),
        ),
        (
            CR,
            "an id out of a caption",
            &b.followers,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_id)),
                get("{result=trick:$.caption}?fields=id,followers_count")
            ]),
        ),
        (
            CR,
            "half of a field out of a caption",
            &w.baker.bio,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_id)),
                get("{result=trick:$.caption}?fields=biography")
            ]),
        ),
        (
            AI,
            "waiting without taking anything",
            &b.bio,
            json!([named("first", "me?fields=id"), { "method": "GET", "depends_on": "first", "relative_url": format!("{}?fields=biography", b.id) }]),
        ),
        (
            AI,
            "before the one it waits for",
            &me.bio,
            json!([
                get("?ids={result=posts:$.data[*].id}&fields=owner{biography}"),
                named("posts", "me/media?limit=2&fields=id")
            ]),
        ),
        (
            AI,
            "escaped",
            &me.bio,
            json!([
                named("posts", "me/media?limit=1&fields=id"),
                get("?ids=%7Bresult%3Dposts%3A%24.data%5B*%5D.id%7D&fields=owner%7Bbiography%7D")
            ]),
        ),
        (
            AI,
            "an account in the path",
            &me.stories,
            json!([named("own", "me?fields=id"), get("{result=own:$.id}/stories?fields=id")]),
        ),
        (
            CR,
            "stories of an account out of a caption",
            &b.stories,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_id)),
                get("{result=trick:$.caption}/stories?fields=id")
            ]),
        ),
        (
            CR,
            "in three steps",
            &b.stories,
            json!([named("a", format!("{}?fields=caption", w.trick_id)), named("b", "?ids={result=a:$.caption}&fields=id"), { "method": "GET", "depends_on": "b", "relative_url": "{result=a:$.caption}?fields=stories{id}" }]),
        ),
        (
            CR,
            "a path out of a caption",
            &b.stories,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_path)),
                get("{result=trick:$.caption}?fields=id")
            ]),
        ),
        (
            CR,
            "ids out of a caption",
            &b.followers,
            json!([
                named("trick", format!("{}?fields=caption", w.trick_ids)),
                get("?ids={result=trick:$.caption}&fields=followers_count")
            ]),
        ),
        (
            "publishing",
            "a write that waits",
            &b.bio,
            json!([named("own", "me?fields=id"), { "method": "POST", "depends_on": "own", "relative_url": w.baker_post, "body": "comment_enabled=true&fields=owner{biography}" }]),
        ),
        (
            "publishing",
            "the fields of a write out of a caption",
            &b.bio,
            json!([named("own", format!("{}?fields=id", w.baker_post)), { "method": "POST", "relative_url": "{result=own:$.id}", "body": "comment_enabled=true&fields=owner{biography}" }]),
        ),
    ] {
        list.say(by, name, marks, form(&entries));
    }
}

fn older(w: &World, list: &mut List) {
    list.way("batch, with superseded paths and back channels");
    let (b, square) = (&w.baker, &w.square);
    let posts = &square.beyond(0);
    for (name, marks, relative) in [
        (
            "stories of a place",
            &b.stories,
            format!("api/v1/feed/reels_media?reel_ids={}", square.id),
        ),
        (
            "posts at a place as the web shows them",
            posts,
            format!("explore/locations/{}/?__a=1", square.id),
        ),
        ("stories at a place", &b.stories, format!("api/v1/locations/{}/story", square.id)),
        ("stories of several", &b.stories, format!("api/v1/feed/reels_media?reel_ids={}", b.id)),
    ] {
        list.say(CR, name, marks, form(&json!([get(relative)])));
    }
    let recent = form(&json!([get(format!("v1/locations/{}/media/recent", square.id))]));
    list.say(CR, "posts at a place", posts, recent);
    list.say(
        CR,
        "all of an account",
        &b.bio,
        form(&json!([get(format!("api/v1/users/{}/full", b.id))])),
    );
    list.say(
        CR,
        "a slash escaped",
        &b.stories,
        form(&json!([get(format!("api%2Fv1%2Flocations%2F{}%2Fstory", square.id))])),
    );
}
