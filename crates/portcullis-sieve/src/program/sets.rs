//! From trees of places to the nodes of a program.
//!
//! An answer can be at several twigs at once: named and `*`, from the root and from any list. Each
//! set of twigs that can be reached becomes one node. Must not know where the trees come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Undecided;
use crate::program::build::{ANY_LIST, PLACES_MAX, ROOT, Twig};
use crate::program::{DEAD, Duty, ItemCode, Node, ProgramFault};

/// The nodes so far.
pub(super) struct Sets<'a> {
    twigs: &'a [Twig],
    duties: &'a [Duty],
    /// Whether anything is looked for in any list.
    any_list: bool,
    known: BTreeMap<BTreeSet<usize>, u16>,
    todo: Vec<(BTreeSet<usize>, u16)>,
    nodes: Vec<Node>,
    items: Vec<ItemCode>,
    root: u16,
}

impl<'a> Sets<'a> {
    /// # Errors
    /// More places than a program tells apart.
    pub(super) fn of(twigs: &'a [Twig], duties: &'a [Duty]) -> Result<Self, ProgramFault> {
        let any_list = twigs.get(ANY_LIST).is_some_and(|twig| !twig.items.is_empty());
        let mut sets = Self {
            twigs,
            duties,
            any_list,
            known: BTreeMap::new(),
            todo: Vec::new(),
            nodes: Vec::new(),
            items: Vec::new(),
            root: DEAD,
        };
        sets.number(BTreeSet::new())?;
        sets.root = sets.number(BTreeSet::from([ROOT]))?;
        while let Some((set, at)) = sets.todo.pop() {
            let node = sets.node(&set, at)?;
            if let Some(place) = sets.nodes.get_mut(usize::from(at)) {
                *place = node;
            }
        }
        Ok(sets)
    }

    /// Whether nothing happens anywhere.
    pub(super) fn is_plain(&self) -> bool {
        self.nodes.iter().all(|node| node.plain && node.params.is_empty())
    }

    pub(super) fn into_parts(self) -> (Vec<Node>, Vec<ItemCode>, u16) {
        (self.nodes, self.items, self.root)
    }

    /// The number of the node of a set, which is made if need be.
    fn number(&mut self, set: BTreeSet<usize>) -> Result<u16, ProgramFault> {
        if let Some(known) = self.known.get(&set) {
            return Ok(*known);
        }
        let too_many = ProgramFault::TooManyPlaces { max: PLACES_MAX };
        let at = u16::try_from(self.nodes.len()).map_err(|_| too_many.clone())?;
        if self.nodes.len() >= PLACES_MAX {
            return Err(too_many);
        }
        self.nodes.push(Node::default());
        self.known.insert(set.clone(), at);
        self.todo.push((set, at));
        Ok(at)
    }

    fn node(&mut self, set: &BTreeSet<usize>, at: u16) -> Result<Node, ProgramFault> {
        let twigs = self.twigs;
        let members: Vec<&Twig> = set.iter().filter_map(|twig| twigs.get(*twig)).collect();
        let mut node = Node { plain: true, in_list: at, ..Node::default() };
        for twig in &members {
            add(&mut node, &twig.node);
        }
        let rest: BTreeSet<usize> = members.iter().filter_map(|twig| twig.any).collect();
        let names: BTreeSet<u8> = members.iter().flat_map(|t| t.named.keys().copied()).collect();
        for name in names {
            let mut below = rest.clone();
            below.extend(members.iter().filter_map(|twig| twig.named.get(&name)));
            node.edges.push((name, self.number(below)?));
        }
        node.any = if rest.is_empty() { DEAD } else { self.number(rest)? };
        if self.any_list {
            let mut listed = set.clone();
            listed.insert(ANY_LIST);
            node.in_list = self.number(listed)?;
        }
        let duties: BTreeSet<u16> = members.iter().flat_map(|t| t.items.iter().copied()).collect();
        let entry = members.iter().any(|twig| twig.entry);
        if entry || !duties.is_empty() {
            node.item = u16::try_from(self.items.len()).ok();
            self.items.push(code(self.duties, duties, entry));
        }
        node.plain = node.drop.is_none()
            && node.replace.is_none()
            && node.item.is_none()
            && node.beneath.is_empty()
            && node.strips.is_empty()
            && node.embed.is_none();
        Ok(node)
    }
}

/// Adds what happens at one twig of the set.
fn add(node: &mut Node, twig: &Node) {
    use crate::program::Dropped::Thinned;
    // What the caller may not have counts for more than what it did not ask for.
    node.drop = if node.drop == Some(Thinned) { node.drop } else { twig.drop.or(node.drop) };
    if node.replace.is_none() {
        node.replace.clone_from(&twig.replace);
    }
    node.reads.extend_from_slice(&twig.reads);
    node.beneath.extend_from_slice(&twig.beneath);
    node.strips.extend_from_slice(&twig.strips);
    node.embed = node.embed.or(twig.embed);
    node.params.extend_from_slice(&twig.params);
}

fn code(all: &[Duty], duties: impl IntoIterator<Item = u16>, entry: bool) -> ItemCode {
    let mut code = ItemCode { entry, ..ItemCode::default() };
    for ix in duties {
        let Some(duty) = all.get(usize::from(ix)) else { continue };
        code.duties.push((ix, code.reads));
        code.reads += duty.reads;
        let judges = duty.ask || !duty.checks.is_empty();
        code.judged |= judges;
        code.cuts |= judges && duty.undecided == Undecided::Cut;
        code.keeps |= judges && duty.undecided == Undecided::Keep;
    }
    code
}
