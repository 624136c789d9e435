//! Questions to the ledger as they are sent, read into what is asked and what the log has of it first.
//!
//! Must not know how a question is answered.

use portcullis_registry::Asking;
use portcullis_types::Wall;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::ledger::{LEDGER_PEOPLE_MAX, LedgerPerson, LedgerQuestion};
use crate::moments::past;
use crate::names::id;
use crate::problem::Problem;

/// Longest id of an account.
const OWNER_BYTES_MAX: usize = 200;
/// Longest name of a region.
const REGION_BYTES_MAX: usize = 60;
/// As long as the ids of all fit into so much, an auditor who opens the seal reads them.
const NAMED_BYTES_MAX: usize = 200;

/// Who received what of an account.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhoAsked {
    /// The account, as the platform writes it.
    owner: String,
    /// From when on: a date, a time, or how long ago such as `7d`.
    since: String,
    /// Until when; now when absent.
    until: Option<String>,
    /// What it is asked for, in words; it stands in the log.
    purpose: String,
    /// The case it is asked for.
    case: Option<String>,
}

/// What a partner received.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatAsked {
    /// The partner's id.
    partner: String,
    /// Only for this client of it.
    client: Option<String>,
    /// From when on: a date, a time, or how long ago such as `7d`.
    since: String,
    /// Until when; now when absent.
    until: Option<String>,
}

/// How much left between a breach and its end.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BetweenAsked {
    /// The first breach: a date, a time, or how long ago.
    from: String,
    /// When it was stopped; now when absent.
    to: Option<String>,
    /// Only to this partner.
    partner: Option<String>,
}

/// How many of some people somebody received something of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AffectedAsked {
    /// Only this partner.
    partner: Option<String>,
    /// Only for this client of it.
    client: Option<String>,
    /// From when on: a date, a time, or how long ago such as `7d`.
    since: String,
    /// Until when; now when absent.
    until: Option<String>,
    /// What it is asked for, in words; it stands in the log.
    purpose: String,
    /// The case it is asked for.
    case: Option<String>,
    /// Who they are: 1 to 100,000. More are asked about in parts, each of other people, whose sums are
    /// those of all.
    people: Vec<PersonAsked>,
    /// Whether the answer names those who are affected.
    #[serde(default)]
    list: bool,
}

/// Somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonAsked {
    /// The account, as the platform writes it.
    id: String,
    /// Where the platform says that they are.
    region: Option<String>,
}

/// One of the questions, by its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// Who received what of an account.
    Who(WhoAsked),
    /// What a partner received.
    What(WhatAsked),
    /// How much left between a breach and its end.
    Between(BetweenAsked),
    /// How many of some people somebody received something of.
    Affected(AffectedAsked),
}

impl Asked {
    /// What is asked, and who that names, which stands in the log first.
    pub(super) fn read(self, now: Wall) -> Result<(LedgerQuestion, Option<Asking>), Problem> {
        match self {
            Self::Who(asked) => asked.read(now),
            Self::Affected(asked) => asked.read(now),
            Self::What(WhatAsked { partner, client, since, until }) => {
                let (since, until) = time(("since", &since), ("until", until.as_deref()), now)?;
                let (partner, client) = (id(&partner)?, client.as_deref().map(id).transpose()?);
                Ok((LedgerQuestion::What { partner, client, since, until }, None))
            }
            Self::Between(BetweenAsked { from, to, partner }) => {
                let (from, to) = time(("from", &from), ("to", to.as_deref()), now)?;
                let partner = partner.as_deref().map(id).transpose()?;
                Ok((LedgerQuestion::Between { from, to, partner }, None))
            }
        }
    }

    /// Has it asked for this case, unless it names another.
    pub(super) fn for_case(&mut self, id: &str) {
        match self {
            Self::Who(WhoAsked { case, .. }) | Self::Affected(AffectedAsked { case, .. }) => {
                case.get_or_insert_with(|| id.to_owned());
            }
            Self::What(_) | Self::Between(_) => {}
        }
    }
}

