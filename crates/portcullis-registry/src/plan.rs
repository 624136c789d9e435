//! Commands into events: the rules of what may be asked, and what the operator is told.
//!
//! Nothing is changed here; the writer makes the events durable and then folds them.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis_types::{
    ClientId, KeyId, KeyIx, Notice, PartnerId, PartnerIx, ReasonCode, ScopeName, Wall, nearest,
};
use sha2::{Digest, Sha256};

use crate::import::{IMPORT_KEYS_MAX, encode_keys};
use crate::office::NarrowKind;
use crate::records::{Credential, KeyRecord, PartnerRecord, SubjectIx};
use crate::rejected::Rejected;
use crate::state::{Blob, Narrowing, Planned, State, digest, mark};
use crate::words::{Command, Event, ImportedKey, PublishedFile, RotatedSecret, SubjectId};
use crate::{reasons, texts};

/// Room in a leaf for what stands around the event: revision, time, actor.
const AROUND_BYTES_MAX: usize = 1024;
/// Most names looked through for a suggestion, so that a misspelt key among ten million answers
/// at once.
const NEAR_NAMES_MAX: usize = 10_000;

impl State {
    /// What a command comes to at this moment, or why it is not allowed.
    ///
    /// # Errors
    /// [`Rejected`], and nothing has changed.
    pub fn handle(&self, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        let planned = match command {
            Command::AddPartner { .. } => self.add_partner(command),
            Command::EditPartner { .. } => self.edit_partner(command),
            Command::AddClient { id, partner, name, scopes } => {
                self.add_client(id, partner, name, scopes.as_deref())
            }
            Command::IssueKey { .. } => self.issue_key(command, now),
            Command::ImportKeys { keys, pepper, create_partners } => {
                self.import_keys(keys, pepper, create_partners.as_ref())
            }
            Command::Hold { subject, reason, tell, review_by, case } => {
                let why = Why::new(reason, tell, case.as_deref())?;
                self.hold_subject(subject, why, *review_by, now)
            }
            Command::Restore { subject, reason, tell, case } => {
                self.restore(subject, Why::new(reason, tell, case.as_deref())?)
            }
            Command::RevokeKey { key, reason, tell, case } => {
                self.revoke(key, Why::new(reason, tell, case.as_deref())?, now)
            }
            Command::PublishPolicy { files } => self.publish_policy(files),
            Command::RecordRotation { what, fingerprint } => rotation(*what, fingerprint),
        }?;
        planned.events.iter().try_for_each(fits)?;
        Ok(planned)
    }

    fn add_partner(&self, command: &Command) -> Result<Planned, Rejected> {
        let Command::AddPartner { id, name, tier, r#use, scopes, facts } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        if self.now.partner_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Partner(id.clone())));
        }
        let event = Event::PartnerAdded {
            partner: id.clone(),
            name: texts::name(name)?,
            tier: tier.clone(),
            r#use: *r#use,
            scopes: scopes.as_deref().map(sorted),
            facts: facts.clone(),
        };
        Ok(Planned::one(event, format!("partner `{id}` added on tier `{tier}`")))
    }

    fn edit_partner(&self, command: &Command) -> Result<Planned, Rejected> {
        let Command::EditPartner { id, name, tier, r#use, scopes, facts } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, old) = self.known_partner(id)?;
        let kept = || old.scopes.as_deref().map(<[ScopeName]>::to_vec);
        let event = |name, tier, r#use, scopes, facts| Event::PartnerEdited {
            partner: id.clone(),
            name,
            tier,
            r#use,
            scopes,
            facts,
        };
        let before =
            event(old.name.to_string(), old.tier.clone(), old.use_, kept(), (*old.facts).clone());
        let after = event(
            name.as_deref().map(texts::name).transpose()?.unwrap_or_else(|| old.name.to_string()),
            tier.clone().unwrap_or_else(|| old.tier.clone()),
            r#use.unwrap_or(old.use_),
            scopes.as_ref().map_or_else(kept, |new| new.as_deref().map(sorted)),
            facts.clone().unwrap_or_else(|| (*old.facts).clone()),
        );
        if before == after {
            return Err(Rejected::NothingChanges(SubjectId::Partner(id.clone())));
        }
        Ok(Planned::one(after, format!("partner `{id}` changed")))
    }

