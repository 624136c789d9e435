//! What the operator is answered, and who is written down as having asked.

use portcullis_registry::{Actor, Command, Done, Health, Planned, SignalSeen, SubjectId};
use portcullis_types::{ClientId, PartnerId, Revision};

/// The partner or client that a subject is.
fn concerned(subject: &SubjectId) -> (Option<PartnerId>, Option<ClientId>) {
    match subject {
        SubjectId::Partner(id) => (Some(id.clone()), None),
        SubjectId::Client(id) => (None, Some(id.clone())),
        SubjectId::Key(_) => (None, None),
    }
}

/// Who acts, short enough that it never keeps an event out of the log.
pub(crate) fn bounded(actor: Actor) -> Actor {
    let id = actor.id.chars().filter(|c| !c.is_control()).take(100).collect();
    Actor { id, ..actor }
}

pub(crate) fn durable(command: &Command, planned: &Planned, revision: Option<Revision>) -> Done {
    Done { revision, ..done(command, planned) }
}

pub(crate) fn done(command: &Command, planned: &Planned) -> Done {
    let (partner, client) = match command.bare() {
        Command::AddPartner { id, .. } | Command::EditPartner { id, .. } => {
            (Some(id.clone()), None)
        }
        Command::AddClient { id, partner, .. } => (Some(partner.clone()), Some(id.clone())),
        Command::IssueKey { partner, client, .. } => (Some(partner.clone()), client.clone()),
        Command::Stand { subject, .. } => concerned(subject),
        Command::Standing(command) => concerned(command.subject()),
        Command::DeclareFacts { subject: SubjectId::Partner(id), .. }
        | Command::RaiseSignal { seen: SignalSeen { partner: id, .. }, .. }
        | Command::SetMode { partner: id, .. } => (Some(id.clone()), None),
        Command::DeclareFacts { subject: SubjectId::Client(id), .. } => (None, Some(id.clone())),
        Command::DeclareFacts { subject: SubjectId::Key(_), .. }
        | Command::ImportKeys { .. }
        | Command::RevokeKey { .. }
        | Command::Credential(_)
        | Command::PublishPolicy { .. }
        | Command::People(_)
        | Command::Hook(_)
        | Command::Retention(_)
        | Command::Ledger(_)
        | Command::Deletion(_)
        | Command::Case(_)
        | Command::Answer(_)
        | Command::Change(_)
        | Command::Each(_)
        | Command::Stated { .. }
        | Command::Told { .. }
        | Command::RecordRotation { .. } => (None, None),
    };
    Done {
        revision: None,
        durable: true,
        what: planned.what.clone(),
        undo: planned.undo.clone(),
        keys: planned.created.clone(),
        partner,
        client,
        proposed: planned.proposed.clone(),
        alone: planned.alone,
        foreseen: None,
    }
}

/// Kept apart so that both sides of the channel agree on what a healthy writer looks like.
pub(crate) fn healthy() -> Health {
    Health { durable: true, pending: 0, last_error: None, clock_parted: false }
}
