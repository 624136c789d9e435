//! Tiers: their scopes, rates and costs.
//!
//! Must not know how a rate is counted, only which figures can be.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{ClassIx, RateId, ScopeSet, Span, TierIx, TierName};
use portcullis_yaml::{At, Fault, Source};

use super::{Compiler, codes, cut};
use crate::file::{RateFile, TierFile};
use crate::set::{Rate, Tier};

const TIERS_MAX: usize = 1024;
const RATES_MAX: usize = 64;
/// Beyond this a unit would refill in less than a nanosecond of the shortest window.
const UNITS_MAX: u64 = 1_000_000_000;
const WINDOW_MIN: Span = Span::from_seconds(1);
const WINDOW_MAX: Span = Span::from_seconds(31 * 24 * 3600);

impl Compiler<'_> {
    pub(super) fn tier(&mut self, source: &Source, file: &TierFile) {
        self.version(source, &file.version);
        self.about(source, &file.about);
        let scopes = self.tier_scopes(source, &file.scopes);
        let rates = self.rates(source, &file.rates);
        let costs = self.costs(source, file, &rates);
        let at = &file.tier;
        let fault = match TierName::new(at) {
            Err(error) => source.fault(codes::NAME, at, error.to_string()),
            Ok(_) if self.set.tier_ix.contains_key(at.as_str()) => {
                let message = format!("the tier `{}` is defined twice", **at);
                source.fault(codes::TWICE, at, message).with_help("one file for each tier")
            }
            Ok(_) if self.set.tiers.len() >= TIERS_MAX => {
                source.fault(codes::TOO_MANY, at, format!("more than {TIERS_MAX} tiers"))
            }
            Ok(name) => {
                let ix = TierIx(u16::try_from(self.set.tiers.len()).unwrap_or(u16::MAX));
                self.set.tier_ix.insert(at.value.clone(), ix);
                let classes = self.set.classes_of(scopes);
                let about = file.about.value.clone();
                self.set.tiers.push(Tier { name, about, scopes, classes, rates, costs });
                return;
            }
        };
        self.faults.push(fault);
    }

    fn tier_scopes(&mut self, source: &Source, names: &[At<String>]) -> ScopeSet {
        let mut set = ScopeSet::EMPTY;
        for name in names {
            if self.full() {
                break;
            }
            let fault = match self.set.scope(name) {
                None if self.blind || self.dropped.contains(name.as_str()) => continue,
                None => {
                    let message = format!("unknown scope `{}`", cut(name));
                    let known = self.set.scope_ix.keys().chain(&self.dropped).map(String::as_str);
                    source
                        .fault(codes::NO_SCOPE, name, message)
                        .with_help("define it in a file with `scopes:`")
                        .did_you_mean(name, known)
                }
                Some(scope) if set.contains(scope) => {
                    let message = format!("the scope `{}` is listed twice", **name);
                    source.fault(codes::TWICE, name, message).with_help("keep one of them")
                }
                Some(scope) => {
                    set.insert(scope);
                    continue;
                }
            };
            self.faults.push(fault);
        }
        set
    }

    fn rates(&mut self, source: &Source, files: &At<Vec<RateFile>>) -> Vec<Rate> {
        if files.len() > RATES_MAX {
            let message = format!("{} rates, at most {RATES_MAX} are allowed", files.len());
            self.faults.push(source.fault(codes::TOO_MANY, files, message));
        }
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
        let RateFile { per, max, window, .. } = file;
        if max.value > UNITS_MAX {
            let message = format!("`{}` is more than {UNITS_MAX}", **max);
            self.faults.push(source.fault(codes::TOO_MANY, max, message));
        }
        if window.value < WINDOW_MIN || window.value > WINDOW_MAX {
            let message = format!("a window of {} is not counted", **window);
            let help = format!("write a window from {WINDOW_MIN} to {WINDOW_MAX}");
            self.faults.push(source.fault(codes::WINDOW, window, message).with_help(help));
        }
        let burst = file.burst.as_ref();
        if let Some(burst) = burst {
            self.faults.extend(burst_fault(source, burst, **max));
        }
        let classes = file.classes.as_ref().map(|names| self.classes(source, names));
        let id = match RateId::new(&file.id) {
            Ok(id) => id,
            Err(error) => {
                self.faults.push(source.fault(codes::NAME, &file.id, error.to_string()));
                return None;
            }
        };
        let burst = burst.map_or(**max, |burst| **burst);
        Some(Rate { id, per: *per, max: **max, window: **window, burst, classes })
    }

    fn costs(
        &mut self,
        source: &Source,
        file: &TierFile,
        rates: &[Rate],
    ) -> BTreeMap<ClassIx, u32> {
        let mut costs = BTreeMap::new();
        for (name, cost) in file.costs.iter() {
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