    fn add_client(
        &self,
        id: &ClientId,
        partner: &PartnerId,
        name: &str,
        scopes: Option<&[ScopeName]>,
    ) -> Result<Planned, Rejected> {
        let (_, owner) = self.known_partner(partner)?;
        if self.now.client_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Client(id.clone())));
        }
        narrows(scopes, owner.scopes.as_deref(), || SubjectId::Partner(partner.clone()))?;
        let event = Event::ClientAdded {
            client: id.clone(),
            partner: partner.clone(),
            name: texts::name(name)?,
            scopes: scopes.map(sorted),
        };
        Ok(Planned::one(event, format!("client `{id}` of partner `{partner}` added")))
    }

    fn issue_key(&self, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        let Command::IssueKey { id, partner, client, scopes, expires, digest, pepper, label } =
            command
        else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, owner) = self.known_partner(partner)?;
        if let Some(client) = client {
            self.check_client(client, partner, scopes.as_deref())?;
        }
        narrows(scopes.as_deref(), owner.scopes.as_deref(), || {
            SubjectId::Partner(partner.clone())
        })?;
        if let Some(at) = expires.filter(|at| *at <= now) {
            return Err(Rejected::InPast { what: "expiry", at, now });
        }
        if self.now.key_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Key(id.clone())));
        }
        self.new_digest(id, digest)?;
        let held =
            owner.hold.is_some().then_some("; the partner is on hold, so it is refused for now");
        let what = format!("key `{id}` issued to partner `{partner}`{}", held.unwrap_or_default());
        let event = Event::KeyIssued {
            key: id.clone(),
            partner: partner.clone(),
            client: client.clone(),
            scopes: scopes.as_deref().map(sorted),
            expires: *expires,
            digest: digest.clone(),
            pepper: texts::label("pepper's fingerprint", pepper)?,
            label: texts::label("label", label)?,
        };
        let undo = Some(undo("key revoke", id.as_str()));
        Ok(Planned { created: vec![id.clone()], undo, ..Planned::one(event, what) })
    }

    fn check_client(
        &self,
        id: &ClientId,
        partner: &PartnerId,
        scopes: Option<&[ScopeName]>,
    ) -> Result<(), Rejected> {
        let client = self.now.client_ix(id).and_then(|at| self.now.client(at));
        let client = client.ok_or_else(|| {
            let names = self.now.clients().map(|(_, record)| record.id.as_str());
            let near = nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned);
            Rejected::UnknownClient { id: id.clone(), near }
        })?;
        let owner = self.now.partner(client.partner).map(|record| &record.id);
        match owner {
            Some(owner) if owner == partner => {}
            Some(owner) => {
                let (client, owner, partner) = (id.clone(), owner.clone(), partner.clone());
                return Err(Rejected::ClientOfOther { client, owner, partner });
            }
            None => return Err(Rejected::UnknownClient { id: id.clone(), near: None }),
        }
        narrows(scopes, client.scopes.as_deref(), || SubjectId::Client(id.clone()))
    }

    fn new_digest(&self, key: &KeyId, hex: &str) -> Result<u64, Rejected> {
        let bytes = digest(hex).ok_or_else(|| Rejected::DigestUnreadable { key: key.clone() })?;
        let mark = mark(&bytes);
        if self.digests.contains(&mark) {
            return Err(Rejected::DigestKnown { key: key.clone() });
        }
        Ok(mark)
    }

    fn import_keys(
        &self,
        keys: &[ImportedKey],
        pepper: &str,
        create: Option<&(portcullis_types::TierName, crate::Use)>,
    ) -> Result<Planned, Rejected> {
        if keys.is_empty() {
            return Err(Rejected::ImportEmpty);
        }
        if keys.len() > IMPORT_KEYS_MAX {
            return Err(Rejected::ImportTooLarge { count: keys.len(), max: IMPORT_KEYS_MAX });
        }
        let (mut ids, mut marks, mut partners) =
            (HashSet::new(), HashSet::new(), HashSet::<&PartnerId>::new());
        for (index, key) in keys.iter().enumerate() {
            let known = || Rejected::ImportKnown { index, id: key.id.clone() };
            let mark =
                self.new_digest(&key.id, &key.digest).map_err(|rejected| match rejected {
                    Rejected::DigestKnown { .. } => known(),
                    other => other,
                })?;
            let again = !ids.insert(&key.id) || !marks.insert(mark);
            if again || self.now.key_ix(&key.id).is_some() {
                return Err(known());
            }
            if self.now.partner_ix(&key.partner).is_none() {
                partners.insert(&key.partner);
                if create.is_none() {
                    let (id, near) = (key.partner.clone(), self.near_partner(&key.partner));
                    return Err(Rejected::ImportPartner { index, id, near });
                }
            }
        }
        let body = encode_keys(keys).map_err(|_| Rejected::ImportEmpty)?;
        let blob = Blob::new(body);
        let what = match partners.len() {
            0 => format!("{} keys imported", keys.len()),
            made => format!("{} keys imported, {made} partners added", keys.len()),
        };
        let event = Event::KeysImported {
            blob: blob.sha256.clone(),
            count: keys.len() as u64,
            partners_created: partners.len() as u64,
            tier: create.map(|(tier, _)| tier.clone()),
            r#use: create.map(|(_, r#use)| *r#use),
            pepper: texts::label("pepper's fingerprint", pepper)?,
        };
        Ok(Planned { blobs: vec![blob], ..Planned::one(event, what) })
    }

    fn hold_subject(
        &self,
        subject: &SubjectId,
        why: Why<'_>,
        review_by: Option<Wall>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (at, held) = self.standing_of(subject)?;
        if let Some(notice) = held {
            let (since, reason) = (notice.since, notice.reason.clone());
            return Err(Rejected::AlreadyHeld { subject: subject.clone(), since, reason });
        }
        if let Some(at) = review_by.filter(|at| *at <= now) {
            return Err(Rejected::InPast { what: "review date", at, now });
        }
        let notice = why.notice(now, review_by);
        let event = Event::Held {
            subject: subject.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            review_by,
            case: why.case,
        };
        let narrows = Some(Narrowing { subject: at, kind: NarrowKind::Hold, notice });
        let (reach, command) = match subject {
            SubjectId::Partner(_) => (" and all its keys", "partner restore"),
            SubjectId::Client(_) => (" and all its keys", "client restore"),
            SubjectId::Key(_) => ("", "key restore"),
        };
        let undo = Some(undo(command, subject.as_str()));
        let what = format!("{subject}{reach} on hold: refused from the next call on");
        Ok(Planned { narrows, undo, ..Planned::one(event, what) })
    }

    fn restore(&self, subject: &SubjectId, why: Why<'_>) -> Result<Planned, Rejected> {
        let (at, held) = self.standing_of(subject)?;
        if held.is_none() {
            return Err(Rejected::NotHeld(subject.clone()));
        }
        let event = Event::Restored {
            subject: subject.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            case: why.case,
        };
        let what = match self.still_held_by(at) {
            Some(wider) => format!("{subject} restored, and still refused: {wider} is on hold"),
            None => format!("{subject} restored: the hold is lifted"),
        };
        let command = match subject {
            SubjectId::Partner(_) => "partner hold",
            SubjectId::Client(_) => "client hold",
            SubjectId::Key(_) => "key hold",
        };
        let undo = Some(undo(command, subject.as_str()));
        Ok(Planned { widens: Some(at), undo, ..Planned::one(event, what) })
    }

    fn revoke(&self, id: &KeyId, why: Why<'_>, now: Wall) -> Result<Planned, Rejected> {
        let (at, key) = self.known_key(id)?;
        if key.credential == Credential::Revoked {
            let since = key.ended.as_ref().map_or(key.issued, |notice| notice.since);
            let reason =
                key.ended.as_ref().map_or_else(|| why.reason.clone(), |n| n.reason.clone());
            return Err(Rejected::AlreadyRevoked { key: id.clone(), since, reason });
        }
        let narrows = Some(Narrowing {
            subject: SubjectIx::Key(at),
            kind: NarrowKind::Revoke,
            notice: why.notice(now, None),
        });
        let event = Event::KeyRevoked {
            key: id.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            case: why.case,
        };
        let what = format!("key `{id}` revoked for ever: refused from the next call on");
        Ok(Planned { narrows, ..Planned::one(event, what) })
    }

    fn publish_policy(&self, files: &[(String, Arc<str>)]) -> Result<Planned, Rejected> {
        if files.is_empty() {
            return Err(Rejected::PolicyEmpty);
        }
        let mut listed: Vec<PublishedFile> = Vec::new();
        let mut blobs: Vec<Blob> = Vec::new();
        for (name, text) in files {
            file_name(name)?;
            let blob = Blob::new(text.as_bytes().to_vec());
            listed.push(PublishedFile { name: name.clone(), sha256: blob.sha256.clone() });
            blobs.push(blob);
        }
        listed.sort();
        let twice = listed.iter().zip(listed.iter().skip(1)).find(|(a, b)| a.name == b.name);
        if let Some((file, _)) = twice {
            let (name, fault) = (file.name.clone(), "comes twice");
            return Err(Rejected::PolicyFileName { name, fault });
        }
        if let Some(old) = self.now.policy().filter(|old| old.files == listed) {
            let what = format!("this set is in force already, since event {}", old.revision.0);
            return Ok(Planned::nothing(&what));
        }
        blobs.sort_by(|a, b| a.sha256.cmp(&b.sha256));
        blobs.dedup_by(|a, b| a.sha256 == b.sha256);
        let set = set_name(&listed);
        let what = format!("policy set {set} of {} files in force", listed.len());
        Ok(Planned { blobs, ..Planned::one(Event::PolicyPublished { files: listed, set }, what) })
    }

    /// Where a subject is, and the hold on it; a revoked key has no standing to change.
    fn standing_of(&self, subject: &SubjectId) -> Result<(SubjectIx, Option<&Notice>), Rejected> {
        Ok(match subject {
            SubjectId::Partner(id) => {
                let (at, record) = self.known_partner(id)?;
                (SubjectIx::Partner(at), record.hold.as_deref())
            }
            SubjectId::Client(id) => {
                let at = self.now.client_ix(id);
                let found = at.and_then(|at| Some((at, self.now.client(at)?)));
                let (at, record) = found.ok_or_else(|| {
                    let names = self.now.clients().map(|(_, record)| record.id.as_str());
                    let near = nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned);
                    Rejected::UnknownClient { id: id.clone(), near }
                })?;
                (SubjectIx::Client(at), record.hold.as_deref())
            }
            SubjectId::Key(id) => {
                let (at, record) = self.known_key(id)?;
                if record.credential == Credential::Revoked {
                    let since = record.ended.as_ref().map_or(record.issued, |notice| notice.since);
                    return Err(Rejected::RevokedNeverReturns { key: id.clone(), since });
                }
                (SubjectIx::Key(at), record.hold.as_deref())
            }
        })
    }

    /// A wider hold that keeps a subject refused although its own is lifted.
    fn still_held_by(&self, at: SubjectIx) -> Option<SubjectId> {
        let (partner, client) = match at {
            SubjectIx::Partner(_) => return None,
            SubjectIx::Client(at) => (self.now.client(at)?.partner, None),
            SubjectIx::Key(at) => (self.now.key(at)?.partner, self.now.key(at)?.client),
        };
        let partner = self.now.partner(partner)?;
        if partner.hold.is_some() {
            return Some(SubjectId::Partner(partner.id.clone()));
        }
        let client = self.now.client(client?)?;
        client.hold.is_some().then(|| SubjectId::Client(client.id.clone()))
    }

    fn known_partner(&self, id: &PartnerId) -> Result<(PartnerIx, &PartnerRecord), Rejected> {
        let found = self.now.partner_ix(id).and_then(|at| Some((at, self.now.partner(at)?)));
        found
            .ok_or_else(|| Rejected::UnknownPartner { id: id.clone(), near: self.near_partner(id) })
    }

    fn near_partner(&self, id: &PartnerId) -> Option<String> {
        let names = self.now.partners().map(|(_, record)| record.id.as_str());
        nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned)
    }

    fn known_key(&self, id: &KeyId) -> Result<(KeyIx, &KeyRecord), Rejected> {
        let found = self.now.key_ix(id).and_then(|at| Some((at, self.now.key(at)?)));
        found.ok_or_else(|| {
            let names = self.now.keys().map(|(_, record)| record.id.as_str());
            let near = nearest(id.as_str(), names.take(NEAR_NAMES_MAX)).map(str::to_owned);
            Rejected::UnknownKey { id: id.clone(), near }
        })
    }
}

