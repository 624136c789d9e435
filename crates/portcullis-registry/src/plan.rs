//! Commands into events: the rules of what may be asked, and what the operator is told.
//!
//! Nothing is changed here; the writer makes the events durable and then folds them.

mod agreement;
mod answers;
mod binding;
mod cases;
mod changes;
mod clocks;
mod credentials;
mod deletions;
mod facts;
mod keys;
mod people;
mod persons;
mod policy;
mod retention;
mod signals;
mod since;
mod standing;
mod statement;
mod together;
mod two;
mod weigh;

use std::sync::Arc;

use portcullis_types::{
    ClientId, ClientIx, KeyId, KeyIx, PartnerId, PartnerIx, ScopeName, Wall, nearest,
};
use sha2::{Digest, Sha256};

use crate::commands::Command;
use crate::events::Event;
use crate::key_record::KeyRecord;
use crate::proposals::Terms;
use crate::records::{ClientRecord, PartnerRecord};
use crate::rejected::Rejected;
use crate::state::{Blob, Planned, State};
use crate::texts;
use crate::words::{Actor, RotatedSecret, SubjectId};
use persons::APPROVERS_MIN;

/// Room in a leaf for what stands around the event: revision, time, actor.
const AROUND_BYTES_MAX: usize = 1024;
/// Most names looked through for a suggestion, so that a misspelt key among ten million answers
/// at once.
const NEAR_NAMES_MAX: usize = 10_000;

impl State {
    /// What a command of somebody comes to at this moment, or why it is not allowed.
    ///
    /// # Errors
    /// [`Rejected`], and nothing has changed.
    pub fn handle(&self, by: &Actor, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        self.handle_on(by, command, &Terms::default(), now)
    }

    /// The same on terms.
    fn handle_on(
        &self,
        by: &Actor,
        command: &Command,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let mut planned = match command {
            Command::AddPartner { .. } => self.add_partner(command, now),
            Command::EditPartner { .. } => self.edit_partner(command, now),
            Command::AddClient { .. } => self.add_client(command),
            Command::DeclareFacts { subject, facts } => self.declare_facts(subject, facts, now),
            Command::SetMode { partner, mode, why } => self.set_mode(partner, *mode, why),
            Command::IssueKey { .. } => self.issue_key(command, now),
            Command::ImportKeys { keys, pepper, create_partners } => {
                self.import_keys(keys, pepper, create_partners.as_ref())
            }
            Command::Stand { subject, to, reason, tell, case } => {
                self.stand(by, (subject, to), self.why(reason, tell, case.as_deref())?, now)
            }
            Command::RevokeKey { key, reason, tell, case } => {
                self.revoke(key, self.why(reason, tell, case.as_deref())?, now)
            }
            Command::RaiseSignal { seen, bounds } => self.raise_signal(seen, *bounds, by, now),
            Command::PublishPolicy { files } => self.publish_policy(files),
            Command::RecordRotation { what, fingerprint } => self.rotation(*what, fingerprint),
            Command::Standing(command) => self.standing(by, command, now),
            Command::Credential(command) => self.credential(by, command, now),
            Command::People(command) => self.people(by, command, terms, now),
            Command::Hook(command) => self.hook(command),
            Command::Case(command) => self.case(by, command, now),
            Command::Answer(command) => self.answer(by, command, now),
            Command::Change(command) => self.with_day(by, command, terms, now),
            Command::Retention(command) => self.retention(by, command, now),
            Command::Ledger(command) => self.ledger(by, command, now),
            Command::Deletion(command) => self.deletion(by, command, now),
            Command::Each(steps) => self.together(by, steps, now),
            Command::Stated { statement, command } => self.stated(by, statement, command, now),
            Command::Told { told, narrowed, command } => {
                self.told_change(by, (told, narrowed), command, now)
            }
        }?;
        self.within_quota((by, command), &mut planned, now)?;
        self.outside_too(&mut planned, now);
        planned.events.iter().try_for_each(|event| self.case_is_open(event))?;
        planned.events.iter().try_for_each(fits)?;
        Ok(planned)
    }

