//! Reads `fields`: names with modifiers and braces, such as `media.limit(5){id,owner{username}}`.
//!
//! One grammar, narrower than any platform's, so that what is judged is what the platform reads.
//! Must not know which names exist.

use portcullis_types::Refusal;
use smallvec::SmallVec;

use crate::arrival::Bounds;
use crate::bytes::Bytes;
use crate::why::{self, unreadable};

/// Everything that `fields` names, each name before what stands in its braces.
#[derive(Debug, Default)]
pub(crate) struct Tree<'t> {
    nodes: SmallVec<[Node<'t>; 16]>,
    /// The name each belongs to, its own name and its value.
    modifiers: SmallVec<[(u16, &'t str, &'t str); 4]>,
}

/// One name in the tree.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Node<'t> {
    pub(crate) name: &'t str,
    pub(crate) alias: Option<&'t str>,
    /// Where its braces open, after the brace.
    pub(crate) open: Option<usize>,
    /// Where it ends in the text.
    pub(crate) end: usize,
    /// Its place in the tree.
    pub(crate) at: u16,
    /// The place after all that stands in its braces.
    next: u16,
}

impl<'t> Tree<'t> {
    /// The names that stand beside each other, outside of braces.
    pub(crate) fn roots(&self) -> Siblings<'_, 't> {
        Siblings { tree: self, at: 0, end: u16::try_from(self.nodes.len()).unwrap_or(u16::MAX) }
    }

    /// The names in the braces of a name.
    pub(crate) fn inner(&self, node: &Node<'t>) -> Siblings<'_, 't> {
        Siblings { tree: self, at: node.at.saturating_add(1), end: node.next }
    }

    /// The name at a place.
    pub(crate) fn node(&self, at: u16) -> Option<Node<'t>> {
        self.nodes.get(usize::from(at)).copied()
    }

    /// The modifiers of a name, aliases left out: name and value.
    pub(crate) fn modifiers(&self, node: &Node<'t>) -> impl Iterator<Item = (&'t str, &'t str)> {
        let of = node.at;
        let own = self.modifiers.iter().filter(move |(at, ..)| *at == of);
        own.map(|(_, name, value)| (*name, *value))
    }
}

/// Names beside each other.
#[derive(Clone)]
pub(crate) struct Siblings<'s, 't> {
    tree: &'s Tree<'t>,
    at: u16,
    end: u16,
}

impl<'t> Iterator for Siblings<'_, 't> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.at >= self.end {
            return None;
        }
        let node = *self.tree.nodes.get(usize::from(self.at))?;
        self.at = node.next;
        Some(node)
    }
}

/// What names are made of.
static NAME: Bytes = Bytes::alphanumeric_and(b"_");

/// Names under which answers carry something else.
const ALIASES_TAKEN: [&str; 6] = ["data", "error", "next", "paging", "previous", "summary"];

/// Most modifiers in one `fields`, so that looking for those of one name stays cheap.
const MODIFIERS_MAX: usize = 256;

/// Reads the whole text.
pub(crate) fn read<'t>(text: &'t str, bounds: &Bounds) -> Result<Tree<'t>, Refusal> {
    let mut tree = Tree::default();
    read_into(&mut tree, text, bounds)?;
    Ok(tree)
}

/// Reads the whole text into an empty tree: a tree is too large to be handed about at every call.
pub(crate) fn read_into<'t>(
    tree: &mut Tree<'t>,
    text: &'t str,
    bounds: &Bounds,
) -> Result<(), Refusal> {
    let left = bounds.fields_max.min(usize::from(u16::MAX) - 1);
    let mut reader = Reader { whole: text.len(), rest: text, left, tree };
    reader.list(bounds.fields_depth_max)?;
    if reader.rest.is_empty() { Ok(()) } else { Err(unreadable(why::FIELDS)) }
}

struct Reader<'r, 't> {
    whole: usize,
    rest: &'t str,
    /// How many more names are read.
    left: usize,
    tree: &'r mut Tree<'t>,
}

