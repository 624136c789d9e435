//! What survives a change of policy and a restart.

use proptest::prelude::*;

use super::*;

fn used_up() -> Budgets {
    let old = budgets(&[
        targets("places", "24h"),
        rows_each("rows", "24h"),
        calls("calls", "24h"),
        targets("gone", "24h"),
    ]);
    for n in 0..4 {
        let wants = [want(0, n, 1, 9), want(1, n % 2, 10, 99), want(2, 0, 1, 9), want(3, n, 1, 9)];
        assert_eq!(reads(&old, &wants, at(n * HOUR)), Ok(()));
    }
    old
}

#[test]
fn an_equal_limit_keeps_its_account_wherever_it_now_stands() {
    let old = used_up();
    let new = specs(&[calls("calls", "24h"), rows_each("rows", "24h"), targets("places", "24h")]);
    let new = old.carry(new, at(4 * HOUR));
    assert_eq!(new.used(0, None, at(4 * HOUR)), Some(4));
    assert_eq!(new.used(1, Some(key(0)), at(4 * HOUR)), Some(20));
    assert_eq!(new.used(2, None, at(4 * HOUR)), Some(4));
    assert_eq!(read(&new, want(2, 3, 1, 4), at(5 * HOUR)), Ok(()), "known already");
    assert_eq!(new.used(2, None, at(DAY)), Some(3), "with the times they had");
}

#[test]
fn a_changed_limit_starts_with_what_is_used_and_never_fresh() {
    #[track_caller]
    fn check(new: Limit, target: Option<TargetKey>, expected: u64) {
        let new = used_up().carry(specs(&[new]), at(4 * HOUR));
        assert_eq!(new.used(0, target, at(4 * HOUR)), Some(expected));
    }
    check(targets("places", "2h"), None, 1);
    check(targets("places", "30d"), None, 4);
    check(calls("places", "24h"), None, 4);
    check(rows_each("places", "24h"), Some(key(3)), 1);
    check(limit("rows", Counts::Rows, false, "24h"), None, 40);
    check(targets("rows", "24h"), None, 2);
    check(limit("calls", Counts::Calls, true, "24h"), Some(key(77)), 4);
    check(targets("calls", "24h"), None, 4);
    check(targets("new", "24h"), None, 0);
}

#[test]
fn a_call_in_flight_is_released_and_settled_where_its_budgets_went() {
    let old = budgets(&[targets("places", "24h"), targets("authors", "24h")]);
    let released = old.reserve(&[want(0, 1, 1, 9)], at(0)).unwrap();
    let settled = old.reserve(&[want(0, 2, 1, 9)], at(0)).unwrap();
    let new = old.carry(specs(&[targets("authors", "24h"), targets("places", "24h")]), at(0));
    assert_eq!(read(&old, want(0, 3, 1, 9), at(0)), no("moved", None), "no debit is lost");
    old.release(released);
    old.settle(settled, &[Found { limit: 1, target: Some(key(9)), rows: 1 }]);
    assert_eq!(new.used(1, None, at(0)), Some(1));
    assert_eq!(new.used(0, None, at(0)), Some(1));
    let newest = old.carry(specs(&[targets("places", "24h")]), at(1));
    assert_eq!(newest.used(0, None, at(1)), Some(1), "what ended can't become fresh");
    assert_eq!(read(&new, want(0, 3, 1, 9), at(1)), no("moved", None));
}

fn limits() -> [Limit; 3] {
    [targets("places", "24h"), rows_each("rows", "24h"), calls("calls", "24h")]
}

fn saved() -> Vec<u8> {
    let mut bytes = Vec::new();
    used_up().save(&mut bytes);
    bytes
}

#[test]
fn a_restart_forgets_nothing() {
    let new = budgets(&limits());
    new.load(&saved(), at(4 * HOUR)).unwrap();
    assert_eq!(new.used(0, None, at(4 * HOUR)), Some(4));
    assert_eq!(new.used(1, Some(key(1)), at(4 * HOUR)), Some(20));
    assert_eq!(read(&new, want(0, 3, 1, 4), at(4 * HOUR)), Ok(()), "known already");
    assert_eq!(read(&new, want(0, 4, 1, 4), at(4 * HOUR)), no("places", 20 * 3600));
    let mut again = Vec::new();
    new.save(&mut again);
    let third = budgets(&limits());
    third.load(&again, at(4 * HOUR)).unwrap();
    assert_eq!(third.used(2, None, at(4 * HOUR)), Some(4));
}

#[test]
fn calls_before_the_loading_stay_counted() {
    let new = budgets(&limits());
    assert_eq!(reads(&new, &[want(0, 3, 1, 9), want(0, 70, 1, 9)], at(4 * HOUR)), Ok(()));
    assert_eq!(reads(&new, &[want(2, 0, 1, 9)], at(4 * HOUR)), Ok(()));
    new.load(&saved(), at(4 * HOUR)).unwrap();
    assert_eq!(new.used(0, None, at(4 * HOUR)), Some(5), "one of the two was known");
    assert_eq!(new.used(2, None, at(4 * HOUR)), Some(5));
    assert_eq!(new.used(0, None, at(DAY + HOUR)), Some(3));
}

#[test]
fn a_clock_that_was_ahead_when_saving_does_not_stop_the_windows() {
    let ahead = budgets(&[targets("places", "1h")]);
    assert_eq!(read(&ahead, want(0, 1, 1, 1), at(1000 * DAY)), Ok(()));
    let mut bytes = Vec::new();
    ahead.save(&mut bytes);
    let new = budgets(&[targets("places", "1h")]);
    new.load(&bytes, at(0)).unwrap();
    assert_eq!(read(&new, want(0, 2, 1, 1), at(HOUR - 1)), no("places", 1));
    assert_eq!(read(&new, want(0, 2, 1, 1), at(HOUR)), Ok(()));
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let new = budgets(&limits());
    assert_eq!(read(&new, want(0, 1, 1, 9), at(0)), Ok(()));
    let told = new.load(bytes, at(0)).unwrap_err().to_string();
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(new.used(0, None, at(0)), Some(1), "what is in memory stays");
}

#[test]
fn damaged_bytes_are_refused_and_what_is_in_memory_stays() {
    let whole = saved();
    check_refused(b"", "these bytes are not saved budgets");
    check_refused(b"{\"places\": 3}", "these bytes are not saved budgets");
    let mut other = whole.clone();
    other[4] = 9;
    check_refused(&other, "these budgets were saved in version 9");
    let mut longer = whole.clone();
    longer.push(0);
    check_refused(&longer, "the saved budgets are damaged (the check sum differs)");
    for cut in 5..whole.len() {
        check_refused(&whole[..cut], "the saved budgets are damaged (");
    }
    for at in 5..whole.len() {
        let mut bent = whole.clone();
        bent[at] ^= 0x10;
        check_refused(&bent, "the saved budgets are damaged (the check sum differs)");
    }
}

proptest! {
    #[test]
    fn no_bytes_however_made_stop_the_gate(mut body in prop::collection::vec(any::<u8>(), 0..200)) {
        body.splice(0..0, *b"PTCB\x01");
        let sum = crc32fast::hash(&body).to_le_bytes();
        body.extend_from_slice(&sum);
        let _ = budgets(&limits()).load(&body, at(0));
    }
}
