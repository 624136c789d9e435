//! `check --coverage`: every operation and field, and who may have it; every rule that can't decide.
//!
//! What is closed on purpose is named, what nobody thought of is a finding. Must not know the admin
//! API.

mod ledger;
mod openapi;
mod rules;
mod show;

use std::path::Path;

use portcullis_catalogue::{Catalogue, Operation, OperationClass, UNCLASSIFIED_IX};
use portcullis_policy::{PolicySet, Tier};
use portcullis_types::{CLASSES_MAX, ClassIx, ClassSet, FieldSet, TypeIx};
use portcullis_yaml::Source;
use serde::Serialize;

use crate::failure::Failure;
use crate::files::{Compiled, unreadable};
use crate::host::Host;
use ledger::Kept;
use openapi::{Document, Gap};
use rules::{Conditional, Idle};
pub(crate) use show::show;

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Coverage {
    /// Whether nothing was left to chance.
    pub(crate) ok: bool,
    /// How many operations the OpenAPI document describes, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    described: Option<usize>,
    /// What the document describes and no route file lists.
    gaps: Vec<Gap>,
    operations: Vec<OperationLine>,
    fields: Vec<FieldLine>,
    /// How much the ledger writes down of answers of each class.
    classes: Vec<Kept>,
    rules: Vec<Idle>,
    /// Denials by a `deny_when`.
    conditional: Vec<Conditional>,
    /// Scopes that no tier grants by, to narrow keys with.
    narrowing: Vec<String>,
}

/// One way to call one operation.
#[derive(Debug, Serialize)]
struct OperationLine {
    operation: String,
    method: &'static str,
    path: String,
    /// The type of the target, where the class hangs on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// How much the ledger writes down of it: `off`, `counts` or `digests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<&'static str>,
    /// The tiers that give it.
    tiers: Vec<String>,
}

/// A field or edge.
#[derive(Debug, Serialize)]
struct FieldLine {
    field: String,
    state: State,
    class: String,
    /// The level of what it is, or of an object that leads to it, whichever is more.
    ledger: &'static str,
    tiers: Vec<String>,
}

/// Who may have something.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Some tier gives it.
    Given,
    /// It is classified, and no tier gives it.
    Closed,
    /// Several calls in one, each of which is judged alone.
    Unfolded,
    /// Its form is not judged, hence refused.
    NotJudged,
    /// Nobody has said what it is, hence refused.
    Unclassified,
}

/// Works it out and shows it. Yields whether there is a finding.
pub(crate) fn run(
    compiled: &Compiled,
    openapi: Option<&Path>,
    host: &dyn Host,
) -> Result<Coverage, Failure> {
    let Compiled { catalogue, policies } = compiled;
    let document = openapi.map(|path| read(path, host)).transpose()?;
    let gaps = document.as_ref().map(|document| document.gaps(catalogue)).unwrap_or_default();
    let operations: Vec<OperationLine> =
        catalogue.operations().flat_map(|of| operation(of, catalogue, policies)).collect();
    let fields = fields(catalogue, policies);
    let classes = ledger::kept(catalogue, &operations, &fields);
    let rules = rules::idle(catalogue, policies);
    let open = |state: &State| *state == State::Unclassified;
    let ok = gaps.is_empty()
        && !operations.iter().any(|line| open(&line.state))
        && !fields.iter().any(|line| open(&line.state))
        && !rules.iter().any(|rule| rule.finding);
    let described = document.map(|document| document.operations());
    let conditional = rules::conditional(catalogue, policies);
    let narrowing = rules::narrowing(policies);
    Ok(Coverage { ok, described, gaps, operations, fields, classes, rules, conditional, narrowing })
}

fn read(path: &Path, host: &dyn Host) -> Result<Document, Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    let shown = path.display().to_string();
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Local(format!("{shown} is not UTF-8 text")))?;
    Document::read(&Source::new(shown, text)).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Local(faults.join("\n"))
    })
}