impl WhoAsked {
    fn read(self, now: Wall) -> Result<(LedgerQuestion, Option<Asking>), Problem> {
        let Self { owner, since, until, purpose, case } = self;
        let (since, until) = time(("since", &since), ("until", until.as_deref()), now)?;
        is_account(&owner, || "`owner`".to_owned())?;
        let (question, person) = ("who".to_owned(), owner.clone());
        let asking = Asking { question, partner: None, purpose, case, person };
        Ok((LedgerQuestion::Who { owner, since, until }, Some(asking)))
    }
}

impl AffectedAsked {
    fn read(self, now: Wall) -> Result<(LedgerQuestion, Option<Asking>), Problem> {
        let Self { partner, client, since, until, purpose, case, people, list } = self;
        let (since, until) = time(("since", &since), ("until", until.as_deref()), now)?;
        let partner = partner.as_deref().map(id).transpose()?;
        let client = client.as_deref().map(id).transpose()?;
        let people = checked(people)?;
        let (question, person) = ("affected".to_owned(), named(&people));
        let asking = Asking { question, partner: partner.clone(), purpose, case, person };
        let question = LedgerQuestion::Affected { partner, client, people, since, until, list };
        Ok((question, Some(asking)))
    }
}

/// Each person once, by id.
fn checked(people: Vec<PersonAsked>) -> Result<Vec<LedgerPerson>, Problem> {
    if people.is_empty() || people.len() > LEDGER_PEOPLE_MAX {
        return Err(Problem::unreadable(format!(
            "`people` has {} entries: send 1 to {LEDGER_PEOPLE_MAX}, and more in parts",
            people.len()
        )));
    }
    for (at, PersonAsked { id, region }) in people.iter().enumerate() {
        is_account(id, || format!("`people[{at}].id`"))?;
        if region.as_deref().is_some_and(|region| !is_word(region, REGION_BYTES_MAX)) {
            return Err(Problem::unreadable(format!(
                "`people[{at}].region` is no region: send 1 to {REGION_BYTES_MAX} bytes, or leave it out"
            )));
        }
    }
    let person = |PersonAsked { id, region }| LedgerPerson { id, region };
    let mut people: Vec<LedgerPerson> = people.into_iter().map(person).collect();
    people.sort_by(|one, other| one.id.cmp(&other.id));
    let mut pairs = people.iter().zip(people.iter().skip(1));
    if pairs.any(|(one, next)| one.id == next.id && one.region != next.region) {
        let told = "`people` names somebody twice, with two regions: nobody can be counted in both";
        return Err(Problem::unreadable(told));
    }
    people.dedup();
    Ok(people)
}

/// Whom the log has under its seal: the ids where they are few, else by their digest.
fn named(people: &[LedgerPerson]) -> String {
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let few = ids.join(", ");
    if few.len() <= NAMED_BYTES_MAX {
        return few;
    }
    let digest = Sha256::digest(ids.join("\n"));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} accounts; SHA-256 of their ids, sorted, each on a line: {hex}", ids.len())
}

fn is_account(text: &str, which: impl Fn() -> String) -> Result<(), Problem> {
    if is_word(text, OWNER_BYTES_MAX) {
        return Ok(());
    }
    let which = which();
    let detail = format!("{which} is no id of an account: send 1 to {OWNER_BYTES_MAX} bytes");
    Err(Problem::unreadable(detail))
}

fn is_word(text: &str, bytes_max: usize) -> bool {
    !text.is_empty() && text.len() <= bytes_max && !text.chars().any(char::is_control)
}

fn time(from: (&str, &str), to: (&str, Option<&str>), now: Wall) -> Result<(Wall, Wall), Problem> {
    let since = past(from.0, from.1, now)?;
    let until = to.1.map(|text| past(to.0, text, now)).transpose()?.unwrap_or(now);
    if since >= until {
        return Err(Problem::unreadable(format!(
            "`{}` is {} and `{}` {}: ask for a time that ends after its beginning",
            from.0,
            since.rfc3339(),
            to.0,
            until.rfc3339()
        )));
    }
    Ok((since, until))
}
