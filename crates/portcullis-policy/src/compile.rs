//! Policy files to the compiled set, or to all their faults.
//!
//! Must not know where the files came from.

mod tiers;

use std::collections::BTreeSet;

use portcullis_catalogue::{Catalogue, UNCLASSIFIED_IX};
use portcullis_types::{ClassSet, SCOPES_MAX, ScopeIx, ScopeName};
use portcullis_yaml::{At, Fault, Faults, Partial, Source, read_partly, top_keys};
use serde::de::DeserializeOwned;

use crate::file::{ScopesFile, TierFile};
use crate::set::{PolicySet, Scope};

/// Codes of the faults found here; `policies/README.md` explains each.
mod codes {
    pub(super) const FORMAT: &str = "PC0301";
    pub(super) const WHICH: &str = "PC0302";
    pub(super) const NO_SCOPE: &str = "PC0303";
    pub(super) const NO_CLASS: &str = "PC0304";
    pub(super) const TWICE: &str = "PC0305";
    pub(super) const TOO_MANY: &str = "PC0306";
    pub(super) const WINDOW: &str = "PC0307";
    pub(super) const BURST: &str = "PC0308";
    pub(super) const COST: &str = "PC0309";
    pub(super) const CLOSED: &str = "PC0310";
    pub(super) const NAME: &str = "PC0311";
    pub(super) const NOTHING: &str = "PC0312";
}

/// Keys only a tier has: what tells a tier whose `tier:` is misspelt.
const TIER_KEYS: [&str; 3] = ["rates", "costs", "about"];

struct Compiler<'c> {
    catalogue: &'c Catalogue,
    faults: Vec<Fault>,
    set: PolicySet,
    /// What faulty parts would have named: no second fault for what refers to them.
    dropped: BTreeSet<String>,
    /// A file that may hold scopes is no YAML: which scopes there are is not known.
    blind: bool,
}

impl PolicySet {
    /// Compiles scopes and tiers into one set.
    ///
    /// # Errors
    /// All faults of all files.
    pub fn compile(sources: &[Source], catalogue: &Catalogue) -> Result<Self, Vec<Fault>> {
        let mut compiler = Compiler {
            catalogue,
            faults: Vec::new(),
            set: Self::default(),
            dropped: BTreeSet::new(),
            blind: false,
        };
        let tiers = compiler.read(sources);
        for (source, file) in &tiers {
            compiler.tier(source, file);
        }
        if compiler.set.tiers.is_empty() && compiler.faults.is_empty() {
            let none = Source::new("policies", "");
            let source = sources.first().unwrap_or(&none);
            let fault = source.fault_at(codes::NOTHING, 1, 1, "no tier is defined");
            compiler.faults.push(fault.with_help("add a file with `tier:`"));
        }
        if compiler.faults.is_empty() {
            Ok(compiler.set)
        } else {
            Err(Faults(compiler.faults).in_order().0)
        }
    }
}

impl Compiler<'_> {
    /// Takes in the scopes of all files, and gives the tiers back: they refer to scopes.
    fn read<'s>(&mut self, sources: &'s [Source]) -> Vec<(&'s Source, TierFile)> {
        let mut tiers = Vec::new();
        for source in sources {
            let keys = top_keys(source);
            let has = |name: &str| keys.iter().any(|(key, ..)| key == name);
            if has("tier") || TIER_KEYS.iter().any(|key| has(key)) {
                let file = self.take::<TierFile>(source);
                tiers.extend(file.map(|file| (source, file)));
            } else if has("scopes") || keys.is_empty() {
                match self.take::<ScopesFile>(source) {
                    Some(file) => {
                        self.version(source, &file.version);
                        self.scopes(source, &file);
                    }
                    None => self.blind = true,
                }
            } else {
                let (line, column) =
                    keys.iter().find(|(key, ..)| key != "version").map_or((1, 1), |k| (k.1, k.2));
                let message = "neither a tier nor scopes";
                let fault = source.fault_at(codes::WHICH, line, column, message);
                self.faults.push(fault.with_help("begin with `tier:` or with `scopes:`"));
            }
        }
        tiers
    }

    /// Whether more faults than are listed were found: nobody reads on.
    fn full(&self) -> bool {
        self.faults.len() > Faults::LISTED_MAX
    }

    fn take<T: DeserializeOwned>(&mut self, source: &Source) -> Option<T> {
        let Partial { value, faults, dropped } = read_partly(source);
        self.faults.extend(faults);
        self.dropped.extend(dropped);
        value
    }

    fn version(&mut self, source: &Source, version: &At<u32>) {
        if version.value != 1 {
            let message = format!("unknown version `{}` of the file format", **version);
            let fault = source.fault(codes::FORMAT, version, message);
            self.faults.push(fault.with_help("write `version: 1`"));
        }
    }

    fn scopes(&mut self, source: &Source, file: &ScopesFile) {
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

    fn about(&mut self, source: &Source, about: &At<String>) {
        if about.trim().is_empty() {
            let fault = source.fault(codes::NAME, about, "`about` says nothing");
            self.faults.push(fault.with_help("say in a sentence what it is for"));
        }
    }

    /// Classes by name: each known, each once, none of them closed.
    fn classes(&mut self, source: &Source, names: &At<Vec<At<String>>>) -> ClassSet {
        let mut set = ClassSet::EMPTY;
        if names.is_empty() && !self.dropped.contains("") {
            let fault = source.fault(codes::NOTHING, names, "no class is listed");
            self.faults.push(fault.with_help("list at least one, or remove it"));
        }
        for name in names.iter() {
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
                Some(UNCLASSIFIED_IX) => source
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
}

/// A text fit for a message.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
