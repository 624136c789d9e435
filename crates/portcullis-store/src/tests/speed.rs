//! How long a log of 100,000 events takes to append, to read at a start and to verify.

use std::time::{Duration, Instant};

use portcullis_audit::Kept;
use portcullis_registry::Evidence;

use super::*;

const EVENTS: u64 = 100_000;

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn clock() -> Instant {
    Instant::now()
}

/// Starts and verifications of a store, the quickest of three.
async fn read_again(path: &Path, kept: &str) {
    let (mut starts, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let start = clock();
        let opened = open(path).await.unwrap();
        starts.push(start.elapsed());
        drop(opened);
        let start = clock();
        let kept = vec![Kept::read(kept).unwrap()];
        let found = Store::inspect_against(path, Some(log_key(1).public()), kept).await.unwrap();
        whole.push(start.elapsed());
        assert!(found.is_clean() && found.events == EVENTS, "{found}");
        println!("{found}");
    }
    let quickest = |took: Vec<Duration>| took.into_iter().min().unwrap_or_default();
    println!("start {:?}, whole verification {:?}", quickest(starts), quickest(whole));
}

#[tokio::test]
#[ignore = "takes minutes without optimisation; run it to measure"]
async fn a_hundred_thousand_events_are_appended_read_at_a_start_and_verified() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    let mut took = Vec::new();
    for n in 2..EVENTS {
        let start = clock();
        ask(&office, issue_key("acme", n)).await.unwrap();
        took.push(start.elapsed());
    }
    took.sort_unstable();
    println!("append: p50 {:?}, p99 {:?}", took[took.len() / 2], took[took.len() * 99 / 100]);
    let start = clock();
    let receipt = office.receipt(Revision(50_000)).await.unwrap();
    println!("first receipt: {:?}", start.elapsed());
    let start = clock();
    office.receipt(Revision(50_001)).await.unwrap();
    println!("next receipt: {:?}", start.elapsed());
    office.close().await;
    read_again(&path, &receipt.to_string()).await;
}
