//! What each parameter of a call is for, and whether it may be there at all.
//!
//! Must not know who may ask for what.

use memchr::memmem;
use portcullis_catalogue::{Extra, Operation, ParamRole};
use portcullis_types::Refusal;
use portcullis_types::asked::Params;

use crate::canonical::{Body, Canonical};
use crate::fields;
use crate::json::{self, Seen};
use crate::names;
use crate::params::{Form, Param};
use crate::why::{self, unreadable};

/// A text shorter than this is no key; that it occurs in a value is chance.
const KEY_BYTES_MIN: usize = 8;
/// From here on a text is searched by a searcher of its own.
const LONG_BYTES: usize = 2048;
/// Longest name that a refusal repeats.
pub(crate) const NAME_SHOWN_MAX: usize = 80;

/// What the parameters of a call say.
#[derive(Default)]
pub(crate) struct Said<'c> {
    /// The text of `fields`.
    pub(crate) tree: Option<&'c str>,
    /// The ids of several targets.
    pub(crate) ids: Option<&'c str>,
    /// The name of the target.
    pub(crate) named: Option<&'c str>,
    /// Rows asked for.
    pub(crate) rows: Option<u32>,
    /// The rest.
    pub(crate) params: Params<'c>,
}

/// Checks every parameter by its role.
pub(crate) fn params<'c>(
    canonical: &'c Canonical<'_>,
    operation: &Operation,
) -> Result<Said<'c>, Refusal> {
    let key = canonical.credential().filter(|key| key.len() >= KEY_BYTES_MIN);
    if key.is_some_and(|key| holds(&canonical.path, key)) {
        return Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT });
    }
    let mut said = Said::default();
    for param in &canonical.params {
        let role = role(&param.name, operation)?;
        if let Some(key) = key
            && !(role == ParamRole::Batch && operation.batch)
        {
            keyless(param, key)?;
        }
        if role == ParamRole::SameAsTarget {
            same(param, canonical)?;
        }
        said.take(param, role, operation)?;
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
    Ok(said)
}

impl<'c> Said<'c> {
    fn take(
        &mut self,
        param: &'c Param<'_>,
        role: ParamRole,
        operation: &Operation,
    ) -> Result<(), Refusal> {
        match role {
            ParamRole::Fields => self.tree = Some(text(param)?),
            ParamRole::PageSize => self.rows = Some(count(&param.value)?),
            ParamRole::Cursor => self.params.cursor |= !text(param)?.is_empty(),
            ParamRole::Plain => nested_keyless(param)?,
            ParamRole::Words => self.params.words = Some(text(param)?),
            ParamRole::Point => self.params.point = Some(point(text(param)?)?),
            ParamRole::Distance => self.params.distance_m = Some(distance(text(param)?)?),
            ParamRole::TargetName => self.named = Some(text(param)?),
            ParamRole::Carrier => _ = text(param)?,
            // Held against the path already, and says nothing more.
            ParamRole::SameAsTarget => {}
            ParamRole::Ids if operation.targets.as_deref() == Some(&*param.name) => {
                self.ids = Some(text(param)?);
            }
            ParamRole::Ids => return Err(Refusal::NotJudged { what: "several ids in one call" }),
            ParamRole::Batch if operation.batch => {}
            ParamRole::Batch => return Err(Refusal::NotJudged { what: "a batch" }),
            ParamRole::Secret => return Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT }),
        }
        Ok(())
    }
}

/// Refuses a second id beside the one in the path: which of them the platform reads is its own affair.
///
/// A number is refused too, since some readers round long ones.
fn same(param: &Param<'_>, canonical: &Canonical<'_>) -> Result<(), Refusal> {
    let is_same = param.form == Form::Text && canonical.target() == Some(&*param.value);
    if is_same { Ok(()) } else { Err(unreadable(why::TARGET_DIFFERS)) }
}

/// A page size; 0 is none, since readers differ in whether it is nothing or everything.
pub(crate) fn count(text: &str) -> Result<u32, Refusal> {
    if !fields::is_count(text) {
        return Err(unreadable(why::PAGE_SIZE));
    }
    text.parse().map_err(|_| unreadable(why::PAGE_SIZE))
}

/// Latitude and longitude.
fn point(text: &str) -> Result<(f64, f64), Refusal> {
    let odd = || unreadable(why::POINT);
    let (latitude, longitude) = text.split_once(',').ok_or_else(odd)?;
    let read = |text: &str, most: f64| degrees(text).filter(|value| value.abs() <= most);
    let latitude = read(latitude, 90.0).ok_or_else(odd)?;
    Ok((latitude, read(longitude, 180.0).ok_or_else(odd)?))
}

fn degrees(text: &str) -> Option<f64> {
    let text = text.trim_matches(' ');
    decimal(text.strip_prefix('-').unwrap_or(text))
        .map(|value| if text.starts_with('-') { -value } else { value })
}

fn distance(text: &str) -> Result<f64, Refusal> {
    decimal(text).ok_or_else(|| unreadable(why::DISTANCE))
}

/// A decimal number without sign or exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok() } else { None }
}

const KEY_AS_ARGUMENT: &str = "a key as an argument";

pub(crate) fn role(name: &str, operation: &Operation) -> Result<ParamRole, Refusal> {
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
    let mut found = holds(&param.name, key) || holds(&param.value, key);
    look_inside(param, &mut |seen| match seen {
        Seen::Name(text) | Seen::Text(text) => found |= holds(text, key),
        Seen::Twice => {}
    })?;
    if found { Err(Refusal::NotJudged { what: KEY_AS_ARGUMENT }) } else { Ok(()) }
}

/// Whether a key stands in a text.
fn holds(text: &str, key: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let Some((first, last)) = key.first().zip(bytes.len().checked_sub(key.len())) else {
        return false;
    };
    if bytes.len() > LONG_BYTES {
        return memmem::find(bytes, key).is_some();
    }
    // A searcher is built for one search only, which costs more than a short text does.
    memchr::memchr_iter(*first, bytes.get(..=last).unwrap_or_default())
        .any(|at| bytes.get(at..).is_some_and(|rest| rest.starts_with(key)))
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
    // A text that begins with neither blank nor bracket is none, which a byte tells.
    let first = param.value.bytes().next().unwrap_or(b'x');
    if first.is_ascii_alphanumeric() || !param.value.trim_start().starts_with(['[', '{']) {
        return Ok(());
    }
    let walked = json::walk(&param.value, see);
    if param.form == Form::Raw { walked } else { Ok(()) }
}
