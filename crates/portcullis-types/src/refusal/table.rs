//! The one table of refusals: code, status, Graph numbers, challenge.
//!
//! Must not know texts that vary from call to call.

mod rows;

use super::{Held, Refusal, Subject};
use crate::StandingName;

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

/// Every row, for documents and for tests that look at all of them.
#[must_use]
pub fn all_rows() -> Vec<Row> {
    use rows::*;
    vec![
        KEY_MISSING,
        KEY_UNKNOWN,
        KEY_CONFLICT,
        TOKEN_EXPIRED,
        TOKEN_INVALID,
        ISSUER,
        KEY_REVOKED,
        KEY_EXPIRED,
        KEY_PENDING,
        NETWORK,
        CERTIFICATE,
        KEY_HELD,
        CLIENT_HELD,
        PARTNER_HELD,
        CLIENT_RESTRICTED,
        PARTNER_RESTRICTED,
        CLIENT_TERMINATED,
        PARTNER_TERMINATED,
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
        DENIED,
        TARGET,
        FIELD_TERMS,
        TERMS,
        IDS,
        BATCH,
        CLIENT_UNDECLARED,
        CLIENT_UNCLEAR,
        REVIEW,
        BUDGET,
        WITHHELD,
        TIER,
        RATE,
        UPSTREAM_UNREACHABLE,
        UPSTREAM_BUSY,
        UPSTREAM_SLOW,
        UPSTREAM_MALFORMED,
        ANSWER_TOO_LARGE,
        LEDGER_FULL,
        OVERLOADED,
        NOT_READY,
        INTERNAL,
    ]
}

/// A key has no standing but a hold.
fn held_row(held: &Held) -> &'static Row {
    match (held.subject, held.notice.state) {
        (Subject::Key, _) => &rows::KEY_HELD,
        (Subject::Client, StandingName::Terminated) => &rows::CLIENT_TERMINATED,
        (Subject::Partner, StandingName::Terminated) => &rows::PARTNER_TERMINATED,
        (Subject::Client, StandingName::Suspended | StandingName::Terminating) => {
            &rows::CLIENT_HELD
        }
        (Subject::Partner, StandingName::Suspended | StandingName::Terminating) => {
            &rows::PARTNER_HELD
        }
        // Whatever is only good, warned or on the way back closes no more than a restriction.
        (Subject::Client, _) => &rows::CLIENT_RESTRICTED,
        (Subject::Partner, _) => &rows::PARTNER_RESTRICTED,
    }
}

impl Refusal {
    /// The row of the table.
    #[must_use]
    pub fn row(&self) -> &'static Row {
        match self {
            Self::KeyMissing => &rows::KEY_MISSING,
            Self::KeyUnknown => &rows::KEY_UNKNOWN,
            Self::KeyConflict => &rows::KEY_CONFLICT,
            Self::TokenExpired { .. } => &rows::TOKEN_EXPIRED,
            Self::TokenInvalid { .. } => &rows::TOKEN_INVALID,
            Self::IssuerUnreachable => &rows::ISSUER,
            Self::KeyRevoked(_) => &rows::KEY_REVOKED,
            Self::KeyExpired { .. } => &rows::KEY_EXPIRED,
            Self::KeyPending { .. } => &rows::KEY_PENDING,
            Self::NetworkNotAllowed { .. } => &rows::NETWORK,
            Self::CertificateNotAllowed => &rows::CERTIFICATE,
            Self::Held(held) => held_row(held),
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
            Self::Denied(_) => &rows::DENIED,
            Self::TargetNotAgreed { .. } => &rows::TARGET,
            Self::FieldNotAgreed { .. } => &rows::FIELD_TERMS,
            Self::TermsNotMet { .. } => &rows::TERMS,
            Self::TooManyIds { .. } => &rows::IDS,
            Self::BatchNotAgreed => &rows::BATCH,
            Self::ClientUndeclared => &rows::CLIENT_UNDECLARED,
            Self::ClientUnclear => &rows::CLIENT_UNCLEAR,
            Self::ReviewLapsed { .. } => &rows::REVIEW,
            Self::BudgetReached(_) => &rows::BUDGET,
            Self::AnswerWithheld { .. } => &rows::WITHHELD,
            Self::TierUnknown => &rows::TIER,
            Self::RateReached(_) => &rows::RATE,
            Self::UpstreamUnreachable => &rows::UPSTREAM_UNREACHABLE,
            Self::UpstreamBusy => &rows::UPSTREAM_BUSY,
            Self::UpstreamSlow => &rows::UPSTREAM_SLOW,
            Self::UpstreamMalformed => &rows::UPSTREAM_MALFORMED,
            Self::AnswerTooLarge { .. } => &rows::ANSWER_TOO_LARGE,
            Self::LedgerFull => &rows::LEDGER_FULL,
            Self::Overloaded => &rows::OVERLOADED,
            Self::NotReady => &rows::NOT_READY,
            Self::Internal => &rows::INTERNAL,
        }
    }
}
