//! Adds names to `fields`, where a duty on the answer needs what the caller did not ask for.
//!
//! What the caller asked for stays as it is. Must not know which duty needs what.

use std::collections::BTreeMap;

use portcullis_catalogue::{Catalogue, ParamRole};
use portcullis_types::{Refusal, TypeIx};

use crate::arrival::Bounds;
use crate::ask::{Place, unfolded};
use crate::canonical::Canonical;
use crate::fields::{self, Node, Siblings, Tree};
use crate::texts::Texts;

/// `fields` with names added to it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Members {
    /// The whole text.
    pub fields: String,
    /// For each name that was wanted, in order, whether it was added: it is to be taken out of the
    /// answer again. The others were asked for under their own names.
    pub added: Vec<bool>,
}

/// The names under which asks stand in the answer, in order of the asks; none: it is the answer.
///
/// # Errors
/// As [`crate::ask`].
pub fn names_in_answer<'c>(
    canonical: &'c Canonical<'_>,
    catalogue: &'c Catalogue,
    bounds: &Bounds,
    texts: &'c Texts,
) -> Result<Vec<Option<&'c str>>, Refusal> {
    let mut spots = Vec::new();
    unfolded(canonical, catalogue, bounds, texts, Some(&mut spots))?;
    Ok(spots.iter().map(|spot| spot.member).collect())
}

/// Adds fields to what asks of a call give: pairs of an ask's position and a dotted path. None: all
/// of them come already.
///
/// # Errors
/// As [`crate::ask`]; [`Refusal::AnswerWithheld`] where a field can't be asked for beside the others.
pub fn with_members(
    canonical: &Canonical<'_>,
    catalogue: &Catalogue,
    bounds: &Bounds,
    wanted: &[(usize, &str)],
) -> Result<Option<Members>, Refusal> {
    let texts = Texts::default();
    let mut spots = Vec::new();
    let asks = unfolded(canonical, catalogue, bounds, &texts, Some(&mut spots))?;
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    let selects = |name: &str| operation.params.get(name) == Some(&ParamRole::Fields);
    let text = canonical.params().iter().find(|param| selects(&param.name));
    let text = text.map(|param| param.value.as_ref());
    let tree = text.map(|text| fields::read(text, bounds)).transpose()?;
    let mut adder = Adder { catalogue, tree: tree.as_ref(), points: BTreeMap::new() };
    let mut added = Vec::with_capacity(wanted.len());
    for (of, path) in wanted {
        let gives = asks.asks.get(*of).and_then(|ask| ask.gives);
        let (kind, spot) = gives.zip(spots.get(*of)).ok_or(WITHHELD)?;
        let path: Vec<&str> = path.split('.').collect();
        let defaults = || catalogue.answer_defaults(operation, Some(kind));
        added.push(match spot.place {
            Place::Root => adder.at_root(kind, &path, defaults)?,
            Place::Node(at) => {
                let node = tree.as_ref().and_then(|tree| tree.node(at)).ok_or(WITHHELD)?;
                adder.at_node(&node, kind, &path, spot.field_defaults(catalogue))?
            }
            Place::Nowhere => return Err(WITHHELD),
        });
    }
    if !added.contains(&true) {
        return Ok(None);
    }
    Ok(Some(Members { fields: adder.write(text.unwrap_or_default()), added }))
}

const WITHHELD: Refusal = Refusal::AnswerWithheld {
    why: "the answer can't be checked for what it may not hold; name `fields` without that part",
};

/// Names added at one place, each with what is added in its braces.
#[derive(Default)]
struct Added(BTreeMap<String, Added>);

/// A place where names are added.
struct Point {
    added: Added,
    /// Where braces must be opened: the type, and what came without them.
    closed: Option<(TypeIx, Vec<Box<str>>)>,
}

struct Adder<'c, 's, 't> {
    catalogue: &'c Catalogue,
    tree: Option<&'s Tree<'t>>,
    /// By offset in the text.
    points: BTreeMap<usize, Point>,
}

