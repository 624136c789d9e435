//! How many of some people are affected: whose records left, by region, partner, class and day.
//!
//! The platform says who they are and where; nothing of that is kept. Must not know how records are found.

mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{LedgerKind, Wall};
use serde::Serialize;

use crate::ask::asked::{Asked, Hit};
use crate::ask::hits::hits;
use crate::{LedgerError, Library};
use tally::{Seen, Tally};

/// Of whom it is asked, and what.
#[derive(Debug, Clone, Copy)]
pub struct AskedPeople<'a> {
    /// By what left to this partner only; none: to any.
    pub partner: Option<&'a str>,
    /// By what left for this client only; none: for all of them and for none.
    pub client: Option<&'a str>,
    /// Their ids, each with its region where one is known. Who is named twice is asked about once.
    pub people: &'a [(&'a str, Option<&'a str>)],
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// Whether the answer names those who are affected.
    pub list: bool,
}

/// How many of some people are affected.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Affected {
    /// By what left to this partner only; none: to any.
    pub partner: Option<String>,
    /// By what left for this client only; none: for all of them and for none.
    pub client: Option<String>,
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// How many people were asked about; each once, however often named.
    pub asked_about: u64,
    /// How many of them are affected.
    pub affected: u64,
    /// Records of them that left.
    pub records: u64,
    /// When the first call came that got any; none: none did.
    pub first: Option<Wall>,
    /// When the last did.
    pub last: Option<Wall>,
    /// The same by region, those of no region first.
    pub regions: Vec<AffectedRegion>,
    /// By partner that received something of them.
    pub partners: Vec<AffectedPartner>,
    /// By class of the records.
    pub classes: Vec<AffectedClass>,
    /// By day whose key told it.
    pub days: Vec<AffectedDay>,
    /// Those who are affected, by id, where the answer is to name them.
    pub people: Vec<Person>,
    /// Days that may have had some, whose key was dropped: days since 1970.
    pub shredded: Vec<u32>,
}

/// How many people of a region are affected.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct AffectedRegion {
    /// The region; none: it isn't known.
    pub region: Option<String>,
    /// How many people of it were asked about.
    pub asked_about: u64,
    /// The sums.
    #[serde(flatten)]
    pub sums: AffectedSums,
}

/// How many people a partner received something of.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct AffectedPartner {
    /// The partner.
    pub partner: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: AffectedSums,
}

/// Of how many people records of a class left.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct AffectedClass {
    /// The class.
    pub class: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: AffectedSums,
}

/// Of how many people records left on a day.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct AffectedDay {
    /// The day, in days since 1970 as UTC counts.
    pub day: u32,
    /// The sums.
    #[serde(flatten)]
    pub sums: AffectedSums,
}

/// How many people are affected by a part of what left.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct AffectedSums {
    /// People.
    pub affected: u64,
    /// Records of them.
    pub records: u64,
    /// When the first call came that got any; none: none did.
    pub first: Option<Wall>,
    /// When the last did.
    pub last: Option<Wall>,
}

/// Somebody whose records left.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Person {
    /// The id, as it was given.
    pub id: String,
    /// The region, as it was given.
    pub region: Option<String>,
    /// Records.
    pub records: u64,
    /// When the first call came.
    pub first: Option<Wall>,
    /// When the last did.
    pub last: Option<Wall>,
}

/// Which of these people had records in answers to calls from `since` on and before `until`.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none. And where more than
/// [`crate::IDS_MAX`] are asked about.
pub fn affected<L: Library>(library: &L, asked: &AskedPeople<'_>) -> Result<Affected, LedgerError> {
    let mut people = asked.people.to_vec();
    people.sort_unstable();
    people.dedup_by_key(|(id, _)| *id);
    let ids: Vec<&str> = people.iter().map(|(id, _)| *id).collect();
    let AskedPeople { partner, client, since, until, .. } = *asked;
    let kind = LedgerKind::Owner;
    let looked = Asked { kind, ids: &ids, since, until, partner, client, with_requests: false };
    let mut fold = Fold::new(ids.len());
    let shredded = hits(library, &looked, &mut |hit| fold.hit(hit))?;
    Ok(fold.finish(asked, &people, shredded.into_iter().collect()))
}

