//! Why something about people or a second person is not done: what the operator reads.
//!
//! Must not know HTTP or the command line.

use portcullis_types::{PersonId, Revision, Wall};

use crate::proposals::Second;

/// A command about people that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum PeopleRejected {
    /// No person of that id.
    #[error("unknown person `{0}`; `portcullis person list` shows them")]
    UnknownPerson(PersonId),
    /// The id is taken.
    #[error("person `{0}` exists already; change it by `portcullis person edit`")]
    PersonExists(PersonId),
    /// The change changes nothing.
    #[error("person `{0}` has these values already; nothing to change")]
    PersonSame(PersonId),
    /// Nobody could be asked any more.
    #[error(
        "without `{0}` fewer than two persons could approve, and widening takes two; let another person approve first (`portcullis person edit … --role approver`)"
    )]
    TooFewApprovers(PersonId),
    /// A login that is none.
    #[error(
        "a login is 64 lower-case hex digits, at most {max} for a person; who signs in with an unknown token is shown its own"
    )]
    LoginUnreadable { max: usize },
    /// A login is of one person.
    #[error("that login belongs to person `{person}` already; one login is one person's")]
    LoginTaken { person: PersonId },
    /// No such proposal waits.
    #[error("no proposal {} waits; `portcullis proposal list` shows those that do, `portcullis audit show` what became of others", .0.0)]
    UnknownProposal(Revision),
    /// Its time is over.
    #[error("proposal {} expired at {}; propose it again", proposal.0, at.rfc3339())]
    ProposalExpired { proposal: Revision, at: Wall },
    /// Another digest.
    #[error("proposal {} has digest `{digest}`, not the one that was approved; look at it again", proposal.0)]
    ProposalDigest { proposal: Revision, digest: String },
    /// Its subject is another by now.
    #[error("proposal {} was made for a state that is no more: event {} changed what it is about; look at that, then propose again", proposal.0, changed.0)]
    ProposalStale { proposal: Revision, changed: Revision },
    /// The same is proposed already.
    #[error("the very same waits already as proposal {}; let a second person approve that", proposal.0)]
    ProposedAlready { proposal: Revision },
    /// Too many wait.
    #[error("{max} proposals wait already; approve or refuse some first")]
    ProposalsFull { max: usize },
    /// The proposer approves.
    #[error(
        "`{person}` can't decide about what the same person did, under whatever login; ask somebody else"
    )]
    SamePerson { person: String },
    /// Nobody knows whether they are two.
    #[error(
        "`{one}` and `{other}` can't be told to be two persons, since one is known by a claim of its token alone; declare a person with that login first"
    )]
    PersonsUnclear { one: String, other: String },
    /// A token of nobody.
    #[error(
        "admin token `{token}` belongs to no person, and deciding takes one; write `person:` beside it in `portcullis.yaml`"
    )]
    NotAPerson { token: String },
    /// The role is missing.
    #[error(
        "this needs the role `approver`, and `{person}` does not have it; an admin gives roles by `portcullis person edit`"
    )]
    NotApprover { person: String },
    /// Who proposed is nobody any more.
    #[error("`{person}`, who proposed it, was removed since; propose it again")]
    ProposerGone { person: String },
    /// A token of nobody asks for what takes two.
    #[error(
        "this takes two persons, since {second}; admin token `{token}` belongs to none: write `person:` beside it in `portcullis.yaml`"
    )]
    NoPerson { token: String, second: Second },
    /// A changed file alone.
    #[error(
        "the changed files are not in force: putting policies in force takes two persons here; propose them by `portcullis apply`"
    )]
    PolicyNeedsTwo,
    /// What waited leaves others less by now.
    #[error(
        "whom proposal {} leaves less has changed since it was made: {whom}; propose it again, so that each of them is told", proposal.0
    )]
    ProposalOthers { proposal: Revision, whom: String },
    /// What waited is no set of policies by now, or names no tier.
    #[error("proposal {} can't be carried out any more: {why}; propose another", proposal.0)]
    ProposalUnfit { proposal: Revision, why: String },
    /// No such emergency.
    #[error("no emergency {} waits to be ratified; `portcullis proposal list` shows those that do", .0.0)]
    UnknownEmergency(Revision),
    /// Somebody changed the subject meanwhile.
    #[error("what this builds on is revision {}, and event {} changed what it is about since; look at it again, then repeat it", on.0, changed.0)]
    ChangedSince { on: Revision, changed: Revision },
}

impl PeopleRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPerson(_) => "unknown_person",
            Self::PersonExists(_) => "exists",
            Self::PersonSame(_) => "nothing_changes",
            Self::TooFewApprovers(_) => "too_few_approvers",
            Self::LoginUnreadable { .. } => "login_unreadable",
            Self::LoginTaken { .. } => "login_taken",
            Self::UnknownProposal(_) => "unknown_proposal",
            Self::ProposalExpired { .. } => "proposal_expired",
            Self::ProposalDigest { .. } => "proposal_digest",
            Self::ProposalStale { .. } => "proposal_stale",
            Self::ProposedAlready { .. } => "proposed_already",
            Self::ProposalOthers { .. } => "proposal_stale",
            Self::ProposalUnfit { .. } => "proposal_unfit",
            Self::ProposalsFull { .. } => "proposals_full",
            Self::SamePerson { .. } => "same_person",
            Self::PersonsUnclear { .. } => "persons_unclear",
            Self::NotAPerson { .. } => "not_a_person",
            Self::NotApprover { .. } => "role_missing",
            Self::ProposerGone { .. } => "proposer_gone",
            Self::NoPerson { .. } => "no_person",
            Self::PolicyNeedsTwo => "two_persons_needed",
            Self::UnknownEmergency(_) => "unknown_emergency",
            Self::ChangedSince { .. } => "changed_since",
        }
    }

    /// Whether the command names something that does not exist.
    #[must_use]
    pub fn is_unknown_subject(&self) -> bool {
        matches!(
            self,
            Self::UnknownPerson(_) | Self::UnknownProposal(_) | Self::UnknownEmergency(_)
        )
    }

    /// Whether somebody else could do it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::SamePerson { .. }
                | Self::PersonsUnclear { .. }
                | Self::NotAPerson { .. }
                | Self::NotApprover { .. }
                | Self::NoPerson { .. }
                | Self::PolicyNeedsTwo
        )
    }

    /// Whether the command is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::PersonExists(_)
                | Self::PersonSame(_)
                | Self::TooFewApprovers(_)
                | Self::LoginTaken { .. }
                | Self::ProposalExpired { .. }
                | Self::ProposalDigest { .. }
                | Self::ProposalStale { .. }
                | Self::ProposedAlready { .. }
                | Self::ProposalOthers { .. }
                | Self::ProposalUnfit { .. }
                | Self::ProposerGone { .. }
        )
    }
}
