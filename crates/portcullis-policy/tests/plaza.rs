//! The shipped example compiles: all of its files, one tier for each use.

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
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
        "policies/audience-insights.yaml",
        "policies/base.yaml",
        "policies/brand-analytics.yaml",
        "policies/campaign-reports.yaml",
        "policies/comment-care.yaml",
        "policies/creator-marketplace.yaml",
        "policies/field-sets.yaml",
        "policies/location-marketing.yaml",
        "policies/market-statistics.yaml",
        "policies/newsroom.yaml",
        "policies/own-property-monitoring.yaml",
        "policies/publishing.yaml",
        "policies/research.yaml",
        "policies/review-digest.yaml",
        "policies/scopes.yaml",
        "policies/social-wall.yaml",
        "policies/story-insights.yaml",
        "policies/strictest.yaml",
        "policies/travel-search.yaml"
    );
    let set = PolicySet::compile(&policies, &catalogue);
    (catalogue, set.unwrap_or_else(|all| panic!("{}", Faults(all))))
}

#[test]
fn the_shipped_example_compiles() {
    let (catalogue, set) = plaza();
    assert_eq!(catalogue.operations().count(), 40);
    assert_eq!(set.tiers().count(), 17, "fifteen uses, what they have in common, and the others");
    let on_disk =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/plaza/policies"));
    assert_eq!(on_disk.unwrap().count(), 19, "a file that nothing here reads");
}
