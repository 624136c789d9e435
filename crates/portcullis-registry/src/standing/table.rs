//! The steps from standing to standing, and who may take each. Whatever is not here is refused.

use portcullis_types::StandingName;

use super::Who;

/// Who may take a step.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Cell {
    /// Nobody.
    Nobody,
    /// A person.
    Person,
    /// A person, or the gate since something was seen.
    PersonOrSignal,
    /// A person, or the gate since nobody confirmed a hold in time.
    PersonOrClock,
    /// A person, or the gate for either reason.
    Anybody,
}

impl Cell {
    /// Whether these may.
    #[must_use]
    pub fn lets(self, who: Who) -> bool {
        match (self, who) {
            (Self::Nobody, _)
            | (Self::Person | Self::PersonOrClock, Who::Signal)
            | (Self::Person | Self::PersonOrSignal, Who::Clock) => false,
            (
                Self::Person | Self::PersonOrSignal | Self::PersonOrClock | Self::Anybody,
                Who::Person,
            )
            | (Self::PersonOrSignal | Self::Anybody, Who::Signal)
            | (Self::PersonOrClock | Self::Anybody, Who::Clock) => true,
        }
    }
}

/// Who may take the step from one standing to another.
#[must_use]
pub fn cell(from: StandingName, to: StandingName) -> Cell {
    use StandingName as S;
    match (from, to) {
        // Taking away, from where something is left to take.
        (S::Good | S::Warned | S::Probation, S::Restricted)
        | (S::Good | S::Warned | S::Restricted | S::Probation, S::Suspended) => {
            Cell::PersonOrSignal
        }
        (S::Good, S::Warned) | (S::Restricted, S::Restricted) | (S::Suspended, S::Suspended) => {
            Cell::Person
        }
        // A hold that nobody confirms falls back to this.
        (S::Suspended, S::Restricted) => Cell::PersonOrClock,
        // Meanwhile: the notice goes on, and so does what is closed.
        (S::Terminating, S::Suspended) => Cell::PersonOrSignal,
        (S::Terminating, S::Restricted) => Cell::Anybody,
        (S::Good | S::Warned | S::Restricted | S::Suspended | S::Probation, S::Terminating)
        | (S::Terminating, S::Terminated) => Cell::Person,
        // Giving back, at once or in stages.
        (
            S::Warned
            | S::Restricted
            | S::Suspended
            | S::Terminating
            | S::Terminated
            | S::Probation,
            S::Good,
        )
        | (S::Restricted | S::Suspended | S::Terminated | S::Probation, S::Probation) => {
            Cell::Person
        }
        (S::Good, S::Good | S::Terminated | S::Probation)
        | (S::Warned, S::Warned | S::Terminated | S::Probation)
        | (S::Restricted | S::Suspended | S::Probation, S::Warned | S::Terminated)
        | (S::Terminating, S::Warned | S::Terminating | S::Probation)
        | (
            S::Terminated,
            S::Warned | S::Restricted | S::Suspended | S::Terminating | S::Terminated,
        ) => Cell::Nobody,
    }
}

/// What such an actor can do from a standing, in words.
pub(crate) fn possible(from: StandingName, who: Who) -> String {
    let can = StandingName::ALL.into_iter().filter(|to| cell(from, *to).lets(who));
    let can: Vec<_> = can.map(ended).collect();
    if can.is_empty() { "changed by a person only".to_owned() } else { can.join(", ") }
}

/// A step as it follows "it can be".
pub(crate) fn ended(to: StandingName) -> &'static str {
    match to {
        StandingName::Good => "restored",
        StandingName::Warned => "warned",
        StandingName::Restricted => "restricted",
        StandingName::Suspended => "put on hold",
        StandingName::Terminating => "told that access ends",
        StandingName::Terminated => "ended",
        StandingName::Probation => "put on probation",
    }
}
