//! The gate that follows another one, on the same store and sockets.
//!
//! Must not know what a test does with the two.

use super::{Gate, signal};

/// What a gate says once the next one serves.
pub const SERVES: &str = "serves; calls under way here may finish";

/// A gate that was started by the one before it; ended when dropped.
pub struct Next(pub u32);

impl Next {
    /// The process that a gate said follows it, in a line that holds the word.
    #[track_caller]
    pub fn of(gate: &Gate, word: &str) -> Self {
        gate.wait_for(word).unwrap_or_else(|talk| panic!("{talk}"));
        let talk = gate.talk();
        let line = talk.lines().rfind(|line| line.contains(word)).unwrap();
        let id = line.split("process ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        Self(id.parse().unwrap())
    }

    /// Has the program that stands where this one was started from follow it.
    pub fn follow(&self) {
        assert!(signal("USR2", self.0));
    }
}

impl Drop for Next {
    fn drop(&mut self) {
        let _ended = signal("KILL", self.0);
    }
}