fn operation(of: &Operation, catalogue: &Catalogue, policies: &PolicySet) -> Vec<OperationLine> {
    let line = |target: Option<String>, class: Option<ClassIx>, state: Option<State>| {
        let tiers = class.map(|class| givers(class, policies)).unwrap_or_default();
        OperationLine {
            operation: of.name.to_string(),
            method: of.method.as_str(),
            path: of.template.to_string(),
            target,
            state: state.unwrap_or_else(|| state_of(class, &tiers)),
            class: class.map(|class| catalogue.class_name(class).to_string()),
            ledger: class.map(|class| catalogue.level(class).name()),
            tiers,
        }
    };
    if of.batch {
        let tiers = policies.tiers().filter(|tier| tier.batch).map(|tier| tier.name.to_string());
        let tiers: Vec<String> = tiers.collect();
        let batch = line(None, None, Some(State::Unfolded));
        return vec![OperationLine { tiers, ..batch }];
    }
    match &of.class {
        OperationClass::Fixed(class) => vec![line(None, Some(*class), None)],
        OperationClass::NotJudged(_) => vec![line(None, None, Some(State::NotJudged))],
        OperationClass::ByTarget(by) => {
            let lines = by.iter().map(|(kind, class)| {
                let kind = catalogue.node_type(*kind).map(|kind| kind.name.to_string());
                line(kind, Some(*class), None)
            });
            lines.collect()
        }
    }
}

/// Fields, then edges, by type.
fn fields(catalogue: &Catalogue, policies: &PolicySet) -> Vec<FieldLine> {
    let kind = |ix| catalogue.node_type(ix).map_or("?", |kind| kind.name.as_str());
    let plain = catalogue.fields().map(|field| {
        let gives = |tier: &Tier| {
            let granted = policies.classes_of(tier.scopes);
            field.is_within(&granted)
                || tier.allows().iter().any(|rule| !rule.shadow && rule.fields.contains(field.ix))
        };
        let tiers = names(policies, &gives);
        FieldLine {
            field: format!("{}.{}", kind(field.kind), field.path),
            state: state_of(Some(field.class), &tiers),
            class: catalogue.class_name(field.class).to_string(),
            ledger: catalogue.level_of(field.class, &FieldSet::of(field.ix)).name(),
            tiers,
        }
    });
    let types = (0..).map_while(|at| catalogue.node_type(TypeIx(at)));
    let edges = types.flat_map(|of| {
        let edges = of.fields.iter().filter(|(_, field)| field.is_edge());
        edges.map(|(name, field)| {
            let tiers = givers(field.class, policies);
            FieldLine {
                field: format!("{}.{name}{{}}", of.name),
                state: state_of(Some(field.class), &tiers),
                class: catalogue.class_name(field.class).to_string(),
                ledger: catalogue.level(field.class).name(),
                tiers,
            }
        })
    });
    plain.chain(edges).collect()
}

fn state_of(class: Option<ClassIx>, tiers: &[String]) -> State {
    match class {
        Some(UNCLASSIFIED_IX) => State::Unclassified,
        _ if tiers.is_empty() => State::Closed,
        _ => State::Given,
    }
}

/// The tiers that give a class to anybody.
fn givers(class: ClassIx, policies: &PolicySet) -> Vec<String> {
    names(policies, &|tier| given(tier, policies).contains(class))
}

fn names(policies: &PolicySet, gives: &dyn Fn(&Tier) -> bool) -> Vec<String> {
    // A frame is only there to be inherited.
    let tiers = policies.tiers().filter(|tier| !tier.frame && gives(tier));
    tiers.map(|tier| tier.name.to_string()).collect()
}

/// The classes a tier gives as asks, those of fields not among them, nor those it denies whatever is
/// asked.
fn given(tier: &Tier, policies: &PolicySet) -> ClassSet {
    let rules = tier.allows().iter().filter(|rule| !rule.shadow);
    let all = rules.fold(policies.classes_of(tier.scopes), |all, rule| all.union(&rule.classes));
    let denied = |class: ClassIx| {
        tier.denies().iter().any(|deny| rules::always(deny) && deny.concerns(class))
    };
    let mut left = ClassSet::EMPTY;
    let classes = (0..).map(ClassIx).take(CLASSES_MAX);
    for class in classes.filter(|class| all.contains(*class) && !denied(*class)) {
        left.insert(class);
    }
    left
}

impl State {
    const fn words(self) -> &'static str {
        match self {
            Self::Given => "given:",
            Self::Closed => "given to nobody:",
            Self::Unfolded => "judged call by call:",
            Self::NotJudged => "refused in this form:",
            Self::Unclassified => "UNCLASSIFIED:",
        }
    }
}
