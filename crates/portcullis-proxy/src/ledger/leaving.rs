//! One answer on its way out, as far as the ledger is to be told of it.
//!
//! Must not know what is sent, nor who writes the ledger.

use portcullis_judge::{Ledgered, Look, Permit, Trace};
use portcullis_types::{
    ClassIx, ClassSet, LedgerAnswer, LedgerLevel, LedgerRecords, Refusal, RequestId, Revision, Wall,
};

use super::book::{Book, Room};
use crate::thread::Thread;

/// Status of an answer after which a connection speaks something else.
const SWITCHED: u16 = 101;

/// What the ledger is told of an answer once it is out.
pub(crate) struct Leaving {
    told: Ledgered,
    /// Where what is digested has its place already.
    room: Option<Room>,
    seen: Option<Box<LedgerRecords>>,
}

/// How an answer ended.
pub(crate) struct Left<'a> {
    pub(crate) at: Wall,
    pub(crate) id: &'a str,
    pub(crate) trace: &'a Trace,
    pub(crate) status: u16,
    /// Bytes of its body.
    pub(crate) bytes: u64,
    pub(crate) whole: bool,
}

/// What is told of an answer, with its place.
pub(crate) type Told = (LedgerAnswer, Option<Room>);

impl Leaving {
    /// Before a permitted call is sent on. Where what leaves can't be written down it is refused, and has
    /// cost nothing.
    pub(crate) fn begin(
        thread: &Thread,
        mut permit: Permit,
    ) -> Result<(Permit, Option<Self>), Refusal> {
        let Some(book) = &thread.ledger else { return Ok((permit, None)) };
        let Some(told) = permit.take_ledgered() else { return Ok((permit, None)) };
        let room = match told.level {
            LedgerLevel::Off | LedgerLevel::Counts => None,
            LedgerLevel::Digests => match book.reserve() {
                Some(room) => Some(room),
                None => {
                    permit.into_parts().1.release();
                    return Err(Refusal::LedgerFull);
                }
            },
        };
        Ok((permit, Some(Self { told, room, seen: None })))
    }

    /// What is needed to look at the answer.
    pub(crate) fn take_look(&mut self) -> Option<Box<Look>> {
        self.told.take_look()
    }

    /// What was seen to leave; none: nobody looked.
    pub(crate) fn saw(&mut self, seen: Option<Box<LedgerRecords>>) {
        self.seen = seen;
    }

    /// What is told of the answer; none: nothing of the platform's data was in it.
    pub(crate) fn ended(self, left: &Left<'_>) -> Option<Told> {
        let Self { told, room, seen } = self;
        if left.bytes == 0 {
            return None;
        }
        // What says no holds no records, unless it does.
        let gives = (200..300).contains(&left.status) || left.status == SWITCHED;
        if !gives && !seen.iter().flat_map(|seen| seen.iter()).any(|record| record.id.is_some()) {
            return None;
        }
        let mut answer = bare(left)?;
        told.fill(seen, &mut answer);
        Some((answer, room))
    }
}

impl Book {
    /// Tells of an answer that ended.
    pub(crate) fn left(&self, (answer, room): Told) {
        self.tell(answer, room);
    }
}

/// What is known of an answer without what its permit says.
fn bare(left: &Left<'_>) -> Option<LedgerAnswer> {
    let trace = left.trace;
    Some(LedgerAnswer {
        at: left.at,
        request: RequestId::new(left.id),
        partner: trace.partner_ix?,
        client: None,
        key: trace.key?,
        operation: trace.operation,
        // The first class is of what nobody classified.
        class: trace.class_ix.unwrap_or(ClassIx(0)),
        passed: trace.passed.map(|(tier, rule)| (tier, rule.map(|rule| rule.0))),
        policy: trace.policy_revision.unwrap_or(Revision(0)),
        level: LedgerLevel::Counts,
        rows: 0,
        counted: false,
        fields: ClassSet::EMPTY,
        bytes: left.bytes,
        whole: left.whole,
        answers: 1,
        digested: None,
    })
}
