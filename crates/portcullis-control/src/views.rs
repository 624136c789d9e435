//! The state as the admin API shows it.
//!
//! Must not know routes.

mod answer;
mod cases;
mod change;
mod deletions;
mod standing;

use std::sync::Arc;

use portcullis_registry::{
    ClientCategory, ClientRecord, Credential, KeyRecord, PartnerRecord, Snapshot, Standing,
    SubjectIx,
};
use portcullis_types::{Closes, KeyIx, PartnerIx, ScopeName, Wall};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::facts::FactsView;
use crate::api::identity::ProvedBy;
pub(crate) use answer::{AnswerView, AnswerWholeView};
pub(crate) use cases::CaseView;
pub(crate) use change::Change;
use deletions::DeletionFigures;
pub(crate) use standing::{NoticeView, StandingView};
use standing::{PlatformView, state};

/// A part of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    pub(crate) data: Vec<T>,
    /// Send it as `after` for the next part; null at the end.
    pub(crate) next: Option<String>,
}

/// A partner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PartnerView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its tier; null: the one for its use.
    tier: Option<String>,
    /// What the access is for: chooses the tier where none is named.
    r#use: Option<String>,
    /// The same in the partner's words; empty where nobody asked.
    declared_use: String,
    /// The scopes it is narrowed to; null: all of its tier.
    scopes: Option<Vec<String>>,
    /// What it declared.
    facts: FactsView,
    /// `enforce`, or `observe`: judged and recorded, only keys and holds enforced.
    mode: &'static str,
    /// `good`, `warned`, `restricted`, `suspended`, `terminating`, `terminated` or `probation`.
    state: &'static str,
    /// The hold or whatever else takes something away.
    hold: Option<NoticeView>,
    /// What is closed, and which clocks run; null while it is good.
    standing: Option<StandingView>,
    /// What the platform itself answered last when it was told of this partner; absent: nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<PlatformView>,
    /// What it was told to delete, and what it attested; absent in lists, and where it was told nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletions: Option<DeletionFigures>,
    /// When it was declared.
    added: String,
    /// The event that added or last edited it; send it as `If-Match` with an edit.
    revision: u64,
}

impl PartnerView {
    /// `whole`: with every entry of its lists, not with their sizes alone.
    pub(crate) fn new(partner: &PartnerRecord, whole: bool) -> Self {
        Self {
            id: partner.id.to_string(),
            name: partner.name.to_string(),
            tier: partner.tier.as_ref().map(ToString::to_string),
            r#use: partner.facts.purpose.clone(),
            declared_use: partner.declared_use.to_string(),
            scopes: partner.scopes.as_deref().map(words),
            facts: FactsView::new(&partner.facts, whole),
            mode: partner.mode.name(),
            state: state(partner.course.as_deref()),
            standing: partner.course.as_deref().map(StandingView::from),
            hold: partner.narrowed.as_deref().map(NoticeView::from),
            platform: partner.platform.as_deref().map(PlatformView::from),
            deletions: None,
            added: partner.added.rfc3339(),
            revision: partner.revision.0,
        }
    }

    /// The same with what it was told to delete.
    pub(crate) fn with_deletions(self, snapshot: &Snapshot, at: PartnerIx) -> Self {
        Self { deletions: DeletionFigures::of(snapshot, at), ..self }
    }
}

/// A client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ClientView {
    /// Its id.
    id: String,
    /// The partner whose client it is.
    partner: String,
    /// Its name.
    name: String,
    /// What it uses the data for, in the partner's words; empty where nobody asked.
    purpose: String,
    /// What kind of customer it is.
    #[schema(value_type = Option<String>)]
    category: Option<ClientCategory>,
    /// The scopes it is narrowed to; null: all of its partner.
    scopes: Option<Vec<String>>,
    /// What was declared for it beside its partner's facts.
    facts: FactsView,
    /// `good`, `warned`, `restricted`, `suspended`, `terminating`, `terminated` or `probation`.
    state: &'static str,
    /// The hold or whatever else takes something away.
    hold: Option<NoticeView>,
    /// What is closed, and which clocks run; null while it is good.
    standing: Option<StandingView>,
    /// When it was declared.
    added: String,
    /// The event that declared it or last changed it; send it as `If-Match` with its facts.
    revision: u64,
}

impl ClientView {
    /// `whole`: with every entry of its lists, not with their sizes alone.
    pub(crate) fn new(client: &ClientRecord, snapshot: &Snapshot, whole: bool) -> Self {
        Self {
            id: client.id.to_string(),
            partner: snapshot.partner(client.partner).map(|p| p.id.to_string()).unwrap_or_default(),
            name: client.name.to_string(),
            scopes: client.scopes.as_deref().map(words),
            facts: FactsView::new(&client.facts, whole),
            state: state(client.course.as_deref()),
            standing: client.course.as_deref().map(StandingView::from),
            purpose: client.purpose.to_string(),
            category: client.category,
            hold: client.narrowed.as_deref().map(NoticeView::from),
            added: client.added.rfc3339(),
            revision: client.revision.0,
        }
    }
}

