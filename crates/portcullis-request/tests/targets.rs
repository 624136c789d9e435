//! An id beside the one in the path is the same or refused, wherever and however it is sent.

use crate::common::{Call, POST, USER};
use proptest::prelude::*;
use proptest::sample::select;

const DIFFERS: &str = "a parameter that repeats the id in the path has another value";

fn node(id: &str) -> Call {
    Call::post(&format!("/v21.0/{id}"))
}

#[track_caller]
fn same(call: Call) {
    let asked = call.asked();
    assert!(asked.starts_with("updateNode"), "{call:?}: {asked}");
}

#[track_caller]
fn refused(call: Call) {
    let asked = call.asked();
    assert!(asked.contains(DIFFERS), "{call:?}: {asked}");
}

#[test]
fn the_id_of_the_path_may_be_said_once_more() {
    same(node(POST));
    same(node(POST).form(&format!("id={POST}&hide=true")));
    same(node(POST).json(&format!("{{\"id\":\"{POST}\",\"hide\":true}}")));
    same(node(&format!("{POST}?id={POST}")));
    same(node("me").form("id=me"));
    same(node(&format!("{POST}/")).form(&format!("id={POST}")));
    same(node(POST).form(&format!("id=%31{}", POST.strip_prefix('1').unwrap())));
}

#[test]
fn another_id_is_refused_even_where_it_may_mean_the_same() {
    refused(node(POST).form(&format!("id={USER}")));
    refused(node(&format!("{POST}?id={USER}")));
    refused(node(USER).form("id=me"));
    refused(node("me").form(&format!("id={USER}")));
    for odd in ["", "0", "%20", "Me", "%2B1", "1.0", "me,me"] {
        refused(node("me").form(&format!("id={odd}")));
    }
    refused(node(POST).form(&format!("id={POST}%20")));
    refused(node(POST).form(&format!("id=0{POST}")));
    // A reader that takes numbers for floating ones would round it to another id.
    refused(node(POST).json(&format!("{{\"id\":{POST}}}")));
    refused(node(POST).json(&format!("{{\"id\":[\"{POST}\"]}}")));
    refused(node(POST).json("{\"id\":true}"));
}

#[test]
fn an_operation_that_declares_none_takes_none() {
    let call = Call::post(&format!("/v21.0/{USER}/media")).form(&format!("id={USER}"));
    assert!(call.asked().contains("undeclared"), "{}", call.asked());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_other_text_passes_for_the_id(
        path in select(vec![USER, POST, "me"]),
        other in prop_oneof![
            select(vec![USER, POST, "me"]).prop_map(str::to_owned),
            "[0-9a-z.,]{0,18}",
        ],
        place in 0..3,
    ) {
        let call = match place {
            0 => node(&format!("{path}?id={other}")),
            1 => node(path).form(&format!("id={other}")),
            _ => node(path).json(&format!("{{\"id\":\"{other}\"}}")),
        };
        let asked = call.asked();
        prop_assert_eq!(asked.starts_with("updateNode"), path == other, "{:?}: {}", call, asked);
    }
}
