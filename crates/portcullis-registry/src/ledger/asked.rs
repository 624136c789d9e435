//! Who asks about a person says what for, and the log has it with the person under a seal.
//!
//! Must not know what is answered.

use portcullis_types::PartnerId;
use serde::{Deserialize, Serialize};

use super::LedgerEvent;
use crate::cases::CaseRejected;
use crate::later::Aside;
use crate::rejected::Rejected;
use crate::state::{Planned, State};
use crate::texts;

/// A question that names a person.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asking {
    /// Which of the questions.
    pub question: String,
    /// Only of this partner.
    #[serde(default)]
    pub partner: Option<PartnerId>,
    /// What for, in words.
    pub purpose: String,
    /// The case it is asked for.
    #[serde(default)]
    pub case: Option<String>,
    /// Whom it names.
    pub person: String,
}

/// Whom a question named.
#[derive(Serialize)]
pub(super) struct AskedAbout {
    pub(super) salt: String,
    pub(super) person: String,
}

impl State {
    pub(super) fn asked(&self, asking: &Asking) -> Result<Planned, Rejected> {
        let Asking { question, partner, purpose, case, person } = asking;
        let partner =
            partner.as_ref().map(|id| Ok::<_, Rejected>(self.known_partner(id)?.1.id.clone()));
        let purpose = texts::words("purpose", purpose)?;
        if purpose.is_empty() {
            return Err(CaseRejected::Empty("purpose").into());
        }
        let what = format!("the ledger was asked `{question}` about a person: {purpose}");
        let event = LedgerEvent::Asked {
            aside: Aside,
            question: texts::label("question", question)?,
            partner: partner.transpose()?,
            purpose,
            case: case.as_deref().map(|case| texts::label("case", case)).transpose()?,
            person: Some(texts::label("person", person)?),
            personal: None,
        };
        Ok(Planned::one(event.into(), what))
    }
}
