//! Every way the gate says no: one closed enum, one table (`table`), one text each (`text`).
//!
//! A partner's developer reads these texts at night, so each says what happened and what to do.
//! Must not know HTTP libraries, how a body is rendered or which rule file decided.

mod held;
mod hit;
mod notice;
mod table;
mod text;

pub use held::{Held, Part};
pub use hit::{BudgetHit, Counts, Denial, RateHit};
pub use notice::Notice;
pub use table::{Challenge, Row, all_rows};

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::Wall;

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

/// Why a call is refused. Closed: a new reason must be given its row in [`Refusal::row`].
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Refusal {
    /// No key was sent.
    KeyMissing,
    /// No such key, or its secret is wrong. Says nothing about any state.
    KeyUnknown,
    /// Two different keys in one call.
    KeyConflict,
    /// The token was the issuer's, and its time is over.
    TokenExpired {
        /// When it ended.
        at: Wall,
    },
    /// The token proves nobody.
    TokenInvalid {
        /// What about it, as a sentence without a full stop, free of the token's own bytes.
        why: &'static str,
    },
    /// The keys by which the token could be verified can't be had now.
    IssuerUnreachable,
    /// The key was revoked and never comes back.
    KeyRevoked(Arc<Notice>),
    /// The key's time is over.
    KeyExpired {
        /// When it ended.
        at: Wall,
    },
    /// The key can't be used yet.
    KeyPending {
        /// From when on; none: once it is activated.
        from: Option<Wall>,
    },
    /// The key is bound to networks, and the call came from none of them.
    NetworkNotAllowed {
        /// Where it came from, as the gate sees it.
        from: Option<IpAddr>,
    },
    /// The key is bound to certificates of clients, and the connection showed none of them.
    CertificateNotAllowed,
    /// The standing of the partner, client or key closes the call: on hold, restricted or ended.
    Held(Box<Held>),
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
    /// A rule of the tier denies it.
    Denied(Box<Denial>),
    /// The class is granted, but not for this target.
    TargetNotAgreed {
        /// The class.
        class: Arc<str>,
        /// Whom it is granted for, such as `declared locations`.
        needs: Arc<str>,
        /// What the author of the rule that was missed wrote for the partner.
        tell: Option<Arc<str>>,
    },
    /// The class is granted, but not with this field.
    FieldNotAgreed {
        /// The class.
        class: Arc<str>,
        /// As a dotted path.
        field: Box<str>,
        /// What the author of the rule that was missed wrote for the partner.
        tell: Option<Arc<str>>,
    },
    /// The class is granted, but not in this form.
    TermsNotMet {
        /// The class.
        class: Arc<str>,
        /// What is asked of the call, such as `at least 2 letters to search for`.
        needs: Arc<str>,
        /// What the author of the rule that was missed wrote for the partner.
        tell: Option<Arc<str>>,
    },
    /// More ids in one call than agreed.
    TooManyIds {
        /// Most in one call.
        max: u32,
    },
    /// Batches are not part of the agreement.
    BatchNotAgreed,
    /// The agreement asks for a declared client, and the call is for none.
    ClientUndeclared,
    /// The agreement asks for a declared client, and which one the call is for can't be told.
    ClientUnclear,
    /// What the partner declared was to be looked at again by now.
    ReviewLapsed {
        /// By when.
        at: Wall,
    },
    /// A budget was reached.
    BudgetReached(Box<BudgetHit>),
    /// What the answer held may not be given, and cannot be taken out.
    AnswerWithheld {
        /// Why, as a sentence without a full stop.
        why: &'static str,
    },
    /// The key is bound to a tier the policy set in force does not define.
    TierUnknown,
    /// A rate was reached.
    RateReached(RateHit),
    /// The platform could not be reached.
    UpstreamUnreachable,
    /// The platform takes no more calls just now; nothing was sent.
    UpstreamBusy,
    /// The platform did not answer in time.
    UpstreamSlow,
    /// The platform's answer was not well-formed HTTP.
    UpstreamMalformed,
    /// The platform's answer has links to rewrite and is longer than the bound for that.
    AnswerTooLarge {
        /// The bound in bytes.
        max: u64,
    },
    /// What leaves can't be written down just now, and what the call asks for does not leave without.
    LedgerFull,
    /// The gate serves as many calls as it may.
    Overloaded,
    /// The gate has no state or policy to judge by.
    NotReady,
    /// A fault of the gate's own.
    Internal,
}

impl Refusal {
    /// Seconds for `Retry-After`, where waiting helps.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<NonZeroU64> {
        match self {
            Self::RateReached(hit) => hit.retry_after_seconds,
            Self::BudgetReached(hit) => hit.retry_after_seconds,
            Self::LedgerFull
            | Self::Overloaded
            | Self::NotReady
            | Self::UpstreamUnreachable
            | Self::UpstreamBusy
            | Self::IssuerUnreachable => NonZeroU64::new(1),
            _ => None,
        }
    }

    /// Whether the same call may succeed later. What a limit never allows does not.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let limit = matches!(self, Self::RateReached(_) | Self::BudgetReached(_));
        self.row().transient && (!limit || self.retry_after_seconds().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RateId, Span};

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
    fn a_limit_that_is_never_met_says_that_waiting_does_not_help() {
        let reached = |max, retry_after_seconds| {
            let (rate, window) = (RateId::new("stories").unwrap(), Span::from_seconds(3600));
            Refusal::RateReached(RateHit { rate, max, window, retry_after_seconds })
        };
        let told = |refusal: Refusal| format!("{} {}", refusal.is_transient(), refusal.detail());
        let rows = [
            (reached(0, None), "false `stories` allows no calls at all. Waiting will not help."),
            (
                reached(2, None),
                "false This call costs more than `stories` ever allows at once (2 in 1h). Waiting will not help.",
            ),
            (
                reached(2, NonZeroU64::new(9)),
                "true `stories` allows 2 calls in 1h. Try again in 9 s.",
            ),
        ];
        for (refusal, expected) in rows {
            assert_eq!(told(refusal), expected);
        }
        assert!(Refusal::Overloaded.is_transient());
        assert!(!Refusal::KeyMissing.is_transient());
    }
}
