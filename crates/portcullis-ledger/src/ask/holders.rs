//! Who holds a record, or anything of an account or a place: whom a deletion concerns.
//!
//! Must not know what is deleted, nor who is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{LedgerKind, Wall};
use serde::Serialize;

use crate::ask::asked::Asked;
use crate::ask::hits::hits;
use crate::{LedgerError, Library};

/// Who holds one of the things that were asked about.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct Holders {
    /// For each id that anybody holds, in the order in which they were given, whoever does.
    pub held: Vec<HeldBy>,
    /// Days that may have had some, whose key was dropped: days since 1970.
    pub shredded: Vec<u32>,
}

/// A partner that holds something.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct HeldBy {
    /// What it holds, as it was given.
    pub id: String,
    /// The partner.
    pub partner: String,
    /// For which client, where one is known.
    pub client: Option<String>,
    /// The class of the records.
    pub class: String,
    /// Records.
    pub records: u64,
    /// When the first call came.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

/// Which id, for which partner and client, of which class.
type Holding = (u32, Arc<str>, Option<Arc<str>>, Arc<str>);

/// Which partners received these records, or records of these accounts or places, in answers to calls from
/// `since` on and before `until`. Many ids cost hardly more than one;
/// an id that is given twice is answered once.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none. And where more than
/// [`crate::IDS_MAX`] are asked about.
pub fn holders<L: Library>(
    library: &L,
    kind: LedgerKind,
    ids: &[&str],
    since: Wall,
    until: Wall,
) -> Result<Holders, LedgerError> {
    let asked =
        Asked { kind, ids, since, until, partner: None, client: None, with_requests: false };
    let mut found: BTreeMap<Holding, (u64, Wall, Wall)> = BTreeMap::new();
    let shredded = hits(library, &asked, &mut |hit| {
        let (partner, client) = (Arc::clone(hit.partner), hit.client.cloned());
        let key = (hit.which, partner, client, Arc::clone(hit.class));
        let (records, first, last) = found.entry(key).or_insert((0, hit.at, hit.at));
        *records += 1;
        (*first, *last) = ((*first).min(hit.at), (*last).max(hit.at));
    })?;
    let held = found.into_iter().filter_map(|((which, partner, client, class), sums)| {
        let (records, first, last) = sums;
        Some(HeldBy {
            id: (*ids.get(usize::try_from(which).ok()?)?).to_owned(),
            partner: partner.to_string(),
            client: client.map(|client| client.to_string()),
            class: class.to_string(),
            records,
            first,
            last,
        })
    });
    Ok(Holders { held: held.collect(), shredded: shredded.into_iter().collect() })
}
