//! What belongs to the account that a call names, so that nobody has to ask whose it is.
//!
//! A declaration that the ledger believes, hence checked as far as route files can tell. Must not know
//! calls.

use portcullis_types::{ClassIx, ClassSet, Effect, LedgerLevel, TypeIx};
use portcullis_yaml::{At, Source};

use super::{Compiler, Read, codes, cut};
use crate::model::{Answer, Catalogue, Kinds, Operation, OperationClass};

impl Compiler {
    /// After operations, levels and types are known.
    pub(super) fn owned(&mut self, files: &[Read<'_>], catalogue: &Catalogue) -> ClassSet {
        let mut owned = ClassSet::EMPTY;
        if files.iter().all(|Read { file, .. }| file.ledger.is_none()) {
            return owned;
        }
        // Operations that are faulty give nothing, which is no second fault.
        let sound = self.faults.is_empty();
        let of_accounts = of_accounts(catalogue);
        for Read { source, file } in files {
            for name in file.ledger.iter().flat_map(|ledger| &ledger.owned) {
                let Some(named) = self.owned_by(source, name, catalogue) else { continue };
                let other = named.iter().find(|class| !of_accounts.contains(**class));
                if let Some(other) = other.filter(|_| sound) {
                    let class = catalogue.class_name(*other);
                    let message = format!("nothing of `{class}` is read of an account by its id");
                    self.faults.push(source.fault(codes::OWNED, name, message).with_help(
                        "name only classes of what an operation or an edge gives of an account",
                    ));
                } else if named.iter().all(|class| owned.contains(*class)) {
                    let message = format!(
                        "`{}` in `owned` names nothing that was not named before",
                        cut(name)
                    );
                    let fault = source.fault(codes::TWICE, name, message);
                    self.faults.push(fault.with_help("name it once"));
                } else if other.is_none() {
                    named.into_iter().for_each(|class| owned.insert(class));
                }
            }
        }
        owned
    }

    /// The classes of a name, each of which is digested.
    fn owned_by(
        &mut self,
        source: &Source,
        name: &At<String>,
        catalogue: &Catalogue,
    ) -> Option<Vec<ClassIx>> {
        let named = self.named(source, name)?;
        let counted = named.iter().find(|class| catalogue.level(**class) != LedgerLevel::Digests);
        let Some(counted) = counted else { return Some(named) };
        let class = catalogue.class_name(*counted);
        let message = format!("whose `{class}` is is not written down");
        let fault = source.fault(codes::OWNED, name, message);
        self.faults.push(fault.with_help("name it under `digests` in `ledger`, too"));
        None
    }
}

/// The classes of what operations and edges give of an account that is named by its id.
fn of_accounts(catalogue: &Catalogue) -> ClassSet {
    let kinds = Kinds::of(catalogue);
    let mut classes = ClassSet::EMPTY;
    for operation in catalogue.operations().filter(|operation| gives_others(operation)) {
        match &operation.class {
            OperationClass::Fixed(class) => classes.insert(*class),
            OperationClass::ByTarget(by) => {
                let accounts = by.iter().filter(|(kind, _)| kinds.is_account(*kind));
                accounts.for_each(|(_, class)| classes.insert(*class));
            }
            OperationClass::NotJudged(_) => {}
        }
    }
    let types = (0..u16::MAX).map_while(|ix| Some((TypeIx(ix), catalogue.node_type(TypeIx(ix))?)));
    for (_, kind) in types.filter(|(ix, _)| kinds.is_account(*ix)) {
        let edges = kind.fields.values().filter(|field| field.is_edge() && field.holds.is_some());
        // Whose it is where a modifier names it is only known by its name.
        let edges = edges.filter(|field| field.named_by.is_none());
        edges.for_each(|field| classes.insert(field.class));
    }
    classes
}

/// Whether an operation reads something else than the nodes that are named.
fn gives_others(operation: &Operation) -> bool {
    let targets = operation.target.is_some() || operation.targets.is_some();
    let others = matches!(operation.answer, Answer::Type(_));
    targets && others && operation.method.effect() == Effect::Read
}
