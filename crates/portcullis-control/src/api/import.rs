//! Keys of another gateway: all or none, every bad entry named, no key ever shown again.
//!
//! Must not know the pepper; keys become digests here and go no further.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{Command, ImportedKey, ImportedState, OfficeError, Rejected, Snapshot};
use portcullis_types::{KeyId, PartnerId, nearest};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Ctx, aside, refused};
use crate::KeyMaker;
use crate::auth::Caller;
use crate::extract::Body;
use crate::names;
use crate::problem::{Document, EntryFault, Problem};
use crate::views::Change;

const KEY_BYTES: std::ops::RangeInclusive<usize> = 8..=512;

/// For so many entries the nearest partner is named.
const NEAREST_FOR_MAX: usize = 100;

/// Keys to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// The keys.
    keys: Vec<Entry>,
    /// Declares partners that are not known yet; they are faults when absent.
    create_partners: Option<CreatePartners>,
}

/// One key of another gateway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The whole key: 8 to 512 visible ASCII characters.
    #[schema(value_type = String)]
    key: Presented,
    /// Its partner.
    partner: String,
    /// `active` (when absent) or `revoked`.
    state: Option<String>,
    /// The line it stands on, for messages; its place in the list when absent.
    line: Option<u64>,
}

/// What partners get that an import declares.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePartners {
    /// A tier of the set in force.
    tier: String,
    /// A use of the closed list.
    r#use: String,
}

struct Presented(Zeroizing<String>);

impl<'de> Deserialize<'de> for Presented {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(redacted)")
    }
}

