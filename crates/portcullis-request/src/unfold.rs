//! From the canonical request to the asks: everything wrapped in a call, by its class.
//!
//! Whatever nobody classified is refused here. Must not know who may have which class.

use portcullis_catalogue::{Answer, Catalogue, Field, NodeType, Operation, OperationClass};
use portcullis_types::{Ask, Asks, ClassIx, ClassSet, Effect, Refusal, TypeIx, Via};
use smallvec::SmallVec;

use crate::arrival::Bounds;
use crate::canonical::Canonical;
use crate::fields::{self, Siblings, Tree};
use crate::roles::{NAME_SHOWN_MAX, params};

/// Says what a call really asks for.
///
/// # Errors
/// Whatever kept the path from an operation; [`Refusal::NotJudged`] for forms of call that are not
/// judged; [`Refusal::NodeUnclassified`], [`Refusal::FieldUnclassified`] and
/// [`Refusal::ParameterUndeclared`] for what the catalogue does not list; [`Refusal::Unreadable`]
/// for a `fields` or page size that has no one reading.
pub fn unfold(
    canonical: &Canonical<'_>,
    catalogue: &Catalogue,
    bounds: &Bounds,
) -> Result<Asks, Refusal> {
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    if let OperationClass::NotJudged(what) = operation.class {
        return Err(Refusal::NotJudged { what });
    }
    if operation.targets.is_some() {
        return Err(Refusal::NotJudged { what: "ids" });
    }
    let target = target(canonical, operation, catalogue)?;
    let kind = target.as_ref().map(|(kind, _)| *kind);
    let class = class(operation, kind)?;
    let tree = params(canonical, operation)?.tree;
    let mut walk = Walk {
        catalogue,
        parts: vec![Ask { class, via: Via::Operation }],
        seen: ClassSet::EMPTY,
        opened: SmallVec::new(),
    };
    walk.seen.insert(class);
    let effect = operation.method.effect();
    let answered = match operation.answer {
        Answer::Opaque => None,
        Answer::Target => kind,
        Answer::Type(kind) => Some(kind),
    };
    match (tree, answered) {
        (Some(text), Some(kind)) => {
            let tree = fields::read(text, bounds)?;
            walk.tree(&tree, tree.roots(), kind, &mut String::new())?;
        }
        // Without a type there is nothing to judge the names by.
        (Some(_), None) => return Err(Refusal::ParameterUndeclared { name: "fields".into() }),
        (None, Some(answer)) if effect == Effect::Read => {
            walk.defaults(answer, catalogue.answer_defaults(operation, kind), "")?;
        }
        (None, _) => {}
    }
    Ok(Asks { operation: operation.ix, effect, target, parts: walk.parts })
}

fn target(
    canonical: &Canonical<'_>,
    operation: &Operation,
    catalogue: &Catalogue,
) -> Result<Option<(TypeIx, Box<str>)>, Refusal> {
    if operation.target.is_none() {
        return Ok(None);
    }
    let id = canonical.target().ok_or(Refusal::NodeUnclassified)?;
    let kind = catalogue.type_of(id).ok_or(Refusal::NodeUnclassified)?;
    Ok(Some((kind, id.into())))
}

fn class(operation: &Operation, kind: Option<TypeIx>) -> Result<ClassIx, Refusal> {
    match &operation.class {
        OperationClass::Fixed(class) => Ok(*class),
        OperationClass::ByTarget(classes) => classes
            .iter()
            .find(|(listed, _)| Some(*listed) == kind)
            .map(|(_, class)| *class)
            .ok_or(Refusal::NodeUnclassified),
        OperationClass::NotJudged(what) => Err(Refusal::NotJudged { what }),
    }
}

struct Walk<'c> {
    catalogue: &'c Catalogue,
    parts: Vec<Ask>,
    seen: ClassSet,
    /// Lists of default fields that are in already.
    opened: SmallVec<[(TypeIx, usize); 8]>,
}

impl<'c> Walk<'c> {
    /// A class is asked for once, by the first part that named it.
    fn ask(&mut self, class: ClassIx, via: impl FnOnce() -> Via) {
        if !self.seen.contains(class) {
            self.seen.insert(class);
            self.parts.push(Ask { class, via: via() });
        }
    }

    fn tree<'t>(
        &mut self,
        tree: &Tree<'t>,
        nodes: Siblings<'_, 't>,
        kind: TypeIx,
        path: &mut String,
    ) -> Result<(), Refusal> {
        let catalogue = self.catalogue;
        let known = catalogue.node_type(kind).ok_or(Refusal::NodeUnclassified)?;
        let before = path.len();
        for node in nodes {
            path.truncate(before);
            if before > 0 {
                path.push('.');
            }
            path.push_str(node.name);
            let field = field(known, node.name, path)?;
            self.ask(field.class, || Via::Field(path.as_str().into()));
            if let Some((name, _)) = tree.modifiers(&node).find(|(name, _)| !takes(field, name)) {
                return Err(Refusal::FieldUnclassified {
                    field: format!("{path}.{name}()").into(),
                });
            }
            match (node.open, field.holds) {
                (Some(_), Some(kind)) => self.tree(tree, tree.inner(&node), kind, path)?,
                (Some(_), None) => {
                    return Err(Refusal::FieldUnclassified { field: format!("{path}{{}}").into() });
                }
                (None, Some(kind)) => self.defaults(kind, catalogue.field_defaults(field), path)?,
                (None, None) => {}
            }
        }
        path.truncate(before);
        Ok(())
    }

    /// What the platform gives of a type when nothing is named.
    fn defaults(&mut self, kind: TypeIx, names: &'c [Box<str>], path: &str) -> Result<(), Refusal> {
        // The same list of the same type opens the same classes, however it was reached.
        let opened = (kind, names.as_ptr() as usize);
        if names.is_empty() || self.opened.contains(&opened) {
            return Ok(());
        }
        self.opened.push(opened);
        let catalogue = self.catalogue;
        let known = catalogue.node_type(kind).ok_or(Refusal::NodeUnclassified)?;
        for name in names {
            let dotted =
                || if path.is_empty() { name.clone() } else { format!("{path}.{name}").into() };
            let Some(field) = known.fields.get(name.as_ref()) else {
                return Err(Refusal::FieldUnclassified { field: dotted() });
            };
            self.ask(field.class, || Via::DefaultField(dotted()));
            if let Some(held) = field.holds {
                self.defaults(held, catalogue.field_defaults(field), &dotted())?;
            }
        }
        Ok(())
    }
}

fn field<'k>(known: &'k NodeType, name: &str, path: &str) -> Result<&'k Field, Refusal> {
    known.fields.get(name).ok_or_else(|| {
        let shown: String = path.chars().take(NAME_SHOWN_MAX).collect();
        Refusal::FieldUnclassified { field: shown.into() }
    })
}

fn takes(field: &Field, modifier: &str) -> bool {
    field.modifiers.iter().any(|known| known.as_ref() == modifier)
}
