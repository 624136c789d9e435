//! In which order a call is refused, and what a caller learns by it.

use std::sync::Arc;

use super::bed::*;

#[test]
fn without_rules_or_state_everything_is_refused() {
    let mut bed = Bed::empty();
    assert!(!bed.judge.ready());
    bed.check("a1", PROFILE, "not_ready");
    bed.judge.set_rules(Arc::new(compile(TIER, portcullis_types::Revision(0))));
    bed.check("a1", PROFILE, "not_ready");
    bed.rules(TIER);
    assert!(bed.judge.ready());
    bed.check("a1", PROFILE, "key_unknown");
}

#[test]
fn who_has_no_valid_key_learns_nothing_about_paths() {
    let mut bed = Bed::with(TIER);
    for path in [PROFILE, NOWHERE, "/v1.0/x", PLACE] {
        assert_eq!(code(&bed.judge_on(0, "", path)), "key_missing", "{path}");
        assert_eq!(code(&bed.judge_on(0, "guessed", path)), "key_unknown", "{path}");
    }
    bed.check("a1", NOWHERE, "operation_unlisted");
    bed.check("a1", "/v1.0/x", "version_unknown");
    bed.check("a1", PLACE, "class_not_granted");
    bed.check("a1", PROFILE, "permitted");
}

#[test]
fn who_has_no_valid_key_leaves_no_name_in_the_trace() {
    let mut bed = Bed::with(TIER);
    let trace = bed.judge_on(0, "guessed", PROFILE).trace;
    assert!(trace.partner.is_none() && trace.key.is_none() && trace.operation.is_none());
    assert_eq!(trace.rule.as_deref(), Some("key"));
}

#[test]
fn a_hold_is_told_before_the_path_is_looked_at() {
    let mut bed = Bed::with(TIER);
    bed.command(hold(key("a1")));
    bed.check("a1", NOWHERE, "key_held");
}

#[test]
fn the_trace_names_who_what_and_which_rule() {
    let mut bed = Bed::with(TIER);
    let trace = bed.judge_on(0, &secret("a2"), MEDIA).trace;
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
    let line =
        [&trace.partner, &trace.operation_name, &trace.class, &trace.rule].map(text).join(" ");
    assert_eq!(line, "acme listMedia media.list standard");
    assert_eq!(trace.key_id.as_ref().map(ToString::to_string).as_deref(), Some("a2"));
    assert_eq!(trace.state_revision.map(|r| r.0), Some(6));
    assert_eq!(trace.policy_revision.map(|r| r.0), Some(0));

    let trace = bed.judge_on(0, &secret("a2"), PLACE).trace;
    assert_eq!(text(&trace.rule), "standard/scopes");
    assert_eq!(text(&trace.class), "place.posts");
    bed.command(hold(partner("acme")));
    let trace = bed.judge_on(0, &secret("a2"), PLACE).trace;
    assert_eq!(text(&trace.rule), "standing");
    assert_eq!(text(&trace.partner), "acme");
}

#[test]
fn links_are_rewritten_where_the_operation_has_them() {
    let mut bed = Bed::with(TIER);
    let mut links =
        |path| bed.judge_on(0, &secret("a1"), path).outcome.unwrap().call().unwrap().links;
    assert!(links(MEDIA) && !links(PROFILE));
}

#[test]
fn rules_come_into_force_with_the_snapshot_that_names_them() {
    let mut bed = Bed::with(TIER);
    let narrow = TIER.replace(", media:read", "");
    bed.judge.set_rules(Arc::new(compile(&narrow, portcullis_types::Revision(7))));
    bed.check("a1", MEDIA, "permitted");
    bed.rules(&narrow);
    bed.check("a1", MEDIA, "class_not_granted");
    assert_eq!(bed.judge_on(0, &secret("a1"), MEDIA).trace.policy_revision.map(|r| r.0), Some(7));
}
