//! Rows that are made up from a number.

use std::sync::Arc;

use portcullis_keys::DayKey;
use portcullis_types::{LedgerKind, LedgerLevel, RequestId, Wall};

use crate::{Row, RowRecord, Terms, Whose};

/// The first day of what is made up.
pub(super) const DAY: u32 = 20_000;
pub(super) const DAY_MS: u64 = 86_400_000;
pub(super) const HOUR_MS: u64 = 3_600_000;

/// A row and what its digests are of, which no file holds.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) row: Row,
    pub(super) of: Vec<Ids>,
}

/// Ids of a record.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) id: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) place: Option<String>,
}

pub(super) fn key(day: u32) -> Arc<DayKey> {
    Arc::new(DayKey::new(day, &day.to_le_bytes().repeat(8).try_into().unwrap()))
}

/// Numbers that follow from a seed (xorshift64*).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn one_of(&mut self, names: &[&str]) -> Arc<str> {
        names[self.below(names.len() as u64) as usize].into()
    }
}

/// Rows of four days, in the order of their times.
pub(super) fn rows(seed: u64, count: usize) -> Vec<Made> {
    let mut dice = Dice(seed | 1);
    let whose: Vec<_> = (0..9).map(|_| Arc::new(whose(&mut dice))).collect();
    let terms: Vec<_> = (0..9).map(|_| Arc::new(terms(&mut dice))).collect();
    let keys: Vec<_> = (DAY..DAY + 5).map(key).collect();
    let begin = u64::from(DAY) * DAY_MS;
    let mut ats: Vec<u64> = (0..count).map(|_| begin + dice.below(4 * DAY_MS)).collect();
    ats.sort_unstable();
    ats.into_iter().map(|at| made(&mut dice, Wall(at), (&whose, &terms), &keys)).collect()
}

fn made(
    dice: &mut Dice,
    at: Wall,
    (whose, terms): (&[Arc<Whose>], &[Arc<Terms>]),
    keys: &[Arc<DayKey>],
) -> Made {
    let whose = &whose[dice.below(whose.len() as u64) as usize];
    let terms = &terms[dice.below(terms.len() as u64) as usize];
    // Now and then an answer began a minute before midnight and was digested after it.
    let late = u64::from(dice.below(20) == 0) * HOUR_MS;
    let day = ((at.0 + late) / DAY_MS) as u32;
    let key = &keys[(day - DAY) as usize];
    let digested = terms.level == LedgerLevel::Digests;
    let count = if digested { dice.below(6) } else { 0 };
    let target = dice.below(2) == 0;
    let owner = dice.below(12);
    let mut of = Vec::new();
    let mut records = Vec::new();
    for _ in 0..count {
        let owner = if target { owner } else { dice.below(12) };
        let some = |dice: &mut Dice, id: String| (dice.below(8) != 0).then_some(id);
        let record = dice.below(40);
        let ids = Ids {
            id: some(dice, format!("m{record}")),
            owner: some(dice, format!("u{owner}")),
            place: (!target).then(|| format!("p{}", record % 5)),
        };
        let digest = |kind, id: &Option<String>| id.as_ref().map(|id| key.digest(kind, id));
        records.push(RowRecord {
            class: dice.one_of(&["post", "story", "profile"]),
            id: digest(LedgerKind::Record, &ids.id),
            owner: digest(LedgerKind::Owner, &ids.owner),
            place: digest(LedgerKind::Place, &ids.place),
            cell: (!target).then(|| 1000 * (record % 5) as u32),
        });
        of.push(ids);
    }
    let request = if dice.below(5) == 0 {
        RequestId::new(&format!("peer-{}", dice.below(1000)))
    } else {
        RequestId::new(&format!("req_{:016}", dice.below(1 << 30)))
    };
    let row = Row {
        at,
        request,
        whose: Arc::clone(whose),
        terms: Arc::clone(terms),
        rows: count.max(dice.below(30)) as u32,
        owners: dice.below(9) as u32,
        places: dice.below(3) as u32,
        bytes: dice.below(100_000),
        whole: dice.below(9) != 0,
        answers: if digested { 1 } else { 1 + dice.below(3) as u32 },
        day,
        records,
    };
    Made { row, of }
}

fn whose(dice: &mut Dice) -> Whose {
    let client = dice.one_of(&["", "bakery", "museum"]);
    Whose {
        partner: dice.one_of(&["acme", "zenith", "orbit", ""]),
        client: Some(client).filter(|client| !client.is_empty()),
        key: dice.one_of(&["k1", "k2"]),
    }
}

fn terms(dice: &mut Dice) -> Terms {
    let levels = [LedgerLevel::Counts, LedgerLevel::Digests, LedgerLevel::Digests];
    Terms {
        node: dice.one_of(&["gate-1", "gate-2"]),
        operation: dice.one_of(&["listPlacePosts", "listUserMedia"]),
        class: dice.one_of(&["place.posts", "media.by_account", "story.by_account"]),
        rule: dice.one_of(&["partner-standard", "partner-standard/2", ""]),
        policy: dice.below(3),
        policy_digest: dice.one_of(&["sha256:aa", "sha256:bb"]),
        level: levels[dice.below(3) as usize],
        counted: dice.below(2) == 0,
        fields: vec!["profile.bio".into(), "place.name".into()],
    }
}
