//! Field sets, and the fields that rules name.
//!
//! Must not know what a rule grants them for.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{ClassSet, FieldSet, TypeIx};
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::fields;
use crate::file::FieldSetsFile;

const SETS_MAX: usize = 256;
/// Fields of one set, sets within it unfolded.
const FIELDS_OF_SET_MAX: usize = 512;

/// A set as it is written.
type Written<'f> = (&'f Source, &'f At<String>, &'f [At<String>]);

impl Compiler<'_> {
    /// Takes in all sets; sets within sets are unfolded, in whatever order they stand.
    pub(super) fn field_sets(&mut self, files: &[(&Source, FieldSetsFile)]) {
        let mut written: BTreeMap<&str, Written<'_>> = BTreeMap::new();
        for (source, file) in files {
            for (at, members) in file.field_sets.iter() {
                if self.full() {
                    return;
                }
                if let Some(fault) = self.set_fault(source, at, &written) {
                    self.faults.push(fault);
                    continue;
                }
                if members.is_empty() && !self.dropped.contains("") {
                    let fault = source.fault(codes::NOTHING, members, "the set has no field");
                    self.faults.push(fault.with_help("list at least one, or remove it"));
                }
                written.insert(at, (source, at, members));
            }
        }
        let mut done: BTreeMap<String, Vec<Box<str>>> = BTreeMap::new();
        for name in written.keys() {
            let mut fields = BTreeSet::new();
            self.unfold(name, &written, &mut Vec::new(), &mut fields);
            done.insert((*name).to_owned(), fields.into_iter().map(Into::into).collect());
        }
        self.set.field_sets = done;
    }

    fn set_fault(
        &self,
        source: &Source,
        at: &At<String>,
        written: &BTreeMap<&str, Written<'_>>,
    ) -> Option<portcullis_yaml::Fault> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let fault = if at.is_empty() || at.len() > 64 || !at.chars().all(legal) {
            let message = format!("`{}` is not the name of a field set", cut(at));
            let fault = source.fault(codes::NAME, at, message);
            fault.with_help("use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`")
        } else if written.contains_key(at.as_str()) {
            let message = format!("the field set `{}` is defined twice", **at);
            source.fault(codes::TWICE, at, message).with_help("keep one of them")
        } else if self.catalogue.fields().any(|field| field.path == at.as_str()) {
            let message = format!("`{}` is the name of a field, too", **at);
            let fault = source.fault(codes::TWICE, at, message);
            fault.with_help("give the set another name, or `fields` could mean either")
        } else if written.len() >= SETS_MAX {
            source.fault(codes::TOO_MANY, at, format!("more than {SETS_MAX} field sets"))
        } else {
            return None;
        };
        Some(fault)
    }

    /// Adds the fields of a set; `open` are the sets it stands in.
    fn unfold<'f>(
        &mut self,
        name: &'f str,
        written: &BTreeMap<&'f str, Written<'f>>,
        open: &mut Vec<&'f str>,
        fields: &mut BTreeSet<&'f str>,
    ) {
        let Some((source, _, members)) = written.get(name) else { return };
        open.push(name);
        for member in *members {
            if self.full() || fields.len() > FIELDS_OF_SET_MAX {
                break;
            }
            let fault = if written.contains_key(member.as_str()) {
                if !open.contains(&member.as_str()) {
                    self.unfold(member, written, open, fields);
                    continue;
                }
                let message = format!("the set `{}` holds itself", cut(member));
                source.fault(codes::INHERITS, member, message).with_help("leave it out")
            } else if self.catalogue.fields().any(|field| field.path == member.as_str()) {
                fields.insert(member);
                continue;
            } else if self.blind || self.dropped.contains(member.as_str()) {
                continue;
            } else {
                let known = self.catalogue.fields().map(|field| field.path);
                let known = known.chain(written.keys().copied());
                let message = format!("unknown field `{}`", cut(member));
                source
                    .fault(codes::NO_FIELD, member, message)
                    .with_help("name a field of the route files, or another set")
                    .did_you_mean(member, known)
            };
            // A set is unfolded wherever it stands; what is wrong with it is told once.
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        open.pop();
    }

    /// The types whose fields the classes give.
    pub(super) fn given_by(&self, classes: &ClassSet) -> Vec<TypeIx> {
        let uses = self.each(classes).into_iter().flat_map(|class| self.catalogue.uses(class));
        let kinds: BTreeSet<TypeIx> = uses.filter_map(|used| used.gives).collect();
        kinds.into_iter().collect()
    }

    /// Every type, for rules that speak of any class.
    pub(super) fn all_types(&self) -> Vec<TypeIx> {
        let kinds: BTreeSet<TypeIx> = self.catalogue.fields().map(|field| field.kind).collect();
        kinds.into_iter().collect()
    }

    /// The fields that a rule names, over the types its classes give.
    pub(super) fn fields(
        &mut self,
        source: &Source,
        names: &[At<String>],
        kinds: &[TypeIx],
    ) -> FieldSet {
        let mut all = FieldSet::EMPTY;
        for name in names {
            if self.full() {
                break;
            }
            if self.blind || self.dropped.contains(name.as_str()) {
                continue;
            }
            let members = self.set.field_sets.get(name.as_str()).cloned();
            let paths = members.as_deref().unwrap_or(&[]);
            let mut missing = None;
            for path in paths {
                let found = fields::named(self.catalogue, kinds, path);
                if found.is_empty() {
                    missing.get_or_insert(path.clone());
                }
                all = all.union(&found);
            }
            let own = fields::named(self.catalogue, kinds, name);
            all = all.union(&own);
            match missing {
                None if members.is_some() || !own.is_empty() => {}
                None => self.no_field(source, name, kinds),
                Some(path) => {
                    let message = format!("`{}` has `{path}`, which nothing here has", cut(name));
                    let fault = source.fault(codes::NO_FIELD, name, message);
                    self.faults.push(fault.with_help(self.kinds_help(kinds)));
                }
            }
        }
        all
    }

    fn no_field(&mut self, source: &Source, name: &At<String>, kinds: &[TypeIx]) {
        let message = format!("nothing of these classes has the field `{}`", cut(name));
        let here = self.catalogue.fields().filter(|field| kinds.contains(&field.kind));
        let known = here.map(|field| field.path);
        let known = known.chain(self.set.field_sets.keys().map(String::as_str));
        let fault = source
            .fault(codes::NO_FIELD, name, message)
            .with_help(self.kinds_help(kinds))
            .did_you_mean(name, known);
        self.faults.push(fault);
    }

    fn kinds_help(&self, kinds: &[TypeIx]) -> String {
        let names = kinds.iter().filter_map(|kind| self.catalogue.node_type(*kind));
        let names: Vec<String> = names.map(|kind| format!("`{}`", kind.name)).collect();
        if names.is_empty() {
            return "the classes give no fields; leave `fields` out".to_owned();
        }
        format!("the classes give fields of {}", names.join(", "))
    }
}