/// Imports keys of another gateway: one event, all or none
#[utoipa::path(post, path = "/v1/keys/import", tag = "keys", security(("admin_token" = [])),
    request_body = Import,
    responses((status = 201, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn import(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(import): Body<Import>,
) -> Result<Response, Problem> {
    let create_partners = match import.create_partners {
        None => None,
        Some(create) => {
            let tier = names::tier(&create.tier, &*shared.control.checker)?;
            Some((tier, names::use_(&create.r#use)?))
        }
    };
    let create = create_partners.is_some();
    let snapshot = shared.control.office.snapshot();
    let maker = Arc::clone(&shared.control.keys);
    let read = aside(move || read(&import.keys, &snapshot, &*maker, create)).await?;
    let (keys, lines) = read?;
    let pepper = shared.control.keys.pepper();
    let command = Command::ImportKeys { keys, pepper, create_partners };
    let done = shared.control.office.submit(caller.actor(), command).await;
    let change = Change::from(done.map_err(|error| at_line(error, &lines))?);
    Ok(change.answer(StatusCode::CREATED))
}

type Read = (Vec<ImportedKey>, Vec<u64>);

fn read(
    entries: &[Entry],
    snapshot: &Snapshot,
    maker: &dyn KeyMaker,
    create: bool,
) -> Result<Read, Problem> {
    let mut reader = Reader { snapshot, maker, create, seen: HashMap::new(), faults: Vec::new() };
    let mut keys = Vec::with_capacity(entries.len());
    let mut lines = Vec::with_capacity(entries.len());
    for (place, entry) in (1..).zip(entries) {
        let line = entry.line.unwrap_or(place);
        if let Some(key) = reader.entry(line, entry) {
            keys.push(key);
            lines.push(line);
        }
    }
    if reader.faults.is_empty() {
        return Ok((keys, lines));
    }
    Err(faulty(reader.faults))
}

fn faulty(entries: Vec<EntryFault>) -> Problem {
    let count = match entries.len() {
        1 => "1 entry can't be taken".to_owned(),
        n => format!("{n} entries can't be taken"),
    };
    let mut problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "import_faults",
        "Nothing was imported",
        format!("{count}, so nothing was imported: correct or remove them, then import again"),
    );
    problem.entries = entries;
    problem
}

struct Reader<'a> {
    snapshot: &'a Snapshot,
    maker: &'a dyn KeyMaker,
    create: bool,
    /// Digest to the line that had it first.
    seen: HashMap<String, u64>,
    faults: Vec<EntryFault>,
}

impl Reader<'_> {
    /// Notes every fault of an entry, not the first.
    fn entry(&mut self, line: u64, entry: &Entry) -> Option<ImportedKey> {
        let before = self.faults.len();
        let partner = self.partner(line, &entry.partner);
        let state = match entry.state.as_deref() {
            None | Some("active") => ImportedState::Active,
            Some("revoked") => ImportedState::Revoked,
            Some(other) => {
                let near = nearest(other, ["active", "revoked"]);
                let meant = near.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default();
                self.fault(line, format!("the state is neither `active` nor `revoked`{meant}"));
                ImportedState::Active
            }
        };
        let text = entry.key.0.as_str();
        if !KEY_BYTES.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            self.fault(
                line,
                format!(
                    "the key is not {} to {} visible ASCII characters",
                    KEY_BYTES.start(),
                    KEY_BYTES.end()
                ),
            );
            return None;
        }
        let (id, digest) = self.maker.digest(text.as_bytes());
        if let Some(first) = self.seen.get(&digest) {
            let message = format!("the key stands on line {first} already: keep one of them");
            self.fault(line, message);
        } else if let Some(id) = self.known(text, &id) {
            self.fault(line, format!("the key is known already as `{id}`: remove the line"));
        }
        self.seen.entry(digest.clone()).or_insert(line);
        let partner = partner?;
        (self.faults.len() == before).then_some(ImportedKey { id, digest, partner, state })
    }

    /// The id a key goes by already. A key that was made under the pepper before, or issued here,
    /// has another id than an import would give it: taken twice, it would outlive a revocation.
    fn known(&self, key: &str, id: &KeyId) -> Option<KeyId> {
        if self.snapshot.key_ix(id).is_some() {
            return Some(id.clone());
        }
        let at = self.maker.known(key.as_bytes())?;
        Some(self.snapshot.key(at).map_or_else(|| id.clone(), |key| key.id()))
    }

    fn partner(&mut self, line: u64, text: &str) -> Option<PartnerId> {
        let id = match text.parse::<PartnerId>() {
            Ok(id) => id,
            Err(error) => {
                // Columns may be the wrong way round, so that this is the key: don't show it.
                self.fault(line, format!("the partner's id is not one: {}", error.rule));
                return None;
            }
        };
        if self.create || self.snapshot.partner_ix(&id).is_some() {
            return Some(id);
        }
        // Looking for the nearest name is slow: a whole file of unknown partners must not be.
        let searched =
            if self.faults.len() < NEAREST_FOR_MAX { names::NEAREST_AMONG_MAX } else { 0 };
        let known = self.snapshot.partners().map(|(_, partner)| partner.id.as_str()).take(searched);
        let message = match nearest(text, known) {
            Some(near) => format!("there is no such partner; did you mean `{near}`?"),
            None => "there is no such partner: declare it with `portcullis partner add`, or import with `--create-partners`".to_owned(),
        };
        self.fault(line, message);
        None
    }

    fn fault(&mut self, line: u64, message: String) {
        self.faults.push(EntryFault { line, message });
    }
}

/// The registry counts keys; a person counts lines.
fn at_line(error: OfficeError, lines: &[u64]) -> Problem {
    let (index, message) = match &error {
        OfficeError::Rejected(Rejected::ImportKnown { index, id }) => {
            (*index, format!("the key is known already as `{id}`: remove the line"))
        }
        OfficeError::Rejected(Rejected::ImportPartner { index, .. }) => {
            (*index, "there is no such partner".to_owned())
        }
        _ => return refused(error),
    };
    match lines.get(index) {
        Some(line) => faulty(vec![EntryFault { line: *line, message }]),
        None => refused(error),
    }
}
