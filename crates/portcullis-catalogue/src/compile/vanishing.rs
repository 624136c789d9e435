//! What vanishes by itself, and how long after.
//!
//! Must not know who is told.

use portcullis_types::{ClassSet, LedgerLevel, Span};
use portcullis_yaml::{At, Source};

use super::{Compiler, Read, codes, cut};
use crate::model::{Levels, Vanishing};

/// Partners are told by day.
const AFTER_MIN: Span = Span::from_seconds(24 * 60 * 60);
const AFTER_MAX: Span = Span::from_seconds(90 * 24 * 60 * 60);

impl Compiler {
    pub(super) fn vanishing(&mut self, files: &[Read<'_>], levels: &Levels) -> Option<Vanishing> {
        let mut all: Option<Vanishing> = None;
        for Read { source, file } in files {
            let Some(written) = &file.vanishing else { continue };
            let known = all
                .get_or_insert(Vanishing { classes: ClassSet::EMPTY, after: written.after.value });
            self.after(source, &written.after, known.after);
            for name in &written.classes {
                self.vanishes(source, name, levels, &mut known.classes);
            }
        }
        all.filter(|all| all.classes != ClassSet::EMPTY)
    }

    fn after(&mut self, source: &Source, after: &At<Span>, known: Span) {
        if !(AFTER_MIN..=AFTER_MAX).contains(&after.value) {
            let message = format!("{} is outside {AFTER_MIN} to {AFTER_MAX}", after.value);
            let fault = source.fault(codes::VANISHING, after, message);
            self.faults.push(fault.with_help("partners are told by day; write for example `24h`"));
        } else if after.value != known {
            let message = format!("another file says `after: {known}`");
            let fault = source.fault(codes::VANISHING, after, message);
            self.faults.push(fault.with_help("all that vanishes has one time; write it once"));
        }
    }

    fn vanishes(
        &mut self,
        source: &Source,
        name: &At<String>,
        levels: &Levels,
        known: &mut ClassSet,
    ) {
        let Some(named) = self.named(source, name) else { return };
        let digested =
            |class| levels.classes.get(usize::from(class)) == Some(&LedgerLevel::Digests);
        if let Some(class) = named.iter().find(|class| !digested(class.0)) {
            let class = self.classes.get(usize::from(class.0)).map_or("", |class| class.as_str());
            let message = format!("`{class}` vanishes, and who received it is not written down");
            let fault = source.fault(codes::VANISHING, name, message);
            self.faults.push(fault.with_help("name it under `digests` in `ledger`, too"));
        } else if named.iter().all(|class| known.contains(*class)) {
            let message = format!("`{}` in `vanishing` names nothing new", cut(name));
            let fault = source.fault(codes::TWICE, name, message);
            self.faults.push(fault.with_help("name it once"));
        }
        named.into_iter().for_each(|class| known.insert(class));
    }
}
