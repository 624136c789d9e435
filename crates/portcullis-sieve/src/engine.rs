//! The state of one answer, and the reading of one chunk.
//!
//! `tokens` and `strings` read the grammar, `values` finds what happens to each value, `judge`,
//! `weigh`, `give_up` and `strip` decide items, `emit` writes, `embed` goes into strings. Must not know HTTP.

mod embed;
mod emit;
mod frame;
mod give_up;
mod judge;
mod strings;
mod strip;
mod tokens;
mod values;
mod weigh;

use std::sync::Arc;

use self::embed::Inner;
use self::frame::{Ends, Frame, Next};
use self::judge::Open;
use self::strip::Strip;
use self::tokens::State;
use crate::items::{Items, Slot};
use crate::link_key::LinkKey;
use crate::program::Program;
use crate::secret::Watch;
use crate::sink::Sink;
use crate::tally::Tallies;
use crate::utf8::Utf8;
use crate::{DEPTH_MAX, Fault, Gate, HELD_MAX};

/// All that is kept of an answer between two chunks.
pub(crate) struct Core {
    program: Arc<Program>,
    gate: Arc<Gate>,
    /// The caller's own key for links. Not for answers inside of strings: whoever sends several calls
    /// in one follows no link of theirs.
    link_key: Option<LinkKey>,
    /// Whether a link got it.
    keyed: bool,
    now: i64,
    /// The entry of the batch that this is embedded in.
    entry: Option<u32>,

    state: State,
    /// Digits of an escape that are still to come, or 5 right after the backslash.
    escape: u8,
    frames: Vec<Frame>,
    /// What the value that comes next is.
    next: Next,
    /// What is to be done when the scalar at hand ends.
    ends: Ends,
    /// A name that goes on in the next chunk.
    name: Vec<u8>,
    /// A value that a duty reads, as far as it came.
    text: Vec<u8>,
    text_is_long: bool,

    /// The depth of the value that is left out; 0: none.
    mute: usize,
    /// Comma, white space and name of a member whose fate the last chunk left open.
    carry: Vec<u8>,
    has_head: bool,
    /// Output that waits for items to be decided.
    held: Vec<u8>,
    open: Vec<Open>,
    undecided: usize,
    held_max: usize,
    slots: Vec<Slot>,
    texts: String,
    strips: Vec<Strip>,
    inner: Option<Box<Inner>>,

    utf8: Utf8,
    watch: Watch,
    tallies: Tallies,
    read: u64,
    written: u64,
    thinned: bool,
    changed: bool,
    fault: Option<Fault>,
}

/// One chunk being read.
struct Run<'r, S> {
    core: &'r mut Core,
    program: &'r Program,
    gate: &'r Gate,
    chunk: &'r [u8],
    /// Next byte to read.
    pos: usize,
    /// First byte that was not written yet; what lies between is written as it is.
    from: usize,
    /// Where the one item begins that is undecided, as long as nothing of this chunk is held: what stands
    /// before it waits for nothing, and is written together with it if it leaves.
    ahead: Option<usize>,
    /// Where the comma, or the blank before a first member, begins whose fate is open.
    head: Option<usize>,
    /// Where the value begins that a duty reads.
    text_from: usize,
    sink: &'r mut S,
    items: &'r mut dyn Items,
}

impl Core {
    pub(crate) fn new(
        program: Arc<Program>,
        gate: Arc<Gate>,
        now: i64,
        entry: Option<u32>,
    ) -> Self {
        let next = Next { node: program.root, ..Next::default() };
        Self {
            program,
            gate,
            link_key: None,
            keyed: false,
            now,
            entry,
            state: State::Value,
            escape: 0,
            frames: Vec::with_capacity(8),
            next,
            ends: Ends::NONE,
            name: Vec::new(),
            text: Vec::new(),
            text_is_long: false,
            mute: 0,
            carry: Vec::new(),
            has_head: false,
            held: Vec::new(),
            open: Vec::new(),
            undecided: 0,
            held_max: HELD_MAX,
            slots: Vec::new(),
            texts: String::new(),
            strips: Vec::new(),
            inner: None,
            utf8: Utf8::default(),
            watch: Watch::default(),
            tallies: Tallies::default(),
            read: 0,
            written: 0,
            thinned: false,
            changed: false,
            fault: None,
        }
    }

