//! Nested in `fields` of what one may read, under its own name or another.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn nested(w: &World) -> Vec<Case> {
    let mut list = List::of("nested fields");
    of_accounts(w, &mut list);
    of_posts(w, &mut list);
    of_comments(w, &mut list);
    of_places(w, &mut list);
    list.cases
}

fn of_accounts(w: &World, list: &mut List) {
    list.gets(w, "
        audience_insights | stories in a profile | me.stories | me?fields=id,stories{id}
        audience_insights | stories in the profile of another | baker.stories | <baker>?fields=stories{id,media_url}
        story_insights | stories in a profile that was not authorised | baker.stories | <baker>?fields=username,stories{id}
        story_insights | pictures of stories in a profile | me.pictures | me?fields=username,stories{media_url}
        audience_insights | the author's own words, in posts of a profile | me.bio | me?fields=media{owner{biography}}
        audience_insights | the author's stories, in posts of an account | me.stories | me/media?fields=id,owner{stories{id}}
        audience_insights | posts at the place where an account lives | square | me?fields=home_location{posts{id}}
        audience_insights | stories at the place where an account lives | baker.stories | me?fields=home_location{stories{id}}
        audience_insights | posts at that place, seven steps away | square | me?fields=media.limit(1){owner{media.limit(1){owner{home_location{posts{id}}}}}}
        audience_insights | authors of posts under hashtags once searched for | baker.bio | me?fields=recently_searched_hashtags{recent_media.limit(50){owner{biography}}}
        creator_marketplace | what a commenter says about itself | stranger.bio | <comment>?fields=from{biography}
        publishing | one's own stories beside the publishing limit | me.stories | me?fields=content_publishing_limit{quota_usage},stories{id}
        nobody | stories in one's own profile, by one whose use nobody knows | me.stories | me?fields=stories{id}
    ");
}

fn of_posts(w: &World, list: &mut List) {
    list.gets(w, "
        newsroom | what the author says about itself | baker.bio | <baker_post>?fields=owner{id,username,biography}
        newsroom | the author's followers | baker.followers | <baker_post>?fields=owner{followers_count}
        newsroom | the author's stories | baker.stories | <baker_post>?fields=owner{id,username,stories{id}}
        newsroom | stories where it was made | baker.stories | <baker_post>?fields=location{id,name,stories{id}}
        own_property_monitoring | posts where it was made | square | <baker_post>?fields=location{posts{id}}
        campaign_reports | posts where it was made, by one with campaigns | square | <baker_post>?fields=location{id,posts{id}}
        brand_analytics | the author's followers, by one with brands | baker.followers | <baker_post>?fields=id,caption,owner{followers_count}
        publishing | the author's followers, by one who publishes | baker.followers | <baker_post>?fields=id,owner{followers_count}
        campaign_reports | the home of the author, and its posts | square | <baker_post>?fields=owner{home_location{posts{id}},media{location{posts{id}}}}
        research | what authors under a hashtag say about themselves | baker.bio | <tag>/recent_media?user_id=<me>&limit=50&fields=id,owner{biography}
        research | followers of authors under a hashtag | baker.followers | <tag>/recent_media?user_id=<me>&limit=50&fields=id,owner{followers_count}
        social_wall | stories of authors under a hashtag | baker.stories | <tag>/recent_media?user_id=<me>&limit=50&fields=id,owner{stories{id}}
        brand_analytics | other posts where those under a hashtag were made | square | <tag>/recent_media?user_id=<me>&limit=50&fields=id,location{posts{id}}
        campaign_reports | stories where posts under a hashtag were made | baker.stories | <tag>/recent_media?user_id=<me>&limit=50&fields=id,location{stories{id,media_url}}
        brand_analytics | the author of a picture of a carousel | baker.bio | <baker_carousel>/children?fields=id,owner{biography}
        brand_analytics | its followers, two steps down | baker.followers | <baker_carousel>?fields=children{owner{followers_count}}
        newsroom | its stories, three steps down | baker.stories | <baker_carousel>?fields=children{owner{stories{id}}}
    ");
}

fn of_comments(w: &World, list: &mut List) {
    list.gets(w, "
        comment_care | what the author of the post says about itself | baker.bio | <comment_at_baker>?fields=id,text,media{owner{biography}}
        comment_care | posts where the post was made | square | <comment_at_baker>?fields=id,text,media{location{posts{id}}}
        comment_care | stories of the author of the post | baker.stories | <comment_at_baker>?fields=id,text,media{owner{stories{id}}}
        comment_care | what who commented says about itself | stranger.bio | <comment>?fields=id,text,from{biography}
        comment_care | the followers of who commented | stranger.followers | <comment>?fields=id,text,from{id,followers_count}
        comment_care | the same by the other edge | stranger.followers | <comment>?fields=id,text,user{followers_count}
        comment_care | what those who commented say about themselves | me.bio | <baker_post>/comments?fields=id,text,from{biography}
        newsroom | followers of those who commented | me.followers | <baker_post>/comments?fields=id,text,user{followers_count}
        review_digest | stories of those who commented | me.stories | <baker_post>/comments?fields=id,text,from{stories{id}}
        newsroom | stories of those who commented, with the post | me.stories | <baker_post>?fields=id,comments{text,from{stories{id}}}
    ");
}

fn of_places(w: &World, list: &mut List) {
    list.gets(w, "
        own_property_monitoring | followers of guests | brand.followers | <hotel>/posts?fields=id,owner{followers_count}&limit=50
        market_statistics | what guests say about themselves | brand.bio | <hotel>/posts?fields=id,owner{biography}&limit=50
        own_property_monitoring | stories at the place where guests posted | baker.stories | <hotel>/posts?fields=id,location{stories{id}}&limit=5
        own_property_monitoring | stories in a declared place | baker.stories | <hotel>?fields=id,name,stories{id}
        market_statistics | stories in a place of the panel, with its posts | baker.stories | <hotel>?fields=id,posts{id},stories{id}
        travel_search | posts in a place | square | <square>?fields=id,posts{id}
        travel_search | stories in a place | baker.stories | <square>?fields=id,name,stories{id}
        travel_search | posts in places that were searched for | square | search?type=place&q=<square_name>&fields=id,posts{id}&limit=25
        location_marketing | stories in places that were searched for | baker.stories | search?type=place&q=<square_name>&fields=id,stories{id}
        location_marketing | posts in pages that were searched for | square | pages/search?q=<square_name>&fields=id,posts{id}
    ");
}

pub(crate) fn renamed(w: &World) -> Vec<Case> {
    let mut list = List::of("alias");
    let (me, baker) = (&w.me, &w.baker);
    let (ai, si) = ("audience_insights", "story_insights");
    list.renamed(ai, "own words called a name", &me.bio, "/v21.0/me?fields=biography.as(name)");
    list.renamed(
        "comment_care",
        "followers called posts",
        &me.followers,
        "/v21.0/me?fields=followers_count.as(media_count)",
    );
    list.renamed(
        si,
        "a picture called a link",
        &me.pictures,
        "/v21.0/me/stories?fields=id,media_url.as(permalink)",
    );
    list.renamed(ai, "stories called posts", &me.stories, "/v21.0/me?fields=stories.as(media){id}");
    list.renamed(
        ai,
        "stories called posts, beside posts called stories",
        &me.stories,
        "/v21.0/me?fields=stories.limit(1).as(media){id},media.limit(1).as(stories){id}",
    );
    list.renamed(
        "newsroom",
        "an author called a place, its followers a name",
        &baker.followers,
        format!("/v21.0/{}?fields=owner.as(location){{followers_count.as(name)}}", w.baker_post),
    );
    list.renamed(
        "own_property_monitoring",
        "stories of a place called its posts",
        &baker.stories,
        format!("/v21.0/{}?fields=stories.as(posts){{id}}", w.hotel.id),
    );
    list.renamed(
        "travel_search",
        "posts of a place called its location",
        &w.square.beyond(0),
        format!("/v21.0/{}?fields=posts.as(location){{id.as(name)}}", w.square.id),
    );
    list.gets(w, "
        audience_insights | at every step | me.bio | me?fields=media.as(a).limit(1){owner.as(b){biography.as(c)}}
    ");
    list.way("modifier");
    list.gets(w, "
        story_insights | all since ever | baker.stories | <baker>?fields=stories.since(0){id}
        story_insights | behind the braces | baker.stories | <baker>?fields=stories{id}.limit(5)
        story_insights | twice | baker.stories | <baker>?fields=stories.limit(1).limit(100){id}
        story_insights | nobody knows it | baker.stories | <baker>?fields=stories.order(old){id}
        story_insights | with ends of line between | baker.stories | <baker>?fields=stories%0A.%09limit(5){id}
        story_insights | with spaces around | baker.stories | <baker>?fields=+stories.limit(5){+id+}
        audience_insights | on a plain field | me.bio | me?fields=biography.limit(1)
        audience_insights | the same edge twice, once as agreed | me.stories | me?fields=media{id},media.as(more){owner{stories{id}}}
    ");
    list.way("parameters");
    list.gets(w, "
        audience_insights | fields twice: the last counts | me.bio | me?fields=id&fields=biography
        audience_insights | the name of the parameter escaped | me.bio | me?%66ields=biography
        audience_insights | the name escaped, beside the plain one | me.bio | me?fields=id&f%69elds=biography
        audience_insights | every letter of the field escaped | me.bio | me?fields=%62%69%6f%67%72%61%70%68%79
        audience_insights | empty parameters around it | me.bio | me?&&fields=biography&
        audience_insights | an empty one before it | me.bio | me?fields=&fields=biography
        audience_insights | the comma escaped | me.bio | me?fields=id%2Cbiography
        audience_insights | beside the members of the type | me.bio | me?metadata=1&fields=biography
    ");
    for (name, extra) in [
        ("debug=all", "debug=all"),
        ("introspection", "introspect=1"),
        ("a callback", "callback=x"),
        ("pretty", "pretty=1"),
        ("another date format", "date_format=U"),
        ("a locale", "locale=de_DE"),
        ("no redirect", "redirect=false"),
        ("suppressed codes", "suppress_http_code=1"),
    ] {
        list.get(
            ai,
            &format!("with {name}"),
            &me.bio,
            format!("/v21.0/me?fields=biography&{extra}"),
        );
    }
    list.cases
}
