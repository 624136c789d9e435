//! Reads a JSON body as parameters: the members of one object, each at most once.
//!
//! Numbers keep their text, since readers differ in what they make of `1e400` or `1.10`.
//! Must not know which parameters are legal.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use portcullis_types::Refusal;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::params::{Form, Gathered, Place};
use crate::why::{self, unreadable};

/// Reads the whole body.
pub(crate) fn read<'a>(body: &'a [u8], into: &mut Gathered<'a>) -> Result<(), Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| unreadable(why::VALUE_UTF8))?;
    let Members(members) = serde_json::from_str(text).map_err(|_| unreadable(why::JSON))?;
    for (name, raw) in members {
        let (value, form) = value(raw.get())?;
        // Two equal copies of a key are one; `add` refuses every other name that comes twice.
        into.add(name, value, Place::Body, form).map_err(|refusal| match refusal {
            Refusal::Unreadable { why: why::NAME_TWICE } => unreadable(why::JSON_TWICE),
            other => other,
        })?;
    }
    Ok(())
}

fn value(raw: &str) -> Result<(Cow<'_, str>, Form), Refusal> {
    match raw.bytes().next() {
        Some(b'"') => {
            let Text(text) = serde_json::from_str(raw).map_err(|_| unreadable(why::JSON))?;
            Ok((text, Form::Text))
        }
        Some(b'{' | b'[') => {
            let mut twice = false;
            walk(raw, &mut |seen| twice |= seen == Seen::Twice)?;
            if twice {
                Err(unreadable(why::JSON_TWICE))
            } else {
                Ok((Cow::Borrowed(raw), Form::Raw))
            }
        }
        Some(b'n') => Err(unreadable(why::JSON_NULL)),
        _ => Ok((Cow::Borrowed(raw), Form::Raw)),
    }
}

/// Something inside a nested value.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Seen<'s> {
    /// The name of a member.
    Name(&'s str),
    /// A text.
    Text(&'s str),
    /// A member that is there twice in one object.
    Twice,
}

/// Shows every name and text of a nested value to `see`. Nests 128 deep at most.
pub(crate) fn walk(raw: &str, see: &mut dyn FnMut(Seen<'_>)) -> Result<(), Refusal> {
    let mut reader = serde_json::Deserializer::from_str(raw);
    Nested { see }.deserialize(&mut reader).map_err(|_| unreadable(why::JSON))
}

/// The members in order, each value as its own text.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Object)
    }
}

/// A text, borrowed where it has no escapes.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Read)
    }
}

struct Nested<'s> {
    see: &'s mut dyn FnMut(Seen<'_>),
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.see)(Seen::Text(text));
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Nested { see: &mut *self.see })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names: HashSet<String> = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            (self.see)(Seen::Name(&name));
            if !names.insert(name) {
                (self.see)(Seen::Twice);
            }
            map.next_value_seed(Nested { see: &mut *self.see })?;
        }
        Ok(())
    }
}
