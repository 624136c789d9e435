//! Scopes narrow from tier to partner to client to key, and never widen.

use portcullis_registry::Command;
use portcullis_types::{ClientId, PartnerId, TierName};

use super::bed::*;

#[test]
fn what_no_scope_grants_is_refused_also_inside_fields() {
    let mut bed = Bed::with(TIER);
    bed.check("a1", &format!("{PROFILE}?fields=id,biography"), "permitted");
    bed.rules(&TIER.replace("profile:bio, ", ""));
    bed.check("a1", &format!("{PROFILE}?fields=id,biography"), "class_not_granted");
    bed.check("a1", &format!("{PROFILE}?fields=id"), "permitted");
    bed.check("a1", &format!("{PROFILE}?fields=id,shoe_size"), "field_unclassified");
    bed.check("a1", "/v21.0/100000000001", "node_unclassified");
}

#[test]
fn scopes_narrow_from_partner_to_client_to_key() {
    let mut bed = Bed::with(TIER);
    bed.partner("narrow", names(&["profile:read", "media:read", "places:read"]));
    for (id, scopes) in [("wide-shop", None), ("small-shop", names(&["profile:read"]))] {
        let partner = PartnerId::new("narrow").unwrap();
        let id = ClientId::new(id).unwrap();
        bed.command(Command::AddClient {
            id,
            partner,
            name: "Shop".into(),
            purpose: String::new(),
            category: None,
            scopes,
        });
    }
    bed.issue("n1", "narrow", None, None, None);
    bed.issue("n2", "narrow", None, names(&["media:read"]), None);
    bed.issue("n3", "narrow", Some("small-shop"), None, None);
    bed.issue("n4", "narrow", Some("wide-shop"), None, None);
    bed.issue("n5", "narrow", Some("wide-shop"), names(&["profile:read"]), None);
    let bio = format!("{PROFILE}?fields=biography");
    let table = [
        // key, profile, biography, media, place
        ("a1", [true, true, true, false]),
        ("n1", [true, false, true, false]),
        ("n2", [false, false, true, false]),
        ("n3", [true, false, false, false]),
        ("n4", [true, false, true, false]),
        ("n5", [true, false, false, false]),
    ];
    for (id, expected) in table {
        let got = [PROFILE, &bio, MEDIA, PLACE].map(|path| bed.code(id, path) == "permitted");
        assert_eq!(got, expected, "{id}: profile, biography, media, place");
    }
}

#[test]
fn a_scope_of_the_partner_that_its_tier_does_not_grant_opens_nothing() {
    let mut bed = Bed::with(TIER);
    bed.partner("wishful", names(&["places:read"]));
    bed.issue("w1", "wishful", None, None, None);
    bed.check("w1", PLACE, "class_not_granted");
    bed.check("w1", PROFILE, "class_not_granted");
}

#[test]
fn a_scope_the_set_in_force_does_not_define_grants_nothing() {
    let mut bed = Bed::with(TIER);
    bed.partner("misspelt", names(&["media:raed"]));
    bed.issue("m1", "misspelt", None, None, None);
    bed.check("m1", MEDIA, "class_not_granted");
    bed.check("m1", PROFILE, "class_not_granted");
}

#[test]
fn a_scope_that_shares_a_class_with_another_does_not_lend_it() {
    let mut bed = Bed::with(&TIER.replace("profile:bio, ", ""));
    // Both scopes hold `profile.basic`; the tier has one of them, the key the other.
    bed.issue("k", "acme", None, names(&["profile:bio"]), None);
    bed.check("k", PROFILE, "class_not_granted");
}

#[test]
fn a_partner_whose_tier_is_not_in_force_is_refused_until_it_is() {
    let mut bed = Bed::with(TIER);
    let tier = |name| Command::EditPartner {
        id: PartnerId::new("acme").unwrap(),
        name: None,
        tier: Some(Some(TierName::new(name).unwrap())),
        r#use: None,
        declared_use: None,
        scopes: None,
        facts: None,
    };
    bed.command(tier("gold"));
    bed.check("a1", PROFILE, "tier_unknown");
    bed.check("z1", PROFILE, "permitted");
    bed.rules(&TIER.replace("standard", "gold"));
    bed.check("a1", PROFILE, "permitted");
    bed.check("z1", PROFILE, "tier_unknown");
}

#[test]
fn a_rule_may_ask_for_a_scope_of_the_key_and_for_its_age() {
    let rules = |when: &str| {
        format!(
            "version: 1\ntier: standard\nabout: For tests\nrates: []\nallow:\n  - {{ id: p, class: [profile.basic], target: any, when: {when}, fields: [id] }}\n"
        )
    };
    let scoped = rules("{ scope: [media:read, places:read] }");
    let mut bed = Bed::with(&scoped);
    bed.issue("k1", "acme", None, names(&["profile:read", "media:read"]), None);
    bed.issue("k2", "acme", None, names(&["profile:read"]), None);
    bed.partner("narrow", names(&["profile:read"]));
    bed.issue("n1", "narrow", None, None, None);
    let call = format!("{PROFILE}?fields=id");
    bed.check("a1", &call, "permitted");
    bed.check("k1", &call, "permitted");
    bed.check("k2", &call, "terms_not_met");
    bed.check("n1", &call, "terms_not_met");
    bed.rules(&rules("{ age: { min: 30d } }"));
    bed.check("a1", &call, "terms_not_met");
    bed.seconds_pass(30 * 86_400);
    bed.check("a1", &call, "permitted");
    bed.issue("a9", "acme", None, None, None);
    bed.check("a9", &call, "permitted");
    bed.rules(&rules("{ age: { min: 30d, of: key } }"));
    bed.check("a9", &call, "terms_not_met");
    bed.check("a1", &call, "permitted");
}
