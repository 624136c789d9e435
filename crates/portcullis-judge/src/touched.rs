//! What a call reads, kept while its answer is under way: should its caller be narrowed meanwhile, that is
//! what counts.
//!
//! Must not know who calls or what is closed.

use std::sync::Arc;

use portcullis_types::asked::Asks;
use portcullis_types::{ClassSet, Effect, FieldSet, Revision};

/// What a call reads. Of one that could not be read to its end nothing is known, and any closure closes it.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Touched(Option<Arc<Read>>);

/// Classes and fields that a call reads, by the numbers of the rules it was judged by.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Read {
    rules: Revision,
    pub(crate) classes: ClassSet,
    pub(crate) fields: FieldSet,
}

/// How many are kept.
const KEPT: usize = 64;

/// What the calls of a thread read: most are like one before, and need no memory of their own.
pub(crate) struct Kept {
    of: Box<[Option<Arc<Read>>]>,
    last: Option<Arc<Read>>,
}

impl Touched {
    /// What it is by the numbers of these rules; none where it was read by others.
    pub(crate) fn known(&self, rules: Revision) -> Option<&Read> {
        self.0.as_deref().filter(|read| read.rules == rules)
    }

    /// What both read.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = self.0.as_ref().zip(other.0.as_ref());
        let both = both.filter(|(one, other)| one.rules == other.rules);
        Self(both.map(|(one, other)| {
            let classes = one.classes.union(&other.classes);
            let fields = one.fields.union(&other.fields);
            Arc::new(Read { rules: one.rules, classes, fields })
        }))
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { of: vec![None; KEPT].into(), last: None }
    }
}

impl Kept {
    /// Notes what a call reads; nothing of a write, whose answer is not cut.
    pub(crate) fn note(&mut self, asks: &Asks<'_>, rules: Revision) {
        self.last = None;
        if asks.effect == Effect::Write {
            return;
        }
        let mut read = Read { rules, classes: ClassSet::EMPTY, fields: FieldSet::EMPTY };
        // Numbers of few classes differ in their low bits.
        let mut at = usize::from(asks.operation.0);
        for ask in &asks.asks {
            read.classes.insert(ask.class);
            read.fields = read.fields.union(&ask.fields);
            at += 5 * ask.class.at();
        }
        let Some(slot) = self.of.get_mut(at % KEPT) else { return };
        match slot {
            Some(kept) if **kept == read => {}
            _ => *slot = Some(Arc::new(read)),
        }
        self.last.clone_from(slot);
    }

    /// Nothing is known of the call.
    pub(crate) fn forget(&mut self) {
        self.last = None;
    }

    /// What was noted last.
    pub(crate) fn take(&mut self) -> Touched {
        Touched(self.last.take())
    }
}
