//! What the three partners of the demo do, and what must come of it.
//!
//! Must not know how a call is sent or printed.

use portcullis_plaza::Showcase;

/// Who acts in a scene.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Who {
    /// Reads what its agreement covers.
    Honest,
    /// Reaches for places and back channels, then for more calls than its rate.
    Sweeper,
    /// Reaches for stories, by every road.
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
            "reads the profile of an account",
            format!("/v21.0/{user}?fields=id,username,name,media_count"),
            Pass,
        ),
        step(
            who,
            "reads a page of its posts",
            format!("/v21.0/{user}/media?fields=id,caption,timestamp&limit=5"),
            Pass,
        ),
        step(
            who,
            "asks for profile and posts in one call",
            format!("/v21.0/{user}?fields=username,media.limit(3){{id,caption}}"),
            Pass,
        ),
    ]
}

fn sweeper(ids: &Showcase) -> Vec<Step> {
    use Expect::Refused;
    let who = Who::Sweeper;
    let place = ids.places.first().map_or("200300000010", String::as_str);
    let not_granted = Refused("class_not_granted");
    vec![
        step(who, "opens a location page", format!("/v21.0/{place}/posts?limit=50"), not_granted),
        step(
            who,
            "spells it differently",
            format!("/V21.0//{place}/./posts/?limit=50"),
            not_granted,
        ),
        step(
            who,
            "hides the slash",
            format!("/v21.0/{place}%2Fposts"),
            Refused("request_unreadable"),
        ),
        step(
            who,
            "tries the superseded v1 path",
            format!("/v1/locations/{place}/media/recent"),
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
        step(
            who,
            "packs several places into one call",
            format!("/v21.0?ids={}", ids.places.join(",")),
            Refused("not_judged"),
        ),
    ]
}

fn story_saver(ids: &Showcase) -> Vec<Step> {
    use Expect::{Pass, Refused};
    let who = Who::StorySaver;
    let not_granted = Refused("class_not_granted");
    vec![
        step(
            who,
            "reads a profile, as agreed",
            format!("/v21.0/{}?fields=id,username", ids.business_user),
            Pass,
        ),
        step(
            who,
            "lists an account's stories",
            format!("/v21.0/{}/stories", ids.business_user),
            not_granted,
        ),
        step(
            who,
            "reads a story that has vanished, by its id",
            format!("/v21.0/{}", ids.expired_story),
            not_granted,
        ),
        step(
            who,
            "nests stories inside a profile",
            format!("/v21.0/{}?fields=username,stories{{id,media_url}}", ids.business_user),
            not_granted,
        ),
        step(
            who,
            "nests them under another name",
            format!("/v21.0/{}?fields=username,stories.as(posts){{id}}", ids.business_user),
            not_granted,
        ),
    ]
}

/// The call that is repeated until a rate says stop.
pub(crate) fn flood(ids: &Showcase) -> Step {
    step(
        Who::Sweeper,
        "repeats an allowed call without pause",
        format!("/v21.0/{}?fields=id,username", ids.paging_user),
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
