//! Which of some people are affected: whose records left.
//!
//! The platform says who they are, such as the people of a region. Must not know how records are found.

use portcullis_types::{LedgerKind, Wall};
use serde::Serialize;

use crate::ask::hits::{Asked, hits};
use crate::ask::who::LIST_MAX;
use crate::{LedgerError, Library};

/// Which of some people are affected.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Affected {
    /// By what left to this partner only; none: to any.
    pub partner: Option<String>,
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// How many people were asked about; each once, however often named.
    pub asked: u64,
    /// How many of them are affected.
    pub affected: u64,
    /// Records of them that left.
    pub records: u64,
    /// The people, by id.
    pub people: Vec<Person>,
    /// Whether more are affected than are listed.
    pub more: bool,
    /// Days that may have had some, whose key was dropped: days since 1970.
    pub shredded: Vec<u32>,
}

/// Somebody whose records left.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Person {
    /// The id, as it was given.
    pub id: String,
    /// Records.
    pub records: u64,
    /// When the first call came.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

/// Which of these people had records in answers to calls from `since` on and before `until`.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none.
pub fn affected<L: Library>(
    library: &L,
    partner: Option<&str>,
    people: &[&str],
    since: Wall,
    until: Wall,
) -> Result<Affected, LedgerError> {
    let mut ids = people.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let asked =
        Asked { kind: LedgerKind::Owner, ids: &ids, since, until, partner, with_requests: false };
    let mut found: Vec<(u64, Wall, Wall)> = vec![(0, Wall(u64::MAX), Wall(0)); ids.len()];
    let shredded = hits(library, &asked, &mut |hit| {
        let person = usize::try_from(hit.which).ok().and_then(|at| found.get_mut(at));
        if let Some((records, first, last)) = person {
            *records += 1;
            (*first, *last) = ((*first).min(hit.at), (*last).max(hit.at));
        }
    })?;
    let all = || ids.iter().zip(&found).filter(|(_, (records, _, _))| *records > 0);
    let affected = all().count() as u64;
    let person = |(id, (records, first, last)): (&&str, &(u64, Wall, Wall))| Person {
        id: (*id).to_owned(),
        records: *records,
        first: *first,
        last: *last,
    };
    let listed: Vec<Person> = all().take(LIST_MAX).map(person).collect();
    Ok(Affected {
        partner: partner.map(str::to_owned),
        since,
        until,
        asked: ids.len() as u64,
        affected,
        records: all().map(|(_, (records, _, _))| records).sum(),
        more: affected > listed.len() as u64,
        people: listed,
        shredded: shredded.into_iter().collect(),
    })
}
