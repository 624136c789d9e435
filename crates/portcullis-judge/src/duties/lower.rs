//! From the filters that a call falls under to what the sieve does with its answer, and what is asked
//! of the platform for their sake.
//!
//! Must not know how the sieve does it, nor keep anything.

use std::sync::Arc;

use portcullis_catalogue::{Answer, Catalogue, Operation};
use portcullis_policy::{DropItems, Filter, Limit, Passed, PolicySet, Ruling, Tier};
use portcullis_request::{Bounds, Canonical, Texts, stands};
use portcullis_types::asked::{Ask, Asks, Rows, Target, Via};
use portcullis_types::{Effect, Refusal, TypeIx};
use smallvec::SmallVec;

use super::Duties;
use super::lowering::{Lowering, take_back};
use super::needs::{Need, need};
use super::places::spots;
use crate::amend;
use crate::ledger::is_told;
use crate::rules::Bound;

/// What concerns an ask, as bits.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub(crate) struct Bits {
    /// Filters, by their place in the tier.
    pub(crate) filters: u64,
    /// Limits that count what its answer names.
    pub(crate) limits: u64,
    /// Whether the ledger keeps digests of it.
    pub(crate) records: bool,
    /// Whether the call tells whose all is that it gives.
    pub(crate) told: bool,
}

/// For each ask, what concerns it.
pub(crate) type Filters = SmallVec<[Bits; 2]>;

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
    /// Whether filters and limits concern it; else it is only looked at.
    pub(crate) enforced: bool,
    /// Whether the ledger is told what it holds; then by these rules.
    pub(crate) recorded: Option<&'a Bound>,
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

/// What one limit counts in what one ask gives.
pub(super) struct Count<'a> {
    pub(super) ask: usize,
    pub(super) limit: &'a Limit,
    /// The members that name it, and the types of what they name.
    pub(super) names: Vec<(&'a str, TypeIx)>,
}

impl<'a> Call<'a, '_, '_> {
    /// The filters that concern each ask.
    pub(crate) fn filters(&self) -> Filters {
        let most = if self.enforced { 64 } else { 0 };
        let filters = || self.tier.filters().iter().enumerate().take(most);
        let concerns = |filter: &Filter, ask: &Ask<'_>, passed: Option<&Passed>| {
            let excepted = matches!(passed, Some(Passed::Rule(ix)) if filter.except.contains(ix));
            let listed = filter.classes.as_ref().is_none_or(|set| set.contains(ask.class));
            // What a write itself answers with is no item.
            ask.effect == Effect::Read && listed && !excepted
        };
        let of = |(at, ask): (usize, &Ask<'_>)| {
            let passed = self.ruling.passed.get(at);
            let filters = filters().filter(|(_, filter)| concerns(filter, ask, passed));
            let found = self.ruling.debits.iter().filter(|debit| debit.found && debit.ask == at);
            Bits {
                filters: filters.fold(0, |bits, (bit, _)| bits | 1 << bit),
                limits: found.fold(0, |bits, debit| bits | 1 << debit.limit.at().min(63)),
                records: self.is_recorded(ask),
                told: self.recorded.is_some_and(|bound| is_told(ask, bound)),
            }
        };
        self.asks.asks.iter().enumerate().map(of).collect()
    }

    /// Whether ids of one call must be told apart: they are judged by different filters.
    pub(crate) fn apart(&self, filters: &Filters) -> bool {
        let asks = self.asks.asks.iter().zip(filters);
        let mut own = asks.filter(|(ask, _)| ask.via == Via::Operation);
        let Some((first, bits)) = own.next() else { return false };
        // Nodes say themselves whose they are; of what belongs to one, only the place may tell.
        let own_records = bits.records && !matches!(self.operation.answer, Answer::Target);
        own.any(|(ask, other)| own_records || ask.gives != first.gives || bits != other)
    }

    /// Works out the duties.
    pub(crate) fn lower(&self, filters: &Filters) -> Result<Shape, Withheld> {
        let looks = self.looks(filters)?;
        let counts = self.counts(filters);
        let records = self.records(filters);
        let needed = wanted(&looks, &counts);
        let wanted = self.members(needed, &records).map_err(|refusal| {
            let rule = looks.first().map(|look| Arc::clone(&look.filter.name));
            let rule = rule.or_else(|| counts.first().map(|count| self.limit_name(count.limit)));
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
        // After all that drops: what is dropped is not counted.
        for count in &counts {
            self.count(count, &spots, &mut lowering);
        }
        for record in &records {
            self.record(record, (&stands, &spots), &mut lowering);
        }
        self.drop_fields(filters, &stands, &spots, &mut lowering);
        if let Some(wanted) = &wanted {
            take_back(wanted.added(), &stands, &spots, &mut lowering);
        }
        let fields = wanted.map(|wanted| wanted.into_fields().into());
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
                if bits.filters & (1 << bit) == 0 || filter.drop_items.is_empty() {
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

    /// What limits count in the answer.
    fn counts(&self, filters: &Filters) -> Vec<Count<'a>> {
        let mut counts = Vec::new();
        for (at, (ask, bits)) in self.asks.asks.iter().zip(filters).enumerate() {
            for (bit, limit) in self.tier.limits().iter().enumerate().take(64) {
                let Some(gives) = ask.gives.filter(|_| bits.limits & (1 << bit) != 0) else {
                    continue;
                };
                let node = match ask.target {
                    Target::Node(kind, _) | Target::Named(kind, _) | Target::Found(kind, _) => {
                        Some(kind).filter(|_| ask.rows == Rows::One)
                    }
                    Target::None => None,
                };
                let names = limit.names_in(self.catalogue, gives, node);
                if !names.is_empty() {
                    counts.push(Count { ask: at, limit, names });
                }
            }
        }
        counts
    }

    pub(super) fn limit_name(&self, limit: &Limit) -> Arc<str> {
        Arc::from(format!("{}/{}", self.tier.name, limit.id))
    }
}

pub(super) const BLIND: &str =
    "the answer does not tell whether it holds what your agreement leaves out";
const TOO_MUCH: &str = "it holds too many different parts to be checked; ask for less at once";

fn wanted<'a>(looks: &[Look<'a>], counts: &[Count<'a>]) -> Vec<(usize, &'a str)> {
    let needed = |look: &Look<'a>| {
        let paths = look.needs.clone().into_iter().flatten().flat_map(Need::paths);
        let ask = look.ask;
        paths.map(move |path| (ask, path)).collect::<Vec<(usize, &'a str)>>()
    };
    let named =
        counts.iter().flat_map(|count| count.names.iter().map(|(path, _)| (count.ask, *path)));
    let mut wanted: Vec<(usize, &str)> = Vec::new();
    for one in looks.iter().flat_map(needed).chain(named) {
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    wanted
}
