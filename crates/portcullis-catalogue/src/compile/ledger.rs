//! How much of answers of each class the ledger writes down.
//!
//! Must not know what a ledger is made of.

use portcullis_types::{ClassIx, ClassSet, FieldIx, FieldSet, LedgerLevel};
use portcullis_yaml::{At, Source};

use super::shapes::Numbered;
use super::{Compiler, Read, codes, cut};
use crate::UNCLASSIFIED_IX;
use crate::model::Levels;

/// Ends a pattern that stands for every class that begins so.
const ALL_BELOW: &str = ".*";

impl Compiler {
    pub(super) fn levels(&mut self, files: &[Read<'_>], numbered: &Numbered) -> Levels {
        let mut levels = vec![None; self.classes.len()];
        for Read { source, file } in files {
            let Some(ledger) = &file.ledger else { continue };
            for name in &ledger.digests {
                self.set(source, name, LedgerLevel::Digests, &mut levels);
            }
            for name in &ledger.none {
                self.set(source, name, LedgerLevel::Off, &mut levels);
            }
        }
        let classes: Box<[_]> = levels.into_iter().map(Option::unwrap_or_default).collect();
        let is = |class: &ClassIx| classes.get(class.at()) == Some(&LedgerLevel::Digests);
        let mut digested = FieldSet::EMPTY;
        for (ix, field) in (0..u16::MAX).zip(&numbered.fields) {
            if is(&field.class) || field.through.iter().any(is) {
                digested.insert(FieldIx(ix));
            }
        }
        // Known once operations are.
        Levels { classes, digested, owned: ClassSet::EMPTY }
    }

    /// Sets the level of one class, or of all that a pattern stands for.
    fn set(
        &mut self,
        source: &Source,
        name: &At<String>,
        level: LedgerLevel,
        levels: &mut [Option<LedgerLevel>],
    ) {
        let Some(named) = self.named(source, name) else { return };
        let (mut new, mut other) = (false, false);
        for slot in named.iter().filter_map(|class| Some((levels.get(class.at())?, class.at()))) {
            new |= slot.0.is_none();
            other |= slot.0.is_some_and(|known| known != level);
        }
        let (why, help) = if other {
            ("names a class that the other list names, too", "keep it in one of them")
        } else if !new {
            ("names nothing that was not named before", "name it once")
        } else {
            for class in named {
                if let Some(slot) = levels.get_mut(class.at()) {
                    *slot = Some(level);
                }
            }
            return;
        };
        let message = format!("`{}` in `ledger` {why}", cut(name));
        self.faults.push(source.fault(codes::TWICE, name, message).with_help(help));
    }

    /// The classes that a name or a pattern stands for; a fault where there are none.
    pub(super) fn named(&mut self, source: &Source, name: &At<String>) -> Option<Vec<ClassIx>> {
        let Some(stem) = name.strip_suffix(ALL_BELOW) else {
            let class = self.class(source, name)?;
            if class != UNCLASSIFIED_IX {
                return Some(vec![class]);
            }
            let fault = source.fault(
                codes::NO_CLASS,
                name,
                format!("the class `{}` is closed to everybody", cut(name)),
            );
            self.faults.push(fault.with_help("classify what is to be written down"));
            return None;
        };
        let below =
            |known: &str| known.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'));
        let found = (0..u16::MAX).zip(&self.classes).filter(|(_, class)| below(class.as_str()));
        let found: Vec<ClassIx> = found.map(|(ix, _)| ClassIx(ix)).collect();
        if !found.is_empty() {
            return Some(found);
        }
        if !self.full() && self.dropped.is_empty() {
            let message = format!("no class is below `{}`", cut(stem));
            let fault = source.fault(codes::NO_CLASS, name, message);
            let help = "write a class, or the beginning of some with `.*`, such as `story.*`";
            self.faults.push(fault.with_help(help));
        }
        None
    }
}
