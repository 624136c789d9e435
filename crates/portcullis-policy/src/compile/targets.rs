//! Whose things a rule speaks of.
//!
//! Must not know partners.

use std::collections::BTreeSet;

use portcullis_catalogue::ClassUse;
use portcullis_types::{ClassSet, TypeIx};
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::file::{Either, TargetFields, TargetFile, TargetWord};
use crate::rule::TargetRule;

impl Compiler<'_> {
    /// The target of a rule, against the ways to ask for its classes.
    pub(super) fn target(
        &mut self,
        source: &Source,
        file: &At<TargetFile>,
        uses: &[ClassUse],
    ) -> TargetRule {
        let none = TargetRule::default();
        let rule = match &file.value {
            Either::Plain(TargetWord::Any) => none,
            Either::Plain(TargetWord::None) => TargetRule { none: true, ..none },
            Either::Plain(TargetWord::Granted) => TargetRule { granted: true, ..none },
            Either::Compound(fields) => self.target_fields(source, file, fields),
        };
        let has = uses.iter().any(|used| used.target.is_some());
        let lacks = uses.iter().any(|used| used.target.is_none());
        if !uses.is_empty() && ((rule.none && !lacks) || (!rule.none && !rule.is_any() && !has)) {
            let (message, help) = if rule.none {
                (
                    "whatever asks for these classes has a target",
                    "say whose: `any` if that is meant",
                )
            } else {
                ("nothing that asks for these classes has a target", "write `target: none`")
            };
            self.faults.push(source.fault(codes::TARGET, file, message).with_help(help));
        }
        self.reached(source, file, &rule.types, uses);
        rule
    }

    fn target_fields(
        &mut self,
        source: &Source,
        at: &At<TargetFile>,
        file: &TargetFields,
    ) -> TargetRule {
        let before = self.faults.len();
        let rule = TargetRule {
            none: false,
            declared: file.declared.as_ref().map(|name| self.list_ix(source, name)),
            undeclared: file.undeclared.as_ref().map(|name| self.list_ix(source, name)),
            granted: file.granted.as_ref().is_some_and(|granted| **granted),
            found_by: file.found_by.as_ref().map(|names| self.classes(source, names)),
            types: file.types.as_ref().map(|names| self.types(source, names)).unwrap_or_default(),
        };
        if let Some(granted) = file.granted.as_ref().filter(|granted| !***granted) {
            let fault = source.fault(codes::TARGET, granted, "`granted: false` asks nothing");
            self.faults.push(fault.with_help("leave it out; nothing is granted by it"));
        } else if rule.is_any() && before == self.faults.len() && before == 0 {
            let fault = source.fault(codes::TARGET, at, "a target that says nothing");
            self.faults.push(fault.with_help("write `any` if every target is meant"));
        }
        rule
    }

    pub(super) fn types(&mut self, source: &Source, names: &At<Vec<At<String>>>) -> Vec<TypeIx> {
        let mut types = BTreeSet::new();
        if names.is_empty() && !self.dropped.contains("") {
            let fault = source.fault(codes::NOTHING, names, "no type is listed");
            self.faults.push(fault.with_help("list at least one, or leave `type` out"));
        }
        for name in names.iter() {
            if let Some(kind) = self.catalogue.type_named(name) {
                types.insert(kind);
                continue;
            }
            if self.dropped.contains(name.as_str()) {
                continue;
            }
            let kinds: BTreeSet<TypeIx> = self.catalogue.fields().map(|field| field.kind).collect();
            let known = kinds.into_iter().filter_map(|kind| self.catalogue.node_type(kind));
            let fault = source
                .fault(codes::TARGET, name, format!("unknown type `{}`", cut(name)))
                .with_help("the route files define the types")
                .did_you_mean(name, known.map(|kind| kind.name.as_str()));
            self.faults.push(fault);
        }
        types.into_iter().collect()
    }

    /// A type that no way to ask for the classes has as its target never fits.
    fn reached(
        &mut self,
        source: &Source,
        at: &At<TargetFile>,
        types: &[TypeIx],
        uses: &[ClassUse],
    ) {
        let met = |kind: &TypeIx| uses.iter().any(|used| used.target == Some(*kind));
        let lost = types.iter().find(|kind| !uses.is_empty() && !met(kind));
        if let Some(kind) = lost.and_then(|kind| self.catalogue.node_type(*kind)) {
            let message = format!("these classes are never asked of a `{}`", kind.name);
            let fault = source.fault(codes::TARGET, at, message);
            self.faults.push(fault.with_help("leave the type out, or name the class that is"));
        }
    }

    /// Every way to ask for some classes.
    pub(super) fn uses(&self, classes: &ClassSet) -> Vec<ClassUse> {
        self.each(classes).into_iter().flat_map(|class| self.catalogue.uses(class)).collect()
    }
}
