//! What the partner reads in each refusal: what happened in this call, and what to do.
//!
//! Must not hold a key, a query or another partner's name.

use std::sync::Arc;

use super::{BudgetHit, RateHit, Refusal};

impl Refusal {
    /// What the partner reads: what happened in this call, and what to do.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::KeyMissing => "Send your key as `Authorization: Bearer KEY` or as `access_token`.".into(),
            Self::KeyUnknown => "The key is unknown or incomplete. Check that it was copied whole; if it was, ask the platform's partner team.".into(),
            Self::KeyConflict => "Different keys were found in one call. Send one key, in one place.".into(),
            Self::TokenExpired { at } => format!("The token ended on {}. Get a new one from its issuer.", at.rfc3339()),
            Self::TokenInvalid { why } => format!("{}. Get a token from the issuer that was agreed on, or send a key.", upper_first(why)),
            Self::IssuerUnreachable => "The keys of the token's issuer are being fetched or can't be had. Nothing was sent on; try again shortly.".into(),
            Self::KeyRevoked(notice) => format!("This key was revoked on {} ({}): {} A revoked key never returns; ask the platform's partner team for a new one.", notice.since.rfc3339(), notice.reason, sentence(&notice.tell)),
            Self::KeyExpired { at } => format!("This key ended on {}. Ask the platform's partner team for a new one.", at.rfc3339()),
            Self::KeyPending { from: Some(at) } => format!("This key can be used from {} on.", at.rfc3339()),
            Self::KeyPending { from: None } => "This key is not active yet. Ask the platform's partner team to activate it.".into(),
            Self::NetworkNotAllowed { from } => {
                let from = from.map_or_else(|| "an address that is not known".into(), |at| at.to_string());
                format!("This key is accepted from the networks it is bound to, and this call came from {from}. Call from one of them, or ask the platform's partner team to add yours.")
            }
            Self::CertificateNotAllowed => "This key is accepted with the client certificates it is bound to, and this connection showed none of them. Connect by TLS with yours, or ask the platform's partner team to add it.".into(),
            Self::Held(held) => held.detail(),
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
            Self::Denied(denial) => match &denial.tell {
                Some(tell) => sentence(tell),
                None => format!("The rule `{}` of your agreement's tier denies this call.", denial.rule),
            },
            Self::TargetNotAgreed { class, needs, tell } => and(format!("Your agreement covers `{class}` for {needs} only, and this target is none. Nothing was sent on."), tell.as_ref()),
            Self::FieldNotAgreed { class, field, tell } => and(format!("Your agreement covers `{class}` without the field `{field}`. Leave it out of `fields`."), tell.as_ref()),
            Self::TermsNotMet { class, needs, tell } => and(format!("Your agreement covers `{class}` with {needs} only."), tell.as_ref()),
            Self::TooManyIds { max: 1 } => "Your agreement covers one id in a call here. Send the calls one by one.".into(),
            Self::TooManyIds { max } => format!("Your agreement covers at most {max} ids in one call here."),
            Self::BatchNotAgreed => "Your agreement does not cover batches. Send the calls one by one.".into(),
            Self::ClientUndeclared => "Your agreement covers calls for declared clients only, and this call is for none. Declare the client (`POST clients` of the partner API; for yourself, with the category `own`), and use a key of it or have its account authorise you for it.".into(),
            Self::ClientUnclear => "Your agreement covers calls for declared clients only, and which one this call is for cannot be told. Use a key of that client, or act for accounts of one client only.".into(),
            Self::ReviewLapsed { at } => format!("What you declared was to be reviewed by {}; until then, what depends on it is closed. Ask the platform's partner team.", at.rfc3339()),
            Self::BudgetReached(hit) => budget(hit),
            Self::AnswerWithheld { why } => format!("The platform's answer could not be cut down to what your agreement covers: {why}."),
            Self::TierUnknown => "The policy your agreement refers to is not in force. The platform has been told; nothing was sent on.".into(),
            Self::RateReached(hit) => rate(hit),
            Self::UpstreamUnreachable => "The platform did not accept the connection. Try again shortly.".into(),
            Self::UpstreamBusy => "The platform has as many calls as it can take, or cannot be reached for a while. Nothing was sent on; try again shortly.".into(),
            Self::UpstreamSlow => "The platform took longer than the gate waits. It may or may not have acted on a write.".into(),
            Self::UpstreamMalformed => "The platform's answer broke off or was not HTTP. It may or may not have acted on a write.".into(),
            Self::AnswerTooLarge { max } => format!("The answer is longer than the {max} bytes within which links can be checked. Ask for a smaller page."),
            Self::LedgerFull => "The gate keeps a ledger of records that leave, and can't write to it just now. Try again in a moment.".into(),
            Self::Overloaded => "Try again in a moment.".into(),
            Self::NotReady => "The gate has no policy in force. Nothing was sent on; try again shortly.".into(),
            Self::Internal => "The gate failed on this call. Give the request id to the platform's partner team.".into(),
        }
    }
}

/// What a rule's author adds to what the gate says by itself.
fn and(said: String, tell: Option<&Arc<str>>) -> String {
    match tell {
        Some(tell) => format!("{said} {}", sentence(tell)),
        None => said,
    }
}

/// What was written for the partner, ended as a sentence, since ours follows.
pub(super) fn sentence(tell: &str) -> String {
    let tell = tell.trim_end();
    let ended = tell.ends_with(['.', '!', '?', '…', ')', '"']);
    format!("{tell}{}", if ended { "" } else { "." })
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

fn budget(hit: &BudgetHit) -> String {
    let BudgetHit { limit, counts, each_target, max, window, retry_after_seconds } = hit;
    let each = if *each_target { " of each target" } else { "" };
    let what = format!("`{limit}` allows {max} {counts}{each} in {window}");
    match retry_after_seconds {
        Some(seconds) => format!("{what}, and they are used up. Try again in {seconds} s."),
        None if *max == 0 => format!("{what}. Waiting will not help."),
        None => format!("{what}; this call alone asks for more. Waiting will not help."),
    }
}

pub(super) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