impl<'c, 't> Adder<'c, '_, 't> {
    /// Adds a path to what the call as a whole names; says whether it was not there.
    fn at_root(
        &mut self,
        kind: TypeIx,
        path: &[&str],
        defaults: impl Fn() -> &'c [Box<str>],
    ) -> Result<bool, Refusal> {
        match self.tree {
            Some(tree) => self.beside(tree.roots(), 0, kind, path),
            None => self.opened(0, kind, path, defaults()),
        }
    }

    /// Adds a path to what a name holds.
    fn at_node(
        &mut self,
        node: &Node<'t>,
        kind: TypeIx,
        path: &[&str],
        defaults: &[Box<str>],
    ) -> Result<bool, Refusal> {
        match (node.open, self.tree) {
            (Some(open), Some(tree)) => self.beside(tree.inner(node), open, kind, path),
            _ => self.opened(node.end, kind, path, defaults),
        }
    }

    /// Adds a path beside names that stand in the text.
    fn beside(
        &mut self,
        siblings: Siblings<'_, 't>,
        open: usize,
        kind: TypeIx,
        path: &[&str],
    ) -> Result<bool, Refusal> {
        let (first, rest) = path.split_first().ok_or(WITHHELD)?;
        let known = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(*first));
        let field = known.ok_or(WITHHELD)?;
        let there = siblings.into_iter().find(|node| node.name == *first && node.alias.is_none());
        match there {
            Some(_) if rest.is_empty() => Ok(false),
            Some(node) => {
                let held = field.holds.ok_or(WITHHELD)?;
                self.at_node(&node, held, rest, self.catalogue.field_defaults(field))
            }
            None => {
                let fresh = || Point { added: Added::default(), closed: None };
                self.points.entry(open).or_insert_with(fresh).added.add(path);
                Ok(true)
            }
        }
    }

    /// Adds a path where nothing was named, so that what comes by default must be named, too.
    fn opened(
        &mut self,
        offset: usize,
        kind: TypeIx,
        path: &[&str],
        defaults: &[Box<str>],
    ) -> Result<bool, Refusal> {
        if self.comes(kind, path, defaults) {
            return Ok(false);
        }
        let known =
            path.first().and_then(|first| self.catalogue.node_type(kind)?.fields.get(*first));
        known.ok_or(WITHHELD)?;
        let fresh = || Point { added: Added::default(), closed: Some((kind, defaults.to_vec())) };
        self.points.entry(offset).or_insert_with(fresh).added.add(path);
        Ok(true)
    }

    /// Whether a path comes by default.
    fn comes(&self, kind: TypeIx, path: &[&str], defaults: &[Box<str>]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        if !defaults.iter().any(|name| **name == **first) {
            return false;
        }
        let field = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(*first));
        let inside = field.and_then(|field| Some((field.holds?, field)));
        match inside {
            Some((held, field)) => self.comes(held, rest, self.catalogue.field_defaults(field)),
            None => rest.is_empty(),
        }
    }

    fn write(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut from = 0;
        for (offset, point) in &self.points {
            out.push_str(text.get(from..*offset).unwrap_or_default());
            from = *offset;
            match &point.closed {
                None => {
                    let names: Vec<String> = point.added.texts();
                    out.push_str(&names.join(","));
                    out.push(',');
                }
                Some((kind, defaults)) => {
                    let names = self.merged(*kind, defaults, &point.added).join(",");
                    // Without `fields` there is nothing to put braces behind.
                    let braced = if text.is_empty() { names } else { format!("{{{names}}}") };
                    out.push_str(&braced);
                }
            }
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    /// Names that come by default together with those that are added.
    fn merged(&self, kind: TypeIx, defaults: &[Box<str>], added: &Added) -> Vec<String> {
        let mut names = Vec::new();
        for name in defaults {
            let inside = added.0.get(&**name).filter(|inside| !inside.0.is_empty());
            let field = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(name));
            let held = field.and_then(|field| Some((field.holds?, field)));
            names.push(match (inside, held) {
                (Some(inside), Some((held, field))) => {
                    let of = self.catalogue.field_defaults(field);
                    format!("{name}{{{}}}", self.merged(held, of, inside).join(","))
                }
                _ => name.to_string(),
            });
        }
        let more = |(name, _): &(&String, &Added)| !defaults.iter().any(|of| **of == ***name);
        names.extend(added.0.iter().filter(more).map(|(name, inside)| inside.text(name)));
        names
    }
}

impl Added {
    fn add(&mut self, path: &[&str]) {
        if let Some((first, rest)) = path.split_first() {
            self.0.entry((*first).to_owned()).or_default().add(rest);
        }
    }

    fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(name, inside)| inside.text(name)).collect()
    }

    fn text(&self, name: &str) -> String {
        if self.0.is_empty() {
            name.to_owned()
        } else {
            format!("{name}{{{}}}", self.texts().join(","))
        }
    }
}