    /// Reads a chunk. What flows unchanged reaches the sink before this returns.
    pub(crate) fn push<S: Sink>(
        &mut self,
        chunk: &[u8],
        sink: &mut S,
        items: &mut dyn Items,
    ) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let outcome = self.try_push(chunk, sink, items);
        self.fault = outcome.err();
        outcome
    }

    fn try_push<S: Sink>(
        &mut self,
        chunk: &[u8],
        sink: &mut S,
        items: &mut dyn Items,
    ) -> Result<(), Fault> {
        self.utf8.push(chunk)?;
        let (program, gate) = (Arc::clone(&self.program), Arc::clone(&self.gate));
        let head = self.has_head.then_some(0);
        let (program, gate) = (&*program, &*gate);
        let (pos, from, ahead, text_from) = (0, 0, None, 0);
        let mut run = Run {
            core: self,
            program,
            gate,
            chunk,
            pos,
            from,
            ahead,
            head,
            text_from,
            sink,
            items,
        };
        if let Err(fault) = run.go() {
            // What is held may have been too much before, which then counts; nothing counts for more than
            // the credential.
            if fault != Fault::Secret {
                run.flush(run.settled())?;
            }
            return Err(fault);
        }
        run.leave()?;
        self.read += chunk.len() as u64;
        Ok(())
    }

    /// Ends the answer.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        if let State::InNumber(number) = self.state
            && self.frames.is_empty()
            && number.is_whole()
        {
            // Only the end of the text ends a number that is a whole document.
            self.state = State::Done;
        }
        match self.fault {
            Some(fault) => Err(fault),
            None if self.state == State::Done && self.utf8.is_whole() => Ok(()),
            None => {
                self.fault = Some(Fault::Truncated);
                Err(Fault::Truncated)
            }
        }
    }

    pub(crate) fn hold_at_most(&mut self, bytes: usize) {
        self.held_max = bytes;
    }

    pub(crate) fn key_links(&mut self, key: Option<LinkKey>) {
        self.link_key = key;
    }

    pub(crate) fn is_keyed(&self) -> bool {
        self.keyed
    }

    /// Whether a link may still get the key.
    pub(crate) fn may_key(&self) -> bool {
        self.link_key.is_some() && self.program.names.have_links()
    }

    pub(crate) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    pub(crate) fn is_thinned(&self) -> bool {
        self.thinned
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Bytes that its buffers take.
    pub(crate) fn memory(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |inner| inner.memory());
        let frames = self.frames.capacity() * size_of::<Frame>();
        let items = self.open.capacity() * size_of::<Open>()
            + self.slots.capacity() * size_of::<Slot>()
            + self.strips.capacity() * size_of::<Strip>();
        let texts = self.held.capacity()
            + self.carry.capacity()
            + self.name.capacity()
            + self.text.capacity()
            + self.texts.capacity();
        size_of::<Self>() + frames + items + texts + inner + self.tallies.memory()
    }
}

/// Whether a text is one JSON document as the sieve reads it.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let program = Arc::new(Program::reader());
    let mut core = Core::new(program, Arc::new(Gate::default()), 0, None);
    let mut out = Vec::new();
    core.push(text, &mut out, &mut ()).is_ok() && core.finish().is_ok()
}

impl<S> Run<'_, S> {
    /// The depth of the value that is about to come, or has just ended.
    #[inline]
    fn depth(&self) -> usize {
        self.core.frames.len() + 1
    }

    fn push_frame(&mut self, frame: Frame) -> Result<(), Fault> {
        if self.core.frames.len() >= DEPTH_MAX {
            return Err(Fault::TooDeep);
        }
        self.core.frames.push(frame);
        Ok(())
    }

    #[cold]
    fn syntax(&self) -> Fault {
        Fault::NotJson { at: self.core.read + self.pos as u64 }
    }
}
