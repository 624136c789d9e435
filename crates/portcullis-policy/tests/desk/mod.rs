//! A desk to try calls at: Plaza's routes, its shipped tiers, and a partner made of a case.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, each of which uses a part"
)]

pub mod table;

use std::collections::BTreeMap;

use portcullis_catalogue::Catalogue;
use portcullis_policy::{
    AgeOf, Caller, Case, FigureIx, Known, ListIx, Passed, PolicySet, Ruling, Tier,
};
use portcullis_request::{Arrival, Bounds, Texts, ask, canonicalise};
use portcullis_types::asked::{Asks, Target};
use portcullis_types::{Facts, Refusal, ScopeSet, Wall};
use portcullis_yaml::{Faults, Source};

pub const ROUTES: &str = include_str!("../../../../policies/plaza/routes/plaza.yaml");

macro_rules! uses {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../policies/plaza/policies/", $name)))),*]
    };
}

pub const USES: [(&str, &str); 19] = uses![
    "audience-insights.yaml",
    "base.yaml",
    "brand-analytics.yaml",
    "campaign-reports.yaml",
    "comment-care.yaml",
    "creator-marketplace.yaml",
    "field-sets.yaml",
    "location-marketing.yaml",
    "market-statistics.yaml",
    "newsroom.yaml",
    "own-property-monitoring.yaml",
    "publishing.yaml",
    "research.yaml",
    "review-digest.yaml",
    "scopes.yaml",
    "social-wall.yaml",
    "story-insights.yaml",
    "strictest.yaml",
    "travel-search.yaml",
];

pub fn catalogue() -> Catalogue {
    let routes = [Source::new("plaza.yaml", ROUTES)];
    Catalogue::compile(&routes).unwrap_or_else(|all| panic!("{}", Faults(all)))
}

pub fn compile(files: &[(&str, &str)], catalogue: &Catalogue) -> PolicySet {
    let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    PolicySet::compile(&sources, catalogue).unwrap_or_else(|all| panic!("{}", Faults(all)))
}

/// A partner: what it declared, and who authorised it.
pub struct Partner<'a> {
    pub set: &'a PolicySet,
    pub facts: &'a Facts,
    pub grants: &'a [String],
    pub now: Wall,
}

impl Partner<'_> {
    fn list(&self, ix: ListIx) -> &[String] {
        let name = self.set.lists().nth(ix.at()).unwrap();
        self.facts.lists.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Known for Partner<'_> {
    fn declared(&self, list: ListIx, target: &Target<'_>) -> bool {
        match target {
            Target::Node(_, text) | Target::Named(_, text) => {
                self.list(list).iter().any(|one| one == text)
            }
            Target::None | Target::Found(..) => false,
        }
    }
    fn is_granted(&self, target: &Target<'_>) -> bool {
        match target {
            Target::Node(_, "me") => !self.grants.is_empty(),
            Target::Node(_, id) => self.grants.iter().any(|one| one == id),
            Target::None | Target::Named(..) | Target::Found(..) => false,
        }
    }
    fn count(&self, list: ListIx) -> u64 {
        self.list(list).len() as u64
    }
    fn grants(&self) -> u64 {
        self.grants.len() as u64
    }
    fn figure(&self, name: FigureIx) -> Option<u64> {
        let name = self.set.figures().nth(name.at()).unwrap();
        self.facts.figures.get(name).copied()
    }
    fn since(&self, of: AgeOf) -> Option<Wall> {
        let days = if of == AgeOf::Partner { 40 } else { 2 };
        Some(Wall(self.now.0.saturating_sub(days * 86_400_000)))
    }
    fn review_lapsed(&self) -> Option<Wall> {
        self.facts.review_by.filter(|by| *by <= self.now)
    }
}

/// A call as it is unfolded, given to `then`.
pub fn unfold<R>(
    catalogue: &Catalogue,
    method: &str,
    target: &str,
    body: Option<&str>,
    then: impl FnOnce(&Asks<'_>) -> R,
) -> Result<R, Refusal> {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
    let bounds = Bounds::default();
    let arrival = Arrival {
        method,
        path,
        query,
        content_type: body.map(|_| &b"application/x-www-form-urlencoded"[..]),
        body: body.unwrap_or_default().as_bytes(),
        has_body: body.is_some(),
        header_keys: &[],
    };
    let canonical = canonicalise(&arrival, catalogue, &bounds)?;
    let texts = Texts::default();
    let asks = ask(&canonical, catalogue, &bounds, &texts)?;
    Ok(then(&asks))
}

/// What a tier says of a call.
pub struct Verdict {
    pub said: Result<(), Refusal>,
    pub ruling: Ruling,
}

impl Verdict {
    /// In the words of `expect:`.
    pub fn words(&self, tier: &Tier, used: &BTreeMap<String, u64>) -> String {
        if let Err(refusal) = &self.said {
            return format!("deny {}", refusal.row().code);
        }
        for debit in &self.ruling.debits {
            let limit = &tier.limits()[debit.limit.at()];
            let before = used.get(limit.id.as_str()).copied().unwrap_or(0);
            if before + u64::from(debit.amount) > debit.max {
                return format!("limit {}", limit.id);
            }
        }
        match self.ruling.passed[0] {
            Passed::Rule(ix) => format!("allow {}", tier.allows()[ix.at()].id),
            Passed::Scopes | Passed::Nothing => "allow".to_owned(),
        }
    }
}

/// What a tier says of a case.
pub fn run(set: &PolicySet, catalogue: &Catalogue, tier: &Tier, case: &Case) -> (String, Verdict) {
    let now = case.at.unwrap_or_default();
    let partner = Partner { set, facts: &case.facts, grants: &case.grants, now };
    let granted = set.narrowed(ScopeSet::ALL);
    let caller = Caller { granted: &granted, known: &partner, now };
    let mut ruling = Ruling::default();
    let said = unfold(catalogue, &case.method, &case.target, case.body.as_deref(), |asks| {
        tier.judge(asks, &caller, catalogue, &mut ruling)
    });
    let verdict = Verdict { said: said.and_then(|said| said), ruling };
    (verdict.words(tier, &case.used), verdict)
}
