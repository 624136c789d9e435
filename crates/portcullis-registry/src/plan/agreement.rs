//! Whom a change of an agreement leaves less, and the statement each of them gets.
//!
//! Scopes and facts are compared here; what another tier or set of policies gives comes with the command,
//! from whoever can compare them.

use portcullis_types::{Closes, Facts, ScopeName, Wall};

use super::Planned;
use crate::agreement::{AgreementEvent, AgreementRejected, NARROWED_MAX, Narrowed, Told};
use crate::commands::Command;
use crate::events::Event;
use crate::people::PeopleRejected;
use crate::proposals::{Proposal, Terms};
use crate::rejected::Rejected;
use crate::state::State;
use crate::statement::{About, StatementRejected};
use crate::words::{Actor, ActorKind, Mode, SubjectId};

/// So many are named of those whom a change leaves less by now, and did not before.
const NAMED_MAX: usize = 5;
/// Why a change of an agreement has no end of its own.
const UNTIL_CHANGED: &str = "it holds until the agreement is changed again";

/// What a partner loses that was only observed.
const ENFORCED: &str = "are refused from here on what their policies refuse, not only watched";

impl State {
    /// A change of an agreement with what those are told that it leaves less.
    pub(super) fn told_change(
        &self,
        by: &Actor,
        (told, narrowed): (&Told, &[Narrowed]),
        command: &Command,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if !is_change(command) {
            return Err(AgreementRejected::OfNothing.into());
        }
        let mut planned = self.handle(by, command, now)?;
        if planned.events.is_empty() {
            return Ok(planned);
        }
        let whom = self.whom_less(narrowed, &planned)?;
        self.why(&told.reason, &told.tell, told.case.as_deref()).map(drop)?;
        for (at, narrowed) in whom.iter().enumerate() {
            let event = self.narrowed(by, told, narrowed, (&mut planned, now))?;
            // Before the change, whose number the answer and later records name.
            planned.events.insert(at, Event::Agreement(event));
        }
        let told = match whom.len() {
            0 => "nobody is left less, so nobody is told".to_owned(),
            1 => "the partner is told why it is left less".to_owned(),
            count => format!("{count} partners are told why they are left less"),
        };
        planned.what = format!("{}; {told}", planned.what);
        Ok(planned)
    }

    /// Whom a change leaves less: those that came with it, and those whom scopes and facts do.
    pub(super) fn whom_less(
        &self,
        narrowed: &[Narrowed],
        planned: &Planned,
    ) -> Result<Vec<Narrowed>, Rejected> {
        let mut whom = narrowed.to_vec();
        Narrowed::join(&mut whom, self.left_less(planned));
        if whom.len() > NARROWED_MAX {
            let (count, max) = (whom.len(), NARROWED_MAX);
            return Err(AgreementRejected::TooMany { count, max }.into());
        }
        Ok(whom)
    }

    fn narrowed(
        &self,
        by: &Actor,
        told: &Told,
        narrowed: &Narrowed,
        planned: (&mut Planned, Wall),
    ) -> Result<AgreementEvent, Rejected> {
        let statement = self.stated_less(by, told, (narrowed, None), planned)?;
        Ok(AgreementEvent::Narrowed {
            partner: narrowed.partner.clone(),
            reason: told.reason.clone(),
            tell: told.tell.clone(),
            case: told.case.clone(),
            statement,
            what: narrowed.what.clone(),
            change: None,
        })
    }

    /// Keeps the statement of one whom a change leaves less, at once or from a day on; yields its digest.
    pub(super) fn stated_less(
        &self,
        by: &Actor,
        told: &Told,
        (narrowed, effective): (&Narrowed, Option<Wall>),
        (planned, now): (&mut Planned, Wall),
    ) -> Result<String, Rejected> {
        let Told { reason, tell, case, statement } = told;
        let (_, record) = self.known_partner(&narrowed.partner)?;
        let subject = SubjectId::Partner(record.id.clone());
        let mut draft = statement.clone();
        if draft.ends_at.is_none() {
            draft.indefinite_because.get_or_insert_with(|| UNTIL_CHANGED.to_owned());
        }
        let about = About {
            by,
            subject: &subject,
            change: ("as agreed", "agreed to less"),
            closes: &Closes::Nothing,
            even: &[],
            factor: None,
            review_by: None,
            effective,
            reason,
            template: self.now.reasons.find(reason)?,
            tell,
            case: case.as_deref(),
        };
        let whole = draft.complete(&about, now);
        let (_, blobs) = whole.map_err(|gaps| StatementRejected::Incomplete { gaps })?;
        let statement = blobs.first().map(|blob| blob.sha256.clone()).unwrap_or_default();
        for blob in blobs {
            if !planned.blobs.iter().any(|known| known.sha256 == blob.sha256) {
                planned.blobs.push(blob);
            }
        }
        Ok(statement)
    }

    /// Refuses a change that leaves somebody less who is not told why, and names whom.
    pub(super) fn told_whom(
        &self,
        by: &Actor,
        command: &Command,
        terms: &Terms,
        planned: &Planned,
    ) -> Result<(), Rejected> {
        let files = matches!(command, Command::PublishPolicy { .. });
        let asks = match by.kind {
            ActorKind::Person | ActorKind::Token => true,
            // Changed files can't say why.
            ActorKind::Gate => files,
            ActorKind::Local | ActorKind::Partner => false,
        };
        if !asks || !is_change(command) {
            return Ok(());
        }
        let mut whom = terms.narrowed.clone();
        Narrowed::join(&mut whom, self.left_less(planned));
        if whom.is_empty() { Ok(()) } else { Err(AgreementRejected::untold(whom)) }
    }

