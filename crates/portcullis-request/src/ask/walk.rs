//! Walks a `fields` tree along the catalogue: plain fields into the set of their node, each edge an
//! ask of its own.
//!
//! Must not know operations or parameters.

use portcullis_catalogue::{Catalogue, Field, Given, Shape, What};
use portcullis_types::asked::{Ask, Target, Via};
use portcullis_types::{Effect, FieldSet, Refusal, TypeIx};
use smallvec::SmallVec;

use super::rows;
use super::spot::{Names, Place, Spot, Spots};
use crate::fields::{Node, Siblings, Tree};
use crate::roles::count;
use crate::texts::{Texts, lower};
use crate::why::{self, unreadable};

/// How deep edges that are given by default may give edges.
const GIVEN_DEPTH_MAX: usize = 8;
/// Modifiers of a list by which its further pages are asked for.
const CURSORS: [&str; 4] = ["after", "before", "since", "until"];

pub(super) struct Walk<'c, 's> {
    pub(super) catalogue: &'c Catalogue,
    pub(super) asks_max: usize,
    pub(super) texts: &'c Texts,
    pub(super) asks: SmallVec<[Ask<'c>; 2]>,
    /// Whether a further page of some edge is asked for.
    pub(super) cursor: bool,
    /// Filled, where it is wanted, with a spot for each ask.
    pub(super) spots: Option<&'s mut Spots<'c>>,
    /// The objects of the node that lead here, by their names in the answer.
    pub(super) inside: Names<'c>,
    /// The names that lead here, for refusals.
    pub(super) path: SmallVec<[&'c str; 8]>,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Here<'c> {
    /// The ask whose fields are named here.
    of: usize,
    /// Whose the edges are that are named here.
    owner: Target<'c>,
}

impl<'c> Walk<'c, '_> {
    /// Adds an ask; gives its position.
    pub(super) fn push(&mut self, ask: Ask<'c>, spot: Spot<'c>) -> Result<usize, Refusal> {
        if self.asks.len() >= self.asks_max {
            return Err(unreadable(why::ASKS_MANY));
        }
        self.asks.push(ask);
        if let Some(spots) = &mut self.spots {
            let mut names = self.inside.clone();
            names.extend(spot.member);
            spots.of.push((spot, names));
        }
        Ok(self.asks.len() - 1)
    }

    /// An ask whose fields the call names. `is_node`: what is named belongs to the target itself.
    pub(super) fn named(
        &mut self,
        own: Ask<'c>,
        is_node: bool,
        tree: &Tree<'c>,
        kind: TypeIx,
    ) -> Result<(), Refusal> {
        let shape = self.catalogue.shape_of(kind).ok_or(Refusal::NodeUnclassified)?;
        if is_node && own.effect == Effect::Read && self.only_carries(tree, shape) {
            return tree.roots().try_for_each(|node| self.carried(tree, &node, shape));
        }
        let here = self.open(own, is_node, kind, Spot::ROOT)?;
        self.list(tree, tree.roots(), shape, here)
    }

    /// An ask for which the call names no field.
    pub(super) fn given(
        &mut self,
        mut own: Ask<'c>,
        is_node: bool,
        given: Option<&'c Given>,
        kind: TypeIx,
    ) -> Result<(), Refusal> {
        let given = given.ok_or(Refusal::NodeUnclassified)?;
        own.fields = given.fields;
        let here = self.open(own, is_node, kind, Spot::ROOT)?;
        self.given_edges(given, kind, here, GIVEN_DEPTH_MAX)
    }

    fn open(
        &mut self,
        own: Ask<'c>,
        is_node: bool,
        kind: TypeIx,
        spot: Spot<'c>,
    ) -> Result<Here<'c>, Refusal> {
        let target = own.target;
        let of = self.push(own, spot)?;
        Ok(Here { of, owner: if is_node { target } else { Target::Found(kind, of) } })
    }

    /// Whether a node is named only to carry what belongs to others; its id, which is known, aside.
    fn only_carries(&self, tree: &Tree<'c>, shape: &Shape) -> bool {
        let mut carries = false;
        for node in tree.roots() {
            match shape.entry(node.name).map(|entry| &entry.what) {
                Some(What::Edge) => match self.edge_field(shape, node.name) {
                    Some(field) if field.named_by.is_some() => carries = true,
                    _ => return false,
                },
                Some(What::Plain(ix)) if shape.id == Some(*ix) => {}
                _ => return false,
            }
        }
        carries
    }

    /// One of several names that are carried.
    fn carried(&mut self, tree: &Tree<'c>, node: &Node<'c>, shape: &Shape) -> Result<(), Refusal> {
        let here = Here { of: self.asks.len(), owner: Target::None };
        match self.edge_field(shape, node.name) {
            Some(field) if field.named_by.is_some() => {
                self.unaliased(node, shape)?;
                self.path.push(node.name);
                self.edge(tree, node, field, here)?;
                self.path.pop();
                Ok(())
            }
            _ => self.plain(tree, node, shape),
        }
    }

    fn list(
        &mut self,
        tree: &Tree<'c>,
        nodes: Siblings<'_, 'c>,
        shape: &'c Shape,
        here: Here<'c>,
    ) -> Result<(), Refusal> {
        for node in nodes {
            let Some(entry) = shape.entry(node.name) else {
                return Err(self.unclassified(node.name, ""));
            };
            match &entry.what {
                What::Plain(ix) => {
                    self.plain(tree, &node, shape)?;
                    self.insert(here.of, *ix);
                    self.renamed(here.of, *ix, &node);
                }
                What::Inline { shape: inner, given } => {
                    self.unmodified(tree, &node, shape)?;
                    if node.open.is_none() {
                        self.add(here.of, given);
                        given.iter().for_each(|ix| self.renamed(here.of, ix, &node));
                        continue;
                    }
                    let inner = self.catalogue.shape(*inner).ok_or(Refusal::NodeUnclassified)?;
                    // The platform gives an object's own id whether it is named or not.
                    if let Some(id) = inner.id {
                        self.insert(here.of, id);
                        self.renamed(here.of, id, &node);
                    }
                    self.path.push(node.name);
                    self.inside.push(node.alias.unwrap_or(node.name));
                    let inside = Here { of: here.of, owner: Target::Found(inner.of, here.of) };
                    self.list(tree, tree.inner(&node), inner, inside)?;
                    self.inside.pop();
                    self.path.pop();
                }
                What::Edge => {
                    self.unaliased(&node, shape)?;
                    let field = self.edge_field(shape, node.name);
                    self.path.push(node.name);
                    self.edge(tree, &node, field.ok_or(Refusal::NodeUnclassified)?, here)?;
                    self.path.pop();
                }
            }
        }
        Ok(())
    }

    fn edge(
        &mut self,
        tree: &Tree<'c>,
        node: &Node<'c>,
        field: &'c Field,
        here: Here<'c>,
    ) -> Result<(), Refusal> {
        let mut asked = None;
        let mut name = None;
        for (modifier, value) in tree.modifiers(node) {
            if !field.modifiers.iter().any(|known| **known == *modifier) {
                return Err(self.unclassified("", &format!(".{modifier}()")));
            }
            if modifier == "limit" {
                asked = Some(count(value)?);
            } else if field.named_by.as_deref() == Some(modifier) {
                name = Some(value);
            } else if field.rows_default.is_some() && CURSORS.contains(&modifier) {
                self.cursor = true;
            }
        }
        if node.open.is_some() && field.holds.is_none() {
            return Err(self.unclassified("", "{}"));
        }
        let target = match (&field.named_by, field.holds, name) {
            (None, ..) => here.owner,
            (Some(_), Some(kind), Some(name)) => Target::Named(kind, self.texts.keep(lower(name))),
            (Some(_), ..) => return Err(unreadable(why::FIELDS_NAME)),
        };
        let own = Ask {
            class: field.class,
            effect: Effect::Read,
            target,
            gives: field.holds,
            fields: FieldSet::EMPTY,
            fields_named: node.open.is_some(),
            rows: rows(asked, field.rows_default)?,
            via: Via::Edge(node.name, here.of),
        };
        let member = Some(node.alias.unwrap_or(node.name));
        self.hold(
            tree,
            Some(node),
            field,
            (own, Spot { member, place: Place::Node(node.at), field: Some(field) }),
        )
    }

    /// Adds the ask of an edge, and what stands in its braces or comes by default.
    fn hold(
        &mut self,
        tree: &Tree<'c>,
        node: Option<&Node<'c>>,
        field: &'c Field,
        (mut own, spot): (Ask<'c>, Spot<'c>),
    ) -> Result<(), Refusal> {
        let is_node = field.named_by.is_some();
        let Some(kind) = field.holds else { return self.push(own, spot).map(|_| ()) };
        match node.filter(|node| node.open.is_some()) {
            Some(node) => {
                let shape = self.catalogue.shape_of(kind).ok_or(Refusal::NodeUnclassified)?;
                let here = self.open(own, is_node, kind, spot)?;
                let outside = std::mem::take(&mut self.inside);
                let listed = self.list(tree, tree.inner(node), shape, here);
                self.inside = outside;
                listed
            }
            None => {
                own.fields = field.given.fields;
                let here = self.open(own, is_node, kind, spot)?;
                let outside = std::mem::take(&mut self.inside);
                let given = self.given_edges(&field.given, kind, here, GIVEN_DEPTH_MAX);
                self.inside = outside;
                given
            }
        }
    }

    /// Edges that come without being named.
    fn given_edges(
        &mut self,
        given: &'c Given,
        kind: TypeIx,
        here: Here<'c>,
        depth: usize,
    ) -> Result<(), Refusal> {
        for name in &given.edges {
            let deeper = depth.checked_sub(1).ok_or_else(|| unreadable(why::ASKS_MANY))?;
            let known = self.catalogue.node_type(kind).and_then(|kind| kind.fields.get(name));
            let field = known.ok_or(Refusal::NodeUnclassified)?;
            if field.named_by.is_some() {
                return Err(unreadable(why::FIELDS_NAME));
            }
            let own = Ask {
                class: field.class,
                effect: Effect::Read,
                target: here.owner,
                gives: field.holds,
                fields: field.given.fields,
                fields_named: false,
                rows: rows(None, field.rows_default)?,
                via: Via::Edge(name, here.of),
            };
            let spot = Spot { member: Some(name), place: Place::Nowhere, field: Some(field) };
            match field.holds {
                Some(held) => {
                    let inside = self.open(own, false, held, spot)?;
                    self.given_edges(&field.given, held, inside, deeper)?;
                }
                None => _ = self.push(own, spot)?,
            }
        }
        Ok(())
    }
}
