//! `deny_when`, checked against a schema made from the routes.
//!
//! Must not know how a condition is evaluated.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use cedar_policy::{Effect, Expression, PolicySet, Schema, ValidationMode, Validator};
use portcullis_types::{ClassIx, ClassSet, TypeIx};
use portcullis_yaml::{At, Source};

use super::{Compiler, codes};
use crate::hatch::{CALLER, FACTS, Hatch, NO_TARGET, ident};

/// Longer than any condition a person reviews.
const TEXT_MAX: usize = 4096;

/// What a condition may speak of; a member with a question mark must be asked for with `has`.
const CONTEXT: &str = "{
    write: Bool, nested: Bool, named: Bool, granted: Bool, fields: Set<String>, fields_named: Bool,
    rows: Long, ids: Long, cursor: Bool, batch: Bool, standing: String, hour: Long, weekday: Long,
    words?: String, latitude_e6?: Long, longitude_e6?: Long, distance_m?: Long
}";

impl Compiler<'_> {
    /// The condition of a deny rule for some classes, or for any.
    pub(super) fn hatch(
        &mut self,
        source: &Source,
        at: &At<String>,
        classes: Option<&ClassSet>,
    ) -> Option<Hatch> {
        match self.condition(at, classes) {
            Ok(policies) => {
                let text = Arc::from(at.trim());
                Some(Hatch { text, policies: Arc::new(policies) })
            }
            Err(why) => {
                let why: String =
                    why.lines().next().unwrap_or_default().chars().take(300).collect();
                let message = format!("the condition can't be used: {why}");
                let fault = source.fault(codes::CONDITION, at, message);
                let help =
                    "write a Cedar expression, such as `context.rows > 25 && resource is place`";
                self.faults.push(fault.with_help(help));
                None
            }
        }
    }

    fn condition(&self, at: &str, classes: Option<&ClassSet>) -> Result<PolicySet, String> {
        if at.len() > TEXT_MAX {
            return Err(format!("it is longer than {TEXT_MAX} bytes"));
        }
        // One expression and nothing after it: no brace that ends the policy early.
        at.parse::<Expression>().map_err(|error| error.to_string())?;
        let actions = classes.map(|set| {
            let names = self.each(set).into_iter().map(|class| self.action(class));
            names.collect::<Vec<_>>().join(", ")
        });
        let action = actions.map_or("action".to_owned(), |all| format!("action in [{all}]"));
        let text = format!("forbid(principal, {action}, resource) when {{\n{at}\n}};");
        let policies: PolicySet =
            text.parse().map_err(|error: cedar_policy::ParseErrors| error.to_string())?;
        let forbids = policies.policies().filter(|policy| policy.effect() == Effect::Forbid);
        if forbids.count() != 1 || policies.policies().count() != 1 {
            return Err("it is not one condition".to_owned());
        }
        let validator = self.validator.get_or_init(|| self.new_validator());
        let validator = validator.as_ref().map_err(Clone::clone)?;
        let checked = validator.validate(&policies, ValidationMode::Strict);
        // They come in no order; the same one is told each time.
        match checked.validation_errors().map(ToString::to_string).min() {
            Some(first) => Err(plain(&first)),
            None => Ok(policies),
        }
    }

    /// Made once, for the first condition there is.
    fn new_validator(&self) -> Result<Validator, String> {
        let made = Schema::from_cedarschema_str(&self.cedar_schema());
        let (schema, _) =
            made.map_err(|error| format!("no schema can be made of the routes: {error}"))?;
        Ok(Validator::new(schema))
    }

    fn action(&self, class: ClassIx) -> String {
        format!("Action::\"{}\"", self.catalogue.class_name(class))
    }

    /// Types of targets, and for each class whose it may be.
    fn cedar_schema(&self) -> String {
        let mut text =
            format!("type {FACTS} = {CONTEXT};\nentity {CALLER};\nentity {NO_TARGET};\n");
        let name = |ix: TypeIx| self.catalogue.node_type(ix).map(|kind| ident(kind.name.as_str()));
        let kinds = (0..u16::MAX).map_while(|ix| name(TypeIx(ix)));
        for kind in kinds.collect::<BTreeSet<String>>() {
            let _ = writeln!(text, "entity {kind};");
        }
        let count = u16::try_from(self.catalogue.classes().count()).unwrap_or(u16::MAX);
        for class in (0..count).map(ClassIx) {
            let targets = self.catalogue.uses(class).into_iter().map(|used| match used.target {
                Some(kind) => name(kind).unwrap_or_default(),
                None => NO_TARGET.to_owned(),
            });
            let targets: BTreeSet<String> = targets.collect();
            let class = self.catalogue.class_name(class);
            let _ = if targets.is_empty() {
                writeln!(text, "action \"{class}\";")
            } else {
                let targets = targets.into_iter().collect::<Vec<_>>().join(", ");
                writeln!(
                    text,
                    "action \"{class}\" appliesTo {{ principal: [{CALLER}], resource: [{targets}], \
                     context: {FACTS} }};"
                )
            };
        }
        text
    }
}

/// A message without the name Cedar gives the policy.
fn plain(message: &str) -> String {
    message.trim_start_matches("for policy `policy0`, ").to_owned()
}
