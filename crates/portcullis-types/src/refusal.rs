//! Every way the gate says no: one closed enum, one table.
//!
//! A partner's developer reads these texts at night, so each says what happened and what to do.
//! Must not know HTTP libraries, how a body is rendered or which rule file decided.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::{RateId, ReasonCode, Revision, Span, Wall};

/// Whom a hold or a revocation concerns.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum Subject {
    /// The partner as a whole.
    Partner,
    /// One declared client of it.
    Client,
    /// One key.
    Key,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Partner => "partner",
            Self::Client => "client",
            Self::Key => "key",
        })
    }
}

/// What the partner is told about a hold or a revocation.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Notice {
    /// Since when.
    pub since: Wall,
    /// The reason code.
    pub reason: ReasonCode,
    /// The text written for the partner.
    pub tell: Arc<str>,
    /// The event that says so, where it is durable already.
    pub revision: Option<Revision>,
    /// When the hold is looked at again, where a date was set.
    pub review_by: Option<Wall>,
}

/// A rate that was reached.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RateHit {
    /// Which rate of the tier.
    pub rate: RateId,
    /// Most units in the window.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Whole seconds until the call would pass, at least 1 (RFC 9110 §10.2.3); none: it never will.
    pub retry_after_seconds: Option<NonZeroU64>,
}

/// Why a call is refused. Closed: a new reason must be given its row in [`Refusal::row`].
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Refusal {
    /// No key was sent.
    KeyMissing,
    /// No such key, or its secret is wrong. Says nothing about any state.
    KeyUnknown,
    /// Two different keys in one call.
    KeyConflict,
    /// The key was revoked and never comes back.
    KeyRevoked(Arc<Notice>),
    /// The key's time is over.
    KeyExpired {
        /// When it ended.
        at: Wall,
    },
    /// The partner, client or key is on hold.
    Held {
        /// Which of them.
        subject: Subject,
        /// What the partner is told.
        notice: Arc<Notice>,
    },
    /// The request can't be read in one way only.
    Unreadable {
        /// What about it, as a sentence without a full stop, free of the request's own bytes.
        why: &'static str,
    },
    /// The head, a header or the path is longer than allowed.
    HeadTooLarge,
    /// The body is longer than the gate judges.
    BodyTooLarge {
        /// The bound in bytes.
        max: u64,
    },
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body's media type can't be judged.
    MediaTypeUnknown,
    /// The path names no operation of the catalogue.
    OperationUnlisted,
    /// The path is listed, the method is not.
    MethodUnlisted,
    /// The platform version is not one of those the agreement covers.
    VersionUnknown,
    /// The node in the path is of no known type, or of one the operation is not classified for.
    NodeUnclassified,
    /// A field or edge nobody classified.
    FieldUnclassified {
        /// As a dotted path.
        field: Box<str>,
    },
    /// A parameter the operation does not declare.
    ParameterUndeclared {
        /// Its name.
        name: Box<str>,
    },
    /// A form of call the gate does not judge yet, hence refuses.
    NotJudged {
        /// Such as `batch`.
        what: &'static str,
    },
    /// No scope of the key grants the class.
    ClassNotGranted {
        /// The class.
        class: Arc<str>,
        /// The field that asks for it; none: the operation itself.
        field: Option<Box<str>>,
    },
    /// The key is bound to a tier the policy set in force does not define.
    TierUnknown,
    /// A rate was reached.
    RateReached(RateHit),
    /// The platform could not be reached.
    UpstreamUnreachable,
    /// The platform did not answer in time.
    UpstreamSlow,
    /// The platform's answer was not well-formed HTTP.
    UpstreamMalformed,
    /// The platform's answer has links to rewrite and is longer than the bound for that.
    AnswerTooLarge {
        /// The bound in bytes.
        max: u64,
    },
    /// The gate serves as many calls as it may.
    Overloaded,
    /// The gate has no state or policy to judge by.
    NotReady,
    /// A fault of the gate's own.
    Internal,
}

/// The challenge of a 401 (RFC 9110 §11.6.1, RFC 6750 §3).
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Challenge {
    /// None: the status is not 401.
    None,
    /// `Bearer` without an error code: no credential was sent.
    Bare,
    /// `error="invalid_token"`.
    InvalidToken,
    /// `error="invalid_request"`.
    InvalidRequest,
}

