//! Where in an answer a duty applies.
//!
//! Must not know what the duty does there.

/// The names of the members that lead from the root of an answer to a place.
///
/// Lists are passed through: `data.owner` is the member `owner` of the object `data`, and of each
/// object in the list `data`, and so at every level of lists. So nothing evades a duty by coming in
/// a list of one, or without its list. `*` is any member, as in maps keyed by id.
#[derive(Debug, Clone, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Place {
    pub(crate) steps: Vec<Step>,
}

/// One step of a [`Place`].
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub(crate) enum Step {
    Name(Box<str>),
    Any,
}

impl Place {
    /// The root: the answer itself, or each element when it is a list.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads names joined by full stops, `*` for any member; the empty text is the root.
    ///
    /// A name that holds a full stop itself is added by [`Self::name`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let parts = text.split('.').filter(|part| !part.is_empty());
        parts.fold(Self::root(), |place, part| match part {
            "*" => place.any(),
            name => place.name(name),
        })
    }

    /// The member of that name at this place.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.steps.push(Step::Name(name.into()));
        self
    }

    /// Each member at this place.
    #[must_use]
    pub fn any(mut self) -> Self {
        self.steps.push(Step::Any);
        self
    }

    /// This place, then that one below it.
    #[must_use]
    pub fn then(mut self, below: &Self) -> Self {
        self.steps.extend(below.steps.iter().cloned());
        self
    }
}
