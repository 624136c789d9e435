//! From the canonical request to its asks: each target and each edge as if it had been asked alone.
//!
//! Whatever nobody classified is refused here. Must not know who may have what.

mod checks;
mod spot;
mod walk;

use portcullis_catalogue::{Answer, Catalogue, Operation, OperationClass};
use portcullis_types::asked::{Ask, Asks, Params, Rows, Target, Via};
use portcullis_types::{ClassIx, Effect, FieldSet, Refusal, TypeIx};
use smallvec::SmallVec;

use crate::arrival::Bounds;
use crate::canonical::Canonical;
use crate::fields::{self, Tree};
use crate::roles::{self, Said};
use crate::texts::{Texts, lower};
use crate::why::{self, unreadable};
pub(crate) use spot::{Place, Spot, Spots};
use walk::Walk;

/// Says what a call really asks for.
///
/// Names in capitals are kept in `texts` in lower case; everything else is borrowed.
///
/// # Errors
/// Whatever kept the path from an operation; [`Refusal::NotJudged`] for a form of call that is not
/// judged, a batch among them, whose entries are asked one by one; [`Refusal::NodeUnclassified`],
/// [`Refusal::FieldUnclassified`] and [`Refusal::ParameterUndeclared`] for what the catalogue does
/// not list; [`Refusal::TooManyIds`]; [`Refusal::Unreadable`] for what has no one reading.
pub fn ask<'c>(
    canonical: &'c Canonical<'_>,
    catalogue: &'c Catalogue,
    bounds: &Bounds,
    texts: &'c Texts,
) -> Result<Asks<'c>, Refusal> {
    unfolded(canonical, catalogue, bounds, texts, None)
}

/// The same, and where in `fields` each ask stands.
pub(crate) fn unfolded<'c>(
    canonical: &'c Canonical<'_>,
    catalogue: &'c Catalogue,
    bounds: &Bounds,
    texts: &'c Texts,
    spots: Option<&mut Spots<'c>>,
) -> Result<Asks<'c>, Refusal> {
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    if operation.batch {
        return Err(Refusal::NotJudged { what: "a batch within a batch" });
    }
    if let OperationClass::NotJudged(what) = operation.class {
        return Err(Refusal::NotJudged { what });
    }
    let said = roles::params(canonical, operation)?;
    let mut tree = Tree::default();
    if let Some(text) = said.tree {
        fields::read_into(&mut tree, text, bounds)?;
    }
    let tree = said.tree.map(|_| &tree);
    if tree.is_some() && operation.answer == Answer::Opaque {
        // Without a type there is nothing to judge the names by.
        return Err(Refusal::ParameterUndeclared { name: "fields".into() });
    }
    let mut walk = Walk {
        catalogue,
        asks_max: bounds.asks_max,
        texts,
        asks: SmallVec::new(),
        cursor: false,
        spots,
        inside: SmallVec::new(),
        path: SmallVec::new(),
    };
    let call = Call { operation, said: &said, tree };
    let ids = call.unfold(canonical, &mut walk, bounds)?;
    let cursor = said.params.cursor || walk.cursor;
    Ok(Asks {
        operation: operation.ix,
        effect: operation.method.effect(),
        ids,
        params: Params { cursor, ..said.params },
        asks: walk.asks,
    })
}

/// One call, read.
struct Call<'c, 's, 't> {
    operation: &'c Operation,
    said: &'s Said<'c>,
    tree: Option<&'t Tree<'c>>,
}

impl<'c> Call<'c, '_, '_> {
    /// Asks for each target; gives the number of ids in `ids`.
    fn unfold(
        &self,
        canonical: &'c Canonical<'_>,
        walk: &mut Walk<'c, '_>,
        bounds: &Bounds,
    ) -> Result<u16, Refusal> {
        if self.operation.targets.is_some() {
            let ids = self.said.ids.ok_or(Refusal::NodeUnclassified)?;
            let ids = separate(ids, bounds)?;
            for id in &ids {
                self.one(Some(id), walk)?;
            }
            return Ok(u16::try_from(ids.len()).unwrap_or(u16::MAX));
        }
        if self.operation.target.is_some() {
            let id = canonical.target().ok_or(Refusal::NodeUnclassified)?;
            self.one(Some(id), walk)?;
        } else {
            self.one(None, walk)?;
        }
        Ok(0)
    }

