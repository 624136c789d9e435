//! The closed list of reasons for which access is taken away or given back.
//!
//! A partner reads the code in every refusal, so a free text would become a second, unwritten
//! policy. Must not know who is concerned.

use portcullis_types::{ReasonCode, nearest};

use crate::Rejected;

/// One reason.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Reason {
    /// The code that operators write and partners read.
    pub code: &'static str,
    /// What it stands for.
    pub about: &'static str,
}

const fn reason(code: &'static str, about: &'static str) -> Reason {
    Reason { code, about }
}

/// Every reason there is. There is no `other`: a partner must learn what happened.
pub const REASONS: &[Reason] = &[
    reason("bulk-location", "posts or places were collected over many locations"),
    reason("ephemeral-content", "content that vanishes was kept or collected"),
    reason("back-channel", "a path was used that the agreement does not cover"),
    reason("undeclared-use", "the data serves a use or a customer that was not declared"),
    reason("key-exposed", "the key was seen where it must not be"),
    reason("rate-abuse", "limits were reached again and again or evaded"),
    reason("contract-review", "the agreement is under review"),
    reason("security-incident", "a security incident at the partner or the platform"),
    reason("partner-request", "the partner asked for it"),
    reason("customer-complaint", "a customer or an account holder complained"),
    reason("signal", "a watch of the partner's tier saw unusual use"),
    reason("investigation", "facts are being established"),
    reason("investigation-closed", "the inquiry ended and access returns"),
    reason("appeal-upheld", "the partner's objection was right"),
    reason("mistake", "the earlier step was an error of the platform"),
];

/// Whether a code is on the list.
pub(crate) fn check(code: &ReasonCode) -> Result<(), Rejected> {
    if REASONS.iter().any(|reason| reason.code == code.as_str()) {
        return Ok(());
    }
    let known = REASONS.iter().map(|reason| reason.code);
    let near = nearest(code.as_str(), known).map(str::to_owned);
    Err(Rejected::UnknownReason { reason: code.clone(), near })
}
