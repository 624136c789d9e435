//! What previews ask of the data plane: calls under way, and what answers left behind.
//!
//! Must not know what a preview says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_control::{Left, Plane, UnderWay};
use portcullis_judge::Judge;
use portcullis_proxy::Looker;
use portcullis_types::{Clock as _, KeyIx, Wall};

use super::board::Board;
use crate::clock::SystemClock;

/// A thread that does not say what is under way within this time is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Looks at the data plane.
pub(crate) struct Foresight {
    judge: Arc<Judge>,
    board: Arc<Board>,
    looker: Looker,
    /// Marks begin here.
    since: Wall,
}

impl Foresight {
    pub(crate) fn new(judge: &Arc<Judge>, board: &Arc<Board>, looker: Looker) -> Self {
        let (judge, board) = (Arc::clone(judge), Arc::clone(board));
        Self { judge, board, looker, since: SystemClock::start().now().wall }
    }
}

impl Plane for Foresight {
    fn under_way(&self, keys: &[KeyIx]) -> Option<UnderWay> {
        let calls = self.looker.under_way(keys, PATIENCE)?;
        Some(UnderWay { reads: calls.reads, writes: calls.writes })
    }

    fn left(&self, keys: &[KeyIx]) -> Left {
        let rules = self.board.rules();
        let catalogue = rules.as_deref().map(|rules| &rules.catalogue);
        let subscribes =
            catalogue.is_some_and(|known| known.operations().any(|known| known.subscribes));
        Left {
            since: self.since,
            media_works: catalogue.and_then(|known| known.media_longest()),
            media_until: self.judge.media_until(keys),
            subscriptions: subscribes.then(|| self.judge.subscriptions(keys)),
        }
    }

    fn continuity(&self) -> Vec<String> {
        let Some(rules) = self.board.rules() else { return Vec::new() };
        let open = rules.catalogue.continuity();
        let classes = rules.catalogue.classes();
        let open = classes.filter(|name| {
            rules.catalogue.class(name.as_str()).is_some_and(|class| open.contains(class))
        });
        open.map(ToString::to_string).collect()
    }
}

impl fmt::Debug for Foresight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foresight").field("since", &self.since).finish_non_exhaustive()
    }
}
