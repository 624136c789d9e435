//! The shipped example compiles, and its tiers grant what they say and nothing more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use portcullis_catalogue::{Catalogue, Found};
use portcullis_policy::PolicySet;
use portcullis_types::{Ask, Asks, Effect, Method, Refusal, Via};
use portcullis_yaml::{Faults, Source};

macro_rules! shipped {
    ($($path:literal),*) => {
        [$(Source::new($path, include_str!(concat!("../../../policies/plaza/", $path)))),*]
    };
}

fn plaza() -> (Catalogue, PolicySet) {
    let routes = shipped!("routes/plaza.yaml");
    let catalogue = Catalogue::compile(&routes).unwrap_or_else(|all| panic!("{}", Faults(all)));
    let policies = shipped!(
        "policies/partner-standard.yaml",
        "policies/places-declared.yaml",
        "policies/publishing.yaml",
        "policies/scopes.yaml",
        "policies/story-insights.yaml"
    );
    let set = PolicySet::compile(&policies, &catalogue);
    (catalogue, set.unwrap_or_else(|all| panic!("{}", Faults(all))))
}

#[test]
fn the_shipped_example_compiles() {
    let (catalogue, set) = plaza();
    assert_eq!(catalogue.operations().count(), 40);
    let tiers: Vec<&str> = set.tiers().map(|tier| tier.name.as_str()).collect();
    assert_eq!(tiers, ["partner-standard", "places-declared", "publishing", "story-insights"]);
}

#[test]
fn no_tier_grants_what_no_agreement_gives() {
    let (catalogue, set) = plaza();
    for name in catalogue.classes() {
        let class = catalogue.class(name.as_str()).unwrap();
        let closed = ["legacy.", "backchannel."].iter().any(|p| name.as_str().starts_with(p))
            || ["story.by_place", "story.media", "place.search", "unclassified"]
                .contains(&name.as_str());
        if closed {
            for tier in set.tiers() {
                assert!(!tier.classes.contains(class), "{name} in {}", tier.name);
            }
        }
    }
}

/// Decides over the classes, the first as the operation, the others as fields.
fn decide(tier: &str, classes: &[&str]) -> Result<(), String> {
    let (catalogue, set) = plaza();
    let tier = set.tier_at(set.tier(tier).unwrap()).unwrap();
    let Found::Operation { operation, .. } =
        catalogue.find(Method::Get, "/v21.0/17841400000000001/media")
    else {
        panic!("listed")
    };
    let part = |(at, name): (usize, &&str)| Ask {
        class: catalogue.class(name).unwrap(),
        via: if at == 0 { Via::Operation } else { Via::Field((*name).into()) },
    };
    let asks = Asks {
        operation: operation.ix,
        effect: Effect::Read,
        target: None,
        parts: classes.iter().enumerate().map(part).collect(),
    };
    tier.decide(&tier.classes, &asks, &catalogue).map_err(|refusal| match refusal {
        Refusal::ClassNotGranted { class, field } => {
            format!("{class} {}", field.as_deref().unwrap_or("-"))
        }
        other => other.row().code.to_owned(),
    })
}

#[test]
fn a_tier_gives_what_it_names_and_refuses_the_first_part_it_does_not() {
    let check = |tier: &str, classes: &[&str], want: Result<(), &str>| {
        let got = decide(tier, classes);
        assert_eq!(got, want.map_err(str::to_owned), "{tier} {classes:?}");
    };
    let ok = Ok(());
    check("partner-standard", &["media.by_account", "post.basic"], ok);
    check("partner-standard", &["profile.basic", "discovery.by_username", "post.counts"], ok);
    check("partner-standard", &["place.posts", "post.basic"], Err("place.posts -"));
    check("partner-standard", &["profile.basic", "story.basic"], Err("story.basic story.basic"));
    check("partner-standard", &["media.single", "post.place"], Err("post.place post.place"));
    check("story-insights", &["story.by_account", "story.basic", "insight.story"], ok);
    check("story-insights", &["story.by_account", "story.media"], Err("story.media story.media"));
    check("story-insights", &["story.by_place"], Err("story.by_place -"));
    check("places-declared", &["place.single", "place.basic"], ok);
    check("places-declared", &["place.posts", "post.basic"], ok);
    check("places-declared", &["place.search"], Err("place.search -"));
    check("publishing", &["publish.container", "publish.status"], ok);
    check("publishing", &["comment.list"], Err("comment.list -"));
    check("publishing", &["unclassified"], Err("operation_unlisted"));
    check("publishing", &["profile.basic", "unclassified"], Err("field_unclassified"));
    check("publishing", &[], Err("operation_unlisted"));
}
