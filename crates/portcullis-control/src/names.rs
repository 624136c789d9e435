//! Names in bodies and paths: checked once here, with the nearest known name where one is unknown.
//!
//! Must not know what is done with them.

use std::fmt::Display;
use std::str::FromStr;

use axum::http::StatusCode;
use portcullis_registry::{Snapshot, Use};
use portcullis_types::{Binding, ClassName, IdError, ScopeName, TierName};

use crate::problem::Problem;
use crate::{Checked, Checker};

/// Among so many known names the nearest is looked for.
pub(crate) const NEAREST_AMONG_MAX: usize = 10_000;

/// Any id; a text that can't be one is a 400 that says how ids look.
pub(crate) fn id<T: FromStr<Err = IdError>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: IdError| Problem::unreadable(error.to_string()))
}

/// A tier of the set in force.
pub(crate) fn tier(text: &str, checker: &dyn Checker) -> Result<TierName, Problem> {
    let tiers = checker.tiers();
    if tiers.iter().any(|tier| tier == text) {
        return id(text);
    }
    let list = format!("the tiers in force are {}", listed(&tiers));
    let known = tiers.iter().map(String::as_str);
    Err(Problem::unknown(UNPROCESSABLE, "unknown_tier", "tier", text, known, &list))
}

/// Where a key is accepted from; a text that is no such place is a 400 that says how they are written.
pub(crate) fn binding(networks: &[String], certificates: &[String]) -> Result<Binding, Problem> {
    Ok(Binding { networks: read(networks)?, certificates: read(certificates)? })
}

fn read<T: FromStr<Err: Display>>(texts: &[String]) -> Result<Vec<T>, Problem> {
    let read = |text: &String| {
        text.parse().map_err(|error: T::Err| Problem::unreadable(error.to_string()))
    };
    texts.iter().map(read).collect()
}

/// Scopes of the set in force, each once.
pub(crate) fn scopes(
    texts: Option<&[String]>,
    checker: &dyn Checker,
) -> Result<Option<Vec<ScopeName>>, Problem> {
    let Some(texts) = texts else { return Ok(None) };
    let known = checker.scopes();
    let mut scopes: Vec<ScopeName> = Vec::with_capacity(texts.len());
    for text in texts {
        if !known.contains(text) {
            let list = format!("the scopes in force are {}", listed(&known));
            let known = known.iter().map(String::as_str);
            return Err(Problem::unknown(
                UNPROCESSABLE,
                "unknown_scope",
                "scope",
                text,
                known,
                &list,
            ));
        }
        let scope = id(text)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(Some(scopes))
}

/// Classes of the set in force: a misspelt one would close nothing.
pub(crate) fn classes(texts: &[String], checker: &dyn Checker) -> Result<Vec<ClassName>, Problem> {
    let known = if texts.is_empty() { Vec::new() } else { checker.classes() };
    let class = |text: &String| {
        if known.contains(text) {
            return id(text);
        }
        let list = "the route files name them";
        let names = known.iter().map(String::as_str);
        Err(Problem::unknown(UNPROCESSABLE, "unknown_class", "class", text, names, list))
    };
    texts.iter().map(class).collect()
}

/// A use of the closed list.
pub(crate) fn use_(text: &str) -> Result<Use, Problem> {
    let known = USES.map(use_name);
    match USES.into_iter().zip(&known).find(|(_, name)| *name == text) {
        Some((found, _)) => Ok(found),
        None => {
            let list = format!("the uses are {}", listed(&known));
            let known = known.iter().map(String::as_str);
            Err(Problem::unknown(UNPROCESSABLE, "unknown_use", "use", text, known, &list))
        }
    }
}

/// The name of a use, as it stands in events.
pub(crate) fn use_name(of: Use) -> String {
    of.name().to_owned()
}

/// Partners whose tier a candidate set would no longer define: they would be refused everything.
pub(crate) fn orphans(checked: &Checked, snapshot: &Snapshot) -> Option<Problem> {
    // Who is on the tier for its use is on the strictest where there is none.
    let partners = snapshot.partners();
    let partners = partners.filter_map(|(_, p)| Some((p.id.as_str(), p.tier.as_ref()?.as_str())));
    let lost: Vec<_> =
        partners.filter(|(_, tier)| !checked.tiers.iter().any(|t| t == tier)).collect();
    let (partner, tier) = lost.first()?;
    let mut problem = Problem::new(
        StatusCode::CONFLICT,
        "tier_in_use",
        "A tier that partners are on is missing",
        format!(
            "this set does not define tier `{tier}`, which {} on, `{partner}` first; every call would be refused: move them with `portcullis partner edit ID --tier TIER`, or keep the tier",
            if lost.len() == 1 {
                "1 partner is".to_owned()
            } else {
                format!("{} partners are", lost.len())
            }
        ),
    );
    let known = checked.tiers.iter().map(String::as_str);
    problem.nearest = portcullis_types::nearest(tier, known).map(str::to_owned);
    Some(problem)
}

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

const USES: [Use; 15] = [
    Use::Publishing,
    Use::CommentCare,
    Use::BrandAnalytics,
    Use::CreatorMarketplace,
    Use::StoryInsights,
    Use::OwnPropertyMonitoring,
    Use::SocialWall,
    Use::TravelSearch,
    Use::Newsroom,
    Use::Research,
    Use::AudienceInsights,
    Use::CampaignReports,
    Use::LocationMarketing,
    Use::MarketStatistics,
    Use::ReviewDigest,
];

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none: put a set in force with `portcullis apply` first".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_has_its_name_and_a_misspelt_one_gets_the_nearest() {
        for known in USES {
            assert_eq!(use_(&use_name(known)).unwrap(), known);
        }
        // The last variant that serde lists is the last of ours: none was forgotten.
        let listed = serde_json::from_str::<Use>("\"x\"").unwrap_err().to_string();
        assert_eq!(listed.matches('`').count() / 2 - 1, USES.len(), "{listed}");
        let problem = use_("brand_analitics").unwrap_err();
        assert_eq!(problem.nearest.as_deref(), Some("brand_analytics"));
    }
}