/// The counts so far.
struct Fold {
    all: Tally,
    people: Vec<Seen>,
    partners: BTreeMap<Arc<str>, Tally>,
    classes: BTreeMap<Arc<str>, Tally>,
    days: BTreeMap<u32, Tally>,
}

impl Fold {
    fn new(people: usize) -> Self {
        Self {
            all: Tally::default(),
            people: vec![Seen::default(); people],
            partners: BTreeMap::new(),
            classes: BTreeMap::new(),
            days: BTreeMap::new(),
        }
    }

    fn hit(&mut self, hit: &Hit<'_>) {
        let person = usize::try_from(hit.which).ok().and_then(|at| self.people.get_mut(at));
        let Some(person) = person else { return };
        person.add(hit.at);
        self.all.add(hit.which, hit.at);
        let partner = self.partners.entry(Arc::clone(hit.partner)).or_default();
        partner.add(hit.which, hit.at);
        self.classes.entry(Arc::clone(hit.class)).or_default().add(hit.which, hit.at);
        self.days.entry(hit.day).or_default().add(hit.which, hit.at);
    }

    fn finish(
        self,
        asked: &AskedPeople<'_>,
        people: &[(&str, Option<&str>)],
        shredded: Vec<u32>,
    ) -> Affected {
        let AffectedSums { affected, records, first, last } = self.all.sums();
        let named = people.iter().zip(&self.people).filter(|(_, seen)| asked.list && seen.is_any());
        let person = |((id, region), seen): (&(&str, Option<&str>), &Seen)| Person {
            id: (*id).to_owned(),
            region: region.map(str::to_owned),
            records: seen.records,
            first: seen.first,
            last: seen.last,
        };
        let partner = |(partner, tally): (Arc<str>, Tally)| AffectedPartner {
            partner: partner.to_string(),
            sums: tally.sums(),
        };
        let class = |(class, tally): (Arc<str>, Tally)| AffectedClass {
            class: class.to_string(),
            sums: tally.sums(),
        };
        let day = |(day, tally): (u32, Tally)| AffectedDay { day, sums: tally.sums() };
        Affected {
            partner: asked.partner.map(str::to_owned),
            client: asked.client.map(str::to_owned),
            since: asked.since,
            until: asked.until,
            asked_about: people.len() as u64,
            affected,
            records,
            first,
            last,
            regions: regions(people, &self.people),
            people: named.map(person).collect(),
            partners: self.partners.into_iter().map(partner).collect(),
            classes: self.classes.into_iter().map(class).collect(),
            days: self.days.into_iter().map(day).collect(),
            shredded,
        }
    }
}

/// The sums by region; none where nobody's region is known.
fn regions(people: &[(&str, Option<&str>)], seen: &[Seen]) -> Vec<AffectedRegion> {
    let mut regions: BTreeMap<Option<&str>, (u64, u64, Seen)> = BTreeMap::new();
    for ((_, region), seen) in people.iter().zip(seen) {
        let (asked, affected, all) = regions.entry(*region).or_default();
        *asked += 1;
        *affected += u64::from(seen.is_any());
        all.join(seen);
    }
    if regions.keys().all(Option::is_none) {
        return Vec::new();
    }
    let region = |(region, (asked_about, affected, seen)): (Option<&str>, (u64, u64, Seen))| {
        let Seen { records, first, last } = seen;
        let sums = AffectedSums { affected, records, first, last };
        AffectedRegion { region: region.map(str::to_owned), asked_about, sums }
    };
    regions.into_iter().map(region).collect()
}
