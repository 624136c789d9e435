//! How much a partner may declare, and how many accounts may authorise it.
//!
//! Must not know what a partner declared.

use portcullis_yaml::{At, Entries, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::file::TierFile;
use crate::rule::{Allow, Each, Extent, ListIx};
use crate::tier::Tier;

/// What stands for accounts that authorised the partner, where a list may be named.
pub(super) const GRANTS: &str = "grants";

impl Compiler<'_> {
    pub(super) fn extents(&mut self, source: &Source, file: &Entries<At<u64>>) -> Vec<Extent> {
        let mut extents = Vec::new();
        for (name, most) in file.iter() {
            if self.full() {
                break;
            }
            let of = self.each_ix(source, name);
            extents.push(Extent { of, most: **most });
        }
        extents
    }

    /// A declared list, or the grants.
    pub(super) fn each_ix(&mut self, source: &Source, name: &At<String>) -> Each {
        if **name == *GRANTS { Each::Grants } else { Each::List(self.list_ix(source, name)) }
    }

    /// Takes over what the parent bounds; a child may only bound it more.
    pub(super) fn inherit_extents(
        &mut self,
        source: &Source,
        file: &TierFile,
        parent: &Tier,
        tier: &mut Tier,
    ) {
        for theirs in &parent.extents {
            let Some(at) = tier.extents.iter().position(|own| own.of == theirs.of) else {
                tier.extents.push(*theirs);
                continue;
            };
            let written = file.lists.iter().nth(at).map(|(_, most)| most);
            let wider = tier.extents.get(at).is_some_and(|own| own.most > theirs.most);
            if let Some(most) = written.filter(|_| wider) {
                let message = format!("`{}` allows {} of them", parent.name, theirs.most);
                let fault = source.fault(codes::WIDER, most, message);
                self.faults.push(fault.with_help("a tier only narrows the one it inherits"));
            }
        }
    }

    /// A bound on what no rule hangs on bounds nothing.
    pub(super) fn unused_lists(&mut self, source: &Source, file: &TierFile, tier: &Tier) {
        if tier.frame || self.full() || !self.dropped.is_empty() {
            return;
        }
        for ((name, _), extent) in file.lists.iter().zip(&tier.extents) {
            let unnamed = extent.of == Each::List(ListIx(u16::MAX));
            let hangs = |rule: &Allow| rule.hangs_on(extent.of, &tier.limits);
            if unnamed || tier.allow.iter().any(hangs) {
                continue;
            }
            let message = format!("no rule depends on `{}`", cut(name));
            let fault = source.fault(codes::UNUSED, name, message);
            let help = "write `target: { declared: LIST }` in the rules for it, or leave it out";
            self.faults.push(fault.with_help(help));
        }
    }
}
