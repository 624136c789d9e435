//! Through `business_discovery`: the account is named, not shown by its id.

use crate::case::{Case, List};
use crate::world::World;

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("business_discovery");
    let (ai, ba) = ("audience_insights", "brand_analytics");
    let (b, name, brand) = (&w.baker, &w.baker.username, &w.brand.username);
    let found =
        |inner: &str| format!("/v21.0/me?fields=business_discovery.username({name}){{{inner}}}");
    let square = &w.square.beyond(0);
    list.get(ai, "what it says about itself", &b.bio, found("biography"));
    list.get(ai, "beside what may be had", &b.bio, found("username,followers_count,biography"));
    list.get(ai, "its stories", &b.stories, found("id,stories{id}"));
    list.get(
        "story_insights",
        "its stories, by one who tells of stories",
        &b.stories,
        found("stories{id,media_url}"),
    );
    list.get(ai, "by way of its posts", &b.bio, found("media{owner{biography}}"));
    list.get(ai, "posts where its posts were made", square, found("media{location{posts{id}}}"));
    list.get(
        ai,
        "its home, and the posts there",
        &w.baker.bio,
        found("media{owner{home_location{id}}},biography"),
    );
    list.get(
        ai,
        "under another name",
        &b.bio,
        format!("/v21.0/me?fields=business_discovery.username({name}).as(x){{biography.as(y)}}"),
    );
    list.get(
        "creator_marketplace",
        "followers, by one without it",
        &b.followers,
        found("followers_count"),
    );
    list.get(
        "campaign_reports",
        "followers, by one with campaigns",
        &b.followers,
        found("followers_count"),
    );
    list.get(
        ba,
        "followers of a brand that was not declared",
        &b.followers,
        found("followers_count"),
    );
    list.get(
        ba,
        "own words of a declared brand",
        &w.brand.bio,
        format!("/v21.0/me?fields=business_discovery.username({brand}){{biography}}"),
    );
    list.get(
        ba,
        "own words of a declared brand, by way of its posts",
        &w.brand.bio,
        format!(
            "/v21.0/me?fields=business_discovery.username({brand}){{media{{owner{{biography}}}}}}"
        ),
    );
    list.get(ba, "beside a declared brand", &b.followers, format!("/v21.0/me?fields=business_discovery.username({brand}).as(a){{followers_count}},business_discovery.username({name}).as(b){{followers_count}}"));
    list.get(ba, "two names in one: the last counts", &b.followers, format!("/v21.0/me?fields=business_discovery.username({brand}).username({name}){{followers_count}}"));
    list.get(ba, "inside of another", &b.followers, format!("/v21.0/me?fields=business_discovery.username({brand}){{business_discovery.username({name}){{followers_count}}}}"));
    list.get(
        ba,
        "spaces around the name",
        &b.followers,
        format!("/v21.0/me?fields=business_discovery.username(+{name}+){{followers_count}}"),
    );
    list.get(ba, "without braces, then with", &b.followers, format!("/v21.0/me?fields=business_discovery.username({brand}),business_discovery.username({name}).as(z){{followers_count}}"));
    list.get(
        "newsroom",
        "from the author of a post",
        &b.followers,
        format!(
            "/v21.0/{}?fields=owner{{business_discovery.username({name}){{followers_count}}}}",
            w.baker_post
        ),
    );
    list.get(
        "comment_care",
        "from who commented",
        &b.followers,
        format!(
            "/v21.0/{}?fields=from{{business_discovery.username({name}){{followers_count}}}}",
            w.comment
        ),
    );
    list.get(
        "newsroom",
        "from an account that is not one's own",
        &b.followers,
        format!("/v21.0/{}?fields=business_discovery.username({name}){{followers_count}}", b.id),
    );
    list.get("nobody", "by one whose use nobody knows", &b.followers, found("followers_count"));
    list.cases
}
