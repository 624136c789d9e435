//! Limits and figures.
//!
//! Must not know how anything is counted, only which figures can be.

use portcullis_types::{Counts, Span};
use portcullis_yaml::{At, Source};

use super::faults::{Names, cut};
use super::{Compiler, codes};
use crate::file::{CountWord, Either, LimitFile, MaxFile};
use crate::rule::{FigureIx, Limit, ListIx, Max, Sharer};

const LIMITS_MAX: usize = 64;
/// Beyond this a unit would refill in less than a nanosecond of the shortest window.
pub(super) const UNITS_MAX: u64 = 1_000_000_000;
const WINDOW_MIN: Span = Span::from_seconds(1);
const WINDOW_MAX: Span = Span::from_seconds(31 * 24 * 3600);
const FACTS_MAX: usize = 256;

impl Compiler<'_> {
    pub(super) fn limits(&mut self, source: &Source, files: &[LimitFile]) -> Vec<Limit> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.id, "limits", (files.len(), LIMITS_MAX));
        }
        let mut names = Names::default();
        let mut limits = Vec::new();
        for file in files.iter().take(LIMITS_MAX) {
            if self.full() {
                break;
            }
            self.window(source, &file.window);
            let max = self.max(source, &file.max);
            let cell_m = self.cell(source, file);
            let returned = self.returned(source, file);
            let Some(id) = self.id(source, &file.id, "limit", &names) else { continue };
            names.put(id.as_str(), limits.len());
            limits.push(Limit {
                id,
                counts: match file.count {
                    CountWord::Targets | CountWord::Cells => Counts::Targets,
                    CountWord::Rows => Counts::Rows,
                    CountWord::Calls => Counts::Calls,
                },
                cell_m,
                returned,
                each_target: file.each.is_some(),
                max,
                window: *file.window,
                per: file.per.unwrap_or(Sharer::Partner),
                shadow: file.shadow.unwrap_or(false),
            });
            if file.each.is_some() && matches!(file.count, CountWord::Targets | CountWord::Cells) {
                let message = "each target is one target";
                let fault = source.fault(codes::FIGURE, &file.id, message);
                self.faults.push(fault.with_help("count `rows` or `calls`, or leave `each` out"));
            }
        }
        limits
    }

    pub(super) fn window(&mut self, source: &Source, window: &At<Span>) {
        if window.value < WINDOW_MIN || window.value > WINDOW_MAX {
            let message = format!("a window of {} is not counted", **window);
            let help = format!("write a window from {WINDOW_MIN} to {WINDOW_MAX}");
            self.faults.push(source.fault(codes::WINDOW, window, message).with_help(help));
        }
    }

    /// A figure: a number, a declared one, or so many for each of something.
    pub(super) fn max(&mut self, source: &Source, file: &At<MaxFile>) -> Max {
        let fields = match &file.value {
            Either::Plain(max) => {
                self.units(source, &file.with(*max));
                return Max::Fixed(*max);
            }
            Either::Compound(fields) => fields,
        };
        match (&fields.figure, &fields.for_each, &fields.times) {
            (Some(name), None, None) => Max::Figure(self.figure_ix(source, name)),
            (None, Some(of), Some(times)) => {
                self.units(source, times);
                let of = self.each_ix(source, of);
                Max::ForEach { of, times: **times }
            }
            _ => {
                let message = "neither a figure nor so many for each";
                let fault = source.fault(codes::FIGURE, file, message);
                let help = "write `{ figure: NAME }` or `{ for_each: grants, times: N }`";
                self.faults.push(fault.with_help(help));
                Max::Fixed(0)
            }
        }
    }

    fn units(&mut self, source: &Source, max: &At<u64>) {
        if max.value > UNITS_MAX {
            let message = format!("`{}` is more than {UNITS_MAX}", **max);
            self.faults.push(source.fault(codes::TOO_MANY, max, message));
        }
    }

    /// The number of a declared list, which is known from here on.
    pub(super) fn list_ix(&mut self, source: &Source, at: &At<String>) -> ListIx {
        if !self.fact(source, at) {
            return ListIx(u16::MAX);
        }
        ListIx(self.intern(source, at, |set| &mut set.lists))
    }

    fn figure_ix(&mut self, source: &Source, at: &At<String>) -> FigureIx {
        if !self.fact(source, at) {
            return FigureIx(u16::MAX);
        }
        FigureIx(self.intern(source, at, |set| &mut set.figures))
    }

    fn intern(
        &mut self,
        source: &Source,
        at: &At<String>,
        names: fn(&mut crate::PolicySet) -> &mut Vec<Box<str>>,
    ) -> u16 {
        let known = names(&mut self.set);
        let place = known.iter().position(|name| **name == **at).unwrap_or(known.len());
        if place == known.len() && place < FACTS_MAX {
            known.push(at.as_str().into());
        }
        if place >= FACTS_MAX {
            let message = format!("`{}`: more than {FACTS_MAX} declared facts", cut(at));
            self.faults.push(source.fault(codes::TOO_MANY, at, message));
        }
        u16::try_from(place).unwrap_or(u16::MAX)
    }
}
