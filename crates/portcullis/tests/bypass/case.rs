//! The shape of a case: a sentence, a way, who asks, what must not leave, and what is said.
//!
//! Must not know any single case.

use crate::pack::Bent;
use crate::talk::{Ask, Talk};
use crate::world::{Marks, World};

type Says = Box<dyn Fn(&mut Talk)>;

/// A way around the gate.
pub(crate) struct Case {
    pub(crate) way: &'static str,
    pub(crate) name: String,
    pub(crate) by: &'static str,
    pub(crate) marks: Marks,
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

    /// Reads, one a line: who asks, what for, what must not leave, and the target behind the version,
    /// in which `<…>` stands for an id of the world.
    pub(crate) fn gets(&mut self, w: &World, rows: &'static str) {
        for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let parts: Vec<&str> = row.split(" | ").collect();
            let [by, name, marks, target] = parts[..] else { panic!("not a case: {row}") };
            self.get(by, name, &w.marks(marks), format!("/v21.0/{}", w.filled(target)));
        }
    }

    /// A read that gives fields other names: once such as nothing has, and once those it says, which
    /// are names of other fields.
    pub(crate) fn renamed(
        &mut self,
        by: &'static str,
        name: &str,
        marks: &Marks,
        target: impl AsRef<str>,
    ) {
        let target = target.as_ref();
        self.get(by, name, marks, target.replace(".as(", ".as(my_"));
        self.get(by, &format!("{name}, which is a field's name"), marks, target);
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
            bent: Bent::Not,
            says: Box::new(says),
        });
        self.cases.last_mut().unwrap()
    }
}

impl Case {
    /// The platform's answer is bent on its way.
    pub(crate) fn bent(&mut self, how: Bent) -> &mut Self {
        self.bent = how;
        self
    }
}
