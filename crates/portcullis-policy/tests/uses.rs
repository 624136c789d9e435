//! Every agreement of the sample platform, as a tier: it compiles, and its tests hold.

use portcullis_policy::{Expect, Passed};
use portcullis_types::ClassIx;

#[test]
fn there_is_a_tier_for_each_of_the_fifteen_uses_and_one_for_the_others() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::compile(&crate::desk::USES, &catalogue);
    let uses = "publishing comment_care brand_analytics creator_marketplace story_insights \
        own_property_monitoring social_wall travel_search newsroom research audience_insights \
        campaign_reports location_marketing market_statistics review_digest";
    for purpose in uses.split_whitespace() {
        let tier = set.tier_at(set.tier_for_use(purpose).unwrap()).unwrap();
        assert_eq!(tier.purpose.as_deref(), Some(purpose));
        assert!(tier.tests().len() >= 4, "{purpose}");
        assert!(tier.rates.iter().any(|rate| rate.rolling && rate.figure.is_some()), "{purpose}");
    }
    let other = set.tier_at(set.tier_for_use("something_else").unwrap()).unwrap();
    assert_eq!(other.name.as_str(), "strictest");
    assert!(other.classes.is_empty());
}

#[test]
fn the_tests_written_in_the_tiers_hold() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::compile(&crate::desk::USES, &catalogue);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for tier in set.tiers() {
        for case in tier.tests() {
            tried += 1;
            let (got, verdict) = crate::desk::run(&set, &catalogue, tier, case);
            let rule =
                verdict.ruling.denied_by.first().map(|name| name.rsplit('/').next().unwrap());
            let ok = match &case.expect {
                Expect::Allow(None) => verdict.said.is_ok(),
                Expect::Allow(Some(rule)) => got == format!("allow {rule}"),
                Expect::Deny(what) => {
                    got == format!("deny {what}")
                        || (got.starts_with("deny") && rule == Some(what.as_str()))
                }
                Expect::Limit(limit) => got == format!("limit {limit}"),
            };
            if !ok {
                let said = verdict.said.as_ref().err().map(portcullis_types::Refusal::detail);
                wrong.push(format!(
                    "{}:{}: {}\n  want {:?}, got {got}\n  {:?} by {:?}\n  debits {:?}",
                    case.file,
                    case.line,
                    case.name,
                    case.expect,
                    said,
                    verdict.ruling.denied_by,
                    verdict.ruling.debits
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 100, "{tried}");
}

#[test]
fn no_use_gives_what_no_agreement_gives() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::compile(&crate::desk::USES, &catalogue);
    let never = [
        "unclassified",
        "story.by_place",
        "story.single",
        "story.media",
        "media.tagged",
        "media.mentioned",
        "profile.home",
        "comment.author",
        "hashtag.recent",
        "legacy.place",
        "legacy.media",
        "backchannel.place",
        "backchannel.media",
        "backchannel.story",
    ];
    for tier in set.tiers() {
        for name in never {
            let class = catalogue.class(name).unwrap_or(ClassIx(u16::MAX));
            assert!(!tier.classes.contains(class), "{} gives {name}", tier.name);
        }
    }
}

#[test]
fn a_page_is_cut_to_what_is_agreed_and_debited_so() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::compile(&crate::desk::USES, &catalogue);
    let tier = set.tier_at(set.tier_for_use("publishing").unwrap()).unwrap();
    let case = tier.tests().iter().find(|case| case.target.ends_with("limit=100")).unwrap();
    let (_, verdict) = crate::desk::run(&set, &catalogue, tier, case);
    assert_eq!(verdict.ruling.clamp, Some(50));
    assert_eq!(verdict.ruling.debits.len(), 1);
    assert_eq!(verdict.ruling.debits[0].amount, 50);
    assert!(matches!(verdict.ruling.passed[0], Passed::Rule(_)));
}
