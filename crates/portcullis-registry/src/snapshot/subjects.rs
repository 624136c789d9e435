//! What is asked of a partner, a client or a key alike, whichever it is.
//!
//! Must not know how calls are judged by it.

use std::collections::HashSet;

use portcullis_types::{ClientIx, Notice, PartnerIx, Revision};

use super::Snapshot;
use crate::records::SubjectIx;
use crate::standing::Course;
use crate::words::SubjectId;

impl Snapshot {
    /// Whose a subject is.
    #[must_use]
    pub fn partner_of(&self, at: SubjectIx) -> Option<PartnerIx> {
        match at {
            SubjectIx::Partner(at) => Some(at),
            SubjectIx::Client(at) => self.client(at).map(|client| client.partner),
            SubjectIx::Key(at) => self.key(at).map(|key| key.partner),
        }
    }

    /// The client that a subject is or is bound to.
    pub(crate) fn client_of(&self, at: SubjectIx) -> Option<ClientIx> {
        match at {
            SubjectIx::Partner(_) => None,
            SubjectIx::Client(at) => Some(at),
            SubjectIx::Key(at) => self.key(at)?.client,
        }
    }

    /// What its own standing takes from a subject.
    #[must_use]
    pub fn notice(&self, at: SubjectIx) -> Option<&Notice> {
        match at {
            SubjectIx::Partner(at) => self.partner(at)?.narrowed.as_deref(),
            SubjectIx::Client(at) => self.client(at)?.narrowed.as_deref(),
            SubjectIx::Key(at) => self.key(at)?.narrowed.as_deref(),
        }
    }

    /// What a subject's own standing, or the end of a key, takes from it.
    #[must_use]
    pub fn taken(&self, at: SubjectIx) -> Option<&Notice> {
        let ended = match at {
            SubjectIx::Key(at) => self.key(at).and_then(|key| key.ended.as_deref()),
            SubjectIx::Partner(_) | SubjectIx::Client(_) => None,
        };
        ended.or_else(|| self.notice(at))
    }

    /// The newest event that changed what is declared of a subject, however it stands.
    pub(crate) fn edited(&self, at: SubjectIx) -> Option<Revision> {
        Some(match at {
            SubjectIx::Partner(at) => self.partner(at)?.revision,
            SubjectIx::Client(at) => self.client(at)?.revision,
            SubjectIx::Key(at) => self.key(at)?.revision,
        })
    }

    /// The newest event known to have changed a subject.
    pub(crate) fn changed(&self, at: SubjectIx) -> Option<Revision> {
        self.edited(at).max(self.notice(at).and_then(|notice| notice.revision))
    }

    /// The id of a subject.
    #[must_use]
    pub fn subject_id(&self, at: SubjectIx) -> Option<SubjectId> {
        Some(match at {
            SubjectIx::Partner(at) => SubjectId::Partner(self.partner(at)?.id.clone()),
            SubjectIx::Client(at) => SubjectId::Client(self.client(at)?.id.clone()),
            SubjectIx::Key(at) => SubjectId::Key(self.key(at)?.id()),
        })
    }

    /// Where the subject of that id is.
    #[must_use]
    pub fn subject_ix(&self, id: &SubjectId) -> Option<SubjectIx> {
        match id {
            SubjectId::Partner(id) => self.partner_ix(id).map(SubjectIx::Partner),
            SubjectId::Client(id) => self.client_ix(id).map(SubjectIx::Client),
            SubjectId::Key(id) => self.key_ix(id).map(SubjectIx::Key),
        }
    }

    /// How a partner or client came to its standing, and what is due; none: it is good, or a key.
    #[must_use]
    pub fn course(&self, at: SubjectIx) -> Option<&Course> {
        match at {
            SubjectIx::Partner(at) => self.partner(at)?.course.as_deref(),
            SubjectIx::Client(at) => self.client(at)?.course.as_deref(),
            SubjectIx::Key(_) => None,
        }
    }

    /// Whether something was taken away without a statement of reasons.
    pub(crate) fn untold(&self, at: SubjectIx) -> bool {
        match at {
            SubjectIx::Key(at) => {
                self.key(at).and_then(|key| key.more.as_ref()).is_some_and(|more| more.untold)
            }
            at => self.course(at).is_some_and(|course| course.statement.is_none()),
        }
    }

    /// Whether a partner has a key that is not ended.
    #[must_use]
    pub fn calls(&self, partner: PartnerIx) -> bool {
        self.keys().any(|(_, key)| key.partner == partner && key.ended.is_none())
    }

    /// All partners that have a key which is not ended.
    #[must_use]
    pub fn callers(&self) -> HashSet<PartnerIx> {
        self.keys().filter(|(_, key)| key.ended.is_none()).map(|(_, key)| key.partner).collect()
    }
}
