//! What comes of a call, in one line.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use portcullis_catalogue::Catalogue;
use portcullis_policy::{Caller, Passed, PolicySet, RuleIx, Ruling, Tier};
use portcullis_types::{Facts, Refusal, ScopeSet, Wall};

fn catalogue() -> &'static Catalogue {
    static ONE: OnceLock<Catalogue> = OnceLock::new();
    ONE.get_or_init(super::catalogue)
}

const SCOPES: &str = "version: 1\nscopes:\n  media:read: { about: x, classes: [media.by_account, post.basic] }\n  places: { about: x, classes: [place.posts, post.basic, post.counts] }\n";

pub fn set(rules: &str) -> PolicySet {
    let scopes = if rules.contains("scopes:") { "" } else { "scopes: []\n" };
    let tier = format!("version: 1\ntier: t\nabout: x\nrates: []\n{scopes}{rules}");
    super::compile(&[("scopes.yaml", SCOPES), ("t.yaml", &tier)], catalogue())
}

pub const USER: &str = "17841400000000001";
pub const OTHER: &str = "17841400000000002";

/// One line: what was granted by what, and everything that comes with it.
fn line(tier: &Tier, said: &Result<(), Refusal>, ruling: &Ruling) -> String {
    let allow = |ix: usize| tier.allows()[ix].id.to_string();
    let mut parts = Vec::new();
    match said {
        Ok(()) => {
            let by = ruling.passed.iter().map(|passed| match passed {
                Passed::Rule(ix) => allow(ix.at()),
                Passed::Scopes => "scopes".to_owned(),
                Passed::Nothing => "nothing".to_owned(),
            });
            parts.push(format!("by {}", by.collect::<Vec<_>>().join("+")));
            for debit in &ruling.debits {
                let limit = &tier.limits()[debit.limit.at()].id;
                parts.push(format!("{limit}#{}={}/{}", debit.ask, debit.amount, debit.max));
            }
        }
        Err(refusal) => {
            let more = match refusal {
                Refusal::FieldNotAgreed { field, .. } => format!(" {field}"),
                Refusal::TargetNotAgreed { needs, .. } | Refusal::TermsNotMet { needs, .. } => {
                    format!(" ({needs})")
                }
                Refusal::ClassNotGranted { class, field } => {
                    format!(" {class} {}", field.as_deref().unwrap_or("-"))
                }
                Refusal::Denied(denial) => format!(" {}", denial.rules.join(",")),
                Refusal::TooManyIds { max } => format!(" {max}"),
                _ => String::new(),
            };
            let told = match refusal {
                Refusal::FieldNotAgreed { tell: Some(tell), .. }
                | Refusal::TargetNotAgreed { tell: Some(tell), .. }
                | Refusal::TermsNotMet { tell: Some(tell), .. } => format!(" “{tell}”"),
                _ => String::new(),
            };
            parts.push(format!("{}{more}{told}", refusal.row().code));
        }
    }
    if let Some(clamp) = ruling.clamp {
        parts.push(format!("page {clamp}"));
    }
    if let Some(fields) = &ruling.default_fields {
        let names = fields.iter().map(|ix| catalogue().field_ref(ix).unwrap().path);
        parts.push(format!("fields {}", names.collect::<Vec<_>>().join(",")));
    }
    if ruling.filters != 0 {
        parts.push(format!("filters {:b}", ruling.filters));
    }
    for rule in &ruling.shadowed {
        parts.push(match rule {
            RuleIx::Allow(ix) => format!("shadow {}", allow(ix.at())),
            RuleIx::Deny(ix) => format!("shadow {}", tier.denies()[ix.at()].id),
        });
    }
    parts.join(" ")
}

pub fn facts() -> Facts {
    let list = |name: &str, all: &[&str]| {
        (name.to_owned(), all.iter().map(|one| (*one).to_owned()).collect())
    };
    Facts {
        lists: BTreeMap::from([
            list("locations", &["200300014810"]),
            list("brands", &["acme"]),
            list("hashtags", &["17843800000000001"]),
        ]),
        figures: BTreeMap::from([("posts".to_owned(), 7)]),
        ..Facts::default()
    }
}

#[track_caller]
pub fn check_with(set: &PolicySet, scopes: ScopeSet, facts: &Facts, call: &str, want: &str) {
    let tier = set.tiers().next().unwrap();
    let grants = [USER.to_owned()];
    // A Tuesday, half past ten in the morning.
    let now = Wall(1_710_239_400_000);
    let partner = super::Partner { set, facts, grants: &grants, now };
    let granted = set.narrowed(scopes);
    let caller = Caller { granted: &granted, known: &partner, now };
    let mut ruling = Ruling::default();
    let (method, target) = call.split_once(' ').unwrap();
    let said = super::unfold(catalogue(), method, target, None, |asks| {
        tier.judge(asks, &caller, catalogue(), &mut ruling)
    });
    let said = said.and_then(|said| said);
    assert_eq!(line(tier, &said, &ruling), want, "{call}");
}

#[track_caller]
pub fn check(rules: &str, call: &str, want: &str) {
    check_with(&set(rules), ScopeSet::ALL, &facts(), call, want);
}
