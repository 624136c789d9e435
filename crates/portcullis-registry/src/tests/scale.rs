//! What a key takes where there are many.

use std::fmt::Write as _;

use super::*;

/// The event that imports keys of so many partners, in the numbers given.
fn import(numbers: std::ops::Range<u64>, partners: u64) -> (Event, Arc<[u8]>) {
    let mut body = String::new();
    for n in numbers.clone() {
        // A keyed digest is as good as random; the id is made of it.
        let digest = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).swap_bytes();
        let owner = n % partners;
        writeln!(
            body,
            r#"{{"id":"imp_{digest:016x}{:04x}","digest":"{digest:016x}{n:016x}","partner":"partner-{owner}","state":"active"}}"#,
            n >> 48,
        )
        .unwrap();
    }
    let event = Event::KeysImported {
        blob: "body".to_owned(),
        count: numbers.end - numbers.start,
        partners_created: 0,
        tier: Some(TierName::new("standard").unwrap()),
        r#use: Some(Use::Newsroom),
        pepper: "p".to_owned(),
    };
    (event, body.into_bytes().into())
}

#[test]
fn an_imported_key_takes_at_most_64_bytes_however_many_there_are() {
    let mut state = State::new();
    let opened = Event::LogOpened { origin: "gate".into(), log_key: "key".into() };
    state.apply(place(0), &opened, &|_| None).unwrap();
    for step in 0..12 {
        let (event, body) = import(step * 10_000..(step + 1) * 10_000, 100);
        state.apply(place(step + 1), &event, &|_| Some(Arc::clone(&body))).unwrap();
        let snapshot = state.current();
        let each = snapshot.key_bytes() as f64 / ((step + 1) * 10_000) as f64;
        assert!(each <= 64.0, "{each} bytes a key at {}", snapshot.keys().count());
        assert_eq!(snapshot.unlearned(), 0);
    }
    let snapshot = state.current();
    for (at, key) in snapshot.keys().step_by(997) {
        assert_eq!(snapshot.key_ix(&key.id()), Some(at));
        assert_eq!(key.partner.0, at.0 % 100);
    }
    let shared = |at: u32| Arc::as_ptr(&snapshot.key(KeyIx(at)).unwrap().terms);
    assert_eq!(shared(0), shared(100), "of one partner and import");
    assert_eq!(size_of::<KeyTerms>(), 96, "what an issued key has for itself");
}
