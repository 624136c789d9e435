//! How many people are affected equals what a naive scan over the rows counts.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{LedgerKind, Wall};

use super::oracle::Naive;
use super::shelf::Shelf;
use crate::{Affected, AffectedSums, AskedPeople, IDS_MAX, LedgerError, Row, affected, holders};

impl Naive<'_> {
    pub(super) fn check_affected(&self, partner: Option<&str>, client: Option<&str>) {
        let (eu, us) = (Some("EU"), Some("US"));
        let people =
            [("u0", eu), ("u3", us), ("u7", None), ("u11", eu), ("nobody", us), ("u3", us)];
        let Self { since, until, .. } = *self;
        let asked = AskedPeople { partner, client, people: &people, since, until, list: true };
        let found = affected(self.shelf, &asked).unwrap();
        let mut expected = BTreeMap::new();
        let mut by: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut records: BTreeMap<String, u64> = BTreeMap::new();
        for (id, region) in &people[..5] {
            let hits = self.hits(partner, |ids| ids.owner.as_ref(), id);
            let of = |row: &&Row| {
                client.is_none_or(|client| row.whose.client.as_deref() == Some(client))
            };
            let hits: Vec<_> = hits.into_iter().filter(|(row, _)| of(row)).collect();
            let ats = || hits.iter().map(|(row, _)| row.at);
            let sums =
                ats().min().zip(ats().max()).map(|(first, last)| (hits.len() as u64, first, last));
            expected.extend(sums.map(|sums| (*id, sums)));
            for (row, record) in &hits {
                let class = &row.records[*record].class;
                let day = row.day;
                for part in [
                    format!("partner {}", row.whose.partner),
                    format!("class {class}"),
                    format!("day {day}"),
                    format!("region {region:?}"),
                ] {
                    by.entry(part.clone()).or_default().insert(id);
                    *records.entry(part).or_default() += 1;
                }
            }
        }
        let told = found.people.iter().map(|of| (&*of.id, (of.records, of.first, of.last)));
        let expected_people = expected
            .iter()
            .map(|(id, (records, first, last))| (*id, (*records, Some(*first), Some(*last))));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), expected_people.collect());
        assert_eq!((found.asked_about, found.affected), (5, expected.len() as u64));
        assert_eq!(found.first, expected.values().map(|(_, first, _)| *first).min());
        assert_eq!(found.last, expected.values().map(|(_, _, last)| *last).max());
        let mut told = BTreeMap::new();
        let mut tell = |part: String, sums: &AffectedSums| {
            if sums.affected > 0 {
                told.insert(part, (sums.affected, sums.records));
            }
        };
        found.partners.iter().for_each(|of| tell(format!("partner {}", of.partner), &of.sums));
        found.classes.iter().for_each(|of| tell(format!("class {}", of.class), &of.sums));
        found.days.iter().for_each(|of| tell(format!("day {}", of.day), &of.sums));
        for of in &found.regions {
            tell(format!("region {:?}", of.region), &of.sums);
        }
        let expected: BTreeMap<_, _> = by
            .into_iter()
            .map(|(part, people)| (part.clone(), (people.len() as u64, records[&part])))
            .collect();
        assert_eq!(told, expected);
        let asked_of: Vec<_> =
            found.regions.iter().map(|of| (of.region.as_deref(), of.asked_about)).collect();
        assert_eq!(asked_of, [(None, 1), (eu, 2), (us, 2)]);
        let quiet = affected(self.shelf, &AskedPeople { list: false, ..asked }).unwrap();
        assert_eq!(quiet.people, [], "nobody is named who need not be");
        assert_eq!(Affected { people: found.people.clone(), ..quiet }, found);
        self.check_shredded(&self.rows(partner, client), &found.shredded);
    }
}

#[test]
fn more_ids_than_the_bound_are_refused_and_not_cut() {
    let shelf = Shelf::default();
    let ids: Vec<String> = (0..=IDS_MAX).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let ask = |ids: &[&str]| holders(&shelf, LedgerKind::Owner, ids, Wall(0), Wall(9)).map(|_| ());
    assert!(ask(&ids[1..]).is_ok());
    assert!(matches!(ask(&ids), Err(LedgerError::TooManyIds(_))));
    let people: Vec<_> = ids.iter().map(|id| (*id, None)).collect();
    let (since, until) = (Wall(0), Wall(9));
    let asked =
        AskedPeople { partner: None, client: None, people: &people, since, until, list: false };
    let refused = affected(&shelf, &asked).unwrap_err().to_string();
    assert_eq!(refused, "100001 ids are asked about at once, and 100000 may be; ask in parts");
}
