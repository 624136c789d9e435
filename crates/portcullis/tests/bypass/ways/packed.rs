//! What the call does not show and the answer does: stories of a private person who authorised.
//!
//! The platform packs and bends its answers, without being asked.

use serde_json::json;

use crate::case::{Case, List};
use crate::pack::Bent;
use crate::talk::{Ask, percent};
use crate::world::{Mark, World};

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("answers, as they are");
    plain(w, &mut list);
    list.way("answers, packed");
    packed(w, &mut list);
    list.way("answers, bent");
    bent(w, &mut list);
    list.way("answers, stories among posts");
    told(w, &mut list);
    list.cases
}

fn plain(w: &World, list: &mut List) {
    let (si, cr, person) = ("stories_plain", "campaign_reports", &w.person);
    let id = &person.id;
    let told = &person.stories;
    list.get(
        si,
        "stories of a private person",
        told,
        format!("/v21.0/{id}/stories?fields=id,permalink"),
    );
    list.get(si, "without naming fields", told, format!("/v21.0/{id}/stories"));
    list.get(
        si,
        "called something else",
        told,
        format!("/v21.0/{id}/stories?fields=id.as(x),permalink.as(y)"),
    );
    list.get(si, "nested", told, format!("/v21.0/{id}?fields=id,stories{{permalink}}"));
    list.get(
        si,
        "nested under another name",
        told,
        format!("/v21.0/{id}?fields=stories.limit(50).as(m){{permalink.as(c)}}"),
    );
    list.get(
        si,
        "nested twice",
        told,
        format!("/v21.0/{id}?fields=stories.as(a){{id}},stories.as(b){{permalink}}"),
    );
    list.get(cr, "by ids=", told, format!("/v21.0?ids={id}&fields=id,stories{{id}}"));
    list.get(
        si,
        "named as the kind that may be told of",
        told,
        format!("/v21.0/{id}/stories?fields=id,media_type.as(account_type)"),
    );
    list.get(
        si,
        "named as another expiry",
        told,
        format!("/v21.0/{id}/stories?fields=id,permalink,timestamp.as(expires_at)"),
    );
    let entry = |relative: String| {
        let batch = json!([{ "method": "GET", "relative_url": relative }]).to_string();
        Ask::post("/v21.0").form(format!("batch={}", percent(&batch, 1)))
    };
    list.say(cr, "in a batch", told, entry(format!("{id}/stories?fields=id,permalink")));
    list.say(cr, "in a batch, nested", told, entry(format!("{id}?fields=stories.as(x){{id}}")));
    list.say(cr, "in a batch, by ids=", told, entry(format!("?ids={id}&fields=stories{{id}}")));
    let chain = json!([
        { "method": "GET", "name": "s", "omit_response_on_success": false, "relative_url": format!("{id}/stories?fields=id") },
        { "method": "GET", "relative_url": "{result=s:$.data[0].id}/insights?metric=reach" },
    ]);
    list.say(
        cr,
        "in a batch, one entry waiting for it",
        told,
        Ask::post("/v21.0").form(format!("batch={}", percent(&chain.to_string(), 1))),
    );
    list.say(
        si,
        "by an overridden method",
        told,
        Ask::post(format!("/v21.0/{id}/stories?fields=id&method=GET")),
    );
    list.talk(si, "over HTTP/2", told, {
        let ask = Ask::get(format!("/v21.0/{id}/stories?fields=id"));
        move |talk| {
            talk.say_h2(&ask);
        }
    });
    for (name, line) in [
        ("with a range", "Range: bytes=0-100000"),
        ("if it has changed", "If-None-Match: \"x\""),
        ("packed, on wish", "Accept-Encoding: gzip"),
        ("packed, on wish, in any way", "Accept-Encoding: br;q=1, gzip;q=0.9, *;q=0.1"),
    ] {
        list.say(si, name, told, Ask::get(format!("/v21.0/{id}/stories?fields=id")).line(line));
    }
}

