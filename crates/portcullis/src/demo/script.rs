//! What the three partners of the demo do, and what must come of it.
//!
//! Must not know how a call is sent or printed.

use portcullis_plaza::Showcase;

/// Who acts in a scene.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Who {
    /// Publishes for an account that authorised it.
    Honest,
    /// May sample three places in a day; reaches for more, by every road, then for more calls than its
    /// rate.
    Sweeper,
    /// May know that an account which authorised it told a story; reaches for pictures and for others'.
    StorySaver,
}

/// What must come of a step.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Expect {
    /// The platform's own answer.
    Pass,
    /// A refusal with this code.
    Refused(&'static str),
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub who: Who,
    /// What it tries, as a reader would say it.
    pub tries: &'static str,
    pub method: &'static str,
    pub target: String,
    pub form: String,
    pub expect: Expect,
}

fn step(who: Who, tries: &'static str, target: String, expect: Expect) -> Step {
    Step { who, tries, method: "GET", target, form: String::new(), expect }
}

/// The calls before anybody holds a key.
pub(crate) fn opening(ids: &Showcase) -> Vec<Step> {
    let mut steps = honest(ids);
    steps.extend(sweeper(ids));
    steps.extend(story_saver(ids));
    steps
}

fn honest(ids: &Showcase) -> Vec<Step> {
    use Expect::Pass;
    let who = Who::Honest;
    let user = &ids.paging_user;
    vec![
        step(
            who,
            "reads the profile of its account",
            format!("/v21.0/{user}?fields=id,username,name,media_count"),
            Pass,
        ),
        step(
            who,
            "asks for profile and posts in one call",
            format!("/v21.0/{user}?fields=username,media.limit(3){{id,caption}}"),
            Pass,
        ),
        Step {
            method: "POST",
            form: "image_url=https%3A%2F%2Fimages.example%2F1.jpg&caption=Open+again".to_owned(),
            ..step(who, "prepares a post", format!("/v21.0/{user}/media"), Pass)
        },
        step(
            who,
            "reads a page of its posts",
            format!("/v21.0/{user}/media?fields=id,caption,timestamp&limit=5"),
            Pass,
        ),
    ]
}

/// A place beyond the three that may be sampled.
const FOURTH: &str = "200300000010";

fn sweeper(ids: &Showcase) -> Vec<Step> {
    use Expect::{Pass, Refused};
    let who = Who::Sweeper;
    let [first, second, third] = &ids.places;
    let posts = |place: &str| format!("/v21.0/{place}/posts?fields=id,caption&limit=5");
    let reached = Refused("budget_reached");
    let not_granted = Refused("class_not_granted");
    vec![
        step(who, "samples a place", posts(first), Pass),
        step(who, "samples a second one", posts(second), Pass),
        step(who, "samples a third one", posts(third), Pass),
        step(who, "reads the first one again", posts(first), Pass),
        step(who, "reaches for a fourth", posts(FOURTH), reached),
        step(
            who,
            "asks for its posts inside of it",
            format!("/{FOURTH}?fields=name,posts.as(x){{id}}"),
            reached,
        ),
        step(
            who,
            "hides the slash",
            format!("/v21.0/{FOURTH}%2Fposts"),
            Refused("request_unreadable"),
        ),
        step(
            who,
            "packs several places into one call",
            format!("/v21.0?ids={}", ids.places.join(",")),
            Refused("too_many_ids"),
        ),
        step(
            who,
            "searches around a point",
            "/v21.0/search?type=place&center=52.5,13.4&distance=5000".to_owned(),
            not_granted,
        ),
        step(
            who,
            "tries the superseded v1 path",
            format!("/v1/locations/{FOURTH}/media/recent"),
            not_granted,
        ),
        step(
            who,
            "tries the app's back channel",
            "/api/v1/geo/search?lat=52.5&lng=13.4".to_owned(),
            not_granted,
        ),
        step(
            who,
            "tries a path nobody documented",
            format!("/api/v1/users/{}/full", ids.personal_user),
            Refused("operation_unlisted"),
        ),
    ]
}

fn story_saver(ids: &Showcase) -> Vec<Step> {
    use Expect::{Pass, Refused};
    let who = Who::StorySaver;
    let own = &ids.business_user;
    let not_granted = Refused("class_not_granted");
    let not_this_field = Refused("field_not_agreed");
    vec![
        step(
            who,
            "lists an account's stories, as agreed",
            format!("/v21.0/{own}/stories?fields=id,timestamp,media_type"),
            Pass,
        ),
        step(
            who,
            "asks for their pictures",
            format!("/v21.0/{own}/stories?fields=id,media_url"),
            not_this_field,
        ),
        step(
            who,
            "nests them under another name",
            format!("/v21.0/{own}?fields=username,stories.as(posts){{media_url}}"),
            not_this_field,
        ),
        step(
            who,
            "reads a story that has vanished, by its id",
            format!("/v21.0/{}", ids.expired_story),
            not_granted,
        ),
        step(
            who,
            "lists stories of an account that did not agree",
            format!("/v21.0/{}/stories", ids.personal_user),
            Refused("target_not_agreed"),
        ),
        step(who, "lists stories told at a place", format!("/v21.0/{FOURTH}/stories"), not_granted),
    ]
}

/// The call that is repeated until a rate says stop.
pub(crate) fn flood(ids: &Showcase) -> Step {
    step(
        Who::Sweeper,
        "repeats an allowed call without pause",
        format!("/v21.0/{}?fields=id,name", ids.places.first().map_or(FOURTH, String::as_str)),
        Expect::Refused("rate_reached"),
    )
}

/// The call that is sent before, during and after the hold.
pub(crate) fn around_the_hold(ids: &Showcase, expect: Expect) -> Step {
    let tries = match expect {
        Expect::Pass => "calls again",
        Expect::Refused(_) => "calls while its key is held",
    };
    step(Who::Honest, tries, format!("/v21.0/{}?fields=id,username", ids.paging_user), expect)
}
