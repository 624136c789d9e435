//! One more page, when a budget is used up.

use serde_json::json;

use crate::case::{Case, List};
use crate::talk::{Ask, percent};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("beyond a place's rows");
    rows(w, &mut list);
    list.way("beyond the number of places");
    targets(w, &mut list);
    list.way("beyond the number of accounts");
    accounts(w, &mut list);
    list.cases
}

fn rows(w: &World, list: &mut List) {
    let (by, hotel, museum) = ("spent_statistics", &w.hotel.id, &w.museum.id);
    let more = &w.hotel.beyond(50);
    let after = &w.cursor_at_hotel;
    let page = format!("/v21.0/{hotel}/posts?fields=id");
    for (name, target) in [
        ("the next page", format!("{page}&limit=50&after={after}")),
        ("the next page, of one row", format!("{page}&limit=1&after={after}")),
        ("the next page without a size", format!("{page}&after={after}")),
        ("the next page without fields", format!("/v21.0/{hotel}/posts?after={after}")),
        ("without a version", format!("/{hotel}/posts?after={after}")),
        ("at another version", format!("/v24.0/{hotel}/posts?after={after}")),
        ("nested in the place", format!("/v21.0/{hotel}?fields=posts.after({after}){{id}}")),
        (
            "nested, one row",
            format!("/v21.0/{hotel}?fields=id,name,posts.limit(1).after({after}){{id}}"),
        ),
        (
            "nested under another name",
            format!("/v21.0/{hotel}?fields=posts.after({after}).as(p){{id}}"),
        ),
        (
            "nested twice",
            format!(
                "/v21.0/{hotel}?fields=posts.limit(1).as(a){{id}},posts.limit(1).after({after}).as(b){{id}}"
            ),
        ),
        ("by ids=", format!("/v21.0?ids={hotel}&fields=posts.after({after}){{id}}")),
        (
            "by ids=, behind a place that has rows left",
            format!("/v21.0?ids={museum},{hotel}&fields=posts.limit(100){{id}}"),
        ),
        (
            "in another order",
            format!("{page}&limit=50&before={}", cursor(w.hotel.posts.last().unwrap())),
        ),
    ] {
        list.get(by, name, more, target);
    }
    for (name, target) in [
        ("two slashes in it", format!("/v21.0//{hotel}/posts?after={after}")),
        ("the id escaped", format!("/v21.0/%32{}/posts?after={after}", &hotel[1..])),
        ("an edge of several", format!("/v21.0/posts?ids={hotel}&limit=100")),
        (
            "as web pages ask for it",
            format!("/graphql/query?variables={{\"id\":\"{hotel}\",\"first\":100}}"),
        ),
        ("at a geography", format!("/v1/geographies/{hotel}/media/recent?count=100")),
        ("an empty size", format!("{page}&limit=&after={after}")),
    ] {
        list.get(by, name, more, target);
    }
    list.get(
        by,
        "as the web shows it",
        more,
        format!("/explore/locations/{hotel}/?__a=1&max_id={}", w.hotel.posts[49]),
    );
    list.get(by, "by a superseded path", more, format!("/v1/locations/{hotel}/media?count=100"));
    list.get(
        by,
        "by ids= with a space",
        more,
        format!("/v21.0?ids=+{hotel}&fields=posts.limit(100){{id}}"),
    );
    list.say(
        by,
        "by an overridden method",
        more,
        Ask::post(format!("{page}&method=GET&after={after}")),
    );
    list.say(
        by,
        "if it has changed",
        more,
        Ask::get(format!("{page}&after={after}")).line("If-None-Match: \"x\""),
    );
    let entry = json!([{ "method": "GET", "relative_url": format!("{hotel}/posts?fields=id&after={after}") }]);
    list.say(
        by,
        "in a batch",
        more,
        Ask::post("/v21.0").form(format!("batch={}", percent(&entry.to_string(), 1))),
    );
    list.talk(by, "by another key of the same partner", more, {
        let ask = Ask::get(format!("{page}&after={after}"));
        move |talk| {
            talk.say_otherwise(&ask);
        }
    });
    list.talk(by, "over HTTP/2", more, {
        let ask = Ask::get(format!("{page}&after={after}"));
        move |talk| {
            talk.say_h2(&ask);
        }
    });
    list.talk(by, "after refusals, which count for nothing", more, {
        let (bad, good) = (format!("{page},caption"), format!("{page}&after={after}"));
        move |talk| {
            talk.get(&bad);
            talk.get(&good);
        }
    });
    let own = "spent_monitoring";
    list.get(own, "of a property, the next page", more, format!("{page}&limit=50&after={after}"));
    list.get(own, "of a property, one row", more, format!("{page}&limit=1&after={after}"));
    list.get(
        own,
        "of a property, nested",
        more,
        format!("/v21.0/{hotel}?fields=id,posts.limit(50).after({after}){{id,caption}}"),
    );
}