/// One row of the table: everything about a refusal that does not vary from call to call.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Row {
    /// Stable public code, such as `key_held`.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// RFC 9457 `title`.
    pub title: &'static str,
    /// `code` of the Graph error object.
    pub graph_code: u32,
    /// `error_subcode` of the Graph error object, 0 for none.
    pub graph_subcode: u32,
    /// Whether the same call may succeed later.
    pub transient: bool,
    /// The challenge that goes with it.
    pub challenge: Challenge,
}

const fn row(code: &'static str, status: u16, title: &'static str, graph: (u32, u32)) -> Row {
    let transient = matches!(status, 408 | 429 | 502..=504);
    Row {
        code,
        status,
        title,
        graph_code: graph.0,
        graph_subcode: graph.1,
        transient,
        challenge: Challenge::None,
    }
}

const fn unauthorised(row: Row, challenge: Challenge) -> Row {
    Row { challenge, ..row }
}

mod rows {
    use super::{Challenge, Row, row, unauthorised};
    pub(super) const KEY_MISSING: Row =
        unauthorised(row("key_missing", 401, "No key was sent", (190, 0)), Challenge::Bare);
    pub(super) const KEY_UNKNOWN: Row = unauthorised(
        row("key_unknown", 401, "The key is not valid", (190, 0)),
        Challenge::InvalidToken,
    );
    pub(super) const KEY_CONFLICT: Row = unauthorised(
        row("key_conflict", 401, "Two different keys were sent", (190, 0)),
        Challenge::InvalidRequest,
    );
    pub(super) const KEY_REVOKED: Row = unauthorised(
        row("key_revoked", 401, "The key was revoked", (190, 466)),
        Challenge::InvalidToken,
    );
    pub(super) const KEY_EXPIRED: Row = unauthorised(
        row("key_expired", 401, "The key has expired", (190, 463)),
        Challenge::InvalidToken,
    );
    pub(super) const KEY_HELD: Row = row("key_held", 403, "The key is on hold", (368, 0));
    pub(super) const CLIENT_HELD: Row = row("client_held", 403, "The client is on hold", (368, 0));
    pub(super) const PARTNER_HELD: Row =
        row("partner_held", 403, "The partner's access is on hold", (368, 0));
    pub(super) const UNREADABLE: Row =
        row("request_unreadable", 400, "The request cannot be read in one way only", (100, 0));
    pub(super) const HEAD_TOO_LARGE: Row =
        row("head_too_large", 431, "The request head is too large", (100, 0));
    pub(super) const BODY_TOO_LARGE: Row =
        row("body_too_large", 413, "The request body is too large", (100, 0));
    pub(super) const BODY_TOO_SLOW: Row =
        row("body_too_slow", 408, "The request body did not arrive in time", (2, 0));
    pub(super) const MEDIA_TYPE: Row =
        row("media_type_unknown", 415, "The body's media type is not accepted", (100, 0));
    pub(super) const UNLISTED: Row =
        row("operation_unlisted", 403, "The operation is not part of any agreement", (10, 0));
    pub(super) const METHOD: Row =
        row("method_unlisted", 403, "The method is not part of any agreement", (10, 0));
    pub(super) const VERSION: Row =
        row("version_unknown", 403, "The version is not part of any agreement", (10, 0));
    pub(super) const NODE: Row =
        row("node_unclassified", 403, "The node is not part of any agreement", (10, 0));
    pub(super) const FIELD: Row =
        row("field_unclassified", 403, "A field is not part of any agreement", (10, 0));
    pub(super) const PARAMETER: Row =
        row("parameter_undeclared", 400, "A parameter is not known here", (100, 0));
    pub(super) const NOT_JUDGED: Row =
        row("not_judged", 403, "This form of call is not accepted", (10, 0));
    pub(super) const NOT_GRANTED: Row =
        row("class_not_granted", 403, "The agreement does not cover this", (10, 0));
    pub(super) const TIER: Row =
        row("tier_unknown", 403, "The agreement's tier is missing", (10, 0));
    pub(super) const RATE: Row = row("rate_reached", 429, "A rate was reached", (4, 0));
    pub(super) const UPSTREAM_UNREACHABLE: Row =
        row("upstream_unreachable", 502, "The platform cannot be reached", (2, 0));
    pub(super) const UPSTREAM_SLOW: Row =
        row("upstream_slow", 504, "The platform did not answer in time", (2, 0));
    pub(super) const UPSTREAM_MALFORMED: Row =
        row("upstream_malformed", 502, "The platform's answer was not well-formed", (2, 0));
    pub(super) const ANSWER_TOO_LARGE: Row =
        row("answer_too_large", 502, "The answer is too large to be checked", (1, 0));
    pub(super) const OVERLOADED: Row =
        row("overloaded", 503, "The gate is serving as many calls as it may", (2, 0));
    pub(super) const NOT_READY: Row = row("not_ready", 503, "The gate is not ready", (2, 0));
    pub(super) const INTERNAL: Row = row("internal", 500, "A fault in the gate", (1, 0));
}

