//! From the filters that a call falls under to what the sieve does with its answer, and what is asked
//! of the platform for their sake.
//!
//! Must not know how the sieve does it, nor keep anything.

use std::sync::Arc;

use portcullis_catalogue::{Catalogue, Operation};
use portcullis_policy::{DropItems, Filter, Passed, PolicySet, Ruling, Tier};
use portcullis_request::{Bounds, Canonical, Members, Texts, stands, with_members};
use portcullis_types::asked::{Ask, Asks, Via};
use portcullis_types::{Effect, FieldSet, Refusal};
use smallvec::SmallVec;

use super::Duties;
use super::lowering::{Lowering, take_back};
use super::needs::{Need, need};
use super::places::spots;
use crate::amend;

/// For each ask, the filters that concern it, as bits.
pub(crate) type Filters = SmallVec<[u64; 2]>;

/// One call, as far as its answer goes.
pub(crate) struct Call<'a, 'c, 't> {
    pub(crate) canonical: &'a Canonical<'c>,
    pub(crate) asks: &'a Asks<'t>,
    pub(crate) operation: &'a Operation,
    pub(crate) ruling: &'a Ruling,
    pub(crate) tier: &'a Tier,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) policies: &'a PolicySet,
    pub(crate) bounds: &'a Bounds,
    /// Whether the answer can hold links.
    pub(crate) links: bool,
    /// Whether it can hold what vanishes.
    pub(crate) no_store: bool,
}

/// What comes of the shape of a call.
#[derive(Clone)]
pub(crate) struct Shape {
    /// None: no filter looks at anything in such an answer.
    pub(crate) duties: Option<Arc<Duties>>,
    /// The fields to ask for, where they are not those the call names.
    pub(crate) fields: Option<Arc<str>>,
}

/// A filter that can't be carried out on the answer, so that there must be none.
pub(crate) struct Withheld {
    pub(crate) refusal: Refusal,
    pub(crate) rule: Option<Arc<str>>,
}

impl From<Refusal> for Withheld {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, rule: None }
    }
}

/// What one filter looks for in what one ask gives.
pub(super) struct Look<'a> {
    pub(super) ask: usize,
    pub(super) filter: &'a Filter,
    /// In the order of what it drops; none: no item of that type has such a member.
    pub(super) needs: Vec<Option<Need>>,
}