fn packed(w: &World, list: &mut List) {
    let (si, cr, told) = ("stories_packed", "campaign_reports", &w.person.stories);
    let id = &w.person.id;
    for (how, name) in [
        (Bent::Gzip, "gzip"),
        (Bent::GzipInTwo, "gzip in two members"),
        (Bent::XGzip, "gzip under its old name"),
        (Bent::Loud, "gzip in upper case"),
        (Bent::Deflate, "deflate"),
        (Bent::BareDeflate, "deflate without its head"),
        (Bent::Brotli, "brotli"),
        (Bent::Zstd, "zstd"),
        (Bent::Twice, "brotli, then gzip"),
        (Bent::Unsaid, "gzip without a word about it"),
        (Bent::Chunks, "not at all, in small chunks"),
    ] {
        let target = format!("/v21.0/{id}/stories?fields=id,permalink");
        list.get(si, name, told, target).bent(how);
    }
    let batch =
        json!([{ "method": "GET", "relative_url": format!("{id}/stories?fields=id") }]).to_string();
    for (how, name) in [(Bent::Gzip, "gzip"), (Bent::Brotli, "brotli"), (Bent::Zstd, "zstd")] {
        list.get(
            cr,
            &format!("{name}, nested"),
            told,
            format!("/v21.0/{id}?fields=stories.as(x){{permalink}}"),
        )
        .bent(how);
        let ask = Ask::post("/v21.0").form(format!("batch={}", percent(&batch, 1)));
        list.say(cr, &format!("{name}, in a batch"), told, ask).bent(how);
        let ask = Ask::get(format!("/v21.0/{id}/stories?fields=id"))
            .line("Accept-Encoding: gzip, br, zstd");
        list.say(si, &format!("{name}, as wished"), told, ask).bent(how);
    }
}

fn bent(w: &World, list: &mut List) {
    let (id, told) = (&w.person.id, &w.person.stories);
    for (how, name) in [
        (Bent::TwiceLast, "the kind of account twice: as it is, then as it is not"),
        (Bent::TwiceFirst, "the kind of account twice: as it is not, then as it is"),
        (Bent::Escaped, "the kind of account, its letters escaped"),
        (Bent::EscapedTwice, "the kind of account twice, its name once escaped"),
        (Bent::Missing, "the kind of account missing"),
        (Bent::List, "the kind of account a list"),
        (Bent::Airy, "spaces and ends of line everywhere"),
        (Bent::Marked, "a mark of byte order before it"),
        (Bent::TwoDocuments, "a second document behind an empty one"),
        (Bent::PlainText, "said to be plain text"),
        (Bent::Nothing, "not said to be anything"),
        (Bent::Endless, "its end not said"),
    ] {
        let target = format!("/v21.0/{id}/stories?fields=id,permalink");
        list.get("stories_bent", name, told, target).bent(how);
        let target = format!("/v21.0/{id}?fields=id,stories.as(x){{id,permalink.as(y)}}");
        list.get("stories_bent_within", &format!("{name}, nested"), told, target).bent(how);
    }
    let target = format!("/v21.0/{}/stories?fields=id,permalink,expires_at", w.me.id);
    list.get("stories_bent", "stories that expired, out of a cache", &w.me.stories, target)
        .bent(Bent::Stale);
    let target = format!("/v21.0/{}/stories?fields=id", w.me.id);
    list.get("stories_bent", "the same without asking when", &w.me.stories, target)
        .bent(Bent::Stale);
}

/// Lists of posts in which the platform gives stories, as its document says it may.
fn told(w: &World, list: &mut List) {
    let mine = vec![Mark::Text(w.post.clone())];
    let (hotel, baker) = (w.hotel.beyond(0), vec![Mark::Text(w.baker_post.clone())]);
    let tag = format!("/v21.0/{}/recent_media?user_id={}&limit=50", w.tag, w.me.id);
    for (by, name, marks, target) in [
        (
            "audience_insights",
            "of an account",
            &mine,
            "/v21.0/me/media?limit=50&fields=id,media_product_type".to_owned(),
        ),
        (
            "audience_insights",
            "of an account, not asked for",
            &mine,
            "/v21.0/me/media?limit=50&fields=id,caption".to_owned(),
        ),
        (
            "publishing",
            "of an account, no fields named",
            &mine,
            "/v21.0/me/media?limit=50".to_owned(),
        ),
        (
            "audience_insights",
            "nested in a profile",
            &mine,
            "/v21.0/me?fields=id,media.limit(50){id,media_product_type}".to_owned(),
        ),
        (
            "own_property_monitoring",
            "at a place",
            &hotel,
            format!("/v21.0/{}/posts?limit=50&fields=id,permalink", w.hotel.id),
        ),
        (
            "market_statistics",
            "at a place, by ids=",
            &hotel,
            format!("/v21.0?ids={}&fields=posts.limit(50){{id}}", w.hotel.id),
        ),
        (
            "newsroom",
            "at any place",
            &hotel,
            format!("/v21.0/{}/posts?limit=50&fields=id,username", w.hotel.id),
        ),
        ("brand_analytics", "under a hashtag", &baker, format!("{tag}&fields=id,permalink")),
        ("research", "under a hashtag, texts", &baker, format!("{tag}&fields=id,caption")),
        (
            "brand_analytics",
            "of a declared brand",
            &w.hotel.beyond(0),
            format!(
                "/v21.0/me?fields=business_discovery.username({}){{media.limit(25){{id,caption}}}}",
                w.brand.username
            ),
        ),
    ] {
        list.get(by, name, marks, target).bent(Bent::Told);
    }
}