/// Every row, for documents and for tests that look at all of them.
#[must_use]
pub fn all_rows() -> Vec<Row> {
    use rows::*;
    vec![
        KEY_MISSING,
        KEY_UNKNOWN,
        KEY_CONFLICT,
        KEY_REVOKED,
        KEY_EXPIRED,
        KEY_HELD,
        CLIENT_HELD,
        PARTNER_HELD,
        UNREADABLE,
        HEAD_TOO_LARGE,
        BODY_TOO_LARGE,
        BODY_TOO_SLOW,
        MEDIA_TYPE,
        UNLISTED,
        METHOD,
        VERSION,
        NODE,
        FIELD,
        PARAMETER,
        NOT_JUDGED,
        NOT_GRANTED,
        TIER,
        RATE,
        UPSTREAM_UNREACHABLE,
        UPSTREAM_SLOW,
        UPSTREAM_MALFORMED,
        ANSWER_TOO_LARGE,
        OVERLOADED,
        NOT_READY,
        INTERNAL,
    ]
}

impl Refusal {
    /// The row of the table.
    #[must_use]
    pub const fn row(&self) -> &'static Row {
        match self {
            Self::KeyMissing => &rows::KEY_MISSING,
            Self::KeyUnknown => &rows::KEY_UNKNOWN,
            Self::KeyConflict => &rows::KEY_CONFLICT,
            Self::KeyRevoked(_) => &rows::KEY_REVOKED,
            Self::KeyExpired { .. } => &rows::KEY_EXPIRED,
            Self::Held { subject: Subject::Key, .. } => &rows::KEY_HELD,
            Self::Held { subject: Subject::Client, .. } => &rows::CLIENT_HELD,
            Self::Held { subject: Subject::Partner, .. } => &rows::PARTNER_HELD,
            Self::Unreadable { .. } => &rows::UNREADABLE,
            Self::HeadTooLarge => &rows::HEAD_TOO_LARGE,
            Self::BodyTooLarge { .. } => &rows::BODY_TOO_LARGE,
            Self::BodyTooSlow => &rows::BODY_TOO_SLOW,
            Self::MediaTypeUnknown => &rows::MEDIA_TYPE,
            Self::OperationUnlisted => &rows::UNLISTED,
            Self::MethodUnlisted => &rows::METHOD,
            Self::VersionUnknown => &rows::VERSION,
            Self::NodeUnclassified => &rows::NODE,
            Self::FieldUnclassified { .. } => &rows::FIELD,
            Self::ParameterUndeclared { .. } => &rows::PARAMETER,
            Self::NotJudged { .. } => &rows::NOT_JUDGED,
            Self::ClassNotGranted { .. } => &rows::NOT_GRANTED,
            Self::TierUnknown => &rows::TIER,
            Self::RateReached(_) => &rows::RATE,
            Self::UpstreamUnreachable => &rows::UPSTREAM_UNREACHABLE,
            Self::UpstreamSlow => &rows::UPSTREAM_SLOW,
            Self::UpstreamMalformed => &rows::UPSTREAM_MALFORMED,
            Self::AnswerTooLarge { .. } => &rows::ANSWER_TOO_LARGE,
            Self::Overloaded => &rows::OVERLOADED,
            Self::NotReady => &rows::NOT_READY,
            Self::Internal => &rows::INTERNAL,
        }
    }

    /// What the partner reads: what happened in this call, and what to do.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::KeyMissing => "Send your key as `Authorization: Bearer KEY` or as `access_token`.".into(),
            Self::KeyUnknown => "The key is unknown or incomplete. Check that it was copied whole; if it was, ask the platform's partner team.".into(),
            Self::KeyConflict => "Different keys were found in one call. Send one key, in one place.".into(),
            Self::KeyRevoked(notice) => format!("This key was revoked on {} ({}): {} A revoked key never returns; ask the platform's partner team for a new one.", notice.since.rfc3339(), notice.reason, notice.tell),
            Self::KeyExpired { at } => format!("This key ended on {}. Ask the platform's partner team for a new one.", at.rfc3339()),
            Self::Held { subject, notice } => held(*subject, notice),
            Self::Unreadable { why } => format!("{}. It was not sent on.", upper_first(why)),
            Self::HeadTooLarge => "The path, a header or all headers together are longer than the gate accepts.".into(),
            Self::BodyTooLarge { max } => format!("The body is longer than the {max} bytes the gate judges."),
            Self::BodyTooSlow => "The rest of the body was not received in time; send the call again.".into(),
            Self::MediaTypeUnknown => "Send parameters as a form (`application/x-www-form-urlencoded` or `multipart/form-data`) or as JSON (`application/json`).".into(),
            Self::OperationUnlisted => "Nobody has classified this path, so it is closed. Use a documented operation of your agreement.".into(),
            Self::MethodUnlisted => "The path is known, but not with this method.".into(),
            Self::VersionUnknown => "Use a version that your agreement covers.".into(),
            Self::NodeUnclassified => "The id in the path is of no kind that this operation is open for.".into(),
            Self::FieldUnclassified { field } => format!("Nobody has classified the field `{field}` here, so it is closed. Leave it out of `fields`."),
            Self::ParameterUndeclared { name } => format!("This operation has no parameter `{name}`. Leave it out."),
            Self::NotJudged { what } => format!("The gate does not accept {what}. Send the calls one by one."),
            Self::ClassNotGranted { class, field: None } => format!("Your agreement does not cover `{class}`. Ask the platform's partner team if you need it."),
            Self::ClassNotGranted { class, field: Some(field) } => format!("Your agreement does not cover `{class}`, which the field `{field}` belongs to. Name the fields you need in `fields` and leave it out."),
            Self::TierUnknown => "The policy your agreement refers to is not in force. The platform has been told; nothing was sent on.".into(),
            Self::RateReached(hit) => rate(hit),
            Self::UpstreamUnreachable => "The platform did not accept the connection. Try again shortly.".into(),
            Self::UpstreamSlow => "The platform took longer than the gate waits. It may or may not have acted on a write.".into(),
            Self::UpstreamMalformed => "The platform's answer broke off or was not HTTP. It may or may not have acted on a write.".into(),
            Self::AnswerTooLarge { max } => format!("The answer is longer than the {max} bytes within which links can be checked. Ask for a smaller page."),
            Self::Overloaded => "Try again in a moment.".into(),
            Self::NotReady => "The gate has no policy in force. Nothing was sent on; try again shortly.".into(),
            Self::Internal => "The gate failed on this call. Give the request id to the platform's partner team.".into(),
        }
    }

    /// Seconds for `Retry-After`, where waiting helps.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<NonZeroU64> {
        match self {
            Self::RateReached(hit) => hit.retry_after_seconds,
            Self::Overloaded | Self::NotReady | Self::UpstreamUnreachable => NonZeroU64::new(1),
            _ => None,
        }
    }
}

