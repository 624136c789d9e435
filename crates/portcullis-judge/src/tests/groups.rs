//! Partners that are linked, and what counts for all of them.

use std::sync::Arc;

use portcullis_registry::Command;
use portcullis_types::{PartnerId, Revision, TierName};

use super::agreements::{OTHER, bed, facts};
use super::bed::*;

#[test]
fn linked_partners_count_together() {
    let mut bed = bed(100);
    bed.declare("acme", facts(&[], 100, Some("one-owner")));
    bed.declare("zenith", facts(&[], 100, Some("one-owner")));
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", OTHER[1], "permitted");
    bed.check("z1", OTHER[1], "permitted");
    bed.check("z1", OTHER[2], "permitted");
    bed.check("z1", OTHER[3], "budget_reached");
    bed.declare("zenith", facts(&[], 100, None));
    bed.check("z1", OTHER[2], "permitted");
}

#[test]
fn partners_of_one_group_on_two_tiers_keep_what_each_tier_counted() {
    let tier = |name: &str, window: &str| {
        format!(
            "version: 1\ntier: {name}\nabout: For tests\nrates: []\nlimits: [{{ id: {name}-linked, count: targets, max: 2, window: {window}, per: group }}]\nallow: [{{ id: places, class: [place.posts], target: any, limits: [{name}-linked] }}]\n"
        )
    };
    let mut bed = Bed::with(&tier("standard", "24h"));
    let rules = compile_all(&[&tier("standard", "24h"), &tier("other", "7d")], Revision(0));
    bed.judge.set_rules(Arc::new(rules));
    bed.command(Command::EditPartner {
        id: PartnerId::new("zenith").unwrap(),
        name: None,
        tier: Some(Some(TierName::new("other").unwrap())),
        r#use: None,
        declared_use: None,
        scopes: None,
        facts: None,
    });
    bed.declare("acme", facts(&[], 100, Some("one-owner")));
    bed.declare("zenith", facts(&[], 100, Some("one-owner")));
    for path in [OTHER[0], OTHER[1]] {
        bed.check("a1", path, "permitted");
        bed.check("z1", path, "permitted");
    }
    bed.check("a1", OTHER[2], "budget_reached");
    bed.check("z1", OTHER[2], "budget_reached");
}
