//! What a key takes and costs where there are many: bytes, the fold of an import, and the look-up.
//!
//! `cargo bench -p portcullis-benches --bench keys [-- KEYS…]`; without figures ten thousand and a million.
//! Must not measure the store.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench may stop at the first surprise, and prints"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use portcullis_registry::{Actor, ActorKind, Event, Place, State, Use};
use portcullis_types::{Revision, TierName, Wall};

/// As the gate allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keys of one import.
const BATCH: u64 = 500_000;
const PARTNERS: u64 = 1_000;
const LOOKED_UP: u64 = 2_000_000;
/// Keys that fill the memory from which on the gate takes huge pages.
const LARGE: u64 = 4_000_000;

fn main() {
    let wanted: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let wanted = if wanted.is_empty() { vec![10_000, 1_000_000] } else { wanted };
    println!("keys        fold s   B/key   RSS B/key   look-up ns");
    for keys in wanted {
        measure(keys);
    }
}

fn measure(keys: u64) {
    rustix::thread::disable_transparent_huge_pages(keys < LARGE).unwrap();
    let before = resident();
    let (mut state, mut folded) = (State::new(), 0.0);
    let batches = keys.div_ceil(BATCH);
    for batch in 0..batches {
        let (from, to) = (batch * BATCH, keys.min((batch + 1) * BATCH));
        let (event, body) = import(from, to);
        let by = Actor { kind: ActorKind::Local, id: "bench".to_owned() };
        let place = Place { revision: Revision(batch), ts: Wall(0), by: &by, approver: None };
        let began = used();
        state.apply(place, &event, &|_| Some(Arc::clone(&body))).unwrap();
        folded += used() - began;
    }
    let snapshot = state.snapshot();
    give_back();
    let resident = resident().saturating_sub(before);
    let began = used();
    for n in 0..LOOKED_UP {
        let at = snapshot.key_of(&digest(n.wrapping_mul(7_919) % keys)).unwrap();
        black_box(snapshot.standing(at, Wall(0)));
    }
    let each = (used() - began) * 1e9 / LOOKED_UP as f64;
    let per_key = |bytes: usize| bytes as f64 / keys as f64;
    println!(
        "{keys:<11} {folded:<8.2} {:<7.1} {:<11.1} {each:.0}",
        per_key(snapshot.key_bytes()),
        per_key(resident)
    );
}

/// As good as keyed: spread over all places.
fn digest(n: u64) -> [u8; 16] {
    let low = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let high = (n ^ low >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((u128::from(low) << 64) | u128::from(high)).to_be_bytes()
}

fn import(from: u64, to: u64) -> (Event, Arc<[u8]>) {
    let mut body = String::new();
    for n in from..to {
        let digest = u128::from_be_bytes(digest(n));
        let (id, owner) = (digest >> 48, n % PARTNERS);
        writeln!(
            body,
            r#"{{"id":"imp_{id:020x}","digest":"{digest:032x}","partner":"partner-{owner}","state":"active"}}"#
        )
        .unwrap();
    }
    let event = Event::KeysImported {
        blob: "body".to_owned(),
        count: to - from,
        partners_created: 0,
        tier: TierName::new("bench").ok(),
        r#use: Some(Use::Newsroom),
        pepper: "p".to_owned(),
    };
    (event, body.into_bytes().into())
}

/// Seconds of a processor that this thread has had: others on the machine don't count.
fn used() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|text| text.parse::<u64>().ok());
    nanoseconds.unwrap_or_default() as f64 / 1e9
}

/// Has the allocator give back what the lists left, as the gate does: it waits a second before it does,
/// and then for somebody to ask for memory.
fn give_back() {
    std::thread::park_timeout(std::time::Duration::from_millis(1_500));
    drop(black_box(Vec::<u8>::with_capacity(1 << 20)));
}

/// Bytes of this process in memory, as the system says.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kibibytes.unwrap_or_default() * 1024
}
