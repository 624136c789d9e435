//! One rule and one ask: whether the rule grants it, and if not, what is missing.
//!
//! Must not know refusals nor what other rules say.

use portcullis_types::asked::{Ask, Asks, Via};
use portcullis_types::{ClassSet, Effect, FieldSet, Wall};

use super::Caller;
use crate::fields;
use crate::rule::{Allow, Deny, Extent};
use portcullis_catalogue::Catalogue;

/// A call under judgement.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a, 't> {
    pub(crate) asks: &'a Asks<'t>,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) catalogue: &'a Catalogue,
}

/// How a rule grants an ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    /// The rows that are asked of the platform, where fewer than the call asks.
    pub(crate) clamp: Option<u32>,
    /// The fields that are granted of those asked for.
    pub(crate) fields: FieldSet,
    /// Whether they are fewer than the call would be given.
    pub(crate) cut: bool,
}

/// What a rule misses in an ask, what is looked at first before what is looked at later.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Miss {
    /// The target is another.
    Target,
    /// The condition does not hold.
    When,
    /// More ids than the rule grants.
    Ids,
    /// More rows than the rule grants, where they can't be cut.
    Rows,
    /// These fields are not granted.
    Fields(FieldSet),
    /// It fits, but what it hangs on is due for review.
    Lapsed(Wall),
    /// It fits, but of what it hangs on there is more than agreed: so much.
    Extent(Extent, u64),
}

impl Miss {
    /// Whether what the rule hangs on is closed, whatever another rule would give.
    pub(crate) const fn closes(&self) -> bool {
        matches!(self, Self::Lapsed(_) | Self::Extent(..))
    }

    /// How near the rule was.
    pub(crate) const fn stage(&self) -> u8 {
        match self {
            Self::Target => 1,
            Self::When => 2,
            Self::Ids => 3,
            Self::Rows => 4,
            Self::Fields(_) => 5,
            Self::Lapsed(_) | Self::Extent(..) => 6,
        }
    }
}

/// Whether all of a set is in another.
pub(crate) fn within(inner: &ClassSet, outer: &ClassSet) -> bool {
    inner.intersection(outer) == *inner
}

/// Whether the call itself asks for it, and may be amended.
fn own(ask: &Ask<'_>) -> bool {
    ask.via == Via::Operation
}

impl Call<'_, '_> {
    /// Whether a rule grants an ask of its class.
    pub(crate) fn fit(&self, rule: &Allow, ask: &Ask<'_>) -> Result<Fit, Miss> {
        let Caller { granted, known, .. } = self.caller;
        if !rule.target.fits(ask, &self.asks.asks, *known) {
            return Err(Miss::Target);
        }
        if rule.on_declared
            && let Some(at) = known.review_lapsed()
        {
            return Err(Miss::Lapsed(at));
        }
        for extent in &rule.extents {
            if let Some(count) = extent.exceeded(*known) {
                return Err(Miss::Extent(*extent, count));
            }
        }
        if let Some(when) = &rule.when
            && !when.holds(self.asks, ask, self.caller)
        {
            return Err(Miss::When);
        }
        if u32::from(self.asks.ids) > rule.ids {
            return Err(Miss::Ids);
        }
        let clamp = self.clamp(rule, ask)?;
        let whole = within(&rule.field_classes, granted);
        let may = if whole { rule.fields } else { self.narrow(&rule.fields) };
        self.fields(&may, ask, clamp)
    }

    /// The page size to cut down to.
    fn clamp(&self, rule: &Allow, ask: &Ask<'_>) -> Result<Option<u32>, Miss> {
        match rule.rows {
            Some(most)
                if ask.rows.count() > most && ask.rows != portcullis_types::asked::Rows::One =>
            {
                if own(ask) && most > 0 {
                    Ok(Some(most))
                } else {
                    Err(Miss::Rows)
                }
            }
            _ => Ok(None),
        }
    }

    /// Whether the fields an ask names are among those it may have. What is only given because
    /// nothing was named is cut down, where the call itself can be.
    pub(crate) fn fields(
        &self,
        may: &FieldSet,
        ask: &Ask<'_>,
        clamp: Option<u32>,
    ) -> Result<Fit, Miss> {
        let over = ask.fields.without(may);
        if over.is_empty() {
            return Ok(Fit { clamp, fields: ask.fields, cut: false });
        }
        let fields = ask.fields.intersection(may);
        let cut = own(ask) && !ask.fields_named && ask.effect == Effect::Read && !fields.is_empty();
        if cut { Ok(Fit { clamp, fields, cut }) } else { Err(Miss::Fields(over)) }
    }

    /// The fields whose class the key may touch.
    pub(crate) fn narrow(&self, fields: &FieldSet) -> FieldSet {
        let mut out = FieldSet::EMPTY;
        for field in fields.iter() {
            if fields::is_within(self.catalogue, field, self.caller.granted) {
                out.insert(field);
            }
        }
        out
    }

    /// Whether a rule denies an ask of its class.
    pub(crate) fn denied(&self, rule: &Deny, ask: &Ask<'_>) -> bool {
        let field = |fields: &FieldSet| !fields.intersection(&ask.fields).is_empty();
        rule.target.fits(ask, &self.asks.asks, self.caller.known)
            && rule.when.as_ref().is_none_or(|when| when.holds(self.asks, ask, self.caller))
            && rule.fields.as_ref().is_none_or(field)
            && rule.hatch.as_ref().is_none_or(|hatch| hatch.denies(self, ask))
    }

    /// Whether an ask only reads back what the call wrote: it is the same call once more.
    pub(crate) fn reads_back(&self, ask: &Ask<'_>) -> bool {
        own(ask) && self.asks.effect == Effect::Write && ask.effect == Effect::Read
    }
}
