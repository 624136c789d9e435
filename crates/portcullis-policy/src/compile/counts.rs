//! What limits count beside what a call asks of: cells of a grid, and nodes found in answers.
//!
//! Must not know how anything is counted.

use portcullis_catalogue::{ClassUse, ParamRole};
use portcullis_types::TypeIx;
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::file::{CountWord, LimitFile};
use crate::rule::Limit;

/// Longer sides would leave a handful of cells to an ocean.
const CELL_MAX_M: u32 = 1_000_000;

impl Compiler<'_> {
    pub(super) fn cell(&mut self, source: &Source, file: &LimitFile) -> Option<u32> {
        let fault = match (&file.cell_m, file.count == CountWord::Cells) {
            (None, false) => return None,
            (Some(side), true) if (1..=CELL_MAX_M).contains(&side.value) => return Some(**side),
            (Some(side), true) => {
                let message = format!("no cell has sides of {} m", **side);
                source.fault(codes::BOUND, side, message).with_help("write 1 to 1000000")
            }
            (Some(side), false) => {
                let fault = source.fault(codes::FIGURE, side, "only cells have sides");
                fault.with_help("write `count: cells`, or leave `cell_m` out")
            }
            (None, true) if self.dropped.contains("cell_m") => return None,
            (None, true) => {
                let fault = source.fault(codes::FIGURE, &file.id, "the cells have no size");
                fault.with_help("add `cell_m:` with the metres of a side, such as 1000")
            }
        };
        self.faults.push(fault);
        None
    }

    pub(super) fn returned(&mut self, source: &Source, file: &LimitFile) -> Vec<TypeIx> {
        let Some(names) = &file.returned else { return Vec::new() };
        if file.count != CountWord::Targets {
            let fault = source.fault(codes::FIGURE, names, "only targets are found in answers");
            self.faults.push(fault.with_help("write `count: targets`, or leave `returned` out"));
            return Vec::new();
        }
        self.types(source, names)
    }

    /// A limit counts nothing where no way to ask for the classes of a rule has what it counts.
    pub(super) fn counted(
        &mut self,
        source: &Source,
        at: &At<String>,
        limit: &Limit,
        uses: &[ClassUse],
    ) {
        if uses.is_empty() {
            return;
        }
        let message = if limit.cell_m.is_some() {
            let pointed = |used: &ClassUse| {
                let mut operations = self.catalogue.operations();
                let of = used.operation.and_then(|ix| operations.find(|one| one.ix == ix));
                of.is_some_and(|one| one.params.values().any(|role| *role == ParamRole::Point))
            };
            (!uses.iter().any(pointed)).then_some("nothing that asks for these classes has a point")
        } else if limit.returned.is_empty() {
            None
        } else {
            let asked = |used: &ClassUse| {
                let found = used.gives.map(|gives| limit.names_in(self.catalogue, gives, None));
                used.target.is_some_and(|kind| limit.returned.contains(&kind))
                    || found.is_some_and(|found| !found.is_empty())
            };
            (!uses.iter().any(asked))
                .then_some("neither calls nor answers of these classes name such a node")
        };
        if let Some(message) = message {
            let message = format!("`{}` counts nothing here: {message}", cut(at));
            let fault = source.fault(codes::FIGURE, at, message);
            self.faults.push(fault.with_help("leave the limit out of this rule"));
        }
    }
}
