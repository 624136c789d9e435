//! What is sent of a call that asks for more than is granted, where less will do.

use portcullis_types::Method;

use super::bed::*;
use crate::{Granted, SentTarget};

const RULES: &str = r##"
version: 1
tier: standard
about: For tests
rates: []
allow:
  - { id: names, class: [profile.basic], target: any, fields: [id] }
  - { id: posts, class: [media.list], target: any, rows: 10 }
"##;

#[track_caller]
fn sent(bed: &mut Bed, path: &str) -> String {
    let verdict = bed.judge_on(0, &secret("a1"), path);
    let Ok(Granted::Call(permit)) = verdict.outcome else { panic!("{path}: {verdict:?}") };
    let (outbound, _, _) = permit.into_parts();
    assert_eq!(outbound.method(), Method::Get);
    match outbound.target() {
        SentTarget::AsReceived => "as received".into(),
        SentTarget::Written(text) => text.clone(),
    }
}

#[test]
fn a_call_that_names_no_field_is_sent_with_those_it_may_have() {
    let mut bed = Bed::with(RULES);
    assert_eq!(sent(&mut bed, PROFILE), format!("{PROFILE}?fields=id"));
    assert_eq!(sent(&mut bed, &format!("{PROFILE}?fields=id")), "as received");
    bed.check("a1", &format!("{PROFILE}?fields=id,username"), "field_not_agreed");
}

#[test]
fn a_page_is_cut_down_to_the_size_agreed() {
    let mut bed = Bed::with(RULES);
    assert_eq!(sent(&mut bed, &format!("{MEDIA}?limit=10")), "as received");
    assert_eq!(sent(&mut bed, &format!("{MEDIA}?limit=500")), format!("{MEDIA}?limit=10"));
    assert_eq!(sent(&mut bed, MEDIA), format!("{MEDIA}?limit=10"), "the platform gives 25 unasked");
}
