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
    let (me, baker) = (&w.me, &w.baker.id);
    let ai = "audience_insights";
    list.get(ai, "stories in a profile", &me.stories, "/v21.0/me?fields=id,stories{id}");
    list.get(
        ai,
        "stories in the profile of another",
        &w.baker.stories,
        format!("/v21.0/{baker}?fields=stories{{id,media_url}}"),
    );
    list.get(
        "story_insights",
        "stories in a profile that was not authorised",
        &w.baker.stories,
        format!("/v21.0/{baker}?fields=username,stories{{id}}"),
    );
    list.get(
        "story_insights",
        "pictures of stories in a profile",
        &me.pictures,
        "/v21.0/me?fields=username,stories{media_url}",
    );
    list.get(
        ai,
        "the author's own words, in posts of a profile",
        &me.bio,
        "/v21.0/me?fields=media{owner{biography}}",
    );
    list.get(
        ai,
        "the author's stories, in posts of an account",
        &me.stories,
        "/v21.0/me/media?fields=id,owner{stories{id}}",
    );
    list.get(
        ai,
        "posts at the place where an account lives",
        &w.square.beyond(0),
        "/v21.0/me?fields=home_location{posts{id}}",
    );
    list.get(
        ai,
        "stories at the place where an account lives",
        &w.baker.stories,
        "/v21.0/me?fields=home_location{stories{id}}",
    );
    list.get(
        ai,
        "posts at that place, seven steps away",
        &w.square.beyond(0),
        "/v21.0/me?fields=media.limit(1){owner{media.limit(1){owner{home_location{posts{id}}}}}}",
    );
    list.get(
        ai,
        "authors of posts under hashtags once searched for",
        &w.baker.bio,
        "/v21.0/me?fields=recently_searched_hashtags{recent_media.limit(50){owner{biography}}}",
    );
    list.get(
        "creator_marketplace",
        "what a commenter says about itself",
        &w.stranger.bio,
        format!("/v21.0/{}?fields=from{{biography}}", w.comment),
    );
    list.get(
        "publishing",
        "one's own stories beside the publishing limit",
        &me.stories,
        "/v21.0/me?fields=content_publishing_limit{quota_usage},stories{id}",
    );
    list.get(
        "nobody",
        "stories in one's own profile, by one whose use nobody knows",
        &me.stories,
        "/v21.0/me?fields=stories{id}",
    );
}

fn of_posts(w: &World, list: &mut List) {
    let (b, post) = (&w.baker, &w.baker_post);
    let square = &w.square.beyond(0);
    for (by, name, marks, inner) in [
        ("newsroom", "what the author says about itself", &b.bio, "owner{id,username,biography}"),
        ("newsroom", "the author's followers", &b.followers, "owner{followers_count}"),
        ("newsroom", "the author's stories", &b.stories, "owner{id,username,stories{id}}"),
        ("newsroom", "stories where it was made", &b.stories, "location{id,name,stories{id}}"),
        ("own_property_monitoring", "posts where it was made", square, "location{posts{id}}"),
        (
            "campaign_reports",
            "posts where it was made, by one with campaigns",
            square,
            "location{id,posts{id}}",
        ),
        (
            "brand_analytics",
            "the author's followers, by one with brands",
            &b.followers,
            "id,caption,owner{followers_count}",
        ),
        (
            "publishing",
            "the author's followers, by one who publishes",
            &b.followers,
            "id,owner{followers_count}",
        ),
        (
            "campaign_reports",
            "the home of the author, and its posts",
            square,
            "owner{home_location{posts{id}},media{location{posts{id}}}}",
        ),
    ] {
        list.get(by, name, marks, format!("/v21.0/{post}?fields={inner}"));
    }
    let many = format!("/v21.0/{}/recent_media?user_id={}&limit=50&fields=id", w.tag, w.me.id);
    for (by, name, marks, inner) in [
        (
            "research",
            "what authors under a hashtag say about themselves",
            &b.bio,
            "owner{biography}",
        ),
        (
            "research",
            "followers of authors under a hashtag",
            &b.followers,
            "owner{followers_count}",
        ),
        ("social_wall", "stories of authors under a hashtag", &b.stories, "owner{stories{id}}"),
        (
            "brand_analytics",
            "other posts where those under a hashtag were made",
            square,
            "location{posts{id}}",
        ),
        (
            "campaign_reports",
            "stories where posts under a hashtag were made",
            &b.stories,
            "location{stories{id,media_url}}",
        ),
    ] {
        list.get(by, name, marks, format!("{many},{inner}"));
    }
    let carousel = &w.baker_carousel;
    list.get(
        "brand_analytics",
        "the author of a picture of a carousel",
        &b.bio,
        format!("/v21.0/{carousel}/children?fields=id,owner{{biography}}"),
    );
    list.get(
        "brand_analytics",
        "its followers, two steps down",
        &b.followers,
        format!("/v21.0/{carousel}?fields=children{{owner{{followers_count}}}}"),
    );
    list.get(
        "newsroom",
        "its stories, three steps down",
        &b.stories,
        format!("/v21.0/{carousel}?fields=children{{owner{{stories{{id}}}}}}"),
    );
}

