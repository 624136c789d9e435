//! Several at once, by `ids=`.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("ids=");
    let (me, b) = (&w.me.id, &w.baker);
    let baker = &b.id;
    let (ai, cr, cm, ms) =
        ("audience_insights", "campaign_reports", "creator_marketplace", "market_statistics");
    let square = &w.square.beyond(0);
    list.get(
        ai,
        "one, what it says about itself",
        &b.bio,
        format!("/v21.0?ids={baker}&fields=biography"),
    );
    list.get(
        ai,
        "behind one that authorised, followers",
        &b.followers,
        format!("/v21.0?ids={me},{baker}&fields=username,followers_count"),
    );
    list.get(
        cm,
        "behind one that joined, own words",
        &b.bio,
        format!("/v21.0?ids={me},{baker}&fields=id,biography"),
    );
    list.get(
        cm,
        "before one that joined",
        &b.bio,
        format!("/v21.0?ids={baker},{me}&fields=id,biography"),
    );
    list.get(cm, "the same twice", &b.bio, format!("/v21.0?ids={baker},{baker}&fields=biography"));
    list.get(
        cm,
        "behind forty-nine that joined",
        &b.bio,
        format!("/v21.0?ids={}{baker}&fields=biography", format!("{me},").repeat(49)),
    );
    list.get(
        "story_insights",
        "stories of one",
        &b.stories,
        format!("/v21.0?ids={baker}&fields=stories{{id}}"),
    );
    list.get(
        cr,
        "stories of one behind one that authorised",
        &b.stories,
        format!("/v21.0?ids={me},{baker}&fields=id,stories{{id}}"),
    );
    list.get(
        cr,
        "pictures of stories of those that authorised",
        &w.me.pictures,
        format!("/v21.0?ids={me}&fields=stories{{media_url}}"),
    );
    list.get(
        cr,
        "a story among posts",
        &b.pictures,
        format!("/v21.0?ids={},{}&fields=id,permalink", w.post, w.baker_story),
    );
    list.get(
        cr,
        "authors of posts",
        &b.bio,
        format!("/v21.0?ids={},{}&fields=id,owner{{biography}}", w.post, w.baker_post),
    );
    list.get(
        ms,
        "posts of a place behind one of the panel",
        square,
        format!("/v21.0?ids={},{}&fields=id,posts{{id}}", w.museum.id, w.square.id),
    );
    list.get(
        ms,
        "posts of a place alone",
        square,
        format!("/v21.0?ids={}&fields=posts{{id}}", w.square.id),
    );
    list.get(
        "own_property_monitoring",
        "posts of two places, one declared",
        square,
        format!("/v21.0?ids={},{}&fields=posts{{id}}", w.hotel.id, w.square.id),
    );
    list.get(
        "newsroom",
        "authors of posts, by one with single posts",
        &b.followers,
        format!("/v21.0?ids={}&fields=owner{{followers_count}}", w.baker_post),
    );
    list.get(
        "travel_search",
        "posts of places, by one who finds them",
        square,
        format!("/v21.0?ids={}&fields=id,posts{{id}}", w.square.id),
    );
    list.get(cm, "a space before it", &b.bio, format!("/v21.0?ids={me},+{baker}&fields=biography"));
    list.get(
        cm,
        "an end of line behind it",
        &b.bio,
        format!("/v21.0?ids={me},{baker}%0A&fields=biography"),
    );
    list.get(
        cm,
        "the comma escaped",
        &b.bio,
        format!("/v21.0?ids={me}%2C{baker}&fields=biography"),
    );
    list.get(
        cm,
        "twice the parameter: the last counts",
        &b.bio,
        format!("/v21.0?ids={me}&ids={baker}&fields=biography"),
    );
    list.get(
        ai,
        "with business_discovery",
        &b.bio,
        format!("/v21.0?ids={me}&fields=business_discovery.username({}){{biography}}", b.username),
    );
    list.get(cm, "without a version", &b.bio, format!("/?ids={baker}&fields=biography"));
    list.get(
        "nobody",
        "by one whose use nobody knows",
        &b.bio,
        format!("/v21.0?ids={baker}&fields=biography"),
    );
    list.way("an edge of several, which no document lists");
    list.get(cr, "stories", &b.stories, format!("/v21.0/stories?ids={baker}"));
    list.get(
        "story_insights",
        "stories, one that authorised among them",
        &b.stories,
        format!("/v21.0/stories?ids={me},{baker}&fields=id"),
    );
    list.get(ms, "posts of places", square, format!("/v21.0/posts?ids={}&fields=id", w.square.id));
    list.get(
        ms,
        "posts of places without a version",
        square,
        format!("/posts?ids={},{}", w.hotel.id, w.square.id),
    );
    list.get(ms, "stories of places", &b.stories, format!("/stories?ids={}", w.hotel.id));
    list.get(
        cr,
        "posts of accounts, with their authors' words",
        &b.bio,
        format!("/v21.0/media?ids={baker}&fields=owner{{biography}}"),
    );
    list.get(
        "comment_care",
        "comments of posts, with the words of who commented",
        &w.me.bio,
        format!("/v21.0/comments?ids={}&fields=from{{biography}}", w.baker_post),
    );
    list.cases
}
