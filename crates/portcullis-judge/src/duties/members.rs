//! What is asked of the platform for the sake of duties, beside what the call asks for.
//!
//! Must not know what is done with it, beyond that it is taken out again.

use portcullis_request::{Members, with_members};
use portcullis_types::{FieldSet, Refusal};

use super::lower::{BLIND, Call};
use super::record::Record;
use crate::amend;

/// What is asked for.
pub(super) struct Wanted<'a> {
    members: Members,
    of: Vec<(usize, &'a str)>,
}

impl Wanted<'_> {
    /// What is to be taken out of the answer again, with the ask in whose answer it stands.
    pub(super) fn added(&self) -> impl Iterator<Item = (usize, &String)> {
        let added = self.members.added.iter().zip(&self.of);
        added.filter_map(|(path, (ask, _))| Some((*ask, path.as_ref()?)))
    }

    /// The whole text of `fields`.
    pub(super) fn into_fields(self) -> String {
        self.members.fields
    }
}

impl<'a> Call<'a, '_, '_> {
    /// Asks for what the filters read, where the call does not, and for what the ledger would read.
    pub(super) fn members(
        &self,
        needed: Vec<(usize, &'a str)>,
        records: &[Record],
    ) -> Result<Option<Wanted<'a>>, Refusal> {
        let choosable = amend::fields_param(self.operation).is_some();
        let members = self.asked(&needed)?;
        // An answer whose fields can't be chosen is not looked into by chance.
        if members.is_some() && !choosable {
            return Err(Refusal::AnswerWithheld { why: BLIND });
        }
        let more = records.iter().flat_map(Record::wanted).filter(|one| !needed.contains(one));
        let mut more: Vec<(usize, &str)> = more.collect();
        if more.is_empty() || !choosable {
            return Ok(members.map(|members| Wanted { members, of: needed }));
        }
        let with = |more: &[(usize, &'a str)]| -> Vec<(usize, &'a str)> {
            needed.iter().chain(more).copied().collect()
        };
        if self.asked(&with(&more)).is_err() {
            // What can't be asked for beside the rest is only read where it comes by itself.
            more.retain(|one| self.asked(&with(&[*one])).is_ok());
        }
        let of = with(&more);
        Ok(self.asked(&of)?.map(|members| Wanted { members, of }))
    }

    fn asked(&self, wanted: &[(usize, &str)]) -> Result<Option<Members>, Refusal> {
        if wanted.is_empty() {
            return Ok(None);
        }
        match &self.ruling.default_fields {
            Some(cut) => Ok(self.beside(cut, wanted)),
            None => with_members(self.canonical, self.catalogue, self.bounds, wanted),
        }
    }

    /// The same, beside fields that the call did not name itself.
    fn beside(&self, cut: &FieldSet, wanted: &[(usize, &str)]) -> Option<Members> {
        let path = |ix| self.catalogue.field_ref(ix).map(|field| field.path);
        let given: Vec<&str> = cut.iter().filter_map(path).collect();
        let mut all = *cut;
        let mut added = Vec::with_capacity(wanted.len());
        for (ask, wanted) in wanted {
            let gives = self.asks.asks.get(*ask).and_then(|ask| ask.gives);
            if let Some(ix) = gives.and_then(|kind| self.catalogue.field_of(kind, wanted)) {
                all.insert(ix);
            }
            added.push(missing(&given, wanted));
        }
        let fields = amend::text(&all, self.catalogue);
        added.iter().any(Option::is_some).then_some(Members { fields, added })
    }
}

/// What of a path must be added beside fields: the path, or the first object of it that is not there.
fn missing(given: &[&str], wanted: &str) -> Option<String> {
    if given.contains(&wanted) {
        return None;
    }
    let ends = wanted.match_indices('.').map(|(at, _)| at).chain([wanted.len()]);
    let mut prefixes = ends.filter_map(|end| wanted.get(..end));
    let there = |prefix: &&str| {
        let mut inside = given.iter().filter_map(|path| path.strip_prefix(*prefix));
        !inside.any(|rest| rest.starts_with('.'))
    };
    prefixes.find(there).map(str::to_owned)
}
