//! What a narrowing does not stop, each told with what is known of it.
//!
//! Must not know where it was counted.

use portcullis_types::Wall;
use serde::Serialize;
use utoipa::ToSchema;

use super::plane::{Left, UnderWay};
use crate::views::counted;

/// Something that goes on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NotStopped {
    /// `media`, `subscriptions` or `writes`.
    what: &'static str,
    /// How many there are; null: not known, or not counted.
    count: Option<u64>,
    /// Until when at the latest, RFC 3339; null: not known, or it has no end of its own.
    until: Option<String>,
    /// The same in a sentence.
    told: String,
}

/// What goes on after a narrowing at a moment.
pub(super) fn not_stopped(
    left: Option<Left>,
    under_way: Option<UnderWay>,
    now: Wall,
) -> Vec<NotStopped> {
    vec![media(left, now), subscriptions(left), writes(under_way)]
}

fn media(left: Option<Left>, now: Wall) -> NotStopped {
    let entry = |until: Option<Wall>, told: String| NotStopped {
        what: "media",
        count: None,
        until: until.map(Wall::rfc3339),
        told,
    };
    let Some((left, works)) = left.and_then(|left| Some((left, left.media_works?))) else {
        let told = "addresses of media given out already: unknown, since the routes don't say which fields hold any (`media:` of a type)";
        return entry(None, told.to_owned());
    };
    // What was given out before the gate started may work this long.
    let before = Wall(left.since.0.saturating_add(works.milliseconds()));
    let given = left.media_until.filter(|until| *until > now);
    let since = left.since.rfc3339();
    match (given, before > now) {
        (Some(until), true) if until < before => entry(
            Some(before),
            format!(
                "addresses of media given out work until {} at the latest; those of before {since}, when the gate started, until {}",
                until.rfc3339(),
                before.rfc3339()
            ),
        ),
        (Some(until), _) => {
            let told = format!(
                "addresses of media given out work until {} at the latest",
                until.rfc3339()
            );
            entry(Some(until), told)
        }
        (None, true) => entry(
            Some(before),
            format!(
                "addresses of media: none were given out since {since}, when the gate started; those of before may work until {}",
                before.rfc3339()
            ),
        ),
        (None, false) => {
            let told = format!(
                "addresses of media: none that still works was given out (they work {works})"
            );
            entry(None, told)
        }
    }
}

fn subscriptions(left: Option<Left>) -> NotStopped {
    let counted_since = left.and_then(|left| Some((left.subscriptions?, left.since.rfc3339())));
    let told = match &counted_since {
        None => "subscriptions that push: unknown, since the routes mark no operation that makes one (`subscribes:`)".to_owned(),
        Some((0, since)) => format!("subscriptions that push: none were made since {since}, when the gate started; older ones are not known here"),
        Some((count, since)) => format!(
            "subscriptions that push: {count} {} made since {since}, when the gate started; only the platform can end them",
            if *count == 1 { "was" } else { "were" }
        ),
    };
    let count = counted_since.map(|(count, _)| count);
    NotStopped { what: "subscriptions", count, until: None, told }
}

fn writes(under_way: Option<UnderWay>) -> NotStopped {
    let count = under_way.map(|calls| calls.writes);
    let told = match count {
        None => "writes under way: unknown, since a thread of the gate did not answer in time"
            .to_owned(),
        Some(0) => "writes under way: none".to_owned(),
        Some(count) => format!("{} under way will finish", counted(count, "write")),
    };
    NotStopped { what: "writes", count, until: None, told }
}
