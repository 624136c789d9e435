//! Rates and costs.
//!
//! Must not know how a rate is counted, only which figures can be.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{ClassIx, RateId};
use portcullis_yaml::{At, Entries, Fault, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::file::RateFile;
use crate::rule::Max;
use crate::tier::Rate;

const RATES_MAX: usize = 64;

impl Compiler<'_> {
    pub(super) fn rates(&mut self, source: &Source, files: &At<Vec<RateFile>>) -> Vec<Rate> {
        self.at_most(source, files, "rates", (files.len(), RATES_MAX));
        let mut seen = BTreeSet::new();
        let mut rates = Vec::new();
        for file in files.iter() {
            if self.full() {
                break;
            }
            if !seen.insert(file.id.as_str()) {
                let message = format!("the rate `{}` is defined twice", cut(&file.id));
                self.faults.push(source.fault(codes::TWICE, &file.id, message));
                continue;
            }
            rates.extend(self.rate(source, file));
        }
        rates
    }

    fn rate(&mut self, source: &Source, file: &RateFile) -> Option<Rate> {
        let (max, figure) = match self.max(source, &file.max) {
            Max::Fixed(max) => (max, None),
            Max::Figure(figure) => (0, Some(figure)),
            Max::ForEach { .. } => {
                let message = "a rate does not grow with anything";
                let fault = source.fault(codes::FIGURE, &file.max, message);
                self.faults.push(fault.with_help("write a limit, or a declared figure"));
                (0, None)
            }
        };
        self.window(source, &file.window);
        let rolling = file.rolling.unwrap_or(false);
        let burst = file.burst.as_ref();
        if let Some(burst) = burst {
            if rolling || figure.is_some() {
                let message = "a rolling or declared rate has no burst of its own";
                let fault = source.fault(codes::BURST, burst, message);
                self.faults.push(fault.with_help("leave `burst` out: all of it may come at once"));
            } else {
                self.faults.extend(burst_fault(source, burst, max));
            }
        }
        let classes = file.classes.as_ref().map(|names| self.classes(source, names));
        let id = match RateId::new(&file.id) {
            Ok(id) => id,
            Err(error) => {
                self.faults.push(source.fault(codes::NAME, &file.id, error.to_string()));
                return None;
            }
        };
        let burst = burst.map_or(max, |burst| **burst);
        let (per, window) = (file.per, *file.window);
        Some(Rate { id, per, max, window, burst, figure, rolling, classes })
    }

    pub(super) fn costs(
        &mut self,
        source: &Source,
        file: &Entries<At<u64>>,
        rates: &[Rate],
    ) -> BTreeMap<ClassIx, u32> {
        let mut costs = BTreeMap::new();
        for (name, cost) in file.iter() {
            if self.full() {
                break;
            }
            let Some(class) = self.catalogue.class(name) else {
                let message = format!("unknown class `{}`", cut(name));
                let known = self.catalogue.classes().map(|class| class.as_str());
                let fault = source.fault(codes::NO_CLASS, name, message).did_you_mean(name, known);
                self.faults.push(fault);
                continue;
            };
            let concerns =
                |rate: &&Rate| rate.classes.as_ref().is_none_or(|classes| classes.contains(class));
            // A rate of zero refuses whatever the cost.
            let tight =
                rates.iter().filter(|rate| rate.burst > 0 && rate.burst < **cost).find(concerns);
            let fault = match (u32::try_from(**cost), tight) {
                (Ok(0), _) => source
                    .fault(codes::COST, cost, "a call can't be free")
                    .with_help("write 1 or more, or leave the class out for 1"),
                (Ok(_), Some(rate)) => {
                    let (id, burst) = (&rate.id, rate.burst);
                    let message = format!("a cost of {} never fits `{id}` (burst {burst})", **cost);
                    source
                        .fault(codes::COST, cost, message)
                        .with_help("lower the cost or raise the burst")
                }
                (Err(_), None) => source.fault(codes::COST, cost, "the cost is too large"),
                (Err(_), Some(_)) => source.fault(codes::COST, cost, "the cost fits no rate"),
                (Ok(units), None) => {
                    costs.insert(class, units);
                    continue;
                }
            };
            self.faults.push(fault);
        }
        costs
    }
}

fn burst_fault(source: &Source, burst: &At<u64>, max: u64) -> Option<Fault> {
    let (message, help) = match burst.value {
        0 if max > 0 => ("a burst of 0 lets no call through", "write `max: 0` if that is meant"),
        n if n > max => ("more at once than in the whole window", "write a burst up to `max`"),
        _ => return None,
    };
    Some(source.fault(codes::BURST, burst, message).with_help(help))
}