fn of_comments(w: &World, list: &mut List) {
    let (b, cc) = (&w.baker, "comment_care");
    let one = format!("/v21.0/{}?fields=id,text", w.comment_at_baker);
    list.get(
        cc,
        "what the author of the post says about itself",
        &b.bio,
        format!("{one},media{{owner{{biography}}}}"),
    );
    list.get(
        cc,
        "posts where the post was made",
        &w.square.beyond(0),
        format!("{one},media{{location{{posts{{id}}}}}}"),
    );
    list.get(
        cc,
        "stories of the author of the post",
        &b.stories,
        format!("{one},media{{owner{{stories{{id}}}}}}"),
    );
    let strange = format!("/v21.0/{}?fields=id,text", w.comment);
    list.get(
        cc,
        "what who commented says about itself",
        &w.stranger.bio,
        format!("{strange},from{{biography}}"),
    );
    list.get(
        cc,
        "the followers of who commented",
        &w.stranger.followers,
        format!("{strange},from{{id,followers_count}}"),
    );
    list.get(
        cc,
        "the same by the other edge",
        &w.stranger.followers,
        format!("{strange},user{{followers_count}}"),
    );
    let many = format!("/v21.0/{}/comments?fields=id,text", w.baker_post);
    list.get(
        cc,
        "what those who commented say about themselves",
        &w.me.bio,
        format!("{many},from{{biography}}"),
    );
    list.get(
        "newsroom",
        "followers of those who commented",
        &w.me.followers,
        format!("{many},user{{followers_count}}"),
    );
    list.get(
        "review_digest",
        "stories of those who commented",
        &w.me.stories,
        format!("{many},from{{stories{{id}}}}"),
    );
    list.get(
        "newsroom",
        "stories of those who commented, with the post",
        &w.me.stories,
        format!("/v21.0/{}?fields=id,comments{{text,from{{stories{{id}}}}}}", w.baker_post),
    );
}

