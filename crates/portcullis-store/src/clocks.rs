//! What time runs out for, done by the writer between two wishes.
//!
//! Must not know what is due; the registry says so.

use portcullis_registry::{Actor, OfficeError, Terms};

use crate::writer::Writer;

impl Writer {
    /// Does what is due, each once: the event that says so stops its clock. What can't be written now is
    /// due again at the next tick.
    pub(crate) async fn run_clocks(&mut self) {
        let now = self.clock.now().wall.max(self.store.log.last);
        for command in self.state.due(now) {
            let done = self.submit(Actor::clock(), &command, &Terms::default()).await;
            if matches!(done, Err(OfficeError::NotWritten(_))) {
                return;
            }
        }
        self.look_for_old().await;
    }
}
