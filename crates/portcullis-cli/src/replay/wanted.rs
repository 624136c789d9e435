//! What a recorded call asks for, refused or not: targets and rows.
//!
//! Unfolds as the judge does. A call that can't be unfolded still shows the ids in its path. Must
//! not judge.

use portcullis_catalogue::Catalogue;
use portcullis_judge::{Arrival, Bounds};
use portcullis_request::{Texts, ask, batch, canonicalise};
use portcullis_types::asked::{Asks, Rows, Target};

use super::targets::{Thing, Wanted, mark};

/// Marks of what is no node are seeded apart from those of types, which are 16 bits wide.
const WORDS: u64 = 1 << 20;
const POINT: u64 = 1 << 21;
const NAMED: u64 = 1 << 22;

/// What the judge saw that a call asks for.
pub(crate) struct Seen {
    looks: bool,
    wanted: Option<Wanted>,
}

impl Seen {
    /// `looks`: whether it is of interest.
    pub(crate) const fn new(looks: bool) -> Self {
        Self { looks, wanted: None }
    }

    /// Takes what the judge shows, in place of what it showed before.
    pub(crate) fn take(&mut self, asks: &Asks<'_>) {
        self.wanted = self.looks.then(|| {
            let mut wanted = Wanted::default();
            unfolded(asks, &mut wanted);
            wanted
        });
    }

    /// What it was shown, or what is worked out otherwise where it was not.
    pub(crate) fn or_else(self, work_out: impl FnOnce() -> Wanted) -> Wanted {
        self.wanted.unwrap_or_else(work_out)
    }
}

/// What a call asks for.
pub(crate) fn wanted(arrival: &Arrival<'_>, known: (&Catalogue, &Bounds)) -> Wanted {
    let mut out = Wanted::default();
    add(arrival, known, &mut out);
    out
}

fn add(arrival: &Arrival<'_>, (catalogue, bounds): (&Catalogue, &Bounds), out: &mut Wanted) {
    let texts = Texts::default();
    let Ok(canonical) = canonicalise(arrival, catalogue, bounds) else {
        return ids(arrival, catalogue, out);
    };
    // A batch that was refused as a whole asked for what its entries ask for.
    if canonical.operation.as_ref().is_ok_and(|operation| operation.batch)
        && let Ok(entries) = batch(&canonical, catalogue, bounds)
    {
        for entry in &entries {
            add(&entry.arrival(&[]), (catalogue, bounds), out);
        }
        return;
    }
    match ask(&canonical, catalogue, bounds, &texts) {
        Ok(asks) => unfolded(&asks, out),
        Err(_) => ids(arrival, catalogue, out),
    }
}

fn unfolded(asks: &Asks<'_>, out: &mut Wanted) {
    for ask in &asks.asks {
        if ask.rows != Rows::One {
            out.rows += u64::from(ask.rows.count());
        }
        let (mark, node) = match ask.target {
            Target::Node(kind, id) => (mark(kind.at() as u64, id.as_bytes()), true),
            Target::Named(kind, name) => (mark(NAMED | kind.at() as u64, name.as_bytes()), true),
            // Only known from the answer, which was not recorded.
            Target::Found(..) => continue,
            Target::None => match (asks.params.point, asks.params.words) {
                (Some((latitude, longitude)), _) => {
                    let bits = [latitude, longitude].map(|degrees| degrees.to_bits().to_le_bytes());
                    (mark(POINT, bits.as_flattened()), false)
                }
                (None, Some(words)) => (mark(WORDS, words.as_bytes()), false),
                (None, None) => continue,
            },
        };
        out.things.push(Thing { class: Some(ask.class), mark, node });
    }
}

/// Ids of known types anywhere in path and query.
fn ids(arrival: &Arrival<'_>, catalogue: &Catalogue, out: &mut Wanted) {
    let texts = [arrival.path, arrival.query.unwrap_or_default()];
    let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    for word in words.filter(|word| word.len() >= 8) {
        // An encoded comma or slash before an id leaves its two digits.
        let word = word.strip_prefix("2C").or_else(|| word.strip_prefix("2F")).unwrap_or(word);
        if let Some(kind) = catalogue.type_of(word) {
            let mark = mark(kind.at() as u64, word.as_bytes());
            out.things.push(Thing { class: None, mark, node: true });
        }
    }
}
