//! Adds names to `fields`, where a duty on the answer needs what the caller did not ask for.
//!
//! What the caller asked for stays as it is. Must not know which duty needs what.

use std::collections::BTreeMap;

use portcullis_catalogue::Catalogue;
use portcullis_types::{Refusal, TypeIx};

use crate::arrival::Bounds;
use crate::ask::{Place, Spots, unfolded};
use crate::canonical::Canonical;
use crate::fields::{self, Node, Siblings, Tree};
use crate::stands::named;
use crate::texts::Texts;

/// `fields` with names added to it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Members {
    /// The whole text.
    pub fields: String,
    /// For each name that was wanted, in order, what is to be taken out of the answer again: a dotted
    /// path, the name itself or the object that was added for its sake. None: it was asked for.
    pub added: Vec<Option<String>>,
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
    let mut spots = Spots::default();
    let asks = unfolded(canonical, catalogue, bounds, &texts, Some(&mut spots))?;
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    let text = named(canonical)?;
    let tree = text.map(|text| fields::read(text, bounds)).transpose()?;
    let mut adder = Adder { catalogue, tree: tree.as_ref(), points: BTreeMap::new() };
    let mut added = Vec::with_capacity(wanted.len());
    for (of, path) in wanted {
        let gives = asks.asks.get(*of).and_then(|ask| ask.gives);
        let (kind, (spot, _)) = gives.zip(spots.of.get(*of)).ok_or(WITHHELD)?;
        let path: Vec<&str> = path.split('.').collect();
        let defaults = || catalogue.answer_defaults(operation, Some(kind));
        let first = match spot.place {
            Place::Root => adder.at_root(kind, &path, defaults)?,
            Place::Node(at) => {
                let node = tree.as_ref().and_then(|tree| tree.node(at)).ok_or(WITHHELD)?;
                adder.at_node(&node, kind, &path, spot.field_defaults(catalogue))?
            }
            Place::Nowhere => return Err(WITHHELD),
        };
        added.push(first.and_then(|at| Some(path.get(..=at)?.join("."))));
    }
    if added.iter().all(Option::is_none) {
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
    /// Adds a path to what the call as a whole names; gives the position of its first name that was
    /// not there.
    fn at_root(
        &mut self,
        kind: TypeIx,
        path: &[&str],
        defaults: impl Fn() -> &'c [Box<str>],
    ) -> Result<Option<usize>, Refusal> {
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
    ) -> Result<Option<usize>, Refusal> {
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
    ) -> Result<Option<usize>, Refusal> {
        let (first, rest) = path.split_first().ok_or(WITHHELD)?;
        let known = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(*first));
        let field = known.ok_or(WITHHELD)?;
        let there = siblings.into_iter().find(|node| node.name == *first && node.alias.is_none());
        match there {
            Some(_) if rest.is_empty() => Ok(None),
            Some(node) => {
                let held = field.holds.ok_or(WITHHELD)?;
                let defaults = self.catalogue.field_defaults(field);
                Ok(self.at_node(&node, held, rest, defaults)?.map(|at| at + 1))
            }
            None => {
                let fresh = || Point { added: Added::default(), closed: None };
                self.points.entry(open).or_insert_with(fresh).added.add(path);
                Ok(Some(0))
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
    ) -> Result<Option<usize>, Refusal> {
        let Some(missing) = self.missing(kind, path, defaults) else { return Ok(None) };
        let known =
            path.first().and_then(|first| self.catalogue.node_type(kind)?.fields.get(*first));
        known.ok_or(WITHHELD)?;
        let fresh = || Point { added: Added::default(), closed: Some((kind, defaults.to_vec())) };
        self.points.entry(offset).or_insert_with(fresh).added.add(path);
        Ok(Some(missing))
    }

    /// The position of the first name of a path that does not come by default; none: all of it comes.
    fn missing(&self, kind: TypeIx, path: &[&str], defaults: &[Box<str>]) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        if !defaults.iter().any(|name| **name == **first) {
            return Some(0);
        }
        let field = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(*first));
        let inside = field.and_then(|field| Some((field.holds?, field)));
        match inside {
            Some((held, field)) => {
                let missing = self.missing(held, rest, self.catalogue.field_defaults(field));
                missing.map(|at| at + 1)
            }
            None => (!rest.is_empty()).then_some(0),
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