fn held(subject: Subject, notice: &Notice) -> String {
    let what = match subject {
        Subject::Partner => "All access of your organisation is",
        Subject::Client => "Access for this client is",
        Subject::Key => "This key is",
    };
    let review = notice
        .review_by
        .map(|at| format!(" It is looked at again by {}.", at.rfc3339()))
        .unwrap_or_default();
    format!(
        "{what} on hold since {} ({}): {}{review} A hold can be lifted; nothing of yours was deleted.",
        notice.since.rfc3339(),
        notice.reason,
        notice.tell
    )
}

fn rate(hit: &RateHit) -> String {
    let RateHit { rate, max, window, retry_after_seconds } = hit;
    match retry_after_seconds {
        Some(seconds) => {
            format!("`{rate}` allows {max} calls in {window}. Try again in {seconds} s.")
        }
        None if *max == 0 => format!("`{rate}` allows no calls at all. Waiting will not help."),
        None => format!(
            "This call costs more than `{rate}` ever allows at once ({max} in {window}). Waiting will not help."
        ),
    }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_every_401_challenges() {
        let rows = all_rows();
        let mut codes: Vec<_> = rows.iter().map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), rows.len());
        for row in rows {
            assert_eq!(row.status == 401, row.challenge != Challenge::None, "{}", row.code);
            assert!(row.status >= 400, "a refusal is never a success: {}", row.code);
        }
    }

    #[test]
    fn a_zero_rate_says_that_waiting_does_not_help() {
        let hit = RateHit {
            rate: RateId::new("stories").unwrap(),
            max: 0,
            window: Span::from_seconds(3600),
            retry_after_seconds: None,
        };
        let text = Refusal::RateReached(hit).detail();
        assert_eq!(text, "`stories` allows no calls at all. Waiting will not help.");
    }
}
