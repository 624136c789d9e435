//! The compiler, as the admin API sees it.
//!
//! Must not put anything in force.

use std::sync::Arc;

use portcullis_catalogue::OperationClass;
use portcullis_control::{AgreedTier, CheckFault, Checked, Checker, LedgerChange, Weighed};
use portcullis_judge::Rules;
use portcullis_registry::{PartnerRecord, Snapshot};
use portcullis_types::Revision;
use portcullis_yaml::Fault;

use super::board::Board;
use super::{set, weighed};

/// Compiles candidates and names what is in force.
#[derive(Debug)]
pub(crate) struct Compiler {
    pub(crate) board: Arc<Board>,
}

impl Checker for Compiler {
    fn check(&self, files: &[(String, Arc<str>)]) -> Result<Checked, Vec<CheckFault>> {
        let rules = set::compile(&files.to_vec(), Revision(0))
            .map_err(|faults| faults.into_iter().map(told).collect::<Vec<_>>())?;
        Ok(summary(&rules))
    }

    fn weighs_set(&self, files: &[(String, Arc<str>)], partners: &Snapshot) -> Weighed {
        weighed::weigh_set(&self.board, files, partners)
    }

    fn weighs_ledger(&self, files: &[(String, Arc<str>)]) -> Vec<LedgerChange> {
        weighed::weigh_ledger(&self.board, files)
    }

    fn weighs_move(&self, partner: &PartnerRecord, to: &AgreedTier) -> Weighed {
        weighed::weigh_move(&self.board, partner, to)
    }

    fn tiers(&self) -> Vec<String> {
        self.board.rules().map(|rules| summary(&rules).tiers).unwrap_or_default()
    }

    fn scopes(&self) -> Vec<String> {
        self.board.rules().map(|rules| summary(&rules).scopes).unwrap_or_default()
    }

    fn classes(&self) -> Vec<String> {
        let rules = self.board.rules();
        let classes = rules.iter().flat_map(|rules| rules.catalogue.classes());
        classes.map(ToString::to_string).collect()
    }
}

/// What a set holds, in figures and names.
pub(crate) fn summary(rules: &Rules) -> Checked {
    let catalogue = &rules.catalogue;
    let closed = catalogue.class("unclassified");
    let is_closed = |class: &OperationClass| match class {
        OperationClass::Fixed(class) => Some(*class) == closed,
        OperationClass::ByTarget(list) => list.iter().all(|(_, class)| Some(*class) == closed),
        OperationClass::NotJudged(_) => false,
    };
    Checked {
        operations: catalogue.operations().count(),
        unclassified: catalogue.operations().filter(|op| is_closed(&op.class)).count(),
        classes: catalogue.classes().count(),
        scopes: rules.policies.scopes().map(|scope| scope.name.to_string()).collect(),
        tiers: rules.policies.tiers().map(|tier| tier.name.to_string()).collect(),
    }
}

/// A fault as the admin API carries it.
pub(crate) fn told(fault: Fault) -> CheckFault {
    CheckFault {
        text: fault.to_string(),
        code: fault.code.to_owned(),
        file: fault.file,
        line: fault.line,
        column: fault.column,
        message: fault.message,
        excerpt: fault.excerpt,
        help: fault.help,
    }
}
