//! Changes of grants against a map a person could keep, and what a judge makes of them.

use std::collections::BTreeMap;

use portcullis_types::{ClientIx, PartnerIx};
use proptest::prelude::*;

use super::*;

type Key = (u8, u32, Option<u32>);

/// What the judge does with what it is told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Judge(BTreeMap<Key, Term>);

impl Judge {
    fn hear(&mut self, changes: &[GrantChange<'_>]) {
        for change in changes {
            let account = change.account.parse().unwrap();
            let client = change.client.map(|at| at.0);
            match change.term {
                Some(term) => drop(self.0.insert((account, change.partner.0, client), term)),
                None => self.0.retain(|key, _| {
                    (key.0, key.1) != (account, change.partner.0)
                        || (client.is_some() && key.2 != client)
                }),
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Wish {
    key: Key,
    term: Option<Term>,
    exact: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    let key = (0..3u8, 0..2u32, proptest::option::of(0..2u32));
    let term = proptest::option::of(proptest::option::of(1..4u64));
    (key, term, proptest::bool::weighted(0.1)).prop_map(|(key, term, exact)| {
        let term = term.map(|until| Term { from: None, until: until.map(Wall) });
        Wish { key, term: if exact { None } else { term }, exact }
    })
}

fn settle<'a>(table: &BTreeMap<Key, Term>, wishes: &[Wish], names: &'a [String]) -> Settled<'a> {
    let mut plan = GrantsPlan::default();
    for Wish { key, term, exact } in wishes {
        let (account, partner) = (names[usize::from(key.0)].as_str(), PartnerIx(key.1));
        let client = key.2.map(ClientIx);
        match exact {
            true => plan.end(account, partner, client),
            false => plan.wish(&GrantChange { account, partner, client, term: *term }),
        }
    }
    let asked: Vec<_> = plan.asked().collect();
    for (account, partner) in asked {
        for (key, term) in table {
            if key.0.to_string() == account && key.1 == partner.0 {
                plan.found(account, partner, key.2.map(ClientIx), *term);
            }
        }
    }
    plan.settle()
}

fn written(table: &mut BTreeMap<Key, Term>, rows: &[GrantRow<'_>]) {
    for row in rows {
        let key = (row.account.parse().unwrap(), row.partner.0, row.client.map(|at| at.0));
        assert_eq!(table.get(&key).copied(), row.before, "{row:?}");
        assert_ne!(row.before, row.after, "{row:?}");
        match row.after {
            Some(term) => drop(table.insert(key, term)),
            None => drop(table.remove(&key)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn table_and_judge_come_to_what_was_wished(
        batches in proptest::collection::vec((proptest::collection::vec(wish(), 0..8), any::<bool>()), 0..8),
    ) {
        let names: Vec<String> = (0..3).map(|n: u8| n.to_string()).collect();
        let (mut paper, mut table, mut judge) = (BTreeMap::new(), BTreeMap::new(), Judge::default());
        for (wishes, disk_full) in &batches {
            let settled = settle(&table, wishes, &names);
            if *disk_full {
                // What is withdrawn bites; nothing else changes.
                let mut strict = judge.clone();
                strict.hear(&settled.narrowing);
                for (key, term) in &strict.0 {
                    prop_assert_eq!(table.get(key), Some(term), "never more than is durable");
                }
                for row in settled.rows.iter().filter(|row| row.after.is_none()) {
                    let key = (row.account.parse().unwrap(), row.partner.0, row.client.map(|at| at.0));
                    prop_assert!(!strict.0.contains_key(&key), "{:?} bites", row);
                }
                continue;
            }
            for Wish { key, term, exact } in wishes {
                match term {
                    Some(term) => drop(paper.insert(*key, *term)),
                    None if *exact || key.2.is_some() => drop(paper.remove(key)),
                    None => paper.retain(|have: &Key, _| (have.0, have.1) != (key.0, key.1)),
                }
            }
            let before = table.len() as u64;
            written(&mut table, &settled.rows);
            judge.hear(&settled.feed);
            prop_assert_eq!(&table, &paper);
            prop_assert_eq!(&judge.0, &paper);
            prop_assert_eq!(before + settled.granted - settled.withdrawn, table.len() as u64);
        }
    }
}

fn line(account: &str, partner: &str, client: Option<&str>, term: Option<Term>) -> GrantLine {
    let client = client.map(|id| ClientId::new(id).unwrap());
    let name = GrantName { account: account.to_owned(), partner: partner_id(partner), client };
    term.map_or(GrantLine::Withdraw(name.clone()), |term| GrantLine::Grant(Grant { name, term }))
}

#[test]
fn a_line_that_cannot_be_taken_is_named_with_its_reason() {
    let mut desk = Desk::default();
    for command in [partner("acme", None), partner("zenith", None), client("shop", "acme", None)] {
        desk.ask(&command).unwrap();
    }
    let always = Some(Term::default());
    let told = |lines: &[GrantLine]| desk.state.grant_changes(lines).unwrap_err();
    let fine = line("178", "acme", Some("shop"), always);
    assert_eq!(
        desk.state.grant_changes(std::slice::from_ref(&fine)).unwrap()[0].partner,
        PartnerIx(0)
    );
    insta::assert_snapshot!(told(&[fine.clone(), line("178", "acmo", None, always)]), @"nothing of this batch was taken: line 2: unknown partner `acmo`; did you mean `acme`?");
    insta::assert_snapshot!(told(&[line("178", "zenith", Some("shop"), always)]), @"nothing of this batch was taken: line 1: client `shop` belongs to partner `acme`, not to `zenith`; name a client of that partner");
    insta::assert_snapshot!(told(&[line("1 78", "acme", None, None)]), @"nothing of this batch was taken: line 1: the account is not 1 to 64 visible ASCII characters; write its id at the platform");
    let backwards = Term { from: Some(Wall(2000)), until: Some(Wall(2000)) };
    insta::assert_snapshot!(told(&[line("178", "acme", None, Some(backwards))]), @"nothing of this batch was taken: line 1: the grant would end 1970-01-01T00:00:02.000Z and begin 1970-01-01T00:00:02.000Z; write an end after its beginning");
    let many = vec![fine; GRANTS_BATCH_MAX + 1];
    insta::assert_snapshot!(told(&many), @"10001 lines are too many for one batch of grants, at most 10000; split it");
}

#[test]
fn a_grant_holds_from_its_first_moment_until_just_before_its_last() {
    let term = Term { from: Some(Wall(10)), until: Some(Wall(20)) };
    assert_eq!([9, 10, 19, 20].map(|at| term.holds(Wall(at))), [false, true, true, false]);
    assert!(Term::default().holds(Wall(0)) && Term::default().holds(Wall(u64::MAX)));
}