    /// Asks for one target.
    fn one(&self, id: Option<&'c str>, walk: &mut Walk<'c, '_>) -> Result<(), Refusal> {
        let Self { operation, said, tree } = self;
        let kind = match id {
            Some(id) => Some(walk.catalogue.type_of(id).ok_or(Refusal::NodeUnclassified)?),
            None => None,
        };
        let class = class(operation, kind)?;
        let target = self.target(kind.zip(id), walk)?;
        let answered = match operation.answer {
            Answer::Opaque => None,
            Answer::Target => kind,
            Answer::Type(kind) => Some(kind),
        };
        let effect = operation.method.effect();
        let own = Ask {
            class,
            effect,
            target,
            gives: answered.filter(|_| effect == Effect::Read),
            fields: FieldSet::EMPTY,
            fields_named: tree.is_some() && effect == Effect::Read,
            rows: rows(said.rows, operation.rows_default)?,
            via: Via::Operation,
        };
        if effect == Effect::Write {
            walk.push(own.clone(), Spot::NOWHERE)?;
            let (Some(tree), Some(kind)) = (tree, answered) else { return Ok(()) };
            // What is read back after a write is a read.
            let back = Ask { effect: Effect::Read, gives: answered, fields_named: true, ..own };
            return walk.named(back, operation.answer == Answer::Target, tree, kind);
        }
        match (tree, answered) {
            (Some(tree), Some(kind)) => {
                walk.named(own, operation.answer == Answer::Target, tree, kind)
            }
            (None, Some(kind)) => {
                let given = walk.catalogue.answer_given(operation, kind);
                walk.given(own, operation.answer == Answer::Target, given, kind)
            }
            (_, None) => walk.push(own, Spot::ROOT).map(|_| ()),
        }
    }

    fn target(
        &self,
        node: Option<(TypeIx, &'c str)>,
        walk: &Walk<'c, '_>,
    ) -> Result<Target<'c>, Refusal> {
        if let Some((kind, id)) = node {
            return Ok(Target::Node(kind, id));
        }
        let Some(kind) = self.operation.target_type else { return Ok(Target::None) };
        let name = self.said.named.unwrap_or_default().trim_start_matches('#');
        if name.is_empty() {
            return Err(unreadable(why::TARGET_MISSING));
        }
        Ok(Target::Named(kind, walk.texts.keep(lower(name))))
    }
}

pub(crate) fn class(operation: &Operation, kind: Option<TypeIx>) -> Result<ClassIx, Refusal> {
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

/// The ids between commas, each once.
fn separate<'c>(text: &'c str, bounds: &Bounds) -> Result<SmallVec<[&'c str; 4]>, Refusal> {
    let mut ids: SmallVec<[&'c str; 4]> = SmallVec::new();
    // The ends of the ids tell nearly all of them apart, at less than comparing them takes.
    let mut ends: SmallVec<[u64; 64]> = SmallVec::new();
    for id in text.split(',') {
        if id.is_empty() {
            return Err(unreadable(why::IDS));
        }
        let end = id.as_bytes().last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
        if ends.contains(&end) && ids.contains(&id) {
            continue;
        }
        ends.push(end);
        if ids.len() >= bounds.ids_max {
            let max = u32::try_from(bounds.ids_max).unwrap_or(u32::MAX);
            return Err(Refusal::TooManyIds { max });
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Rows asked for; a size where there is no list is passed on and means nothing.
fn rows(asked: Option<u32>, default: Option<u32>) -> Result<Rows, Refusal> {
    match (asked, default) {
        (Some(0), _) => Err(unreadable(why::ROWS_NONE)),
        (Some(rows), _) => Ok(Rows::Asked(rows)),
        (None, Some(rows)) => Ok(Rows::Default(rows)),
        (None, None) => Ok(Rows::One),
    }
}
