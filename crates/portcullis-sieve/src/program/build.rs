//! Compiles a plan.
//!
//! Places become two trees, one from the root and one from any element of a list; then every set of
//! tree nodes that an answer can be at becomes one node of the program. Must not know answers.

use std::collections::BTreeMap;

use crate::engine;
use crate::place::{Place, Step};
use crate::plan::{Effect, Embedded, ItemDuty, Plan, Test, Where};
use crate::program::names::NAMES_MAX;
use crate::program::{Dropped, Duty, Embed, Names, Node, Param, Program, ProgramFault, Read, sets};

pub(super) const PLACES_MAX: usize = 4096;
/// Of item duties, and of checks and reads in each.
const DUTIES_MAX: usize = 64;

/// Where in the trees the two roots are.
pub(super) const ROOT: usize = 0;
pub(super) const ANY_LIST: usize = 1;

/// A node of the trees.
#[derive(Debug, Default)]
pub(super) struct Twig {
    pub(super) named: BTreeMap<u8, usize>,
    pub(super) any: Option<usize>,
    pub(super) node: Node,
    pub(super) items: Vec<u16>,
    /// Whether its objects are entries that may be refused in their place.
    pub(super) entry: bool,
}

#[derive(Default)]
struct Build {
    names: Names,
    twigs: Vec<Twig>,
    duties: Vec<Duty>,
    embeds: Vec<Embed>,
}

/// Compiles the duties.
pub(crate) fn compile(mut plan: Plan) -> Result<Program, ProgramFault> {
    let mut build = Build::default();
    build.twigs.extend([Twig::default(), Twig::default()]);
    let thins = !plan.dropped.is_empty()
        || !plan.dropped_names.is_empty()
        || !plan.replaced.is_empty()
        || plan.items.iter().any(|duty| (duty.ask && !duty.looks) || !duty.checks.is_empty())
        || plan.embedded.iter().any(|(_, embedded)| embedded_thins(embedded));
    build.fields(&plan)?;
    let links = plan.links;
    if links {
        build.links(&plan.link_params)?;
    }
    for duty in plan.items.drain(..) {
        build.duty(duty)?;
    }
    for (place, embedded) in plan.embedded.drain(..) {
        build.embed(&place, embedded)?;
    }
    let Build { names, twigs, duties, embeds } = build;
    let sets = sets::Sets::of(&twigs, &duties)?;
    let drops_names = !plan.dropped_names.is_empty();
    let empty = sets.is_plain() && !links && !drops_names;
    let (nodes, items, root) = sets.into_parts();
    Ok(Program { names, nodes, root, duties, items, embeds, thins, empty })
}

fn embedded_thins(embedded: &Embedded) -> bool {
    match embedded {
        Embedded::Same(program) => program.thins,
        Embedded::Entries(entries) => {
            entries.iter().any(|(program, refusal)| program.thins || refusal.is_some())
        }
    }
}

impl Build {
    fn name(&mut self, name: &str) -> Result<u8, ProgramFault> {
        self.names.add(name).ok_or(ProgramFault::TooManyNames { max: NAMES_MAX })
    }

    /// The node below `at` for each step of a place, in order.
    fn walk(&mut self, at: usize, place: &Place) -> Result<Vec<usize>, ProgramFault> {
        let mut path = Vec::with_capacity(place.steps.len());
        let mut at = at;
        for step in &place.steps {
            let name = match step {
                Step::Name(name) => Some(self.name(name)?),
                Step::Any => None,
            };
            let new = self.twigs.len();
            let Some(twig) = self.twigs.get_mut(at) else { break };
            at = match name {
                Some(name) => *twig.named.entry(name).or_insert(new),
                None => *twig.any.get_or_insert(new),
            };
            if at == new {
                self.twigs.push(Twig::default());
            }
            if self.twigs.len() > PLACES_MAX {
                return Err(ProgramFault::TooManyPlaces { max: PLACES_MAX });
            }
            path.push(at);
        }
        Ok(path)
    }

    fn end(&mut self, at: usize, place: &Place) -> Result<usize, ProgramFault> {
        Ok(self.walk(at, place)?.last().copied().unwrap_or(at))
    }

    fn field(&mut self, place: &Place) -> Result<Option<&mut Node>, ProgramFault> {
        if place.steps.is_empty() {
            return Err(ProgramFault::RootIsNoField);
        }
        let at = self.end(ROOT, place)?;
        Ok(self.twigs.get_mut(at).map(|twig| &mut twig.node))
    }

