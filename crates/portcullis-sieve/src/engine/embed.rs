//! JSON inside of a string: unescaped, sieved by a program of its own, escaped again.
//!
//! Must not know what the entries of a batch are.

use std::sync::Arc;

use super::{Core, Run};
use crate::program::{Embed, Node, Program};
use crate::sink::Sink;
use crate::text::{Unescape, escape};
use crate::{Fault, READ_MAX};

/// The answer in the string at hand.
pub(super) struct Inner {
    core: Core,
    unescape: Unescape,
    plain: Vec<u8>,
    out: Vec<u8>,
    quoted: Vec<u8>,
    refusal: Option<Box<str>>,
}

impl Inner {
    pub(super) fn memory(&self) -> usize {
        let buffers = self.plain.capacity() + self.out.capacity() + self.quoted.capacity();
        self.core.memory() + buffers + READ_MAX
    }
}

/// How much of a string is worked on at once, so that the buffers stay small.
const PIECE: usize = 4 * 1024;

impl<S: Sink> Run<'_, S> {
    /// A string begins that may hold an answer.
    pub(super) fn begin_embed(&mut self, node: &Node) -> Result<(), Fault> {
        let Some(embed) = node.embed.and_then(|ix| self.program.embeds.get(usize::from(ix))) else {
            return Ok(());
        };
        let lists = self.core.frames.iter().rev().filter(|frame| !frame.object);
        let entry = lists.map(|frame| frame.count).next().unwrap_or_default();
        let (program, refusal): (&Arc<Program>, _) = match embed {
            Embed::Same(program) => (program, None),
            Embed::Entries(entries) => {
                let at = usize::try_from(entry).unwrap_or(usize::MAX);
                let (program, refusal) = entries.get(at).ok_or(Fault::NotEmbedded)?;
                (program, refusal.clone())
            }
        };
        let gate = Arc::clone(&self.core.gate);
        let mut core = Core::new(Arc::clone(program), gate, self.core.now, Some(entry));
        core.hold_at_most(self.core.held_max);
        self.core.inner = Some(Box::new(Inner {
            core,
            unescape: Unescape::default(),
            plain: Vec::new(),
            out: Vec::new(),
            quoted: Vec::new(),
            refusal,
        }));
        self.put_instead(b"\"")
    }

    /// The next piece of the string, as it is written.
    pub(super) fn feed(&mut self, raw: &[u8]) -> Result<(), Fault> {
        for piece in raw.chunks(PIECE) {
            let Some(mut inner) = self.core.inner.take() else { return Ok(()) };
            inner.plain.clear();
            let is_text = inner.unescape.push(piece, &mut inner.plain).is_some();
            let outcome = inner.core.push(&inner.plain, &mut inner.out, &mut *self.items);
            self.drain(inner, outcome, false)?;
            // What came before the broken escape may have ended it already.
            if !is_text && self.core.inner.is_some() {
                return Err(Fault::NotEmbedded);
            }
        }
        Ok(())
    }

    /// The string has ended.
    pub(super) fn end_embed(&mut self) -> Result<(), Fault> {
        let Some(mut inner) = self.core.inner.take() else { return Ok(()) };
        if !inner.unescape.is_whole() {
            return Err(Fault::NotEmbedded);
        }
        let outcome = inner.core.finish();
        self.drain(inner, outcome, true)
    }

    fn drain(
        &mut self,
        mut inner: Box<Inner>,
        outcome: Result<(), Fault>,
        is_end: bool,
    ) -> Result<(), Fault> {
        match outcome {
            Err(Fault::NotJson { .. } | Fault::Truncated | Fault::Trailing { .. }) => {
                return Err(Fault::NotEmbedded);
            }
            Err(fault) if !fault.is_withheld() => return Err(fault),
            _ => {}
        }
        // What came before a fault goes first: then it does not matter where the chunk ends whether
        // the entry can still be replaced.
        for piece in inner.out.chunks(PIECE) {
            inner.quoted.clear();
            escape(piece, &mut inner.quoted);
            self.put_instead(&inner.quoted)?;
        }
        inner.out.clear();
        inner.out.shrink_to(PIECE);
        if is_end && outcome.is_ok() {
            self.put_instead(b"\"")?;
        }
        if let Err(fault) = outcome {
            // Nobody gets an entry that is left out already.
            let is_gone = self.core.mute != self.depth();
            return if is_gone { Ok(()) } else { self.refuse(*inner, fault) };
        }
        if !is_end {
            self.core.inner = Some(inner);
            return Ok(());
        }
        self.core.thinned |= inner.core.thinned;
        self.core.tallies.merge(&inner.core.tallies);
        self.entry_is_good()
    }

    /// Puts the refusal of an entry in its place, or gives the fault on if it has begun to leave.
    fn refuse(&mut self, inner: Inner, fault: Fault) -> Result<(), Fault> {
        let Some(refusal) = inner.refusal else { return Err(fault) };
        let Some((start, depth, follows)) = self.entry() else { return Err(fault) };
        self.cut_back(start, depth, follows);
        self.core.thinned = true;
        self.core.mute = 0;
        if follows {
            self.put(b",")?;
        }
        self.put(refusal.as_bytes())?;
        if self.core.mute != 0 {
            return Ok(());
        }
        self.core.mute = depth;
        if let Some(frame) = depth.checked_sub(2).and_then(|at| self.core.frames.get_mut(at)) {
            frame.emitted = true;
        }
        Ok(())
    }
}
