//! From what somebody gave to a whole statement, or to everything that is missing.

use portcullis_types::{ClassName, Closes, Percent, ReasonCode, Wall};

use super::check::gaps;
use super::{
    Automation, Extent, Fact, Gap, Ground, Measure, Moment, Origin, Redress, STATEMENT_BYTES_MAX,
    Statement, StatementDraft,
};
use crate::reasons::Reason;
use crate::state::Blob;
use crate::words::{Actor, ActorKind, SubjectId};

/// How long a partner can object at least, in milliseconds: six months, whichever they are.
pub(super) const REDRESS: u64 = 184 * 86_400_000;
/// Where an answer goes unless somebody says otherwise.
const COMPLAINT: &str = "answers of the partner API";

/// The step that a statement is about, as the command and the state say it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Who acts.
    pub by: &'a Actor,
    /// Whom it concerns.
    pub subject: &'a SubjectId,
    /// How it stood and how it will.
    pub change: (&'a str, &'a str),
    /// What will be closed.
    pub closes: &'a Closes,
    /// Continuity classes that will be closed too.
    pub even: &'a [ClassName],
    /// What will be left of rates and budgets.
    pub factor: Option<Percent>,
    /// When it is looked at again.
    pub review_by: Option<Wall>,
    /// From when on, where that is not at once.
    pub effective: Option<Wall>,
    /// Why, by code.
    pub reason: &'a ReasonCode,
    /// What a statement of that reason must hold.
    pub template: &'a Reason,
    /// Why, in words.
    pub tell: &'a str,
    /// The case it belongs to.
    pub case: Option<&'a str>,
}

impl StatementDraft {
    /// The whole statement, and what is to be kept with it: the statement first, then evidence.
    ///
    /// # Errors
    /// Every part that is missing or says nothing.
    pub fn complete(
        &self,
        about: &About<'_>,
        now: Wall,
    ) -> Result<(Statement, Vec<Blob>), Vec<Gap>> {
        let kept: Vec<Option<Blob>> = self.facts.iter().map(evidence).collect();
        let facts = self.facts.iter().zip(&kept).map(|(fact, kept)| Fact {
            evidence: None,
            evidence_sha256: kept
                .as_ref()
                .map(|blob| blob.sha256.clone())
                .or_else(|| fact.evidence_sha256.clone()),
            ..fact.clone()
        });
        let statement = self.filled(about, facts.collect(), now);
        let mut gaps = gaps(&statement, about, now);
        let both = |(at, fact): (usize, &Fact)| {
            let both = fact.evidence.is_some() && fact.evidence_sha256.is_some();
            both.then(|| Gap {
                at: format!("facts[{at}].evidence"),
                why: "is given twice; give the text or its digest".to_owned(),
            })
        };
        gaps.extend(self.facts.iter().enumerate().filter_map(both));
        let body = serde_json::to_vec(&statement).unwrap_or_default();
        let bytes = kept.iter().flatten().fold(body.len(), |sum, blob| sum + blob.body.len());
        if bytes > STATEMENT_BYTES_MAX {
            let why = format!(
                "takes {bytes} bytes with its evidence and may take {STATEMENT_BYTES_MAX}; give long evidence by digest"
            );
            gaps.push(Gap { at: "facts".to_owned(), why });
        }
        if !gaps.is_empty() {
            return Err(gaps);
        }
        let blobs = [Blob::new(body)].into_iter().chain(kept.into_iter().flatten());
        Ok((statement, blobs.collect()))
    }

    fn filled(&self, about: &About<'_>, facts: Vec<Fact>, now: Wall) -> Statement {
        let gate = about.by.kind == ActorKind::Gate;
        let reason = about.template;
        let ground = self.ground.clone().unwrap_or_else(|| Ground {
            kind: reason.ground,
            clause: reason.clause.to_string(),
            version: None,
            explanation: reason.because.to_string(),
        });
        let automated = Automation {
            detection: Extent::Full,
            decision: Extent::Full,
            rule: Some(about.by.id.clone()),
        };
        let automation = || if gate { automated } else { Automation::default() };
        let redress = || Redress {
            complaint: COMPLAINT.to_owned(),
            until: Moment(Wall(now.0.saturating_add(REDRESS))),
            out_of_court: None,
            contact: None,
        };
        Statement {
            v: 1,
            lang: self.lang.clone().unwrap_or_else(|| "en".to_owned()),
            issued_at: Moment(now),
            subject: about.subject.clone(),
            reason: about.reason.clone(),
            tell: about.tell.to_owned(),
            measure: self.measure(about, now),
            facts,
            origin: self.origin.unwrap_or(if gate {
                Origin::Automated
            } else {
                Origin::OwnInitiative
            }),
            automation: self.automation.clone().unwrap_or_else(automation),
            ground,
            withheld: self.withheld.clone(),
            required_actions: self.required_actions.clone(),
            data_duties: self.data_duties.clone(),
            redress: self.redress.clone().unwrap_or_else(redress),
            impact_note: self.impact_note.clone(),
            supersedes: self.supersedes.clone(),
            case: about.case.map(str::to_owned),
        }
    }

    fn measure(&self, about: &About<'_>, now: Wall) -> Measure {
        let (from, to) = about.change;
        Measure {
            from: from.to_owned(),
            to: to.to_owned(),
            closes: about.closes.clone(),
            even: about.even.to_vec(),
            factor: about.factor,
            effective_at: Moment(about.effective.unwrap_or(now)),
            review_by: about.review_by.map(Moment),
            ends_at: self.ends_at,
            indefinite_because: self.indefinite_because.clone(),
        }
    }
}

/// Evidence given as text, to be kept by its digest.
fn evidence(fact: &Fact) -> Option<Blob> {
    Some(Blob::new(fact.evidence.as_ref()?.clone().into_bytes()))
}
