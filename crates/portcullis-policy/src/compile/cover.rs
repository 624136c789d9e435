//! Whether one rule grants no more than another.
//!
//! In doubt it grants more. Must not know tiers.

use portcullis_types::{FieldSet, TypeIx};

use crate::file::Per;
use crate::rule::{Allow, Each, Limit, Max, TargetRule, When};
use crate::tier::Rate;

/// Whether all of a set is in another.
fn all_in(inner: &FieldSet, outer: &FieldSet) -> bool {
    inner.without(outer).is_empty()
}

/// Whether a rule grants no more of one class than another; `fields` are those it grants of it.
pub(crate) fn rule(child: &Allow, parent: &Allow, fields: &FieldSet) -> bool {
    target(&child.target, &parent.target)
        && parent.when.as_ref().is_none_or(|bound| implied(child.when.as_ref(), bound))
        && all_in(fields, &parent.fields)
        && parent.rows.is_none_or(|most| child.rows.is_some_and(|rows| rows <= most))
        && child.ids <= parent.ids
}

/// Whether a target is within another.
pub(crate) fn target(child: &TargetRule, parent: &TargetRule) -> bool {
    if parent.is_any() {
        return true;
    }
    let types = |of: &TargetRule| -> Option<Vec<TypeIx>> {
        (!of.types.is_empty()).then(|| of.types.clone())
    };
    let typed = match (types(child), types(parent)) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.iter().all(|kind| outer.contains(kind)),
    };
    let found = match (&child.found_by, &parent.found_by) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.intersection(outer) == *inner,
    };
    child.none == parent.none
        && (parent.declared.is_none() || child.declared == parent.declared)
        && (parent.undeclared.is_none() || child.undeclared == parent.undeclared)
        && (!parent.granted || child.granted)
        && typed
        && found
}

/// Whether a condition follows from another.
pub(crate) fn implied(child: Option<&When>, bound: &When) -> bool {
    let Some(child) = child else { return false };
    if child == bound {
        return true;
    }
    if let When::All(parts) = bound {
        return parts.iter().all(|part| implied(Some(child), part));
    }
    match (child, bound) {
        (When::All(parts), _) => parts.iter().any(|part| implied(Some(part), bound)),
        (When::Any(parts), _) => parts.iter().all(|part| implied(Some(part), bound)),
        (_, When::Any(parts)) => parts.iter().any(|part| implied(Some(child), part)),
        (When::Words(own), When::Words(min)) => own >= min,
        (When::Distance(own, one), When::Distance(max, other)) => {
            own <= max && (one == other || one.is_none())
        }
        (When::Rows(own), When::Rows(max)) | (When::Ids(own), When::Ids(max)) => own <= max,
        (When::Standing(own), When::Standing(all)) => own.iter().all(|one| all.contains(one)),
        (When::Scope(own, _), When::Scope(all, _)) => own.intersection(*all) == *own,
        (When::Age(of, own), When::Age(other, min)) => of == other && own >= min,
        (When::Hour(from, to), When::Hour(first, last)) => {
            from < to && first < last && from >= first && to <= last
        }
        _ => false,
    }
}

/// Whether a figure is never above another.
pub(crate) fn max(child: Max, parent: Max) -> bool {
    let each = |a: Each, b: Each| a == b;
    match (child, parent) {
        (Max::Fixed(own), Max::Fixed(most)) => own <= most,
        (Max::Fixed(0), _) => true,
        (Max::Figure(own), Max::Figure(most)) => own == most,
        (Max::ForEach { of, times }, Max::ForEach { of: other, times: most }) => {
            each(of, other) && times <= most
        }
        _ => false,
    }
}

/// Whether a limit bounds at least as much as another of its name.
pub(crate) fn limit(child: &Limit, parent: &Limit) -> bool {
    child.counts == parent.counts
        && child.cell_m == parent.cell_m
        && child.returned == parent.returned
        && (parent.each_target || !child.each_target)
        && child.per >= parent.per
        && child.window >= parent.window
        && (!child.shadow || parent.shadow)
        && max(child.max, parent.max)
}

/// The more keys share a figure, the less each has of it.
const fn shared(per: Per) -> u8 {
    match per {
        Per::Key => 0,
        Per::Client => 1,
        Per::Partner => 2,
    }
}

/// Whether a rate bounds at least as much as another of its name.
pub(crate) fn rate(child: &Rate, parent: &Rate) -> bool {
    let classes = match (&child.classes, &parent.classes) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(own), Some(all)) => all.intersection(own) == *all,
    };
    let figure = match (child.figure, parent.figure) {
        (None, None) => child.max <= parent.max && child.burst <= parent.burst,
        (own, other) => own == other,
    };
    shared(child.per) >= shared(parent.per)
        && child.window >= parent.window
        && (child.rolling == parent.rolling || child.rolling)
        && classes
        && figure
}