/// A key. Nothing here proves anything: the secret is not known to the gate.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// Its public id.
    pub(crate) id: String,
    /// Its partner.
    partner: String,
    /// The client it is bound to.
    client: Option<String>,
    /// The scopes it is narrowed to; null: all of its partner and client.
    scopes: Option<Vec<String>>,
    /// The networks it is accepted from; null: anywhere.
    networks: Option<Vec<String>>,
    /// The certificates of clients of which it takes one; null: none is asked for.
    certificates: Option<Vec<String>>,
    /// What proves its caller in a key's place; null: the key itself does.
    identity: Option<ProvedBy>,
    /// What becomes of a call with it: `pending`, `active`, `rotating` (both it and its successor work),
    /// `suspended`, `narrowed` (a part is closed), `expired`, `revoked` or `compromised`.
    state: &'static str,
    /// Whose standing it is, where the state is `suspended` or `narrowed`: `partner`, `client` or `key`.
    standing_of: Option<String>,
    /// The hold or revocation behind the state.
    notice: Option<NoticeView>,
    /// The word it is told by.
    label: Option<String>,
    /// When it was issued or imported.
    issued: String,
    /// When it begins to work by itself, where it is pending.
    starts: Option<String>,
    /// When it ends by itself.
    expires: Option<String>,
    /// The key that was issued in its place.
    successor: Option<String>,
    /// The fingerprint of the pepper it is known under; while one is rotated, it tells old keys from
    /// new ones.
    pepper: String,
    /// The event that made it.
    revision: u64,
}

impl KeyView {
    pub(crate) fn new(at: KeyIx, key: &KeyRecord, snapshot: &Snapshot, now: Wall) -> Self {
        let (state, standing_of, notice) = match snapshot.standing(at, now) {
            Standing::Good if key.credential == Credential::Rotating => ("rotating", None, None),
            Standing::Good => ("active", None, None),
            Standing::Revoked(notice) => (unknown(key.credential), None, Some(notice)),
            Standing::Expired { .. } => ("expired", None, None),
            Standing::Pending { .. } => ("pending", None, None),
            Standing::Narrowed { by } => {
                let whole = by.iter().find(|(_, notice)| notice.closes == Closes::All);
                let state = if whole.is_some() { "suspended" } else { "narrowed" };
                let widest = whole.or_else(|| by.iter().next());
                let (whose, notice) = widest.map(|(s, n)| (s.to_string(), Arc::clone(n))).unzip();
                (state, whose, notice)
            }
            Standing::Unknown => (unknown(key.credential), None, None),
        };
        let more = key.more.as_deref().cloned().unwrap_or_default();
        let successor = more.successor.and_then(|at| snapshot.key(at));
        let client = key.client.and_then(|at| snapshot.client(at));
        let (networks, certificates) = bound(key);
        Self {
            id: key.id().to_string(),
            partner: snapshot.partner(key.partner).map(|p| p.id.to_string()).unwrap_or_default(),
            client: client.map(|client| client.id.to_string()),
            scopes: key.scopes.and_then(|at| snapshot.scope_list(at)).map(words),
            networks,
            certificates,
            identity: ProvedBy::of(key),
            state,
            standing_of,
            notice: notice.as_deref().map(NoticeView::from),
            label: key.label.as_deref().map(str::to_owned),
            issued: key.issued.rfc3339(),
            starts: more.starts.map(Wall::rfc3339),
            expires: key.expires.map(Wall::rfc3339),
            successor: successor.map(|key| key.id().to_string()),
            pepper: snapshot.pepper(key.pepper).unwrap_or_default().to_owned(),
            revision: key.revision.0,
        }
    }

    pub(crate) fn state(&self) -> &'static str {
        self.state
    }
}

/// The word for how somebody stands.
pub(crate) fn standing_word(snapshot: &Snapshot, at: SubjectIx, now: Wall) -> &'static str {
    match at {
        SubjectIx::Partner(_) | SubjectIx::Client(_) => state(snapshot.course(at)),
        SubjectIx::Key(ix) => {
            snapshot.key(ix).map_or("unknown", |key| KeyView::new(ix, key, snapshot, now).state())
        }
    }
}

/// A key whose partner or client is missing is refused; that is as good as ended.
fn unknown(credential: Credential) -> &'static str {
    match credential {
        Credential::Pending | Credential::Active | Credential::Rotating => "unknown",
        Credential::Expired => "expired",
        Credential::Revoked => "revoked",
        Credential::Compromised => "compromised",
    }
}

/// A count with its word.
pub(crate) fn counted(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The networks and certificates that a key is bound to, in words.
pub(crate) fn bound(key: &KeyRecord) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let Some(binding) = key.binding() else { return (None, None) };
    (listed(&binding.networks), listed(&binding.certificates))
}

fn listed<T: ToString>(all: &[T]) -> Option<Vec<String>> {
    (!all.is_empty()).then(|| all.iter().map(ToString::to_string).collect())
}

fn words(scopes: &[ScopeName]) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}