    fn fields(&mut self, plan: &Plan) -> Result<(), ProgramFault> {
        for place in &plan.taken_back {
            if let Some(node) = self.field(place)? {
                node.drop = Some(Dropped::TakenBack);
            }
        }
        for place in &plan.dropped {
            if let Some(node) = self.field(place)? {
                node.drop = Some(Dropped::Thinned);
            }
        }
        for (place, json) in &plan.replaced {
            if !engine::is_json(json.as_bytes()) {
                return Err(ProgramFault::ReplacementNotJson);
            }
            if let Some(node) = self.field(place)? {
                node.replace = Some(json.as_bytes().into());
            }
        }
        for name in &plan.dropped_names {
            let name = self.name(name)?;
            self.names.mark(name, |traits| traits.drop = true);
        }
        Ok(())
    }

    fn links(&mut self, params: &[(Place, Param)]) -> Result<(), ProgramFault> {
        let paging = self.name("paging")?;
        self.names.mark(paging, |traits| traits.paging = true);
        for name in ["next", "previous"] {
            let name = self.name(name)?;
            self.names.mark(name, |traits| traits.link = true);
        }
        for (holder, param) in params {
            let at = self.end(ROOT, &holder.clone().name("paging"))?;
            if let Some(twig) = self.twigs.get_mut(at) {
                twig.node.params.push(param.clone());
            }
        }
        Ok(())
    }

    fn duty(&mut self, duty: ItemDuty) -> Result<(), ProgramFault> {
        let tag = duty.tag;
        let too_many = || ProgramFault::TooManyDuties { max: DUTIES_MAX };
        let most = self.duties.len().max(duty.checks.len()).max(duty.reads.len());
        if most >= DUTIES_MAX {
            return Err(too_many());
        }
        let mut named = duty.checks.iter().filter_map(|check| read_of(&check.test));
        if let Some(read) = named.find(|read| *read >= duty.reads.len()) {
            return Err(ProgramFault::NoSuchRead { tag, read });
        }
        let ix = u16::try_from(self.duties.len()).map_err(|_| too_many())?;
        let at = match &duty.at {
            Where::At(place) => self.end(ROOT, place)?,
            Where::AnyList => ANY_LIST,
        };
        for (read, place) in (0_u16..).zip(&duty.reads) {
            let path = self.walk(at, place)?;
            let Some(leaf) = path.last() else { return Err(ProgramFault::EmptyRead { tag }) };
            for (step, below) in (1..).zip(&path) {
                if let Some(twig) = self.twigs.get_mut(*below) {
                    twig.node.beneath.push(Read { duty: ix, read, steps: step });
                }
            }
            if let Some(twig) = self.twigs.get_mut(*leaf) {
                twig.node.reads.push(Read { duty: ix, read, steps: path.len() });
            }
        }
        for (check, effect) in (0_u16..).zip(&duty.checks) {
            let Effect::Strip(names) = &effect.then else { continue };
            for name in names {
                let member = self.end(at, &Place::root().name(name))?;
                if let Some(twig) = self.twigs.get_mut(member) {
                    twig.node.strips.push((ix, check));
                }
            }
        }
        if let Some(twig) = self.twigs.get_mut(at) {
            twig.items.push(ix);
        }
        self.duties.push(Duty {
            tag,
            reads: u16::try_from(duty.reads.len()).map_err(|_| too_many())?,
            checks: duty.checks,
            ask: duty.ask,
            looks: duty.looks,
            undecided: duty.undecided,
        });
        Ok(())
    }

    fn embed(&mut self, place: &Place, embedded: Embedded) -> Result<(), ProgramFault> {
        let (nested, refuses) = match &embedded {
            Embedded::Same(program) => (!program.embeds.is_empty(), false),
            Embedded::Entries(entries) => (
                entries.iter().any(|(program, _)| !program.embeds.is_empty()),
                entries.iter().any(|(_, refusal)| refusal.is_some()),
            ),
        };
        if nested {
            return Err(ProgramFault::EmbeddedTwice);
        }
        if let Embedded::Entries(entries) = &embedded {
            let mut texts = entries.iter().filter_map(|(_, refusal)| refusal.as_deref());
            if texts.any(|text| !engine::is_json(text.as_bytes())) {
                return Err(ProgramFault::ReplacementNotJson);
            }
        }
        let ix = u16::try_from(self.embeds.len())
            .map_err(|_| ProgramFault::TooManyPlaces { max: PLACES_MAX })?;
        if let Some(node) = self.field(place)? {
            node.embed = Some(ix);
        }
        let mut path = vec![ROOT];
        path.extend(self.walk(ROOT, place)?);
        let holder = path.iter().rev().nth(1).copied().unwrap_or(ROOT);
        if let Some(twig) = self.twigs.get_mut(holder) {
            twig.entry |= refuses;
        }
        self.embeds.push(match embedded {
            Embedded::Same(program) => Embed::Same(program),
            Embedded::Entries(entries) => Embed::Entries(entries),
        });
        Ok(())
    }
}

fn read_of(test: &Test) -> Option<usize> {
    match test {
        Test::OneOf { read, .. }
        | Test::NotOneOf { read, .. }
        | Test::Expired { read }
        | Test::Present { read } => Some(*read),
        Test::Always => None,
    }
}
