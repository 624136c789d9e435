//! Scopes, and what all files share: version, `about`, lists of classes.
//!
//! Must not know tiers.

use portcullis_catalogue::UNCLASSIFIED_IX;
use portcullis_types::{ClassIx, ClassSet, SCOPES_MAX, ScopeIx, ScopeName};
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::file::{ClassesFile, Either, ScopesFile};
use crate::set::Scope;

impl Compiler<'_> {
    pub(super) fn version(&mut self, source: &Source, version: &At<u32>) {
        if version.value != 1 {
            let message = format!("unknown version `{}` of the file format", **version);
            let fault = source.fault(codes::FORMAT, version, message);
            self.faults.push(fault.with_help("write `version: 1`"));
        }
    }

    pub(super) fn scopes(&mut self, source: &Source, file: &ScopesFile) {
        for (at, scope) in file.scopes.iter() {
            if self.full() {
                break;
            }
            let classes = self.classes(source, &scope.classes);
            self.about(source, &scope.about);
            let fault = match ScopeName::new(at) {
                Err(error) => source.fault(codes::NAME, at, error.to_string()),
                Ok(_) if self.set.scope_ix.contains_key(at.as_str()) => {
                    let message = format!("the scope `{}` is defined twice", **at);
                    source.fault(codes::TWICE, at, message).with_help("keep one of them")
                }
                Ok(_) if self.set.scopes.len() >= SCOPES_MAX => {
                    self.dropped.insert(at.value.clone());
                    let message = format!("more than {SCOPES_MAX} scopes");
                    source.fault(codes::TOO_MANY, at, message).with_help("merge some of them")
                }
                Ok(name) => {
                    let ix = ScopeIx(u8::try_from(self.set.scopes.len()).unwrap_or(u8::MAX));
                    self.set.scope_ix.insert(at.value.clone(), ix);
                    let about = scope.about.value.clone();
                    self.set.scopes.push(Scope { name, about, classes });
                    continue;
                }
            };
            self.faults.push(fault);
        }
    }

    pub(super) fn about(&mut self, source: &Source, about: &At<String>) {
        if about.trim().is_empty() {
            let fault = source.fault(codes::NAME, about, "`about` says nothing");
            self.faults.push(fault.with_help("say in a sentence what it is for"));
        }
    }

    /// Classes by name: each known, each once, none of them closed.
    pub(super) fn classes(&mut self, source: &Source, names: &At<Vec<At<String>>>) -> ClassSet {
        if names.is_empty() && !self.dropped.contains("") {
            let fault = source.fault(codes::NOTHING, names, "no class is listed");
            self.faults.push(fault.with_help("list at least one, or remove it"));
        }
        self.class_list(source, names, true)
    }

    /// Classes that are denied, filtered or watched: `any`, or a list, in which the closed class may
    /// stand, too.
    pub(super) fn any_classes(
        &mut self,
        source: &Source,
        file: &At<ClassesFile>,
    ) -> Option<ClassSet> {
        let Either::Compound(names) = &file.value else { return None };
        if names.is_empty() && !self.dropped.contains("") {
            let fault = source.fault(codes::NOTHING, file, "no class is listed");
            self.faults.push(fault.with_help("list at least one, or write `any`"));
        }
        Some(self.class_list(source, names, false))
    }

    fn class_list(&mut self, source: &Source, names: &[At<String>], granting: bool) -> ClassSet {
        let mut set = ClassSet::EMPTY;
        for name in names {
            if self.full() {
                break;
            }
            let fault = match self.catalogue.class(name) {
                None if self.dropped.contains(name.as_str()) => continue,
                None => {
                    let message = format!("unknown class `{}`", cut(name));
                    let known = self.catalogue.classes().skip(1).map(|class| class.as_str());
                    source
                        .fault(codes::NO_CLASS, name, message)
                        .with_help("the route files define the classes")
                        .did_you_mean(name, known)
                }
                Some(UNCLASSIFIED_IX) if granting => source
                    .fault(codes::CLOSED, name, "`unclassified` is never granted")
                    .with_help("classify the operations in the route file first"),
                Some(class) if set.contains(class) => {
                    let message = format!("the class `{}` is listed twice", **name);
                    source.fault(codes::TWICE, name, message).with_help("keep one of them")
                }
                Some(class) => {
                    set.insert(class);
                    continue;
                }
            };
            self.faults.push(fault);
        }
        set
    }

    /// Every class of a set, in order of index.
    pub(super) fn each(&self, set: &ClassSet) -> Vec<ClassIx> {
        let count = u16::try_from(self.catalogue.classes().count()).unwrap_or(u16::MAX);
        (0..count).map(ClassIx).filter(|class| set.contains(*class)).collect()
    }
}