impl<'a> Call<'a, '_, '_> {
    /// The filters that concern each ask.
    pub(crate) fn filters(&self) -> Filters {
        let filters = || self.tier.filters().iter().enumerate().take(64);
        let concerns = |filter: &Filter, ask: &Ask<'_>, passed: Option<&Passed>| {
            let excepted = matches!(passed, Some(Passed::Rule(ix)) if filter.except.contains(ix));
            let listed = filter.classes.as_ref().is_none_or(|set| set.contains(ask.class));
            // What a write itself answers with is no item.
            ask.effect == Effect::Read && listed && !excepted
        };
        let of = |(at, ask): (usize, &Ask<'_>)| {
            let passed = self.ruling.passed.get(at);
            filters()
                .filter(|(_, filter)| concerns(filter, ask, passed))
                .fold(0, |bits, (bit, _)| bits | 1 << bit)
        };
        if self.ruling.filters == 0 {
            return Filters::new();
        }
        self.asks.asks.iter().enumerate().map(of).collect()
    }

    /// Whether ids of one call must be told apart: they are judged by different filters.
    pub(crate) fn apart(&self, filters: &Filters) -> bool {
        let asks = self.asks.asks.iter().zip(filters);
        let mut own = asks.filter(|(ask, _)| ask.via == Via::Operation);
        let Some((first, bits)) = own.next() else { return false };
        own.any(|(ask, other)| ask.gives != first.gives || bits != other)
    }

    /// Works out the duties.
    pub(crate) fn lower(&self, filters: &Filters) -> Result<Shape, Withheld> {
        let looks = self.looks(filters)?;
        let wanted = wanted(&looks);
        let members = self.members(&wanted).map_err(|refusal| {
            let rule = looks.first().map(|look| Arc::clone(&look.filter.name));
            Withheld { refusal, rule }
        })?;
        let texts = Texts::default();
        let stands = stands(self.canonical, self.catalogue, self.bounds, &texts)?;
        let spots = spots(self.asks, &stands, self.operation, self.apart(filters));
        let mut lowering = Lowering::default();
        if self.links {
            lowering.plan.links();
            lowering.links = true;
        }
        for look in &looks {
            self.look(look, &spots, &mut lowering);
        }
        self.drop_fields(filters, &stands, &spots, &mut lowering);
        if let Some(members) = &members {
            let added = members.added.iter().zip(&wanted);
            let added = added.filter_map(|(path, (ask, _))| Some((*ask, path.as_ref()?)));
            take_back(added, &stands, &spots, &mut lowering);
        }
        let fields = members.map(|members| members.fields.into());
        if lowering.is_idle() {
            return Ok(Shape { duties: None, fields });
        }
        let Lowering { plan, rules, items, .. } = lowering;
        let program = plan
            .compile()
            .map_err(|_| Withheld::from(Refusal::AnswerWithheld { why: TOO_MUCH }))?;
        let duties = Duties { program: Arc::new(program), no_store: self.no_store, rules, items };
        Ok(Shape { duties: Some(Arc::new(duties)), fields })
    }

    /// The text of `fields`, where the call has one.
    pub(super) fn fields(&self) -> Option<&str> {
        let name = amend::fields_param(self.operation)?;
        let param = self.canonical.params().iter().find(|param| param.name == name);
        param.map(|param| &*param.value)
    }

    fn looks(&self, filters: &Filters) -> Result<Vec<Look<'a>>, Withheld> {
        let mut looks = Vec::new();
        for (at, (ask, bits)) in self.asks.asks.iter().zip(filters).enumerate() {
            for (bit, filter) in self.tier.filters().iter().enumerate().take(64) {
                if bits & (1 << bit) == 0 || filter.drop_items.is_empty() {
                    continue;
                }
                let needs: Vec<Option<Need>> = filter
                    .drop_items
                    .iter()
                    .map(|what| need(what, ask.gives?, self.catalogue))
                    .collect();
                let blind = needs.iter().zip(&filter.drop_items).any(|(need, what)| {
                    // What has no kind is of no kind; whatever else is not known is not agreed.
                    let known = ask.gives.is_some() && matches!(what, DropItems::ProductType(_));
                    need.is_none() && !known
                });
                // A filter over everything means what has such members.
                if blind && filter.classes.is_some() && !filter.shadow {
                    let rule = Some(Arc::clone(&filter.name));
                    return Err(Withheld { refusal: Refusal::AnswerWithheld { why: BLIND }, rule });
                }
                if needs.iter().any(Option::is_some) {
                    looks.push(Look { ask: at, filter, needs });
                }
            }
        }
        Ok(looks)
    }

    /// Asks for what the filters read, where the call does not.
    fn members(&self, wanted: &[(usize, &'static str)]) -> Result<Option<Members>, Refusal> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let members = match &self.ruling.default_fields {
            Some(cut) => self.beside(cut, wanted),
            None => with_members(self.canonical, self.catalogue, self.bounds, wanted)?,
        };
        // An answer whose fields can't be chosen is not looked into by chance.
        let choosable = amend::fields_param(self.operation).is_some();
        if members.is_some() && !choosable {
            return Err(Refusal::AnswerWithheld { why: BLIND });
        }
        Ok(members)
    }

    /// The same, beside fields that the call did not name itself.
    fn beside(&self, cut: &FieldSet, wanted: &[(usize, &'static str)]) -> Option<Members> {
        let path = |ix| self.catalogue.field_ref(ix).map(|field| field.path);
        let given: Vec<&str> = cut.iter().filter_map(path).collect();
        let mut all = *cut;
        let mut added = Vec::with_capacity(wanted.len());
        for (ask, wanted) in wanted {
            let gives = self.asks.asks.get(*ask).and_then(|ask| ask.gives);
            if let Some(ix) = gives.and_then(|kind| self.catalogue.field_of(kind, wanted)) {
                all.insert(ix);
            }
            added.push(missing(&given, wanted));
        }
        let fields = amend::text(&all, self.catalogue);
        added.iter().any(Option::is_some).then_some(Members { fields, added })
    }
}

const BLIND: &str = "the answer does not tell whether it holds what your agreement leaves out";
const TOO_MUCH: &str = "it holds too many different parts to be checked; ask for less at once";

fn wanted(looks: &[Look<'_>]) -> Vec<(usize, &'static str)> {
    let mut wanted: Vec<(usize, &'static str)> = Vec::new();
    for look in looks {
        for path in look.needs.iter().flatten().flat_map(|need| need.paths()) {
            if !wanted.contains(&(look.ask, path)) {
                wanted.push((look.ask, path));
            }
        }
    }
    wanted
}

/// What of a path must be added beside fields: the path, or the first object of it that is not there.
fn missing(given: &[&str], wanted: &str) -> Option<String> {
    if given.contains(&wanted) {
        return None;
    }
    let ends = wanted.match_indices('.').map(|(at, _)| at).chain([wanted.len()]);
    let mut prefixes = ends.filter_map(|end| wanted.get(..end));
    let there = |prefix: &&str| {
        let mut inside = given.iter().filter_map(|path| path.strip_prefix(*prefix));
        !inside.any(|rest| rest.starts_with('.'))
    };
    prefixes.find(there).map(str::to_owned)
}
