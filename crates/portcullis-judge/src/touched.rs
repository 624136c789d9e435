//! What a call reads, kept while its answer is under way: should its caller be narrowed meanwhile, that is
//! what counts.
//!
//! Must not know who calls or what is closed.

use std::sync::Arc;

use portcullis_types::asked::Asks;
use portcullis_types::{ClassSet, ClientIx, Effect, FieldSet, LedgerLevel, Revision, Span};
use smallvec::SmallVec;

use crate::rules::Rules;

/// What a call reads. Of one that could not be read to its end nothing is known, and any closure closes it.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Touched(Option<Arc<Noted>>);

/// Classes and fields that a call reads, by the numbers of the rules it was judged by.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Read {
    rules: Revision,
    pub(crate) classes: ClassSet,
    pub(crate) fields: FieldSet,
    /// The clients that a call of an unbound key is for.
    clients: SmallVec<[ClientIx; 2]>,
}

/// What a call reads, and what follows from it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Noted {
    read: Read,
    /// The longest that an address of media works that the answer may hold.
    media: Option<Span>,
    /// What the fields are.
    pub(crate) field_classes: ClassSet,
    /// How much of it is written down in the ledger.
    pub(crate) level: LedgerLevel,
}

impl Noted {
    fn new(read: Read, rules: &Rules, level: LedgerLevel) -> Arc<Self> {
        let media = rules.catalogue.media_works(&read.fields);
        let field_classes = rules.catalogue.classes_of(&read.fields);
        Arc::new(Self { read, media, field_classes, level })
    }
}

/// How many are kept.
const KEPT: usize = 64;

/// What the calls of a thread read: most are like one before, and need no memory of their own.
pub(crate) struct Kept {
    of: Box<[Option<Arc<Noted>>]>,
    last: Option<Arc<Noted>>,
    /// What the last call reads back after it wrote.
    back: Option<Arc<Noted>>,
}

impl Touched {
    /// What it is by the numbers of these rules; none where it was read by others.
    pub(crate) fn known(&self, rules: Revision) -> Option<&Read> {
        self.read().filter(|read| read.rules == rules)
    }

    /// The clients it is for, beside that of its key.
    pub(crate) fn clients(&self) -> &[ClientIx] {
        self.read().map_or(&[], |read| &read.clients)
    }

    /// Whether the answer may hold addresses of media that work on.
    #[must_use]
    pub fn may_hold_media(&self) -> bool {
        self.0.as_ref().is_none_or(|noted| noted.media.is_some())
    }

    /// How long those work at the longest, or that there are none; none where nothing is known.
    pub(crate) fn media_works(&self) -> Option<Option<Span>> {
        self.0.as_ref().map(|noted| noted.media)
    }

    fn read(&self) -> Option<&Read> {
        self.0.as_deref().map(|noted| &noted.read)
    }

    /// What both read.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = self.0.as_ref().zip(other.0.as_ref());
        let both = both.filter(|(one, other)| one.read.rules == other.read.rules);
        Self(both.map(|(one, other)| {
            let media = one.media.max(other.media);
            let (one, other) = (&one.read, &other.read);
            let classes = one.classes.union(&other.classes);
            let fields = one.fields.union(&other.fields);
            let mut clients = one.clients.clone();
            clients.extend(other.clients.iter().filter(|new| !one.clients.contains(new)).copied());
            let read = Read { rules: one.rules, classes, fields, clients };
            // What is put together is only asked for what may be kept from its reader.
            let (field_classes, level) = (ClassSet::EMPTY, LedgerLevel::default());
            Arc::new(Noted { read, media, field_classes, level })
        }))
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { of: vec![None; KEPT].into(), last: None, back: None }
    }
}

impl Kept {
    /// Notes what a call reads; nothing of a write, whose answer is not cut.
    pub(crate) fn note(&mut self, asks: &Asks<'_>, rules: &Rules, clients: &[ClientIx]) {
        (self.last, self.back) = (None, None);
        let clients = SmallVec::from_slice(clients);
        let (classes, fields) = (ClassSet::EMPTY, FieldSet::EMPTY);
        let mut read = Read { rules: rules.revision, classes, fields, clients };
        // Numbers of few classes differ in their low bits.
        let mut at = usize::from(asks.operation.0);
        for ask in asks.asks.iter().filter(|ask| ask.effect == Effect::Read) {
            read.classes.insert(ask.class);
            read.fields = read.fields.union(&ask.fields);
            at += 5 * ask.class.at();
        }
        if asks.effect == Effect::Write {
            if !read.classes.is_empty() {
                let level = level(asks, rules);
                self.back = Some(Noted::new(read, rules, level));
            }
            return;
        }
        let Some(slot) = self.of.get_mut(at % KEPT) else { return };
        match slot {
            Some(kept) if kept.read == read => {}
            _ => *slot = Some(Noted::new(read, rules, level(asks, rules))),
        }
        self.last.clone_from(slot);
    }

    /// What the last call reads, after it wrote, too.
    pub(crate) fn noted(&self) -> Option<&Arc<Noted>> {
        self.last.as_ref().or(self.back.as_ref())
    }

    /// Nothing is known of the call.
    pub(crate) fn forget(&mut self) {
        (self.last, self.back) = (None, None);
    }

    /// What was noted last.
    pub(crate) fn take(&mut self) -> Touched {
        Touched(self.last.take())
    }
}

/// How much is written down of what a call reads: the most that any part of it asks for.
fn level(asks: &Asks<'_>, rules: &Rules) -> LedgerLevel {
    let reads = asks.asks.iter().filter(|ask| ask.effect == Effect::Read);
    let levels = reads.map(|ask| rules.catalogue.level_of(ask.class, &ask.fields));
    levels.max().unwrap_or(LedgerLevel::Off)
}