    fn rotation(&self, what: RotatedSecret, fingerprint: &str) -> Result<Planned, Rejected> {
        if what == RotatedSecret::LogKey {
            return Err(Rejected::LogKeyRotatesAtStart);
        }
        let fingerprint = texts::label("fingerprint", fingerprint)?;
        let name = match what {
            RotatedSecret::Pepper => "pepper",
            RotatedSecret::LogKey => "log key",
            RotatedSecret::AdminToken => "admin tokens",
            RotatedSecret::PlatformCredential => "platform credential",
            RotatedSecret::PlatformHook => "secret of the platform's hook",
        };
        let line = match self.now.secret(what) {
            Some(before) => {
                format!("rotation of the {name} recorded: {before} before, {fingerprint} now")
            }
            None => format!("fingerprint of the {name} recorded: {fingerprint}"),
        };
        Ok(Planned::one(Event::SecretRotated { what, fingerprint, log_key: None }, line))
    }

    pub(crate) fn known_partner(
        &self,
        id: &PartnerId,
    ) -> Result<(PartnerIx, &PartnerRecord), Rejected> {
        let found = self.now.partner_ix(id).and_then(|at| Some((at, self.now.partner(at)?)));
        found
            .ok_or_else(|| Rejected::UnknownPartner { id: id.clone(), near: self.near_partner(id) })
    }

    fn near_partner(&self, id: &PartnerId) -> Option<String> {
        let names = self.now.partners().map(|(_, record)| record.id.as_str());
        nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned)
    }

    pub(crate) fn known_client(
        &self,
        id: &ClientId,
    ) -> Result<(ClientIx, &ClientRecord), Rejected> {
        let found = self.now.client_ix(id).and_then(|at| Some((at, self.now.client(at)?)));
        found.ok_or_else(|| {
            let names = self.now.clients().map(|(_, record)| record.id.as_str());
            let near = nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned);
            Rejected::UnknownClient { id: id.clone(), near }
        })
    }

    fn known_key(&self, id: &KeyId) -> Result<(KeyIx, &KeyRecord), Rejected> {
        let found = self.now.key_ix(id).and_then(|at| Some((at, self.now.key(at)?)));
        found.ok_or_else(|| {
            let ids: Vec<KeyId> = self.now.keys().map(|(_, record)| record.id()).collect();
            let names = ids.iter().map(KeyId::as_str);
            let near = nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned);
            Rejected::UnknownKey { id: id.clone(), near }
        })
    }
}

impl Planned {
    pub(crate) fn one(event: Event, what: String) -> Self {
        Self { events: vec![event], what, ..Self::nothing("") }
    }

    pub(crate) fn nothing(what: &str) -> Self {
        Self {
            events: Vec::new(),
            blobs: Vec::new(),
            narrows: None,
            widens: None,
            what: what.to_owned(),
            undo: None,
            created: Vec::new(),
            proposed: None,
            approved: None,
            alone: false,
        }
    }
}

impl Blob {
    /// Content with its digest.
    #[must_use]
    pub fn new(body: Vec<u8>) -> Self {
        Self { sha256: hex(&Sha256::digest(&body)), body: Arc::from(body) }
    }
}

/// Each scope must be among the parent's, where the parent has a list.
fn narrows(
    scopes: Option<&[ScopeName]>,
    parent: Option<&[ScopeName]>,
    who: impl FnOnce() -> SubjectId,
) -> Result<(), Rejected> {
    let (Some(scopes), Some(parent)) = (scopes, parent) else { return Ok(()) };
    match scopes.iter().find(|scope| !parent.contains(scope)) {
        Some(scope) => Err(Rejected::Widens { scope: scope.clone(), parent: who() }),
        None => Ok(()),
    }
}

fn sorted(scopes: &[ScopeName]) -> Vec<ScopeName> {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Most bytes of an event.
const EVENT_BYTES_MAX: usize = portcullis_audit::LEAF_BYTES_MAX - AROUND_BYTES_MAX;

/// Canonical JSON is never longer than this one, which escapes at least as much.
fn length(event: &Event) -> usize {
    serde_json::to_vec(event).map_or(usize::MAX, |text| text.len())
}

fn fits(event: &Event) -> Result<(), Rejected> {
    let (bytes, max) = (length(event), EVENT_BYTES_MAX);
    if bytes > max { Err(Rejected::EventTooLarge { bytes, max }) } else { Ok(()) }
}

/// A command that can be pasted as it is, with a reason that fits.
fn undo(command: &str, id: &str, reason: &str, tell: &str) -> String {
    format!("portcullis {command} {id} --reason {reason} --tell {}", quoted(tell))
}

/// The same for a step that takes something away, where what the partner is told is all there is to tell.
fn undo_by_fact(command: &str, id: &str, tell: &str, more: &str) -> String {
    format!("{} --fact {} --period now{more}", undo(command, id, "mistake", tell), quoted(tell))
}

/// A text as a shell takes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().map_or('?', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
