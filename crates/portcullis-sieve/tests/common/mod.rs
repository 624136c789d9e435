//! Runs a sieve over a text cut in many ways, which must not matter.

#![allow(dead_code, reason = "each test file uses its share")]

use std::sync::Arc;

use portcullis_sieve::{Fate, Fault, Gate, HELD_MAX, Item, Plan, Program, Sieve, Tally};

/// 2024-03-01T10:00:00Z.
pub(crate) const NOW: i64 = 1_709_287_200;

/// What came of an answer.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) thinned: bool,
    pub(crate) changed: bool,
}

pub(crate) fn gate() -> Gate {
    Gate::new("https://gate.example/graph").secret(b"hush-hush")
}

/// Keeps what the text `keep` says, drops `drop`, cuts at `cut`; looks at the first read.
pub(crate) fn by_first_read(item: &Item<'_>) -> Fate {
    match item.text(0) {
        Some("cut") => Fate::Cut,
        Some("drop") | None => Fate::Drop,
        Some(_) => Fate::Keep,
    }
}

/// One run, with chunks of these lengths and then the rest.
pub(crate) fn run(program: &Arc<Program>, text: &[u8], sizes: &[usize]) -> Result<Outcome, Fault> {
    run_holding(program, text, sizes, HELD_MAX)
}

/// As [`run`], but items must be decided within that many bytes.
pub(crate) fn run_holding(
    program: &Arc<Program>,
    text: &[u8],
    sizes: &[usize],
    held: usize,
) -> Result<Outcome, Fault> {
    let sieve = Sieve::new(program.clone(), Arc::new(gate()), NOW, by_first_read);
    let mut sieve = sieve.hold_at_most(held);
    let mut out = Vec::new();
    let mut rest = text;
    for size in sizes {
        let (chunk, tail) = rest.split_at((*size).min(rest.len()));
        sieve.push(chunk, &mut out)?;
        rest = tail;
    }
    sieve.push(rest, &mut out)?;
    sieve.finish()?;
    assert_eq!(sieve.written(), out.len() as u64);
    Ok(Outcome {
        text: String::from_utf8(out).unwrap(),
        tallies: sieve.tallies().to_vec(),
        thinned: sieve.is_thinned(),
        changed: sieve.is_changed(),
    })
}

/// The outcome, which is the same in one chunk, byte by byte, and cut in two anywhere.
#[track_caller]
pub(crate) fn sift(program: &Arc<Program>, text: &str) -> Result<Outcome, Fault> {
    let whole = run(program, text.as_bytes(), &[]);
    let bytes = run(program, text.as_bytes(), &vec![1; text.len()]);
    assert_eq!(whole, bytes, "byte by byte: {text}");
    if text.len() < 4096 {
        for at in 0..text.len() {
            assert_eq!(whole, run(program, text.as_bytes(), &[at]), "cut at {at}: {text}");
        }
    }
    whole
}

pub(crate) fn program(plan: Plan) -> Arc<Program> {
    Arc::new(plan.compile().unwrap())
}
