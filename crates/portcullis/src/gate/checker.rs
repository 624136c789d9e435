//! The compiler, as the admin API sees it.
//!
//! Must not put anything in force.

use std::sync::Arc;

use portcullis_catalogue::OperationClass;
use portcullis_control::{CheckFault, Checked, Checker};
use portcullis_judge::Rules;
use portcullis_policy::{Side, Way, diff};
use portcullis_types::Revision;
use portcullis_yaml::Fault;

use super::board::Board;
use super::set;

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

    fn proves_narrower(&self, files: &[(String, Arc<str>)]) -> bool {
        narrower(&self.board, files)
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

/// Whether a set is proved to let nobody do more than the one in force. In doubt it is not.
pub(crate) fn narrower(board: &Board, files: &[(String, Arc<str>)]) -> bool {
    let Some(old) = board.rules() else { return false };
    let Ok(new) = set::compile(&files.to_vec(), Revision(0)) else { return false };
    let effects = diff(side(&old), side(&new));
    effects.iter().all(|effect| effect.way == Way::Narrower)
}

fn side(rules: &Rules) -> Side<'_> {
    Side { policies: &rules.policies, catalogue: &rules.catalogue }
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
