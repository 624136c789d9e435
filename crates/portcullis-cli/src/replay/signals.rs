//! Signals raised while calls are judged, and what follows them.
//!
//! Must not measure anything.

use std::sync::Arc;

use portcullis_judge::{NarrowKind, SignalHit, SubjectIx};
use portcullis_policy::Action;
use portcullis_types::{Mono, Notice, Now, PartnerIx, ReasonCode};

use super::bench::{Bench, Line};
use super::tally::Spot;

impl Bench {
    /// Looks at what partners have in common, which shows in no single call.
    pub(crate) fn compare(&mut self, spot: Spot, mono: Mono) {
        let now = Now { wall: spot.at, mono };
        for (one, other, hit) in self.desk.overlaps(now) {
            for (seat, with) in [(one, other), (other, one)] {
                let name = |ix: PartnerIx| {
                    let partner = self.memory.partner(ix);
                    partner.unwrap_or("another partner").to_owned()
                };
                let evidence = format!("with {}: {}", name(with), hit.evidence);
                let Some(seat) = self.seats.iter_mut().find(|place| place.ix == seat) else {
                    continue;
                };
                seat.tally.signal(spot, (&hit.rule, hit.signal), &evidence, actions(&hit));
                seat.raised = Some(Arc::clone(&hit.rule));
            }
        }
    }

    /// Counts hits, and puts on hold whom a watch would put on hold.
    pub(super) fn signals(&mut self, line: &mut Line, seat: usize, hits: &[SignalHit]) {
        let Some(seat) = self.seats.get_mut(seat) else { return };
        for hit in hits {
            line.out.signal.get_or_insert_with(|| Arc::clone(&hit.rule));
            let about = (&hit.rule, hit.signal);
            seat.tally.signal(line.spot, about, &hit.evidence, actions(hit));
            if hit.then.contains(&Action::Hold)
                && let Ok(reason) = ReasonCode::new("signal")
            {
                let tell = hit.tell.clone().unwrap_or_else(|| Arc::from(hit.evidence.as_str()));
                let since = line.now.wall;
                let notice = Notice::hold(since, reason, tell);
                let subject = SubjectIx::Partner(seat.ix);
                self.memory.judge.narrow(subject, Arc::new(notice), NarrowKind::Hold);
            }
        }
    }

    /// Names what was raised between two calls of a partner with the later one.
    pub(super) fn pending(&mut self, line: &mut Line, seat: usize) {
        let raised = self.seats.get_mut(seat).and_then(|seat| seat.raised.take());
        if let Some(raised) = raised {
            line.out.signal.get_or_insert(raised);
        }
    }
}

/// What follows a hit, in words.
fn actions(hit: &SignalHit) -> Vec<&'static str> {
    let words = hit.then.iter().map(|action| match action {
        Action::Flag => "flag",
        Action::OpenCase => "open_case",
        Action::Restrict => "restrict",
        Action::Hold => "hold",
    });
    words.collect()
}
