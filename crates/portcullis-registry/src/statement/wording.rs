//! Whether a sentence says something, by the words in it.
//!
//! A crude check, and meant to be: it stops letters that fit everybody, it does not judge style.

use std::collections::HashSet;

/// Fewest words that say something, once phrases that say nothing are taken out.
const WORDS_MIN: usize = 3;
/// Phrases that can stand in any letter to anybody.
const PHRASES: &[&str] = &[
    "terms of service",
    "terms of use",
    "terms and conditions",
    "platform terms",
    "community guidelines",
    "our guidelines",
    "our policies",
    "policy violation",
    "policy violations",
    "violation of",
    "in violation",
    "violated",
    "violates",
    "breach of",
    "breached",
    "suspicious activity",
    "suspicious behaviour",
    "unusual activity",
    "unusual use",
    "for security reasons",
    "security reasons",
    "we reserve the right",
    "at our discretion",
    "without notice",
    "your access",
    "your account",
    "has been suspended",
    "has been revoked",
    "has been restricted",
    "under review",
    "looked at",
    "looked into",
    "the agreement",
];
/// Words that carry no fact by themselves.
const FILLERS: &[&str] = &[
    "a",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "being",
    "by",
    "due",
    "for",
    "from",
    "had",
    "has",
    "have",
    "in",
    "is",
    "it",
    "its",
    "of",
    "on",
    "or",
    "our",
    "partner",
    "please",
    "policies",
    "policy",
    "some",
    "terms",
    "that",
    "the",
    "their",
    "there",
    "these",
    "they",
    "this",
    "to",
    "was",
    "we",
    "were",
    "with",
    "you",
    "your",
    "abuse",
    "misuse",
    "access",
    "suspended",
    "revoked",
    "reasons",
    "reason",
    "see",
    "tba",
    "todo",
    "none",
    "n/a",
    "various",
    "other",
];

/// Whether enough words are left once phrases and fillers are gone.
pub(crate) fn is_specific(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = PHRASES.iter().fold(lower, |text, phrase| text.replace(phrase, " "));
    let words = bare.split(|c: char| c.is_whitespace() || ",;:.!?()\"".contains(c));
    let telling = words.filter(|word| !word.is_empty() && !FILLERS.contains(word));
    telling.collect::<HashSet<_>>().len() >= WORDS_MIN
}

/// Lower-case hex SHA-256.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A language tag as BCP 47 shapes it; whether anybody speaks it is not asked.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    (2..=3).contains(&first.len())
        && letters(first)
        && text.len() <= 35
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}
