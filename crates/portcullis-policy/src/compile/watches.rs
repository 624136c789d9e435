//! Watches.
//!
//! Must not know how a signal is computed.

use portcullis_types::Span;
use portcullis_yaml::Source;

use super::faults::Names;
use super::rules::{Around, RULES_MAX};
use super::{Compiler, codes};
use crate::file::WatchFile;
use crate::rule::{Action, Signal, Watch};

const COOL_DOWN: Span = Span::from_seconds(24 * 3600);

impl Compiler<'_> {
    pub(super) fn watches(
        &mut self,
        source: &Source,
        files: &[WatchFile],
        around: &Around<'_>,
    ) -> Vec<Watch> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.id, "watches", (files.len(), RULES_MAX));
        }
        let mut names = Names::default();
        let mut watches = Vec::new();
        for file in files.iter().take(RULES_MAX) {
            if self.full() {
                break;
            }
            self.window(source, &file.per);
            if let Some(cool) = &file.cool_down {
                self.window(source, cool);
            }
            self.threshold(source, file);
            let classes = file.class.as_ref().map(|names| self.classes(source, names));
            let tell = self.tell(source, file.tell.as_ref());
            let Some(id) = self.id(source, &file.id, "watch", &names) else { continue };
            names.put(id.as_str(), watches.len());
            watches.push(Watch {
                name: around.name(&id),
                id,
                signal: file.signal,
                classes,
                undeclared_only: file.undeclared_only.unwrap_or(false),
                over: *file.over,
                min: file.min.as_ref().map_or(figures(file.signal).usual, |min| **min),
                per: *file.per,
                then: file.then.value.clone(),
                cool_down: file.cool_down.as_ref().map_or(COOL_DOWN, |cool| **cool),
                tell,
                shadow: file.shadow.unwrap_or(false),
            });
        }
        watches
    }

    fn threshold(&mut self, source: &Source, file: &WatchFile) {
        let Figures { share, most, .. } = figures(file.signal);
        if share && file.over.value >= 100 {
            let message = format!("a share of {} per cent is never exceeded", *file.over);
            let fault = source.fault(codes::BOUND, &file.over, message);
            self.faults.push(fault.with_help("write per cent below 100"));
        }
        if let Some(min) = file.min.as_ref().filter(|min| ***min > most) {
            let message = format!("the signal looks back at {most} at most");
            let fault = source.fault(codes::BOUND, min, message);
            self.faults.push(fault.with_help("write less"));
        }
        if file.then.is_empty() && !self.dropped.contains("") {
            let fault = source.fault(codes::NOTHING, &file.then, "nothing follows");
            self.faults.push(fault.with_help("write `[flag]` if it is only recorded"));
        }
        if file.then.contains(&Action::Hold)
            && file.tell.is_none()
            && !self.dropped.contains("tell")
        {
            let message = "a hold says why, and nothing is written for the partner";
            let fault = source.fault(codes::NOTHING, &file.then, message);
            self.faults.push(fault.with_help("add `tell:` with the text of the notice"));
        }
    }
}

/// What a signal can be measured with.
struct Figures {
    /// Whether it is a share in per cent.
    share: bool,
    /// `min` where none is written.
    usual: u64,
    /// The largest `min`.
    most: u64,
}

const fn figures(signal: Signal) -> Figures {
    let (share, usual, most) = match signal {
        Signal::NotFound => (true, 200, 1024),
        Signal::Grid => (true, 40, 2048),
        Signal::Overlap => (true, 200, 4096),
        Signal::Novelty => (true, 500, 16_384),
        Signal::KeyUnion => (true, 200, 16_384),
        Signal::IdWalk => (false, 16, 1 << 40),
        Signal::Refused | Signal::Distinct | Signal::PageDepth | Signal::StoryPolling => {
            (false, 0, u64::MAX)
        }
    };
    Figures { share, usual, most }
}
