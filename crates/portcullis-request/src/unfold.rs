//! From the canonical request to the asks: everything wrapped in a call, by its class.
//!
//! Whatever nobody classified is refused here. Must not know who may have which class.

use memchr::memmem;
use portcullis_catalogue::{
    Answer, Catalogue, Extra, Field, NodeType, Operation, OperationClass, ParamRole,
};
use portcullis_types::{Ask, Asks, ClassIx, ClassSet, Effect, Refusal, TypeIx, Via};
use smallvec::SmallVec;

use crate::arrival::Bounds;
use crate::canonical::{Body, Canonical};
use crate::fields::{self, Node};
use crate::json::{self, Seen};
use crate::names;
use crate::params::{Form, Param};
use crate::why::{self, unreadable};

/// A text shorter than this is no key; that it occurs in a value is chance.
const KEY_BYTES_MIN: usize = 8;
/// Longest name that a refusal repeats.
const NAME_SHOWN_MAX: usize = 80;

/// Says what a call really asks for.
///
/// # Errors
/// Whatever kept the path from an operation; [`Refusal::NotJudged`] for forms of call that are not
/// judged; [`Refusal::NodeUnclassified`], [`Refusal::FieldUnclassified`] and
/// [`Refusal::ParameterUndeclared`] for what the catalogue does not list; [`Refusal::Unreadable`]
/// for a `fields` or page size that has no one reading.
pub fn unfold(
    canonical: &Canonical<'_>,
    catalogue: &Catalogue,
    bounds: &Bounds,
) -> Result<Asks, Refusal> {
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    if let OperationClass::NotJudged(what) = operation.class {
        return Err(Refusal::NotJudged { what });
    }
    let target = target(canonical, operation, catalogue)?;
    let kind = target.as_ref().map(|(kind, _)| *kind);
    let class = class(operation, kind)?;
    let tree = params(canonical, operation)?;
    let mut walk = Walk {
        catalogue,
        parts: vec![Ask { class, via: Via::Operation }],
        seen: ClassSet::EMPTY,
        opened: SmallVec::new(),
    };
    walk.seen.insert(class);
    let effect = operation.method.effect();
    let answered = match operation.answer {
        Answer::Opaque => None,
        Answer::Target => kind,
        Answer::Type(kind) => Some(kind),
    };
    match (tree, answered) {
        (Some(text), Some(kind)) => {
            walk.tree(&fields::read(text, bounds)?, kind, &mut String::new())?;
        }
        // Without a type there is nothing to judge the names by.
        (Some(_), None) => return Err(Refusal::ParameterUndeclared { name: "fields".into() }),
        (None, Some(answer)) if effect == Effect::Read => {
            walk.defaults(answer, catalogue.answer_defaults(operation, kind), "")?;
        }
        (None, _) => {}
    }
    Ok(Asks { operation: operation.ix, effect, target, parts: walk.parts })
}

fn target(
    canonical: &Canonical<'_>,
    operation: &Operation,
    catalogue: &Catalogue,
) -> Result<Option<(TypeIx, Box<str>)>, Refusal> {
    if operation.target.is_none() {
        return Ok(None);
    }
    let id = canonical.target().ok_or(Refusal::NodeUnclassified)?;
    let kind = catalogue.type_of(id).ok_or(Refusal::NodeUnclassified)?;
    Ok(Some((kind, id.into())))
}

fn class(operation: &Operation, kind: Option<TypeIx>) -> Result<ClassIx, Refusal> {
    match &operation.class {
        OperationClass::Fixed(class) => Ok(*class),
        OperationClass::ByTarget(classes) => classes
            .iter()
            .find(|(listed, _)| Some(*listed) == kind)
            .map(|(_, class)| *class)
            .ok_or(Refusal::NodeUnclassified),
        OperationClass::NotJudged(what) => Err(Refusal::NotJudged { what }),
    }
}

