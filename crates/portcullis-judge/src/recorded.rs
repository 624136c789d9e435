//! Judging calls whose caller is known already, such as recorded ones.
//!
//! Must not know who recorded them.

use portcullis_request::Arrival;
use portcullis_types::asked::Asks;
use portcullis_types::{KeyIx, Now};

use crate::desk::Desk;
use crate::entries::KnownKey;
use crate::origin::Origin;
use crate::outbound::PlatformCredential;
use crate::verdict::Verdict;

/// A call to be judged, beside what it says itself.
pub(crate) struct Case<'a> {
    /// Whose it is, where that is told before.
    pub(crate) known: Option<KnownKey>,
    pub(crate) origin: Option<Origin<'a>>,
    pub(crate) now: Now,
    pub(crate) platform: &'a PlatformCredential,
    /// Is shown what the call asks for.
    pub(crate) see: Option<&'a mut dyn FnMut(&Asks<'_>)>,
}

impl Desk {
    /// Judges a call whose caller is known already, such as a recorded call. A credential in the call,
    /// if there is one, must be that key's. Entries of a batch: [`Self::judge_entry`].
    pub fn judge_known(
        &mut self,
        key: KeyIx,
        arrival: &Arrival<'_>,
        now: Now,
        platform: &PlatformCredential,
    ) -> Verdict {
        let known = Some(KnownKey { key, asks_left: None });
        let case = Case { known, origin: None, now, platform, see: None };
        self.verdict(case, |pass| pass.call(arrival)).0
    }

    /// The same, and shows what the call asks for, so that whoever counts that need not read the call
    /// once more. Nothing is shown of a call that is refused before it is unfolded; each time again of
    /// one that is judged again since the rules changed.
    pub fn judge_seen(
        &mut self,
        key: KeyIx,
        arrival: &Arrival<'_>,
        now: Now,
        see: &mut dyn FnMut(&Asks<'_>),
    ) -> Verdict {
        let known = Some(KnownKey { key, asks_left: None });
        let platform = &PlatformCredential::Header;
        let case = Case { known, origin: None, now, platform, see: Some(see) };
        self.verdict(case, |pass| pass.call(arrival)).0
    }
}
