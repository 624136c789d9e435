//! Whether what a command is about stands as it did when somebody looked at it.
//!
//! Must not know who looked, or what becomes of the command.

use portcullis_types::Revision;

use crate::commands::Command;
use crate::people::{PeopleCommand, PeopleRejected};
use crate::rejected::Rejected;
use crate::state::State;
use crate::words::SubjectId;

impl State {
    /// Refuses a command that was made at that revision, where what it is about has changed since.
    pub(super) fn unchanged_since(&self, command: &Command, on: Revision) -> Result<(), Rejected> {
        moved(on, self.touched(command).flatten())
    }

    /// The same for somebody who asks for it: where a command is about no one thing, nothing at all may
    /// have changed.
    pub(super) fn nothing_since(&self, command: &Command, on: Revision) -> Result<(), Rejected> {
        moved(on, self.touched(command).unwrap_or_else(|| self.now.revision()))
    }

    /// When what a command is about changed last, if it ever did; none where it is about no one thing.
    fn touched(&self, command: &Command) -> Option<Option<Revision>> {
        let subject = match command.bare() {
            Command::EditPartner { id, .. } => SubjectId::Partner(id.clone()),
            Command::SetMode { partner, .. }
            | Command::IssueKey { partner, .. }
            | Command::AddClient { partner, .. } => SubjectId::Partner(partner.clone()),
            Command::DeclareFacts { subject, .. } | Command::Stand { subject, .. } => {
                subject.clone()
            }
            Command::Standing(command) => command.subject().clone(),
            Command::Credential(command) => SubjectId::Key(command.key().clone()),
            Command::RevokeKey { key, .. } => SubjectId::Key(key.clone()),
            Command::PublishPolicy { .. } => {
                return Some(self.now.policy.as_ref().map(|policy| policy.revision));
            }
            Command::People(PeopleCommand::Edit { id, .. } | PeopleCommand::Remove { id }) => {
                return Some(self.now.people.persons.get(id).map(|person| person.revision));
            }
            Command::Case(command) => {
                let case = command.case().and_then(|id| self.now.cases.find(id));
                return Some(case.map(|case| case.revision));
            }
            Command::Each(all) => {
                let all: Option<Vec<_>> = all.iter().map(|one| self.touched(one)).collect();
                return all.map(|all| all.into_iter().flatten().max());
            }
            _ => return None,
        };
        // An edit builds on what is declared, and whoever reads that is told its revision alone.
        let edit = matches!(
            command.bare(),
            Command::EditPartner { .. } | Command::SetMode { .. } | Command::DeclareFacts { .. }
        );
        let changed = |at| if edit { self.now.edited(at) } else { self.now.changed(at) };
        Some(self.now.subject_ix(&subject).and_then(changed))
    }
}

fn moved(on: Revision, changed: Option<Revision>) -> Result<(), Rejected> {
    match changed.filter(|changed| *changed > on) {
        Some(changed) => Err(PeopleRejected::ChangedSince { on, changed }.into()),
        None => Ok(()),
    }
}
