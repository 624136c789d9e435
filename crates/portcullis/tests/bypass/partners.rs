//! Who asks: a partner of every use, and some who have used up what they have.
//!
//! Must not know cases.

use std::collections::BTreeMap;

use crate::gate::Partner;
use crate::talk::Talk;
use crate::world::World;

/// Uses of the agreements; a partner of each has the use's name.
const USES: [&str; 15] = [
    "publishing",
    "comment_care",
    "brand_analytics",
    "creator_marketplace",
    "story_insights",
    "own_property_monitoring",
    "social_wall",
    "travel_search",
    "newsroom",
    "research",
    "audience_insights",
    "campaign_reports",
    "location_marketing",
    "market_statistics",
    "review_digest",
];
/// Those who used up a budget, and their use.
const SPENT: [(&str, &str); 7] = [
    ("spent_but_a_page", "market_statistics"),
    ("spent_statistics", "market_statistics"),
    ("spent_digest", "review_digest"),
    ("spent_marketing", "location_marketing"),
    ("spent_newsroom", "newsroom"),
    ("spent_monitoring", "own_property_monitoring"),
    ("spent_insights", "audience_insights"),
];

/// More of those who may have stories told of, a few times in a day each.
const TELLERS: [(&str, &str); 4] = [
    ("stories_plain", "story_insights"),
    ("stories_packed", "story_insights"),
    ("stories_bent", "story_insights"),
    ("stories_bent_within", "story_insights"),
];

/// All of them. Whoever may have authorised accounts has `me`; who asks for stories, the person too.
pub(crate) fn all(world: &World) -> Vec<Partner> {
    let own = USES.iter().map(|purpose| (*purpose, *purpose));
    let others = [("nobody", "something_else")];
    own.chain(SPENT)
        .chain(TELLERS)
        .chain(others)
        .map(|(name, purpose)| partner(name, purpose, world))
        .collect()
}

fn partner(name: &'static str, purpose: &'static str, world: &World) -> Partner {
    let has = |uses: &[&str]| uses.contains(&purpose);
    let mut lists = BTreeMap::new();
    let mut declare = |list: &str, entries: &[&String]| {
        lists.insert(list.to_owned(), entries.iter().map(|entry| (*entry).clone()).collect());
    };
    if has(&["market_statistics"]) {
        declare("locations", &[&world.hotel.id, &world.museum.id]);
    } else if has(&["own_property_monitoring", "social_wall", "location_marketing"]) {
        declare("locations", &[&world.hotel.id]);
    } else if has(&["review_digest"]) {
        declare("locations", &[&world.museum.id]);
    }
    if has(&["social_wall", "brand_analytics", "research", "campaign_reports"]) {
        declare("hashtags", &[&world.tag_name]);
    }
    if has(&["brand_analytics"]) {
        declare("brands", &[&world.brand.username]);
    }
    let mut grants = Vec::new();
    let accounts = [
        "publishing",
        "comment_care",
        "creator_marketplace",
        "audience_insights",
        "campaign_reports",
        "story_insights",
    ];
    if has(&accounts) {
        grants.push(world.me.id.clone());
    }
    if has(&["story_insights", "campaign_reports"]) {
        grants.push(world.person.id.clone());
    }
    Partner { name, purpose, lists, grants }
}

/// Uses up what they have, and shows that there is no more.
pub(crate) fn spend(talk: impl Fn(&str) -> Talk, world: &World) {
    let drive = |name: &str, targets: Vec<String>, more: &str| {
        let mut talk = talk(name);
        for target in targets {
            let answer = talk.get(&target);
            assert_eq!(answer.status, 200, "{name} {target}: {}", answer.text());
        }
        let answer = talk.get(more);
        assert_eq!(answer.status, 429, "{name} {more}: {}", answer.text());
    };
    let page = |place: &str| format!("/v21.0/{place}/posts?fields=id&limit=50");
    let square = page(&world.square.id);
    let pages = |count: usize| world.venues.iter().take(count).map(|id| page(id)).collect();
    drive("spent_statistics", vec![page(&world.hotel.id); 4], &page(&world.hotel.id));
    let mut talk_of_three = talk("spent_but_a_page");
    for _ in 0..3 {
        assert_eq!(talk_of_three.get(page(&world.hotel.id)).status, 200);
    }
    drive("spent_monitoring", vec![page(&world.hotel.id); 50], &page(&world.hotel.id));
    drive("spent_digest", pages(3), &square);
    drive("spent_marketing", pages(5), &square);
    drive("spent_newsroom", pages(30), &square);
    let found = |name: &String| {
        format!("/v21.0/me?fields=business_discovery.username({name}){{followers_count}}")
    };
    let named = world.names.iter().map(found).collect();
    drive("spent_insights", named, &found(&world.baker.username));
}
