//! Small numbers that stand for names once a file is compiled, and sets of them.
//!
//! An index means something only beside the catalogue, policy set or snapshot that gave it.
//! Must not know any of those.

use serde::{Deserialize, Serialize};

/// Most classes a catalogue may define: a [`ClassSet`] is four words.
pub const CLASSES_MAX: usize = 256;
/// Most scopes a policy set may define: a [`ScopeSet`] is one word.
pub const SCOPES_MAX: usize = 64;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// As a position in a slice.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(/// A class of the catalogue in force.
    ClassIx, u16);
index!(/// An operation of the catalogue in force.
    OperationIx, u16);
index!(/// A node type of the catalogue in force.
    TypeIx, u16);
index!(/// A field of the catalogue in force, told apart by the plain objects that lead to it:
    /// `owner.username` inside a post is another than `username` of a user.
    FieldIx, u16);
index!(/// A scope of the policy set in force.
    ScopeIx, u8);
index!(/// A tier of the policy set in force.
    TierIx, u16);
index!(/// A partner; given once in order of declaration, never reused.
    PartnerIx, u32);
index!(/// A client; given once in order of declaration, never reused.
    ClientIx, u32);
index!(/// A key; given once in order of issue, never reused.
    KeyIx, u32);
index!(/// The number of an event in the log; the first is 0 and each is one more.
    Revision, u64);

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub struct ClassSet([u64; CLASSES_MAX / 64]);

impl ClassSet {
    /// The empty set: nothing is granted.
    pub const EMPTY: Self = Self([0; CLASSES_MAX / 64]);

    /// Adds a class; one beyond [`CLASSES_MAX`] is not added, hence never granted.
    pub fn insert(&mut self, class: ClassIx) {
        if let Some(word) = self.0.get_mut(class.at() / 64) {
            *word |= 1 << (class.0 % 64);
        }
    }

    /// Whether the class is in the set.
    #[must_use]
    pub fn contains(&self, class: ClassIx) -> bool {
        self.0.get(class.at() / 64).is_some_and(|word| word & (1 << (class.0 % 64)) != 0)
    }

    /// All of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut out = *self;
        for (to, from) in out.0.iter_mut().zip(other.0) {
            *to |= from;
        }
        out
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut out = *self;
        for (to, from) in out.0.iter_mut().zip(other.0) {
            *to &= from;
        }
        out
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Most fields a catalogue may define: a [`FieldSet`] is eight words.
pub const FIELDS_MAX: usize = 512;

/// A set of fields.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub struct FieldSet([u64; FIELDS_MAX / 64]);

impl FieldSet {
    /// No field at all.
    pub const EMPTY: Self = Self([0; FIELDS_MAX / 64]);

    /// One field alone.
    #[must_use]
    pub fn of(field: FieldIx) -> Self {
        let mut alone = Self::EMPTY;
        alone.insert(field);
        alone
    }

    /// Adds a field; one beyond [`FIELDS_MAX`] is not added, hence never granted.
    pub fn insert(&mut self, field: FieldIx) {
        if let Some(word) = self.0.get_mut(field.at() / 64) {
            *word |= 1 << (field.0 % 64);
        }
    }

    /// Whether the field is in the set.
    #[must_use]
    pub fn contains(&self, field: FieldIx) -> bool {
        self.0.get(field.at() / 64).is_some_and(|word| word & (1 << (field.0 % 64)) != 0)
    }

    /// All of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut out = *self;
        for (to, from) in out.0.iter_mut().zip(other.0) {
            *to |= from;
        }
        out
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut out = *self;
        for (to, from) in out.0.iter_mut().zip(other.0) {
            *to &= !from;
        }
        out
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut out = *self;
        for (to, from) in out.0.iter_mut().zip(other.0) {
            *to &= from;
        }
        out
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The fields in it, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = FieldIx> + '_ {
        (0u16..).zip(self.0).flat_map(|(at, word)| {
            let bits = (0..64u16).filter(move |bit| word & (1 << bit) != 0);
            bits.map(move |bit| FieldIx(at * 64 + bit))
        })
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub struct ScopeSet(u64);

impl ScopeSet {
    /// No scope at all.
    pub const EMPTY: Self = Self(0);
    /// Every scope there may be: the neutral element of narrowing.
    pub const ALL: Self = Self(u64::MAX);

    /// Adds a scope; one beyond [`SCOPES_MAX`] is not added.
    pub fn insert(&mut self, scope: ScopeIx) {
        if scope.at() < SCOPES_MAX {
            self.0 |= 1 << scope.0;
        }
    }

    /// Whether the scope is in the set.
    #[must_use]
    pub fn contains(&self, scope: ScopeIx) -> bool {
        scope.at() < SCOPES_MAX && self.0 & (1 << scope.0) != 0
    }

    /// What both hold: scopes narrow from partner to client to key and never widen.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes in it, lowest first.
    pub fn iter(self) -> impl Iterator<Item = ScopeIx> {
        (0..64u8).map(ScopeIx).filter(move |scope| self.contains(*scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in_and_nothing_beyond_their_bound() {
        let mut set = ClassSet::EMPTY;
        for class in [0, 63, 64, 255] {
            set.insert(ClassIx(class));
        }
        set.insert(ClassIx(256));
        assert!(
            set.contains(ClassIx(0)) && set.contains(ClassIx(64)) && set.contains(ClassIx(255))
        );
        assert!(!set.contains(ClassIx(1)) && !set.contains(ClassIx(256)));
        let mut scopes = ScopeSet::EMPTY;
        scopes.insert(ScopeIx(64));
        assert_eq!(scopes, ScopeSet::EMPTY);
        assert!(!ScopeSet::ALL.contains(ScopeIx(64)));
    }
}
