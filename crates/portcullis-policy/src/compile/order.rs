//! The order in which tiers are compiled: a tier after the one it narrows.
//!
//! Must not know what a tier says.

use std::collections::BTreeMap;

use super::faults::cut;
use super::{Compiler, Read, codes};

/// Generations of tiers.
const DEPTH_MAX: usize = 8;

impl Compiler<'_> {
    /// Positions of the tiers, parents first, otherwise as they came. A tier whose parent is not
    /// known, or is itself, is left out and told.
    pub(super) fn parents_first(&mut self, tiers: &[Read<'_>]) -> Vec<usize> {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, read) in tiers.iter().enumerate() {
            named.entry(read.file.tier.as_str()).or_insert(at);
        }
        let mut order = Vec::with_capacity(tiers.len());
        let mut placed = vec![false; tiers.len()];
        for at in 0..tiers.len() {
            if self.full() {
                break;
            }
            let line = self.line(at, tiers, &named);
            for ancestor in line.into_iter().rev() {
                if let Some(seen) = placed.get_mut(ancestor)
                    && !*seen
                {
                    *seen = true;
                    order.push(ancestor);
                }
            }
        }
        order
    }

    /// A tier and its ancestors, nearest first; empty where one of them is at fault.
    fn line(
        &mut self,
        start: usize,
        tiers: &[Read<'_>],
        named: &BTreeMap<&str, usize>,
    ) -> Vec<usize> {
        let mut line = vec![start];
        let mut here = start;
        while let Some(Read { source, file, .. }) = tiers.get(here)
            && let Some(parent) = &file.inherits
        {
            let fault = match named.get(parent.as_str()) {
                Some(at) if line.contains(at) => {
                    let message = format!("`{}` inherits from itself", cut(&file.tier));
                    source.fault(codes::INHERITS, parent, message).with_help("break the circle")
                }
                Some(_) if line.len() >= DEPTH_MAX => {
                    let message = format!("more than {DEPTH_MAX} generations");
                    source.fault(codes::INHERITS, parent, message)
                }
                Some(at) => {
                    line.push(*at);
                    here = *at;
                    continue;
                }
                // What is wrong with the parent is told already.
                None if self.blind || !self.dropped.is_empty() => return Vec::new(),
                None => source
                    .fault(codes::INHERITS, parent, format!("unknown tier `{}`", cut(parent)))
                    .with_help("name the tier of another file")
                    .did_you_mean(parent, named.keys().copied()),
            };
            // Each faulty line is told once, at the tier it is written in.
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
            return Vec::new();
        }
        line
    }
}