    /// Whom these events leave less, as far as scopes and facts tell. Who has no key that works loses
    /// nothing.
    fn left_less(&self, planned: &Planned) -> Vec<Narrowed> {
        let mut all = Vec::new();
        for event in &planned.events {
            let (subject, what) = match event {
                Event::PartnerEdited { partner, scopes, .. } => {
                    let old = self.now.partner_ix(partner).and_then(|at| self.now.partner(at));
                    let old = old.and_then(|old| old.scopes.as_deref());
                    (SubjectId::Partner(partner.clone()), fewer_scopes(old, scopes.as_deref()))
                }
                Event::FactsDeclared { subject, .. } => {
                    let both = self.declared_before(subject).zip(self.declared_now(event, planned));
                    let what = both.map(|(old, new)| fewer_facts(old, &new)).unwrap_or_default();
                    (subject.clone(), what)
                }
                Event::ModeSet { partner, mode: Mode::Enforce, .. } => {
                    (SubjectId::Partner(partner.clone()), vec![ENFORCED.to_owned()])
                }
                _ => continue,
            };
            let partner = self.now.subject_ix(&subject).and_then(|at| self.now.partner_of(at));
            let Some(at) = partner.filter(|_| !what.is_empty()) else { continue };
            if let Some(record) = self.now.partner(at).filter(|_| self.now.calls(at)) {
                Narrowed::join(&mut all, vec![Narrowed::new(record.id.clone(), what)]);
            }
        }
        all
    }
}

impl State {
    /// Refuses what waited where by now it leaves others less than those it names: each must be told.
    pub(super) fn same_whom(&self, open: &Proposal, terms: &Terms) -> Result<(), Rejected> {
        let proposal = open.id;
        let now = match &terms.again {
            None => return Ok(()),
            Some(Err(why)) => {
                return Err(PeopleRejected::ProposalUnfit { proposal, why: why.clone() }.into());
            }
            Some(Ok(weighed)) => &weighed.narrowed,
        };
        let then: &[Narrowed] = match open.command.told() {
            Some((_, narrowed)) => narrowed,
            None => &[],
        };
        let missing = |from: &[Narrowed], one: &Narrowed| {
            !from.iter().any(|other| other.partner == one.partner)
        };
        let list = |all: &[Narrowed], from: &[Narrowed], how: &str| {
            let some = all.iter().filter(|one| missing(from, one)).take(NAMED_MAX);
            some.map(|one| format!("`{}` {how}", one.partner)).collect::<Vec<_>>()
        };
        let differs = [list(now, then, "now too"), list(then, now, "no longer")].concat();
        if differs.is_empty() {
            return Ok(());
        }
        let whom = differs.join(", ");
        Err(PeopleRejected::ProposalOthers { proposal, whom }.into())
    }
}

/// Whether it is a change of an agreement.
pub(super) const fn is_change(command: &Command) -> bool {
    matches!(
        command,
        Command::EditPartner { .. }
            | Command::DeclareFacts { .. }
            | Command::PublishPolicy { .. }
            | Command::SetMode { mode: Mode::Enforce, .. }
    )
}

pub(super) fn fewer_scopes(old: Option<&[ScopeName]>, new: Option<&[ScopeName]>) -> Vec<String> {
    let quoted = |names: &[&ScopeName]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    match (old, new) {
        (_, None) => Vec::new(),
        (None, Some([])) => vec!["are narrowed to no scope at all".to_owned()],
        (None, Some(new)) => {
            vec![format!("are narrowed to {}", quoted(&new.iter().collect::<Vec<_>>()))]
        }
        (Some(old), Some(new)) => {
            let gone: Vec<&ScopeName> = old.iter().filter(|scope| !new.contains(scope)).collect();
            if gone.is_empty() { Vec::new() } else { vec![format!("lose {}", quoted(&gone))] }
        }
    }
}

/// What was declared before and is no more. A first date of review ends nothing that was not declared.
fn fewer_facts(old: &Facts, new: &Facts) -> Vec<String> {
    let mut what = Vec::new();
    for (name, entries) in &old.lists {
        let left = new.lists.get(name);
        let stays = |entry: &&String| left.is_some_and(|left| left.contains(entry));
        let gone = entries.iter().filter(|entry| !stays(entry)).count();
        if gone > 0 {
            what.push(format!("lose {gone} of their {} `{name}`", entries.len()));
        }
    }
    for (name, old) in &old.figures {
        match new.figures.get(name) {
            Some(new) if new >= old => {}
            Some(new) => what.push(format!("have `{name}` {new} instead of {old}")),
            None => what.push(format!("have no `{name}` any more")),
        }
    }
    let any = !old.lists.is_empty() || !old.figures.is_empty();
    if let Some(new) = new.review_by.filter(|new| any && old.review_by.is_none_or(|old| *new < old))
    {
        what.push(format!("are reviewed by {}", new.rfc3339()));
    }
    if let Some(group) = new.group.as_ref().filter(|_| old.group != new.group) {
        what.push(format!("share their limits with the group `{group}`"));
    }
    what
}
