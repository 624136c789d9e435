//! The command line: a client of the admin API, and the tools that need no server.
//!
//! Each command parses, asks or computes, and renders; files, variables and the deployment's
//! configuration come from a [`Host`]. Must not know the proxy or the store.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod answer;
mod answers;
mod apply;
mod args;
mod asked;
mod audit;
mod case;
mod cases;
mod catalogue;
mod change;
mod check;
mod clients;
mod coverage;
mod deletions;
mod diff;
mod explain;
mod facts;
mod failure;
mod files;
mod gate;
mod grants;
mod hooks;
mod host;
mod import;
mod keys;
mod ledger;
mod memory;
mod offline;
mod out;
mod partners;
mod people;
mod preview;
mod replay;
mod run;
mod scheduled;
mod signals;
mod spoken;
mod standing;
mod statement;
mod status;
mod token;
mod told;
mod usage;

pub use args::{
    AdoptArgs, AffectedArgs, AnswerCommand, ApplyArgs, AsEvidence, AtArgs, AuditCommand,
    BetweenArgs, CaseCommand, CatalogueCommand, ChangeCommand, CheckArgs, ClientCommand, Command,
    Common, DeletionsArgs, DiffArgs, DryRun, EvidenceCheckArgs, EvidenceCommand, ExplainArgs,
    FactsArgs, GrantCommand, GrantTo, HoldAllArgs, HookCommand, ImportArgs, KeyCommand,
    LedgerCommand, ModeArgs, NoticeCommand, PartnerCommand, PartnerFields, PersonCommand, Places,
    ProposalCommand, ProveArgs, QueryArgs, Reason, ReplayArgs, ReplyArgs, ReplyOutcome, Shape,
    SignalCommand, StandingVerb, StatementArgs, StatementCommand, TestArgs, TilesArgs, Told,
    ToldArgs, UsageArgs, VerifyArgs, WhatArgs, WhoArgs,
};
pub use failure::{EntryFault, Failure, FileFault, Refusal, exit};
pub use files::{Compiled, FileSet, compile, read_set};
pub use host::{Changes, Deployment, Host};
pub use out::{Format, Out};
pub use run::run;
