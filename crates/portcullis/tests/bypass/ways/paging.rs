//! Through the links of pages that one may have.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("paging");
    let (wall, hotel) = ("social_wall", &w.hotel);
    let page = format!("/v21.0/{}/posts?fields=id", hotel.id);
    let second = &hotel.beyond(50);
    list.talk(wall, "the link to the second page, where one is agreed", second, {
        let page = page.clone();
        move |talk| {
            talk.get(format!("{page}&limit=50"));
            talk.follow("/paging/next");
        }
    });
    list.get(
        wall,
        "the second page by a cursor known otherwise",
        second,
        format!("{page}&limit=50&after={}", w.cursor_at_hotel),
    );
    list.get(
        wall,
        "a cursor made up out of an id",
        second,
        format!("{page}&limit=50&after={}", cursor(&hotel.posts[49])),
    );
    list.get(
        wall,
        "backwards from the last post",
        second,
        format!("{page}&limit=50&before={}", cursor(hotel.posts.last().unwrap())),
    );
    list.get(
        wall,
        "an empty cursor before the one that counts",
        second,
        format!("{page}&limit=50&after=&after={}", w.cursor_at_hotel),
    );
    list.get(wall, "a page of a hundred", second, format!("{page}&limit=100"));
    list.get(wall, "a page of more than can be", second, format!("{page}&limit=9999999"));
    list.get(wall, "two sizes: the last counts", second, format!("{page}&limit=50&limit=100"));
    list.get(
        wall,
        "posts until yesterday",
        second,
        format!("{page}&limit=50&since=0&until=1711886400&after={}", w.cursor_at_hotel),
    );
    list.get(
        wall,
        "the page nested in the place",
        second,
        format!("/v21.0/{}?fields=posts.limit(100){{id}}", hotel.id),
    );
    list.get(
        wall,
        "the page nested in the place, behind a cursor",
        second,
        format!("/v21.0/{}?fields=posts.limit(50).after({}){{id}}", hotel.id, w.cursor_at_hotel),
    );
    list.get(
        "own_property_monitoring",
        "a nested page of a hundred",
        second,
        format!("/v21.0/{}?fields=posts.limit(100){{id}}", hotel.id),
    );
    list.talk("audience_insights", "a link with other fields", &w.me.bio, |talk| {
        talk.get("/v21.0/me?fields=id,media.limit(5){id}");
        let first = talk.answers[0].json();
        let link = first["media"]["paging"]["next"].as_str().unwrap_or_default().to_owned();
        let target = link.splitn(4, '/').nth(3).unwrap_or_default();
        talk.get(format!("/{}", target.replace("fields=id", "fields=owner{biography}")));
    });
    let (me, baker) = (w.me.id.clone(), w.baker.id.clone());
    list.talk("audience_insights", "a link with another account", &w.baker.stories, {
        let (me, baker) = (me.clone(), baker.clone());
        move |talk| {
            talk.get("/v21.0/me/media?fields=id&limit=5");
            let first = talk.answers[0].json();
            let link = first["paging"]["next"].as_str().unwrap_or_default().to_owned();
            let target = link.splitn(4, '/').nth(3).unwrap_or_default().replace(&me, &baker);
            let target =
                target.split("&after").next().unwrap_or_default().replace("/media", "/stories");
            talk.get(format!("/{target}"));
        }
    });
    list.talk(
        "brand_analytics",
        "a link of posts found by name, with other fields",
        &w.brand.bio,
        {
            let brand = w.brand.username.clone();
            move |talk| {
                talk.get(format!(
                    "/v21.0/me?fields=business_discovery.username({brand}){{media.limit(1){{id}}}}"
                ));
                let first = talk.answers[0].json();
                let link = first.pointer("/business_discovery/media/paging/next");
                let link = link.and_then(|link| link.as_str()).unwrap_or_default();
                let target = link.splitn(4, '/').nth(3).unwrap_or_default();
                talk.get(format!("/{}", target.replace("fields=id", "fields=owner{biography}")));
            }
        },
    );
    list.cases
}

/// As the platform makes them.
fn cursor(id: &str) -> String {
    let hex: String = id.bytes().rev().map(|byte| format!("{byte:02x}")).collect();
    format!("QVFI{hex}")
}
