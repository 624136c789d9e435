//! The parameters of a call, from query and body, with keys lifted out.
//!
//! Must not know the catalogue: which parameters are legal is asked later.

use std::borrow::Cow;
use std::fmt;

use portcullis_types::{Method, Refusal};
use smallvec::SmallVec;
use zeroize::Zeroizing;

use crate::arrival::Presented;
use crate::bytes::cut;
use crate::names;
use crate::percent;
use crate::why::{self, unreadable};

/// A parameter. Its `Debug` shows the name only.
#[derive(Clone, Eq, PartialEq)]
pub struct Param<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its value, decoded; for [`Form::Raw`] the JSON text as received.
    pub value: Cow<'a, str>,
    /// Where it is sent.
    pub place: Place,
    /// How a JSON body writes it.
    pub form: Form,
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.place, self.name)
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Place {
    /// In the query.
    Query,
    /// In the body.
    Body,
}

/// How a JSON body writes a value.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Form {
    /// As a text; every value that did not come in JSON is one.
    Text,
    /// As it came: a number, a truth value, an array or an object.
    Raw,
}

/// Parameters, few enough in most calls to need no memory of their own.
pub(crate) type Params<'a> = SmallVec<[Param<'a>; 4]>;

/// What was found so far.
pub(crate) struct Gathered<'a> {
    pub(crate) params: Params<'a>,
    pub(crate) key: Option<Presented<'a>>,
    /// Whether the key stood in the query, elsewhere too or not.
    pub(crate) key_in_query: bool,
    /// What `method` asks for.
    pub(crate) method: Option<Method>,
    /// Whether the query stands as it would be written: nothing taken out, one spelling.
    pub(crate) query_as_received: bool,
    params_max: usize,
    read: usize,
}

impl<'a> Gathered<'a> {
    pub(crate) fn new(params_max: usize) -> Self {
        Self {
            params: SmallVec::new(),
            key: None,
            key_in_query: false,
            method: None,
            query_as_received: true,
            params_max,
            read: 0,
        }
    }

    /// Reads a query or a form: pairs between `&`.
    pub(crate) fn pairs(&mut self, text: &'a str, place: Place) -> Result<(), Refusal> {
        self.read = 0;
        if text.is_empty() {
            return Ok(());
        }
        let mut canonical = true;
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (pair, after) = cut(text, b'&');
            rest = after;
            if pair.is_empty() {
                canonical = false;
                continue;
            }
            let (name, value) = cut(pair, b'=');
            canonical &= value.is_some();
            let value = value.unwrap_or_default();
            let name = percent::decode(name)?;
            let value = percent::decode(value)?;
            canonical &= name.canonical && value.canonical;
            self.add(name.text, value.text, place, Form::Text)?;
        }
        if place == Place::Query {
            self.query_as_received &= canonical;
        }
        Ok(())
    }

    /// Takes one parameter.
    pub(crate) fn add(
        &mut self,
        name: Cow<'a, str>,
        value: Cow<'a, str>,
        place: Place,
        form: Form,
    ) -> Result<(), Refusal> {
        self.count()?;
        names::check(&name)?;
        if !is_plain(&value) {
            return Err(unreadable(why::VALUE_CONTROL));
        }
        let ours = [names::KEY, names::PROOF, names::METHOD].iter().position(|n| *n == name);
        if ours.is_some() && place == Place::Query {
            self.query_as_received = false;
        }
        match ours {
            Some(0) if form == Form::Raw => return Err(unreadable(why::KEY_TEXT)),
            Some(0) => {
                self.key_in_query |= place == Place::Query;
                return self.present(secret(value));
            }
            Some(1) => return Ok(()),
            Some(_) => return self.change_method(&value),
            None => {}
        }
        match self.params.iter().find(|known| known.name == name) {
            None => self.params.push(Param { name, value, place, form }),
            Some(known) if known.place == place => return Err(unreadable(why::NAME_TWICE)),
            Some(known) if known.value != value => return Err(unreadable(why::NAME_CONFLICT)),
            // The same in query and body: the copy in the query is the one that is sent.
            Some(_) => {}
        }
        Ok(())
    }

    /// Takes a copy of the caller's key.
    pub(crate) fn present(&mut self, found: Presented<'a>) -> Result<(), Refusal> {
        match &self.key {
            Some(known) if known.bytes() != found.bytes() => Err(Refusal::KeyConflict),
            Some(_) => Ok(()),
            None => {
                self.key = Some(found);
                Ok(())
            }
        }
    }

    /// Begins to count the parameters of a body.
    pub(crate) fn begin_body(&mut self) {
        self.read = 0;
    }

    /// Counts one more parameter or file.
    pub(crate) fn count(&mut self) -> Result<(), Refusal> {
        self.read += 1;
        if self.read > self.params_max { Err(unreadable(why::PARAMS_MANY)) } else { Ok(()) }
    }

    fn change_method(&mut self, value: &str) -> Result<(), Refusal> {
        let known = [Method::Get, Method::Post, Method::Delete];
        let asked = known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(value));
        let asked = asked.ok_or_else(|| unreadable(why::METHOD_VALUE))?;
        match self.method.replace(asked) {
            Some(before) if before != asked => Err(unreadable(why::METHOD_CONFLICT)),
            _ => Ok(()),
        }
    }
}

/// Whether a value holds no control character but tab and line ends.
fn is_plain(value: &str) -> bool {
    let fine = |byte: u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\n' | b'\r');
    // U+0080 to U+009F are control characters too, two bytes that begin with 0xC2.
    // To the end whatever is found, which takes many bytes at once.
    value.bytes().fold(true, |all, byte| all & fine(byte))
        && (value.is_ascii() || !value.chars().any(|c| c.is_control() && !c.is_ascii()))
}

fn secret(value: Cow<'_, str>) -> Presented<'_> {
    match value {
        Cow::Borrowed(text) => Presented::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Presented::Owned(Zeroizing::new(text.into_bytes())),
    }
}
