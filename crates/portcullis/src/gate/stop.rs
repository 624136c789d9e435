//! How a gate ends: calls first, then what tells and writes of them, the log last.
//!
//! Must not know how a gate begins.

use super::{Gate, ledger, signals};
use crate::talk;

impl Gate {
    /// Calls under way finish within the drain time; then the log is closed.
    pub(crate) fn stop(mut self) {
        drop(self.watching.take());
        drop(self.admin_socket);
        self.board.note(|notes| notes.stopping = true);
        let ended = self.plane.drain(self.drain);
        if ended.cut > 0 {
            talk::warn(&format!("{} connections were still open and were cut", ended.cut));
        }
        if let Some(telling) = self.telling.take() {
            telling.finish();
        }
        self.ledger.into_iter().for_each(ledger::Threads::finish);
        for kept in [self.budgets, self.usage].into_iter().flatten() {
            kept.stop();
        }
        self.signals.into_iter().for_each(signals::Recording::stop);
        // Last: what is held or revoked while calls end must be written down too.
        let _gone = self.stop_admin.map(|stop| stop.send(()));
        let lost = self.runtime.block_on(self.store.close());
        if lost > 0 {
            talk::error(&format!(
                "{lost} holds or revocations could not be written and are lost with this process; make room and repeat them"
            ));
        }
        self.runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    }
}