fn of_places(w: &World, list: &mut List) {
    let (b, square, hotel) = (&w.baker, &w.square, &w.hotel.id);
    let posts = &square.beyond(0);
    list.get(
        "own_property_monitoring",
        "followers of guests",
        &w.brand.followers,
        format!("/v21.0/{hotel}/posts?fields=id,owner{{followers_count}}&limit=50"),
    );
    list.get(
        "market_statistics",
        "what guests say about themselves",
        &w.brand.bio,
        format!("/v21.0/{hotel}/posts?fields=id,owner{{biography}}&limit=50"),
    );
    list.get(
        "own_property_monitoring",
        "stories at the place where guests posted",
        &b.stories,
        format!("/v21.0/{hotel}/posts?fields=id,location{{stories{{id}}}}&limit=5"),
    );
    list.get(
        "own_property_monitoring",
        "stories in a declared place",
        &b.stories,
        format!("/v21.0/{hotel}?fields=id,name,stories{{id}}"),
    );
    list.get(
        "market_statistics",
        "stories in a place of the panel, with its posts",
        &b.stories,
        format!("/v21.0/{hotel}?fields=id,posts{{id}},stories{{id}}"),
    );
    list.get(
        "travel_search",
        "posts in a place",
        posts,
        format!("/v21.0/{}?fields=id,posts{{id}}", square.id),
    );
    list.get(
        "travel_search",
        "stories in a place",
        &b.stories,
        format!("/v21.0/{}?fields=id,name,stories{{id}}", square.id),
    );
    let name = square.name.replace(' ', "+");
    list.get(
        "travel_search",
        "posts in places that were searched for",
        posts,
        format!("/v21.0/search?type=place&q={name}&fields=id,posts{{id}}&limit=25"),
    );
    list.get(
        "location_marketing",
        "stories in places that were searched for",
        &b.stories,
        format!("/v21.0/search?type=place&q={name}&fields=id,stories{{id}}"),
    );
    list.get(
        "location_marketing",
        "posts in pages that were searched for",
        posts,
        format!("/v21.0/pages/search?q={name}&fields=id,posts{{id}}"),
    );
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
    list.get(
        ai,
        "at every step",
        &me.bio,
        "/v21.0/me?fields=media.as(a).limit(1){owner.as(b){biography.as(c)}}",
    );
    list.way("modifier");
    list.get(
        si,
        "all since ever",
        &baker.stories,
        format!("/v21.0/{}?fields=stories.since(0){{id}}", baker.id),
    );
    list.get(
        si,
        "behind the braces",
        &baker.stories,
        format!("/v21.0/{}?fields=stories{{id}}.limit(5)", baker.id),
    );
    list.get(
        si,
        "twice",
        &baker.stories,
        format!("/v21.0/{}?fields=stories.limit(1).limit(100){{id}}", baker.id),
    );
    list.get(
        si,
        "nobody knows it",
        &baker.stories,
        format!("/v21.0/{}?fields=stories.order(old){{id}}", baker.id),
    );
    list.get(
        si,
        "with ends of line between",
        &baker.stories,
        format!("/v21.0/{}?fields=stories%0A.%09limit(5){{id}}", baker.id),
    );
    list.get(
        si,
        "with spaces around",
        &baker.stories,
        format!("/v21.0/{}?fields=+stories.limit(5){{+id+}}", baker.id),
    );
    list.get(ai, "on a plain field", &me.bio, "/v21.0/me?fields=biography.limit(1)");
    list.get(
        ai,
        "the same edge twice, once as agreed",
        &me.stories,
        "/v21.0/me?fields=media{id},media.as(more){owner{stories{id}}}",
    );
    list.way("parameters");
    list.get(ai, "fields twice: the last counts", &me.bio, "/v21.0/me?fields=id&fields=biography");
    list.get(ai, "the name of the parameter escaped", &me.bio, "/v21.0/me?%66ields=biography");
    list.get(
        ai,
        "the name escaped, beside the plain one",
        &me.bio,
        "/v21.0/me?fields=id&f%69elds=biography",
    );
    list.get(
        ai,
        "every letter of the field escaped",
        &me.bio,
        "/v21.0/me?fields=%62%69%6f%67%72%61%70%68%79",
    );
    list.get(ai, "empty parameters around it", &me.bio, "/v21.0/me?&&fields=biography&");
    list.get(ai, "an empty one before it", &me.bio, "/v21.0/me?fields=&fields=biography");
    list.get(ai, "the comma escaped", &me.bio, "/v21.0/me?fields=id%2Cbiography");
    list.get(
        ai,
        "beside the members of the type",
        &me.bio,
        "/v21.0/me?metadata=1&fields=biography",
    );
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
