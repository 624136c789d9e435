//! Reads that say they are something else.

use serde_json::json;

use crate::case::{Case, List};
use crate::talk::Ask;
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("method override");
    let (b, ai) = (&w.baker, "audience_insights");
    let node = format!("/v21.0/{}", b.id);
    let square = &w.square.beyond(0);
    list.say(ai, "in the query", &b.bio, Ask::post(format!("{node}?method=get&fields=biography")));
    list.say(ai, "in a form", &b.bio, Ask::post(&node).form("method=GET&fields=biography"));
    list.say(
        ai,
        "in JSON",
        &b.bio,
        Ask::post(&node).json(&json!({ "method": "GET", "fields": "biography" })),
    );
    let part = |name: &str, value: &str| {
        format!("--b7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = part("method", "GET") + &part("fields", "biography") + "--b7--\r\n";
    list.say(
        ai,
        "in several parts",
        &b.bio,
        Ask::post(&node).body("multipart/form-data; boundary=b7", parts),
    );
    list.say(
        ai,
        "as one that has no body",
        &b.bio,
        Ask::post(format!("{node}?method=HEAD&fields=biography")),
    );
    list.say(ai, "in mixed case", &b.bio, Ask::post(format!("{node}?method=gEt&fields=biography")));
    list.say(
        ai,
        "the name escaped",
        &b.bio,
        Ask::post(format!("{node}?m%65thod=get&fields=biography")),
    );
    list.say(
        ai,
        "twice: the last counts",
        &b.bio,
        Ask::post(format!("{node}?method=POST&method=GET&fields=biography")),
    );
    list.say(
        ai,
        "one way in the query, another in the body",
        &b.bio,
        Ask::post(format!("{node}?method=DELETE&fields=biography")).form("method=GET"),
    );
    list.say(
        "own_property_monitoring",
        "posts at a place",
        square,
        Ask::post(format!("/v21.0/{}/posts?method=GET&fields=id", w.square.id)),
    );
    list.say(
        "story_insights",
        "stories of an account",
        &b.stories,
        Ask::post(format!("{node}/stories?method=GET")),
    );
    list.say(
        "market_statistics",
        "several ids",
        square,
        Ask::post(format!("/v21.0?method=GET&ids={}&fields=posts{{id}}", w.square.id)),
    );
    list.say(
        "comment_care",
        "where one may comment, what is read",
        &w.me.bio,
        Ask::post(format!("/v21.0/{}/comments", w.baker_post))
            .form("message=hello&method=GET&fields=from{biography}"),
    );
    list.say(
        "publishing",
        "where one may publish, what is read",
        &w.me.bio,
        Ask::post("/v21.0/me/media").form("image_url=x&method=GET&fields=owner{biography}"),
    );
    list.say(
        "newsroom",
        "a superseded path",
        square,
        Ask::post(format!("/v1/locations/{}/media/recent?method=get", w.square.id)),
    );
    for name in
        ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"]
    {
        let ask = Ask::get(format!("{node}?fields=biography")).line(&format!("{name}: POST"));
        list.say(ai, &format!("a read that calls itself a write by {name}"), &b.bio, ask);
    }
    let lower = Ask::new("get", format!("{node}?fields=biography"));
    list.say(ai, "a method in lower case", &b.bio, lower);
    list.get(
        ai,
        "on a read, which the platform ignores",
        &b.bio,
        format!("{node}?fields=biography&method=delete"),
    );
    list.get(
        ai,
        "by a parameter of another name",
        &b.bio,
        format!("{node}?fields=biography&_method=post"),
    );
    list.cases
}