fn targets(w: &World, list: &mut List) {
    let (id, posts) = (&w.square.id, &w.square.beyond(0));
    let page = format!("/v21.0/{id}/posts?fields=id");
    for by in ["spent_digest", "spent_marketing", "spent_newsroom"] {
        let who = by.trim_start_matches("spent_");
        list.get(by, &format!("{who}: one more place"), posts, &page);
        list.get(by, &format!("{who}: one more, its first row"), posts, format!("{page}&limit=1"));
        list.get(
            by,
            &format!("{who}: one more, without fields or version"),
            posts,
            format!("/{id}/posts"),
        );
        list.get(
            by,
            &format!("{who}: one more, nested"),
            posts,
            format!("/v21.0/{id}?fields=id,posts{{id}}"),
        );
        list.get(
            by,
            &format!("{who}: one more, nested under another name"),
            posts,
            format!("/v21.0/{id}?fields=posts.as(p){{id}}"),
        );
        list.get(
            by,
            &format!("{who}: one more, by ids="),
            posts,
            format!("/v21.0?ids={id}&fields=posts{{id}}"),
        );
        list.get(
            by,
            &format!("{who}: one more, behind one that was read"),
            posts,
            format!("/v21.0?ids={},{id}&fields=posts{{id}}", w.venues[0]),
        );
        list.say(
            by,
            &format!("{who}: one more, by an overridden method"),
            posts,
            Ask::post(format!("{page}&method=get")),
        );
        list.talk(by, &format!("{who}: one more, by another key"), posts, {
            let ask = Ask::get(&page);
            move |talk| {
                talk.say_otherwise(&ask);
            }
        });
        list.get(
            by,
            &format!("{who}: one more, spelt otherwise"),
            posts,
            format!("//v21.0/{id}/posts"),
        );
    }
    let name = w.square.name.replace(' ', "+");
    for (by, target) in [
        ("spent_marketing", format!("/v21.0/pages/search?q={name}&fields=id,posts{{id}}&limit=1")),
        (
            "spent_newsroom",
            format!(
                "/v21.0/search?type=place&q={name}&distance=5000&fields=id,posts{{id}}&limit=1"
            ),
        ),
        (
            "spent_statistics",
            format!("/v21.0/search?type=place&q={name}&fields=id,posts{{id}}&limit=1"),
        ),
    ] {
        let who = by.trim_start_matches("spent_");
        list.get(by, &format!("{who}: one more, found by its name"), posts, target);
    }
    list.get(
        "spent_newsroom",
        "newsroom: one more, from a post made there",
        posts,
        format!("/v21.0/{}?fields=id,location{{id,posts{{id}}}}", w.baker_post),
    );
}

fn accounts(w: &World, list: &mut List) {
    let (by, b) = ("spent_insights", &w.baker);
    let found = format!("business_discovery.username({}){{followers_count}}", b.username);
    list.get(by, "one more account's followers", &b.followers, format!("/v21.0/me?fields={found}"));
    list.get(
        by,
        "one more, under another name",
        &b.followers,
        format!("/v21.0/me?fields={}", found.replace("){", ").as(x){")),
    );
    list.get(
        by,
        "one more, behind one that was found",
        &b.followers,
        format!(
            "/v21.0/me?fields=business_discovery.username({}).as(a){{id}},{}",
            w.names[0],
            found.replace("){", ").as(b){")
        ),
    );
    list.get(
        by,
        "one more, by ids=",
        &b.followers,
        format!("/v21.0?ids={}&fields={found}", w.me.id),
    );
    let entry = json!([{ "method": "GET", "relative_url": format!("me?fields={found}") }]);
    list.say(
        by,
        "one more, in a batch",
        &b.followers,
        Ask::post("/v21.0").form(format!("batch={}", percent(&entry.to_string(), 1))),
    );
    list.talk(by, "one more, by another key", &b.followers, {
        let ask = Ask::get(format!("/v21.0/me?fields={found}"));
        move |talk| {
            talk.say_otherwise(&ask);
        }
    });
}

/// As the platform makes them.
fn cursor(id: &str) -> String {
    let hex: String = id.bytes().rev().map(|byte| format!("{byte:02x}")).collect();
    format!("QVFI{hex}")
}
