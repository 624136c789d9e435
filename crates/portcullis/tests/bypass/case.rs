//! The shape of a case: a sentence, a way, who asks, what must not leave, and what is said.
//!
//! Must not know any single case.

use crate::pack::Bent;
use crate::talk::{Ask, Talk};
use crate::world::Marks;

/// How the rule that stops a case is taken away, to see that the platform would have told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// The rule of the partner's tier: the same gate and catalogue, and everything granted.
    Rule,
    /// The gate: what it refuses whatever a tier says.
    Gate,
}

type Says = Box<dyn Fn(&mut Talk)>;

/// A way around the gate.
pub(crate) struct Case {
    pub(crate) way: &'static str,
    pub(crate) name: String,
    pub(crate) by: &'static str,
    pub(crate) marks: Marks,
    pub(crate) without: Without,
    pub(crate) bent: Bent,
    pub(crate) says: Says,
}

/// Cases of one way, as they are written.
pub(crate) struct List {
    way: &'static str,
    pub(crate) cases: Vec<Case>,
}

impl List {
    pub(crate) fn of(way: &'static str) -> Self {
        Self { way, cases: Vec::new() }
    }

    /// The next cases go another way.
    pub(crate) fn way(&mut self, way: &'static str) {
        self.way = way;
    }

    /// A read.
    pub(crate) fn get(
        &mut self,
        by: &'static str,
        name: &str,
        marks: &Marks,
        target: impl AsRef<str>,
    ) -> &mut Case {
        self.say(by, name, marks, Ask::get(target))
    }

    /// A read that gives fields other names: once such as nothing has, and once those it says, which
    /// are names of other fields, as the gate refuses whatever a tier grants.
    pub(crate) fn renamed(
        &mut self,
        by: &'static str,
        name: &str,
        marks: &Marks,
        target: impl AsRef<str>,
    ) {
        let target = target.as_ref();
        self.get(by, name, marks, target.replace(".as(", ".as(my_"));
        self.get(by, &format!("{name}, by its name"), marks, target).shape();
    }

    /// One request.
    pub(crate) fn say(
        &mut self,
        by: &'static str,
        name: &str,
        marks: &Marks,
        ask: Ask,
    ) -> &mut Case {
        self.talk(by, name, marks, move |talk| {
            talk.say(&ask);
        })
    }

    /// A conversation.
    pub(crate) fn talk(
        &mut self,
        by: &'static str,
        name: &str,
        marks: &Marks,
        says: impl Fn(&mut Talk) + 'static,
    ) -> &mut Case {
        self.cases.push(Case {
            way: self.way,
            name: name.to_owned(),
            by,
            marks: marks.clone(),
            without: Without::Rule,
            bent: Bent::Not,
            says: Box::new(says),
        });
        self.cases.last_mut().unwrap()
    }
}

impl Case {
    /// No tier can let it through: the platform itself must be seen to tell.
    pub(crate) fn shape(&mut self) -> &mut Self {
        self.without = Without::Gate;
        self
    }

    pub(crate) fn bent(&mut self, how: Bent) -> &mut Self {
        self.bent = how;
        // What can't be read at all is withheld for its links alone, with no filter in the way.
        let unreadable =
            [Bent::GzipInTwo, Bent::Twice, Bent::Unsaid, Bent::Marked, Bent::TwoDocuments];
        if unreadable.contains(&how) {
            self.shape();
        }
        self
    }
}
