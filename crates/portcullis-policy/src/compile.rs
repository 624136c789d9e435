//! Policy files to the compiled set, or to all their faults.
//!
//! Must not know where the files came from.

mod cases;
mod counts;
pub(crate) mod cover;
mod extents;
mod faults;
mod filters;
mod hatches;
mod inherit;
mod limits;
mod order;
mod rates;
mod rules;
mod scopes;
mod sets;
mod targets;
mod tiers;
mod watches;
mod whens;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use cedar_policy::Validator;
use portcullis_catalogue::Catalogue;
use portcullis_yaml::{Fault, Faults, Partial, Source, read_partly, top_keys};
use serde::de::DeserializeOwned;

use crate::file::{FieldSetsFile, ScopesFile, TierFile};
use crate::set::PolicySet;

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
    pub(super) const NO_FIELD: &str = "PC0313";
    pub(super) const NO_LIMIT: &str = "PC0314";
    pub(super) const TARGET: &str = "PC0315";
    pub(super) const INHERITS: &str = "PC0316";
    pub(super) const WIDER: &str = "PC0317";
    pub(super) const UNUSED: &str = "PC0318";
    pub(super) const BOTH: &str = "PC0319";
    pub(super) const FIGURE: &str = "PC0320";
    pub(super) const BOUND: &str = "PC0321";
    pub(super) const CASE: &str = "PC0322";
    pub(super) const CONDITION: &str = "PC0323";
}

/// Keys only a tier has: what tells a tier whose `tier:` is misspelt.
const TIER_KEYS: [&str; 5] = ["rates", "costs", "about", "allow", "inherits"];

struct Compiler<'c> {
    catalogue: &'c Catalogue,
    faults: Vec<Fault>,
    set: PolicySet,
    /// What faulty parts would have named: no second fault for what refers to them.
    dropped: BTreeSet<String>,
    /// A file that may hold scopes or sets is no YAML: which there are is not known.
    blind: bool,
    /// Whether the tier at hand was read without a fault: what it lacks may have been left out.
    whole: bool,
    /// What conditions are checked with.
    validator: OnceCell<Result<Validator, String>>,
}

/// A tier's file, read.
struct Read<'s> {
    source: &'s Source,
    file: TierFile,
    whole: bool,
}

impl PolicySet {
    /// Compiles scopes, field sets and tiers into one set.
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
            whole: true,
            validator: OnceCell::new(),
        };
        let tiers = compiler.read(sources);
        for at in compiler.parents_first(&tiers) {
            if let Some(Read { source, file, whole }) = tiers.get(at) {
                compiler.whole = *whole;
                compiler.tier(source, file);
            }
        }
        if compiler.set.tiers.is_empty() && compiler.faults.is_empty() {
            let none = Source::new("policies", "");
            let source = sources.first().unwrap_or(&none);
            let fault = source.fault_at(codes::NOTHING, 1, 1, "no tier is defined");
            compiler.faults.push(fault.with_help("add a file with `tier:`"));
        }
        if compiler.faults.is_empty() {
            Ok(compiler.set.finished())
        } else {
            Err(Faults(compiler.faults).in_order().0)
        }
    }
}

impl Compiler<'_> {
    /// Takes in the scopes and field sets of all files, and gives the tiers back: they refer to
    /// both.
    fn read<'s>(&mut self, sources: &'s [Source]) -> Vec<Read<'s>> {
        let mut tiers = Vec::new();
        let mut sets = Vec::new();
        for source in sources {
            let keys = top_keys(source);
            let has = |name: &str| keys.iter().any(|(key, ..)| key == name);
            if has("tier") || TIER_KEYS.iter().any(|key| has(key)) {
                let before = self.faults.len();
                let file = self.take::<TierFile>(source);
                let whole = before == self.faults.len();
                tiers.extend(file.map(|file| Read { source, file, whole }));
            } else if has("field_sets") {
                match self.take::<FieldSetsFile>(source) {
                    Some(file) => {
                        self.version(source, &file.version);
                        sets.push((source, file));
                    }
                    None => self.blind = true,
                }
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
                let message = "neither a tier, nor scopes, nor field sets";
                let fault = source.fault_at(codes::WHICH, line, column, message);
                let help = "begin with `tier:`, with `scopes:` or with `field_sets:`";
                self.faults.push(fault.with_help(help));
            }
        }
        self.field_sets(&sets);
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
}
