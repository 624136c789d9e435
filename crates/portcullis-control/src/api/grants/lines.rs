//! One grant as a line, and a line as one grant.
//!
//! Must not know where lines come from or what they are sent to.

use portcullis_registry::{Grant, GrantLine, GrantName, Term};
use portcullis_types::Wall;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lines::unreadable;
use crate::moments;
use crate::names;
use crate::problem::Problem;

/// One grant, as a line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// The account's id at the platform.
    account: String,
    /// Who may act for it.
    partner: String,
    /// For which client of the partner; absent: for whichever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// Since when, a date or a time; absent: since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Until when, a date or a time; absent: until it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Withdraws it; without a client, all of the account's grants to the partner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    withdrawn: bool,
}

impl From<&Grant> for Line {
    fn from(Grant { name, term }: &Grant) -> Self {
        Self {
            account: name.account.clone(),
            partner: name.partner.to_string(),
            client: name.client.as_ref().map(ToString::to_string),
            from: term.from.map(Wall::rfc3339),
            until: term.until.map(Wall::rfc3339),
            withdrawn: false,
        }
    }
}

/// Reads a line. `withdrawals`: whether it may be one.
pub(super) fn line(text: &[u8], withdrawals: bool, now: Wall) -> Result<GrantLine, String> {
    let line: Line = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
    let said = |problem: Problem| problem.detail.clone();
    let client = line.client.filter(|id| !id.is_empty());
    let name = GrantName {
        account: line.account,
        partner: names::id(&line.partner).map_err(said)?,
        client: client.map(|id| names::id(&id)).transpose().map_err(said)?,
    };
    if line.withdrawn {
        return match withdrawals {
            true => Ok(GrantLine::Withdraw(name)),
            false => Err("a snapshot withdraws what it does not name: leave the line out".into()),
        };
    }
    let moment = |member: &str, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        text.map(|text| moments::moment(member, &text, now)).transpose().map_err(said)
    };
    let term = Term { from: moment("from", line.from)?, until: moment("until", line.until)? };
    Ok(GrantLine::Grant(Grant { name, term }))
}
