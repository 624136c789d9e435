//! What a call reads, kept while its answer is under way: should its caller be narrowed meanwhile, that is
//! what counts.
//!
//! Must not know who calls or what is closed.

use std::sync::Arc;

use portcullis_types::asked::Asks;
use portcullis_types::{ClassSet, ClientIx, Effect, FieldSet, Revision};
use smallvec::SmallVec;

/// What a call reads. Of one that could not be read to its end nothing is known, and any closure closes it.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Touched(Option<Arc<Read>>);

/// Classes and fields that a call reads, by the numbers of the rules it was judged by.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Read {
    rules: Revision,
    pub(crate) classes: ClassSet,
    pub(crate) fields: FieldSet,
    /// The clients that a call of an unbound key is for.
    clients: SmallVec<[ClientIx; 2]>,
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

    /// The clients it is for, beside that of its key.
    pub(crate) fn clients(&self) -> &[ClientIx] {
        self.0.as_deref().map_or(&[], |read| &read.clients)
    }

    /// What both read.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = self.0.as_ref().zip(other.0.as_ref());
        let both = both.filter(|(one, other)| one.rules == other.rules);
        Self(both.map(|(one, other)| {
            let classes = one.classes.union(&other.classes);
            let fields = one.fields.union(&other.fields);
            let mut clients = one.clients.clone();
            clients.extend(other.clients.iter().filter(|new| !one.clients.contains(new)).copied());
            Arc::new(Read { rules: one.rules, classes, fields, clients })
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
    pub(crate) fn note(&mut self, asks: &Asks<'_>, rules: Revision, clients: &[ClientIx]) {
        self.last = None;
        if asks.effect == Effect::Write {
            return;
        }
        let clients = SmallVec::from_slice(clients);
        let mut read = Read { rules, classes: ClassSet::EMPTY, fields: FieldSet::EMPTY, clients };
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
