//! Asked for openly, by those who have no standing for it.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("path");
    stories(w, &mut list);
    people(w, &mut list);
    places(w, &mut list);
    list.cases
}

fn stories(w: &World, list: &mut List) {
    let (me, baker, square) = (&w.me.id, &w.baker.id, &w.square.id);
    let at = "story_insights";
    let told = &w.baker.stories;
    list.get(
        at,
        "stories of an account that did not authorise",
        told,
        format!("/v21.0/{baker}/stories?fields=id,permalink"),
    );
    list.get(at, "the same without naming fields", told, format!("/v21.0/{baker}/stories"));
    list.get(at, "their pictures", told, format!("/v21.0/{baker}/stories?fields=media_url"));
    list.get(
        at,
        "the pictures of stories that may be told of",
        &w.me.pictures,
        format!("/v21.0/{me}/stories?fields=id,media_url"),
    );
    list.get(
        "campaign_reports",
        "a still of a film",
        &w.me.pictures,
        format!("/v21.0/{me}/stories?fields=id,thumbnail_url"),
    );
    list.get(at, "stories told at a place", told, format!("/v21.0/{square}/stories?fields=id"));
    list.get(
        "own_property_monitoring",
        "stories told at a declared place",
        told,
        format!("/v21.0/{}/stories?fields=id", w.hotel.id),
    );
    list.get(
        at,
        "a story by its id",
        &w.baker.pictures,
        format!("/v21.0/{}?fields=permalink,media_url", w.baker_story),
    );
    list.get(
        at,
        "one's own story by its id",
        &w.me.pictures,
        format!("/v21.0/{}?fields=media_url", w.own_story),
    );
    list.get(
        "campaign_reports",
        "a story by its id, as if it were a post",
        &w.baker.pictures,
        format!("/v21.0/{}?fields=id,permalink,timestamp", w.baker_story),
    );
    list.get(
        "newsroom",
        "an expired story by its id",
        &w.expired,
        format!("/v21.0/{}?fields=media_url", w.expired_story),
    );
    list.get(
        "campaign_reports",
        "the story of a private person by its id",
        &w.person.pictures,
        format!("/v21.0/{}?fields=permalink,media_url", w.person_story),
    );
    list.get(
        "audience_insights",
        "one's own stories, where the use names none",
        &w.me.stories,
        "/v21.0/me/stories?fields=id",
    );
    list.get(
        "nobody",
        "stories, by one whose use nobody knows",
        told,
        format!("/v21.0/{baker}/stories?fields=id"),
    );
}

fn people(w: &World, list: &mut List) {
    let (baker, person) = (&w.baker, &w.person);
    list.get(
        "audience_insights",
        "what an account says about itself",
        &baker.bio,
        format!("/v21.0/{}?fields=biography", baker.id),
    );
    list.get(
        "audience_insights",
        "what an account that authorised says about itself",
        &w.me.bio,
        format!("/v21.0/{}?fields=id,biography", w.me.id),
    );
    list.get(
        "campaign_reports",
        "what one's own account says about itself",
        &w.me.bio,
        "/v21.0/me?fields=username,biography",
    );
    list.get(
        "creator_marketplace",
        "what one who has not joined says about itself",
        &baker.bio,
        format!("/v21.0/{}?fields=biography", baker.id),
    );
    list.get(
        "creator_marketplace",
        "the followers of one who has not joined",
        &baker.followers,
        format!("/v21.0/{}?fields=followers_count", baker.id),
    );
    list.get(
        "comment_care",
        "the followers of an account that authorised",
        &w.me.followers,
        format!("/v21.0/{}?fields=id,followers_count", w.me.id),
    );
    list.get(
        "publishing",
        "the followers of one's own account",
        &w.me.followers,
        "/v21.0/me?fields=followers_count",
    );
    list.get(
        "newsroom",
        "the followers of an eyewitness",
        &baker.followers,
        format!("/v21.0/{}?fields=followers_count", baker.id),
    );
    list.get(
        "audience_insights",
        "the followers of a private person",
        &person.followers,
        format!("/v21.0/{}?fields=followers_count", person.id),
    );
    list.get(
        "brand_analytics",
        "the followers of a declared brand, by its id",
        &w.brand.followers,
        format!("/v21.0/{}?fields=followers_count", w.brand.id),
    );
    list.get(
        "nobody",
        "followers, by one whose use nobody knows",
        &w.me.followers,
        "/v21.0/me?fields=followers_count",
    );
}

fn places(w: &World, list: &mut List) {
    let posts = &w.square.beyond(0);
    let page = format!("/v21.0/{}/posts?fields=id", w.square.id);
    for (by, name) in [
        ("research", "posts at a place, by one who studies hashtags"),
        ("travel_search", "posts at a place, by one who finds places"),
        ("own_property_monitoring", "posts at the property of others"),
        ("market_statistics", "posts at a place outside the panel"),
        ("social_wall", "posts at a place that no wall declared"),
        ("brand_analytics", "posts at a place, by one with brands"),
        ("audience_insights", "posts at a place, by one with accounts"),
        ("comment_care", "posts at a place, by one who answers"),
        ("nobody", "posts at a place, by one whose use nobody knows"),
    ] {
        list.get(by, name, posts, &page);
    }
    list.get(
        "social_wall",
        "posts at a place, by their first row",
        posts,
        format!("{page}&limit=1"),
    );
    list.get(
        "travel_search",
        "posts at a place without naming fields",
        posts,
        format!("/v21.0/{}/posts", w.square.id),
    );
}