/// Checks every parameter by its role; gives the text of `fields`, where it was sent.
fn params<'c>(
    canonical: &'c Canonical<'_>,
    operation: &Operation,
) -> Result<Option<&'c str>, Refusal> {
    let key = canonical.credential().filter(|key| key.len() >= KEY_BYTES_MIN);
    if key.is_some_and(|key| memmem::find(canonical.path.as_bytes(), key).is_some()) {
        return Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT });
    }
    let mut tree = None;
    for param in &canonical.params {
        if let Some(key) = key {
            keyless(param, key)?;
        }
        match role(&param.name, operation)? {
            ParamRole::Fields => tree = Some(text(param)?),
            ParamRole::PageSize if fields::is_count(&param.value) => {}
            ParamRole::PageSize => return Err(unreadable(why::PAGE_SIZE)),
            ParamRole::Cursor => _ = text(param)?,
            ParamRole::Plain => nested_keyless(param)?,
            ParamRole::Ids => return Err(Refusal::NotJudged { what: "several ids in one call" }),
            ParamRole::Batch => return Err(Refusal::NotJudged { what: "a batch" }),
            ParamRole::Secret => return Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT }),
        }
    }
    if let Body::Multipart(parts) = &canonical.body {
        for file in &parts.files {
            if role(file.name, operation)? != ParamRole::Plain {
                return Err(unreadable(why::SHAPE));
            }
            // A file goes on untouched, hence must not carry the key out.
            if key.is_some_and(|key| file.holds(key)) {
                return Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT });
            }
        }
    }
    Ok(tree)
}

const KEY_AS_ARGUMENT: &str = "a key as an argument";

fn role(name: &str, operation: &Operation) -> Result<ParamRole, Refusal> {
    if let Some(role) = operation.params.get(name) {
        return Ok(*role);
    }
    let undeclared = || {
        let shown = name.char_indices().nth(NAME_SHOWN_MAX).map_or(name.len(), |(at, _)| at);
        Err(Refusal::ParameterUndeclared { name: name.get(..shown).unwrap_or_default().into() })
    };
    // What wraps other calls or a key is known by name on every operation.
    match name {
        "batch" => return Ok(ParamRole::Batch),
        "ids" => return Ok(ParamRole::Ids),
        "input_token" => return Ok(ParamRole::Secret),
        _ => {}
    }
    let known = ["batch", "ids", "input_token", "fields"];
    let declared = operation.params.keys().map(AsRef::as_ref);
    match operation.extra {
        Extra::Refuse => undeclared(),
        // Passed on, unless a forgiving reader takes it for a name that is judged.
        Extra::Pass if declared.chain(known).any(|other| names::alike(name, other)) => undeclared(),
        Extra::Pass => Ok(ParamRole::Plain),
    }
}

fn text<'c>(param: &'c Param<'_>) -> Result<&'c str, Refusal> {
    let nested = param.form == Form::Raw && param.value.starts_with(['[', '{']);
    if nested { Err(unreadable(why::SHAPE)) } else { Ok(&param.value) }
}

/// Refuses a value that holds the caller's own key: the platform would read it.
fn keyless(param: &Param<'_>, key: &[u8]) -> Result<(), Refusal> {
    let holds = |text: &str| memmem::find(text.as_bytes(), key).is_some();
    let mut found = holds(&param.name) || holds(&param.value);
    look_inside(param, &mut |seen| match seen {
        Seen::Name(text) | Seen::Text(text) => found |= holds(text),
        Seen::Twice => {}
    })?;
    if found { Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT }) } else { Ok(()) }
}

/// Refuses a nested value with a key of its own.
fn nested_keyless(param: &Param<'_>) -> Result<(), Refusal> {
    let mut found = false;
    look_inside(param, &mut |seen| {
        found |= matches!(seen, Seen::Name(name) if names::alike(name, names::KEY));
    })?;
    if found { Err(Refusal::NotJudged { what: "a key inside a nested value" }) } else { Ok(()) }
}

