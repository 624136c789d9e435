//! Allow and deny rules.
//!
//! Must not know how a call is judged.

use std::sync::Arc;

use portcullis_catalogue::ClassUse;
use portcullis_types::{ClassSet, Effect, FieldSet, RateId, ReasonCode};
use portcullis_yaml::{At, Source};

use super::faults::{Names, cut};
use super::{Compiler, codes};
use crate::fields;
use crate::file::{AllowFile, DenyFile};
use crate::rule::{Allow, Deny, Limit, LimitIx, TargetRule};

/// Rules of one kind in a tier.
pub(super) const RULES_MAX: usize = 1024;
const IDS_MAX: u32 = 50;

/// What rules of a tier refer to.
pub(super) struct Around<'t> {
    /// The tier's name, which begins the names of its rules.
    pub(super) tier: &'t str,
    /// The limits of the tier, its parent's among them.
    pub(super) limits: &'t [Limit],
    /// Their names.
    pub(super) limit_names: &'t Names,
    /// What the scopes grant already.
    pub(super) scope_classes: &'t ClassSet,
}

impl Around<'_> {
    pub(super) fn name(&self, id: &RateId) -> Arc<str> {
        format!("{}/{id}", self.tier).into()
    }
}

impl Compiler<'_> {
    pub(super) fn allows(
        &mut self,
        source: &Source,
        files: &[AllowFile],
        around: &Around<'_>,
        names: &mut Names,
    ) -> Vec<Allow> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.id, "rules", (files.len(), RULES_MAX));
        }
        let mut rules = Vec::new();
        for file in files.iter().take(RULES_MAX) {
            if self.full() {
                break;
            }
            if let Some(rule) = self.allow(source, file, around, names) {
                names.put(rule.id.as_str(), rules.len());
                rules.push(rule);
            }
        }
        rules
    }

    fn allow(
        &mut self,
        source: &Source,
        file: &AllowFile,
        around: &Around<'_>,
        names: &Names,
    ) -> Option<Allow> {
        let before = self.faults.len();
        let classes = self.classes(source, &file.class);
        // What a faulty class would give is not known.
        let sound = before == self.faults.len();
        let uses = if sound { self.uses(&classes) } else { Vec::new() };
        let target = match &file.target {
            Some(target) => self.target(source, target, &uses),
            None => self.no_target(source, file, &uses),
        };
        let when = file.when.as_ref().map(|when| self.when(source, when));
        let fields =
            if sound { self.allow_fields(source, file, &classes, &uses) } else { FieldSet::EMPTY };
        let limits = self.debits(source, &file.limits, around, &uses);
        let shadow = file.shadow.unwrap_or(false);
        self.both(source, file, &classes.intersection(around.scope_classes), shadow);
        for bound in file.rows.iter().chain(&file.ids) {
            self.above_zero(source, bound);
        }
        if let Some(ids) = file.ids.as_ref().filter(|ids| ids.value > IDS_MAX) {
            let message = format!("a call has at most {IDS_MAX} ids");
            self.faults.push(source.fault(codes::BOUND, ids, message));
        }
        self.rows_of_lists(source, file, &uses);
        let tell = self.tell(source, file.tell.as_ref());
        let id = self.id(source, &file.id, "rule", names)?;
        let grown =
            |ix: &LimitIx| around.limits.get(ix.at()).is_some_and(|limit| limit.max.on_declared());
        let on_declared =
            target.declared.is_some() || target.undeclared.is_some() || limits.iter().any(grown);
        Some(Allow {
            name: around.name(&id),
            id,
            classes,
            target,
            when,
            fields,
            field_classes: fields::classes_of(self.catalogue, &fields),
            rows: file.rows.as_ref().map(|rows| **rows),
            ids: file.ids.as_ref().map_or(1, |ids| **ids),
            limits,
            tell,
            shadow,
            on_declared,
            extents: Vec::new(),
        })
    }

    /// A rule without a target: only for what has none.
    fn no_target(&mut self, source: &Source, file: &AllowFile, uses: &[ClassUse]) -> TargetRule {
        let has = uses.iter().any(|used| used.target.is_some());
        if has && !self.dropped.contains("target") {
            let fault = source.fault(codes::TARGET, &file.id, "the rule does not say whose");
            let help =
                "add `target:`, such as `granted`, `{ declared: LIST }`, or `any` on purpose";
            self.faults.push(fault.with_help(help));
        }
        TargetRule { none: true, ..TargetRule::default() }
    }

    fn allow_fields(
        &mut self,
        source: &Source,
        file: &AllowFile,
        classes: &ClassSet,
        uses: &[ClassUse],
    ) -> FieldSet {
        let Some(names) = &file.fields else {
            let read = |used: &&ClassUse| used.effect == Effect::Read && used.gives.is_some();
            if uses.iter().any(|used| read(&used)) && !self.dropped.contains("fields") {
                let message = "the rule does not say which fields";
                let fault = source.fault(codes::NO_FIELD, &file.id, message);
                let help = "add `fields:` with fields or field sets; `[]` for none";
                self.faults.push(fault.with_help(help));
            }
            return FieldSet::EMPTY;
        };
        let kinds = self.given_by(classes);
        let named = self.fields(source, names, &kinds);
        fields::with_ids(self.catalogue, named)
    }

    fn debits(
        &mut self,
        source: &Source,
        names: &[At<String>],
        around: &Around<'_>,
        uses: &[ClassUse],
    ) -> Vec<LimitIx> {
        let mut limits = Vec::new();
        for name in names {
            let fault = match around.limit_names.get(name).map(LimitIx) {
                Some(ix) if limits.contains(&ix) => {
                    let message = format!("the limit `{}` is listed twice", cut(name));
                    source.fault(codes::TWICE, name, message).with_help("keep one of them")
                }
                Some(ix) => {
                    limits.push(ix);
                    if let Some(limit) = around.limits.get(ix.at()) {
                        self.counted(source, name, limit, uses);
                    }
                    continue;
                }
                None if self.left_out(name, around.limit_names.all()) => continue,
                None => source
                    .fault(codes::NO_LIMIT, name, format!("unknown limit `{}`", cut(name)))
                    .with_help("define it under `limits:`")
                    .did_you_mean(name, around.limit_names.all()),
            };
            self.faults.push(fault);
        }
        limits
    }

    /// What the scopes grant without condition is not granted again with one.
    fn both(&mut self, source: &Source, file: &AllowFile, twice: &ClassSet, shadow: bool) {
        let Some(class) = self.each(twice).into_iter().next().filter(|_| !shadow) else { return };
        let name = self.catalogue.class_name(class);
        let message = format!("the scopes of the tier grant `{name}` already, without condition");
        let fault = source.fault(codes::BOTH, &file.class, message);
        self.faults.push(fault.with_help("leave the scope out, or the class here"));
    }

    fn rows_of_lists(&mut self, source: &Source, file: &AllowFile, uses: &[ClassUse]) {
        let Some(rows) = &file.rows else { return };
        if !uses.is_empty() && !uses.iter().any(|used| used.list) {
            let message = "these classes give no list";
            let fault = source.fault(codes::BOUND, rows, message);
            self.faults.push(fault.with_help("leave `rows` out"));
        }
    }

    pub(super) fn denies(
        &mut self,
        source: &Source,
        files: &[DenyFile],
        around: &Around<'_>,
        names: &mut Names,
    ) -> Vec<Deny> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.id, "rules", (files.len(), RULES_MAX));
        }
        let mut rules = Vec::new();
        for file in files.iter().take(RULES_MAX) {
            if self.full() {
                break;
            }
            if let Some(rule) = self.deny(source, file, around, names) {
                names.put(rule.id.as_str(), rules.len());
                rules.push(rule);
            }
        }
        rules
    }

    fn deny(
        &mut self,
        source: &Source,
        file: &DenyFile,
        around: &Around<'_>,
        names: &Names,
    ) -> Option<Deny> {
        let classes = self.any_classes(source, &file.class);
        let uses = classes.as_ref().map(|set| self.uses(set)).unwrap_or_default();
        let target = file.target.as_ref().map(|target| self.target(source, target, &uses));
        let when = file.when.as_ref().map(|when| self.when(source, when));
        let kinds = match &classes {
            Some(classes) => self.given_by(classes),
            None => self.all_types(),
        };
        let fields = file.fields.as_ref().map(|names| self.fields(source, names, &kinds));
        let hatch = file.deny_when.as_ref();
        let hatch = hatch.and_then(|at| self.hatch(source, at, classes.as_ref()));
        let reason = file.reason.as_ref().and_then(|at| match ReasonCode::new(at) {
            Ok(code) => Some(code),
            Err(error) => {
                self.faults.push(source.fault(codes::NAME, at, error.to_string()));
                None
            }
        });
        let tell = self.tell(source, file.tell.as_ref());
        let id = self.id(source, &file.id, "rule", names)?;
        Some(Deny {
            name: around.name(&id),
            id,
            classes,
            target: target.unwrap_or_default(),
            when,
            fields,
            hatch,
            reason,
            tell,
            shadow: file.shadow.unwrap_or(false),
        })
    }
}
