//! Superseded paths, back channels, and paths that no document lists.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("superseded paths");
    let (b, square) = (&w.baker, &w.square);
    let (id, posts) = (&square.id, &square.beyond(0));
    let (lat, lng) = square.at;
    let around = format!("lat={lat}&lng={lng}&distance=200");
    list.get(
        "research",
        "recent posts at a place",
        posts,
        format!("/v1/locations/{id}/media/recent"),
    );
    list.get(
        "own_property_monitoring",
        "posts at a place",
        posts,
        format!("/v1/locations/{id}/media"),
    );
    list.get(
        "own_property_monitoring",
        "posts at a declared place",
        &w.hotel.beyond(0),
        format!("/v1/locations/{}/media/recent", w.hotel.id),
    );
    list.get("newsroom", "posts around a point", posts, format!("/v1/media/search?{around}"));
    list.get(
        "location_marketing",
        "posts at a geography",
        posts,
        format!("/v1/geographies/{id}/media/recent"),
    );
    list.get(
        "nobody",
        "posts at a place, by one whose use nobody knows",
        posts,
        format!("/v1/locations/{id}/media/recent"),
    );
    list.get("social_wall", "with a count", posts, format!("/v1/locations/{id}/media?count=100"));
    list.get(
        "social_wall",
        "between two moments",
        posts,
        format!("/v1/locations/{id}/media/recent?min_timestamp=0"),
    );
    list.talk("social_wall", "page by page", &w.hotel.beyond(20), {
        let hotel = w.hotel.id.clone();
        move |talk| {
            talk.get(format!("/v1/locations/{hotel}/media?count=20"));
            talk.follow("/pagination/next_url");
        }
    });
    list.way("back channels");
    list.get(
        "location_marketing",
        "posts at a place as the web shows them",
        posts,
        format!("/explore/locations/{id}/?__a=1"),
    );
    list.get(
        "location_marketing",
        "without the slash at the end",
        posts,
        format!("/explore/locations/{id}?__a=1"),
    );
    list.get(
        "social_wall",
        "of a declared place",
        &w.hotel.beyond(0),
        format!("/explore/locations/{}/", w.hotel.id),
    );
    list.get(
        "story_insights",
        "stories at a place",
        &b.stories,
        format!("/api/v1/locations/{id}/story"),
    );
    list.get(
        "story_insights",
        "stories of an account",
        &b.stories,
        format!("/api/v1/feed/reels_media?reel_ids={}", b.id),
    );
    list.get(
        "campaign_reports",
        "stories of those that authorised, pictures too",
        &w.me.pictures,
        format!("/api/v1/feed/reels_media?reel_ids={}", w.me.id),
    );
    list.get(
        "story_insights",
        "stories of several",
        &b.stories,
        format!("/api/v1/feed/reels_media?reel_ids={},{}", w.me.id, b.id),
    );
    list.get(
        "own_property_monitoring",
        "stories of a place, by the list of reels",
        &b.stories,
        format!("/api/v1/feed/reels_media?reel_ids={}", w.hotel.id),
    );
    list.get(
        "story_insights",
        "by a parameter that is a list",
        &b.stories,
        format!("/api/v1/feed/reels_media?reel_ids[]={}", b.id),
    );
    list.get(
        "nobody",
        "stories, by one whose use nobody knows",
        &b.stories,
        format!("/api/v1/feed/reels_media?reel_ids={}", b.id),
    );
    list.way("paths that no document lists");
    list.get(
        "creator_marketplace",
        "all of an account: its words",
        &b.bio,
        format!("/api/v1/users/{}/full", b.id),
    );
    list.get(
        "audience_insights",
        "all of an account: its followers",
        &b.followers,
        format!("/api/v1/users/{}/full", b.id),
    );
    list.get(
        "story_insights",
        "all of an account: its stories",
        &b.stories,
        format!("/api/v1/users/{}/full", b.id),
    );
    list.get(
        "creator_marketplace",
        "all of one that joined",
        &w.me.pictures,
        "/api/v1/users/me/full",
    );
    let variables = format!("{{\"id\":\"{id}\",\"first\":50}}");
    list.get(
        "newsroom",
        "posts at a place as web pages ask for them",
        posts,
        format!("/graphql/query?query_hash=1&variables={variables}"),
    );
    list.get(
        "social_wall",
        "of a declared place, beyond its newest page",
        &w.hotel.beyond(50),
        format!("/graphql/query?variables={{\"id\":\"{}\",\"first\":100}}", w.hotel.id),
    );
    list.way("superseded paths, spelt otherwise");
    for (name, path) in [
        ("slashes escaped", format!("/v1%2Flocations%2F{id}%2Fmedia%2Frecent")),
        ("one slash escaped", format!("/v1/locations/{id}%2fmedia/recent")),
        ("two slashes before it", format!("//v1/locations/{id}/media/recent")),
        ("two slashes in it", format!("/v1/locations//{id}/media/recent")),
        ("a slash behind it", format!("/v1/locations/{id}/media/recent/")),
        ("a letter escaped", format!("/v1/l%6Fcations/{id}/media/recent")),
        ("the version escaped", format!("/%76%31/locations/{id}/media/recent")),
    ] {
        list.get("own_property_monitoring", name, posts, path);
    }
    list.get(
        "story_insights",
        "a back channel with its slashes escaped",
        &b.stories,
        format!("/api%2Fv1%2Flocations%2F{id}%2Fstory"),
    );
    list.get(
        "story_insights",
        "a back channel, two slashes before it",
        &b.stories,
        format!("//api//v1/feed/reels_media?reel_ids={}", b.id),
    );
    list.cases
}