/// Reason, text and case, checked.
struct Why<'a> {
    reason: &'a ReasonCode,
    tell: String,
    case: Option<String>,
}

impl<'a> Why<'a> {
    fn new(reason: &'a ReasonCode, tell: &str, case: Option<&str>) -> Result<Self, Rejected> {
        reasons::check(reason)?;
        let case = case.map(|case| texts::label("case", case)).transpose()?;
        Ok(Self { reason, tell: texts::tell(tell)?, case: case.filter(|case| !case.is_empty()) })
    }

    fn notice(&self, since: Wall, review_by: Option<Wall>) -> Arc<Notice> {
        let tell = Arc::from(self.tell.as_str());
        Arc::new(Notice { since, reason: self.reason.clone(), tell, revision: None, review_by })
    }
}

impl Planned {
    fn one(event: Event, what: String) -> Self {
        Self { events: vec![event], what, ..Self::nothing("") }
    }

    fn nothing(what: &str) -> Self {
        Self {
            events: Vec::new(),
            blobs: Vec::new(),
            narrows: None,
            widens: None,
            what: what.to_owned(),
            undo: None,
            created: Vec::new(),
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

fn rotation(what: RotatedSecret, fingerprint: &str) -> Result<Planned, Rejected> {
    if what == RotatedSecret::LogKey {
        return Err(Rejected::LogKeyRotatesAtStart);
    }
    let fingerprint = texts::label("fingerprint", fingerprint)?;
    let name = match what {
        RotatedSecret::Pepper => "pepper",
        RotatedSecret::LogKey => "log key",
        RotatedSecret::AdminToken => "admin token",
        RotatedSecret::PlatformCredential => "platform credential",
    };
    let line = format!("rotation of the {name} recorded");
    Ok(Planned::one(Event::SecretRotated { what, fingerprint, log_key: None }, line))
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

fn file_name(name: &str) -> Result<(), Rejected> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let fault = if name.is_empty() || name.len() > 120 {
        "is empty or longer than 120 bytes"
    } else if !name.chars().all(legal) {
        "holds characters other than letters, digits, `.`, `-`, `_`, `/`"
    } else if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        "is not a plain relative path"
    } else {
        return Ok(());
    };
    Err(Rejected::PolicyFileName { name: name.chars().take(120).collect(), fault })
}

/// The name of a set: 16 hex digits over its files, enough to tell sets apart at a glance; what is
/// in force is settled by the files' whole digests.
fn set_name(files: &[PublishedFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.name.as_bytes());
        hash.update(b"\0");
        hash.update(file.sha256.as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize()).chars().take(16).collect()
}

fn fits(event: &Event) -> Result<(), Rejected> {
    let max = portcullis_audit::LEAF_BYTES_MAX - AROUND_BYTES_MAX;
    // Canonical JSON is never longer than this one, which escapes at least as much.
    let bytes = serde_json::to_vec(event).map_or(usize::MAX, |text| text.len());
    if bytes > max { Err(Rejected::EventTooLarge { bytes, max }) } else { Ok(()) }
}

fn undo(command: &str, id: &str) -> String {
    format!("portcullis {command} {id}")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().map_or('?', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
