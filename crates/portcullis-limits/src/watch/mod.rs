//! Watches: what the calls of one partner look like over time, measured in bounded memory.
//!
//! A *signal* is one such measure; a [`WatchSpec`] gives it figures; [`Watches`] holds what was measured
//! for one partner. Each [`Watches::observe`] takes one event and tells a [`Hit`] with its evidence when
//! the measure is over its figure, not again within the cool-down. [`Sketch`]es of two partners are
//! compared by [`compare`].
//!
//! The caller chooses what a watch sees: only the classes it names, and, where it says so, only targets
//! that were not declared. Reading declared targets is never seen here, hence never raises anything.
//!
//! Must not know partners, classes or what follows from a hit. A measure that is at the end of its memory
//! sees less; it never reports more than it saw. Nothing here refuses a call: budgets do.

mod detector;
mod grid;
mod keys;
mod overlap;
mod rolling;
mod spec;
mod walk;

pub use detector::{Event, Figures, Hit, Watches};
pub use overlap::{Listed, Sketch, compare};
pub use spec::{Measure, Signal, WatchFault, WatchSpec};

#[cfg(test)]
mod tests;
