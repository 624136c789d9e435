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
    list.gets(w, "
        story_insights | stories of an account that did not authorise | baker.stories | <baker>/stories?fields=id,permalink
        story_insights | the same without naming fields | baker.stories | <baker>/stories
        story_insights | their pictures | baker.stories | <baker>/stories?fields=media_url
        story_insights | the pictures of stories that may be told of | me.pictures | <me>/stories?fields=id,media_url
        campaign_reports | a still of a film | me.pictures | <me>/stories?fields=id,thumbnail_url
        story_insights | stories told at a place | baker.stories | <square>/stories?fields=id
        own_property_monitoring | stories told at a declared place | baker.stories | <hotel>/stories?fields=id
        story_insights | a story by its id | baker.pictures | <baker_story>?fields=permalink,media_url
        story_insights | one's own story by its id | me.pictures | <own_story>?fields=media_url
        campaign_reports | a story by its id, as if it were a post | baker.pictures | <baker_story>?fields=id,permalink,timestamp
        newsroom | an expired story by its id | expired | <expired_story>?fields=media_url
        campaign_reports | the story of a private person by its id | person.pictures | <person_story>?fields=permalink,media_url
        audience_insights | one's own stories, where the use names none | me.stories | me/stories?fields=id
        nobody | stories, by one whose use nobody knows | baker.stories | <baker>/stories?fields=id
    ");
}

fn people(w: &World, list: &mut List) {
    list.gets(w, "
        audience_insights | what an account says about itself | baker.bio | <baker>?fields=biography
        audience_insights | what an account that authorised says about itself | me.bio | <me>?fields=id,biography
        campaign_reports | what one's own account says about itself | me.bio | me?fields=username,biography
        creator_marketplace | what one who has not joined says about itself | baker.bio | <baker>?fields=biography
        creator_marketplace | the followers of one who has not joined | baker.followers | <baker>?fields=followers_count
        comment_care | the followers of an account that authorised | me.followers | <me>?fields=id,followers_count
        publishing | the followers of one's own account | me.followers | me?fields=followers_count
        newsroom | the followers of an eyewitness | baker.followers | <baker>?fields=followers_count
        audience_insights | the followers of a private person | person.followers | <person>?fields=followers_count
        brand_analytics | the followers of a declared brand, by its id | brand.followers | <brand>?fields=followers_count
        nobody | followers, by one whose use nobody knows | me.followers | me?fields=followers_count
    ");
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
    list.gets(w, "
        social_wall | posts at a place, by their first row | square | <square>/posts?fields=id&limit=1
        travel_search | posts at a place without naming fields | square | <square>/posts
    ");
}