/// Shows what a nested value holds; nothing, if it is none.
///
/// A form nests by JSON in a text, which platforms read as they read true JSON. A text that only
/// begins like JSON is a text, of which as much is shown as a reader could take for JSON.
fn look_inside(param: &Param<'_>, see: &mut dyn FnMut(Seen<'_>)) -> Result<(), Refusal> {
    if !param.value.trim_start().starts_with(['[', '{']) {
        return Ok(());
    }
    let walked = json::walk(&param.value, see);
    if param.form == Form::Raw { walked } else { Ok(()) }
}

struct Walk<'c> {
    catalogue: &'c Catalogue,
    parts: Vec<Ask>,
    seen: ClassSet,
    /// Lists of default fields that are in already.
    opened: SmallVec<[(TypeIx, usize); 8]>,
}

impl<'c> Walk<'c> {
    /// A class is asked for once, by the first part that named it.
    fn ask(&mut self, class: ClassIx, via: impl FnOnce() -> Via) {
        if !self.seen.contains(class) {
            self.seen.insert(class);
            self.parts.push(Ask { class, via: via() });
        }
    }

    fn tree(&mut self, nodes: &[Node<'_>], kind: TypeIx, path: &mut String) -> Result<(), Refusal> {
        let catalogue = self.catalogue;
        let known = catalogue.node_type(kind).ok_or(Refusal::NodeUnclassified)?;
        let before = path.len();
        for node in nodes {
            path.truncate(before);
            if before > 0 {
                path.push('.');
            }
            path.push_str(node.name);
            let field = field(known, node.name, path)?;
            self.ask(field.class, || Via::Field(path.as_str().into()));
            if let Some((name, _)) = node.modifiers.iter().find(|(name, _)| !takes(field, name)) {
                return Err(Refusal::FieldUnclassified {
                    field: format!("{path}.{name}()").into(),
                });
            }
            match (&node.inner, field.holds) {
                (Some(inner), Some(kind)) => self.tree(inner, kind, path)?,
                (Some(_), None) => {
                    return Err(Refusal::FieldUnclassified { field: format!("{path}{{}}").into() });
                }
                (None, Some(kind)) => self.defaults(kind, catalogue.field_defaults(field), path)?,
                (None, None) => {}
            }
        }
        path.truncate(before);
        Ok(())
    }

    /// What the platform gives of a type when nothing is named.
    fn defaults(&mut self, kind: TypeIx, names: &'c [Box<str>], path: &str) -> Result<(), Refusal> {
        // The same list of the same type opens the same classes, however it was reached.
        let opened = (kind, names.as_ptr() as usize);
        if names.is_empty() || self.opened.contains(&opened) {
            return Ok(());
        }
        self.opened.push(opened);
        let catalogue = self.catalogue;
        let known = catalogue.node_type(kind).ok_or(Refusal::NodeUnclassified)?;
        for name in names {
            let dotted =
                || if path.is_empty() { name.clone() } else { format!("{path}.{name}").into() };
            let Some(field) = known.fields.get(name.as_ref()) else {
                return Err(Refusal::FieldUnclassified { field: dotted() });
            };
            self.ask(field.class, || Via::DefaultField(dotted()));
            if let Some(held) = field.holds {
                self.defaults(held, catalogue.field_defaults(field), &dotted())?;
            }
        }
        Ok(())
    }
}

fn field<'k>(known: &'k NodeType, name: &str, path: &str) -> Result<&'k Field, Refusal> {
    known.fields.get(name).ok_or_else(|| {
        let shown: String = path.chars().take(NAME_SHOWN_MAX).collect();
        Refusal::FieldUnclassified { field: shown.into() }
    })
}

fn takes(field: &Field, modifier: &str) -> bool {
    field.modifiers.iter().any(|known| known.as_ref() == modifier)
}