impl<'t> Reader<'_, 't> {
    fn list(&mut self, depth: usize) -> Result<(), Refusal> {
        let deeper = depth.checked_sub(1).ok_or_else(|| unreadable(why::FIELDS_DEEP))?;
        loop {
            self.node(deeper)?;
            if !self.eat(b',') {
                return Ok(());
            }
        }
    }

    fn node(&mut self, deeper: usize) -> Result<(), Refusal> {
        self.left = self.left.checked_sub(1).ok_or_else(|| unreadable(why::FIELDS_MANY))?;
        let at = self.place();
        let name = self.name()?;
        let mut node = Node { name, alias: None, open: None, end: 0, at, next: 0 };
        self.tree.nodes.push(node);
        loop {
            if self.eat(b'.') {
                self.modifier(&mut node)?;
            } else if node.open.is_none() && self.eat(b'{') {
                node.open = Some(self.offset());
                self.list(deeper)?;
                if !self.eat(b'}') {
                    return Err(unreadable(why::FIELDS));
                }
            } else {
                node.end = self.offset();
                node.next = self.place();
                if let Some(slot) = self.tree.nodes.get_mut(usize::from(at)) {
                    *slot = node;
                }
                return Ok(());
            }
        }
    }

    /// The place of the next name: never beyond what is read.
    fn place(&self) -> u16 {
        u16::try_from(self.tree.nodes.len()).unwrap_or(u16::MAX)
    }

    const fn offset(&self) -> usize {
        self.whole.saturating_sub(self.rest.len())
    }

    fn modifier(&mut self, node: &mut Node<'t>) -> Result<(), Refusal> {
        let name = self.name()?;
        let value = self.rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (value, rest) = value.ok_or_else(|| unreadable(why::FIELDS))?;
        let legal = |c: char| {
            !c.is_control()
                && !matches!(c, '(' | '{' | '}' | '"' | '\'' | '`' | '\\' | '%' | '&' | '#' | ';')
        };
        if value.is_empty() || !value.chars().all(legal) {
            return Err(unreadable(why::FIELDS));
        }
        self.rest = rest;
        match name {
            "fields" => return Err(unreadable(why::FIELDS_OLD)),
            "as" => {
                if !value.chars().all(is_name) || ALIASES_TAKEN.contains(&value) {
                    return Err(unreadable(why::FIELDS_ALIAS));
                }
                if node.alias.replace(value).is_some() {
                    return Err(unreadable(why::FIELDS_TWICE));
                }
            }
            "limit" | "first" | "last" if !is_count(value) => {
                return Err(unreadable(why::PAGE_SIZE));
            }
            _ => {
                if self.tree.modifiers(node).any(|(known, _)| known == name) {
                    return Err(unreadable(why::FIELDS_TWICE));
                }
                if self.tree.modifiers.len() >= MODIFIERS_MAX {
                    return Err(unreadable(why::FIELDS_MANY));
                }
                self.tree.modifiers.push((node.at, name, value));
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<&'t str, Refusal> {
        let end = self.rest.bytes().position(|byte| !NAME.has(byte));
        let end = end.unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        if name.is_empty() {
            return Err(unreadable(why::FIELDS));
        }
        self.rest = rest;
        Ok(name)
    }

    /// Passes over an ASCII mark, where it stands here.
    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&wanted);
        if found {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        found
    }
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a text is a whole number in its one spelling.
pub(crate) fn is_count(text: &str) -> bool {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// The text without the blanks around commas, dots, braces and ends; none: there are no blanks.
///
/// A blank between two names, or inside parentheses, stays, and [`read`] decides.
pub(crate) fn squeeze(text: &str) -> Option<String> {
    if !text.contains(' ') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut in_value = false;
    let mut blank = false;
    for c in text.chars() {
        if c == ' ' && !in_value {
            blank = true;
            continue;
        }
        if blank && is_name(c) && out.chars().next_back().is_some_and(is_name) {
            out.push(' ');
        }
        blank = false;
        match c {
            '(' => in_value = true,
            ')' => in_value = false,
            _ => {}
        }
        out.push(c);
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests;
