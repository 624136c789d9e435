//! The codec against hyper's: the same answers, cut in the same places, into both.
//!
//! Ours may refuse what hyper takes, for the reasons listed here and no other. It never takes what
//! hyper refuses, and never reads another status, field or byte. `H1_CASES` says how many answers
//! (20,000 unless said otherwise), `H1_SEED` where to begin.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod dice;
mod grammar;
mod ours;
mod theirs;

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode, Version};
use portcullis_h1::Fault;

use crate::dice::Dice;

/// An answer as a platform may send it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) head_request: bool,
    /// What comes, read by read.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Whether the connection ends after the last piece; else it stays open and silent.
    pub(crate) ends: bool,
}

/// What a reader made of it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// No answer, with our reason where it is ours.
    Refused(Option<Fault>),
    /// No answer yet.
    Waiting,
    Answer(Box<Answer>),
}

#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// Whether the connection would serve another call.
    pub(crate) reusable: bool,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum End {
    Whole,
    Broken(Option<Fault>),
    Waiting,
}

/// Where ours refuses and hyper does not.
const STRICTER: &[(Fault, &str)] = &[
    (Fault::StatusLine, "empty lines before the status line"),
    (Fault::Status, "a status from 600 on"),
    (Fault::LineEnd, "a line that ends with a line feed alone"),
    (Fault::TooManyInterim, "more than sixteen informational answers"),
    (Fault::InterimBody, "an informational answer that claims a body"),
    (
        Fault::Length,
        "a length that is a list or has more than 18 digits; or a malformed one that no body follows",
    ),
    (Fault::Lengths, "the same length twice"),
    (Fault::Coding, "a coding other than `chunked`"),
    (Fault::OldCoding, "a coding in HTTP/1.0, where no body follows"),
    (Fault::TwoFramings, "a length beside a coding"),
    (Fault::ChunkSize, "spaces after a chunk's size, or more than 15 digits"),
    (Fault::ChunkExtension, "a control character in a chunk's extension, or 8 KiB of extensions"),
    (Fault::Trailers, "trailers with bare line feeds, more than 32 of them, or more than 8 KiB"),
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.replace('_', "").parse().unwrap())
}

#[test]
fn what_ours_takes_hyper_reads_alike() {
    let cases = number("H1_CASES", 20_000);
    let seed = number("H1_SEED", 1);
    let mut refused: BTreeMap<Fault, u64> = BTreeMap::new();
    let (mut taken, mut whole, mut reusable) = (0_u64, 0_u64, 0_u64);
    for at in 0..cases {
        let mut dice = Dice::new(seed.wrapping_add(at));
        let case = grammar::case(&mut dice);
        let (ours, theirs) = (ours::read(&case), theirs::read(&case));
        let label = || {
            let shown = |piece: &Vec<u8>| piece.escape_ascii().to_string();
            let pieces: Vec<_> = case.pieces.iter().map(shown).collect();
            let kind = if case.head_request { "HEAD" } else { "GET" };
            format!(
                "seed {}: {kind}, {} {pieces:#?}\nours {ours:#?}\nhyper {theirs:#?}",
                seed.wrapping_add(at),
                if case.ends { "ends after" } else { "stays open after" },
            )
        };
        if let Some(fault) = compare(&case, &ours, &theirs).unwrap_or_else(|why| {
            panic!("{why}\n{}", label());
        }) {
            *refused.entry(fault).or_default() += 1;
        }
        if let Outcome::Answer(answer) = &ours {
            taken += 1;
            whole += u64::from(answer.end == End::Whole);
            reusable += u64::from(answer.reusable);
        }
    }
    println!(
        "{cases} answers: {taken} taken, {whole} whole, {reusable} left the connection usable"
    );
    for (fault, count) in refused {
        println!("{count:8} refused by ours only: {fault:?}");
    }
    // A generator that makes nothing whole would compare nothing.
    assert!(whole * 10 > cases && reusable * 20 > cases, "{whole} whole, {reusable} reusable");
}

/// Our reason, where we are the stricter one.
fn compare(case: &Case, ours: &Outcome, theirs: &Outcome) -> Result<Option<Fault>, String> {
    let (ours, theirs) = match (ours, theirs) {
        (Outcome::Refused(fault), Outcome::Answer(_)) => return stricter(case, *fault),
        (Outcome::Refused(_) | Outcome::Waiting, Outcome::Refused(_) | Outcome::Waiting) => {
            return Ok(None);
        }
        // Ours waits for the rest of a head that has bare line feeds.
        (Outcome::Waiting, Outcome::Answer(_)) => return stricter(case, Some(Fault::LineEnd)),
        (Outcome::Answer(_), Outcome::Refused(_) | Outcome::Waiting) => {
            return Err("ours takes what hyper does not".into());
        }
        (Outcome::Answer(ours), Outcome::Answer(theirs)) => (ours, theirs),
    };
    if (ours.status, ours.version) != (theirs.status, theirs.version) {
        return Err("they read another status line".into());
    }
    if ours.fields != theirs.fields {
        return Err("they read other fields".into());
    }
    match (ours.end, theirs.end) {
        (End::Whole, End::Whole) if ours.body != theirs.body => Err("another body".into()),
        (End::Whole, End::Broken(_) | End::Waiting) => Err("ours ends, hyper does not".into()),
        (End::Waiting, End::Whole | End::Broken(_)) => Err("hyper ends, ours does not".into()),
        (End::Broken(fault), End::Whole | End::Waiting) => stricter(case, fault),
        _ if ours.reusable && !theirs.reusable => Err("ours uses the connection again".into()),
        (End::Whole, End::Whole) => Ok(None),
        _ if !theirs.body.starts_with(&ours.body) && !ours.body.starts_with(&theirs.body) => {
            Err("another beginning of the body".into())
        }
        _ => Ok(None),
    }
}

fn stricter(case: &Case, fault: Option<Fault>) -> Result<Option<Fault>, String> {
    let fault = fault.expect("ours gives reasons");
    let all = case.pieces.concat();
    let bare =
        all.iter().enumerate().any(|(at, b)| *b == b'\n' && (at == 0 || all[at - 1] != b'\r'));
    match fault {
        // A head that ends with bare line feeds goes on, for ours, until the connection ends.
        Fault::CutOff | Fault::LineEnd if bare => Ok(Some(Fault::LineEnd)),
        _ if STRICTER.iter().any(|(listed, _)| *listed == fault) => Ok(Some(fault)),
        _ => {
            Err(format!("ours refuses what hyper takes, for a reason that is not listed: {fault}"))
        }
    }
}
