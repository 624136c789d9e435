//! What a name in `fields` may bear: braces, modifiers, an alias.
//!
//! Must not know what it asks for.

use portcullis_catalogue::{Field, Shape};
use portcullis_types::Refusal;

use super::walk::Walk;
use crate::fields::{Node, Tree};
use crate::roles::NAME_SHOWN_MAX;
use crate::why::{self, unreadable};

impl<'c> Walk<'c, '_> {
    /// A plain field has neither braces nor modifiers.
    pub(super) fn plain(
        &self,
        tree: &Tree<'c>,
        node: &Node<'c>,
        shape: &Shape,
    ) -> Result<(), Refusal> {
        self.unmodified(tree, node, shape)?;
        if node.open.is_some() { Err(self.unclassified(node.name, "{}")) } else { Ok(()) }
    }

    pub(super) fn unmodified(
        &self,
        tree: &Tree<'c>,
        node: &Node<'c>,
        shape: &Shape,
    ) -> Result<(), Refusal> {
        if let Some((modifier, _)) = tree.modifiers(node).next() {
            return Err(self.unclassified(node.name, &format!(".{modifier}()")));
        }
        self.unaliased(node, shape)
    }

    /// Refuses an alias that is the name of another field: answers are judged by names.
    pub(super) fn unaliased(&self, node: &Node<'c>, shape: &Shape) -> Result<(), Refusal> {
        let taken = |alias: &str| {
            alias != node.name && shape.entries().any(|(name, _)| name.eq_ignore_ascii_case(alias))
        };
        if node.alias.is_some_and(taken) {
            return Err(unreadable(why::FIELDS_ALIAS_FIELD));
        }
        Ok(())
    }

    pub(super) fn edge_field(&self, shape: &Shape, name: &str) -> Option<&'c Field> {
        self.catalogue.node_type(shape.of)?.fields.get(name)
    }

    pub(super) fn unclassified(&self, name: &str, behind: &str) -> Refusal {
        let mut field = self.path.join(".");
        if !field.is_empty() && !name.is_empty() {
            field.push('.');
        }
        field.push_str(name);
        field.push_str(behind);
        let shown: String = field.chars().take(NAME_SHOWN_MAX).collect();
        Refusal::FieldUnclassified { field: shown.into() }
    }
}
