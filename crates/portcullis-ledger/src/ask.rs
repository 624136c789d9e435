//! The questions. Each goes through the hours of a time and then through what is in no hour yet.
//!
//! A question is a fold: of the records of somebody (`hits`), or of what left (`sums`). Answers are values
//! with stable names, sorted, and bounded: `more` says that a list was cut. Must not know who may ask.

mod affected;
mod asked;
mod between;
mod cells;
mod distinct;
mod groups;
mod heads;
mod hits;
mod holders;
mod hour_sums;
mod received;
mod sums;
mod what;
mod who;

pub use affected::{
    Affected, AffectedClass, AffectedDay, AffectedPartner, AffectedRegion, AffectedSums,
    AskedPeople, Person, affected,
};
pub use asked::IDS_MAX;
pub use between::{Between, between};
pub use cells::CellCount;
pub use holders::{HeldBy, Holders, holders};
pub use received::{digested, received};
pub use sums::{ClassSum, DayCount, Sums};
pub use what::{What, what};
pub use who::{Delivery, Receipt, Who, who};
