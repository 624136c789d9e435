//! A plan of stages as people write it.
//!
//! Must not know whether it fits its partner.

use portcullis_registry::{Cohort, Entry, Exit, RestorePlan, Stage};
use portcullis_types::{ClientId, Percent, Span};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::{Checker, names};

/// A way back in stages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanText {
    /// Whose; the one partner of the case when absent.
    partner: Option<String>,
    /// Whether keys without a client of their own go with the stages, too.
    #[serde(default)]
    keys_without_client: bool,
    /// The stages in order.
    stages: Vec<StageText>,
}

/// A stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StageText {
    /// What people call it.
    name: String,
    /// The clients that get access back; all without it and without `share`.
    clients: Option<Vec<String>>,
    /// The share of clients that get access back, in per cent; always the same ones.
    share: Option<u8>,
    /// Classes that stay closed, for every client.
    #[serde(default)]
    classes: Vec<String>,
    /// What there is of rates and budgets, in per cent.
    factor: Option<u8>,
    /// How long it lasts at least, such as `3d`.
    at_least: Option<String>,
    /// What must be so before it begins.
    #[serde(default)]
    entry: EntryText,
    /// What must be so before the next one.
    #[serde(default)]
    exit: ExitText,
}

/// What must be so before a stage begins.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryText {
    /// For which clients the partner attests.
    #[serde(default)]
    attestation: Vec<String>,
}

/// What must be so before a stage ends.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExitText {
    /// Most signals since it began; one more breaks the plan off. None when absent.
    #[serde(default)]
    signals: u32,
    /// For which clients the partner attests.
    #[serde(default)]
    attestation: Vec<String>,
}

impl PlanText {
    pub(super) fn read(self, checker: &dyn Checker) -> Result<RestorePlan, Problem> {
        let partner = self.partner.as_deref().map(names::id).transpose()?;
        let stages = self.stages.into_iter().map(|stage| stage.read(checker));
        let stages = stages.collect::<Result<_, _>>()?;
        Ok(RestorePlan { partner, keys_without_client: self.keys_without_client, stages })
    }
}

impl StageText {
    fn read(self, checker: &dyn Checker) -> Result<Stage, Problem> {
        let name = &self.name;
        let share = |percent: u8| {
            Percent::new(percent).ok_or_else(|| {
                Problem::unreadable(format!("stage `{name}`: a share is written 1 to 100"))
            })
        };
        let cohort = match (self.clients, self.share) {
            (None, None) => Cohort::All,
            (Some(named), None) => Cohort::Clients(clients(&named)?),
            (None, Some(percent)) => Cohort::Share(share(percent)?),
            (Some(_), Some(_)) => {
                return Err(Problem::unreadable(format!(
                    "stage `{name}` has both `clients` and `share`: write one of them"
                )));
            }
        };
        let length = self.at_least.as_deref().map(|text| {
            text.parse::<Span>().map_err(|_| {
                Problem::unreadable(format!(
                    "stage `{name}`: `at_least` is a length such as `3d` or `12h`"
                ))
            })
        });
        let entry = Entry { attestation: clients(&self.entry.attestation)? };
        let attestation = clients(&self.exit.attestation)?;
        Ok(Stage {
            cohort,
            classes: names::classes(&self.classes, checker)?,
            factor: self.factor.map(share).transpose()?,
            at_least: length.transpose()?.map_or(0, Span::milliseconds),
            entry,
            exit: Exit { signals: self.exit.signals, attestation },
            name: self.name,
        })
    }
}

fn clients(texts: &[String]) -> Result<Vec<ClientId>, Problem> {
    texts.iter().map(|text| names::id(text)).collect()
}
