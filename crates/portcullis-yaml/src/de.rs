//! One pass of serde over the tree, leaving out what was found faulty before.
//!
//! Strict about kinds: a number is no text, a text no number. Must not know how faults are
//! collected or shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::at::AT;
use crate::codes;
use crate::error::Error;
use crate::hole::Hole;
use crate::node::{Kind, Tree};

/// What earlier passes found out.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Nodes left out.
    pub(crate) pruned: BTreeSet<usize>,
    /// Missing fields filled with a hole, by the node they are missing from.
    pub(crate) holes: BTreeMap<usize, Vec<&'static str>>,
}

/// A node to be read.
#[derive(Clone, Copy)]
pub(crate) struct De<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) marks: &'a Marks,
    pub(crate) node: usize,
}

/// How a plain scalar reads when nobody says what it should be.
enum Word<'a> {
    Null,
    Bool(bool),
    Whole(i128),
    Real(f64),
    Text(&'a str),
}

fn word(text: &str, plain: bool) -> Word<'_> {
    if !plain {
        return Word::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Word::Null,
        "true" | "True" | "TRUE" => return Word::Bool(true),
        "false" | "False" | "FALSE" => return Word::Bool(false),
        _ => {}
    }
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let digits = text.trim_start_matches(['+', '-']);
    if !text.chars().all(numeric) || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Word::Text(text);
    }
    match (text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(whole), _) => Word::Whole(whole),
        (_, Ok(real)) => Word::Real(real),
        _ => Word::Text(text),
    }
}

impl<'a> De<'a> {
    fn kind(&self) -> &'a Kind {
        self.tree.node(self.node).map_or(&Kind::Broken, |node| &node.kind)
    }

    fn child(&self, node: usize) -> Self {
        Self { node, ..*self }
    }

    fn word(&self) -> Option<Word<'a>> {
        match self.kind() {
            Kind::Scalar { text, plain } => Some(word(text, *plain)),
            Kind::List(_) | Kind::Map(_) | Kind::Broken => None,
        }
    }

    /// What stands here, in words.
    fn found(&self) -> String {
        let cut = |text: &str| text.chars().take(60).collect::<String>();
        match (self.kind(), self.word()) {
            (Kind::List(_), _) => "a list".to_owned(),
            (Kind::Map(_), _) => "fields".to_owned(),
            (_, Some(Word::Bool(_))) => "a choice (`true` or `false`)".to_owned(),
            (_, Some(Word::Whole(_) | Word::Real(_))) => {
                format!("the number `{}`", cut(self.tree.text(self.node).unwrap_or_default()))
            }
            (_, Some(Word::Text(text))) => format!("the text `{}`", cut(text)),
            (_, Some(Word::Null)) | (Kind::Broken | Kind::Scalar { .. }, _) => "nothing".to_owned(),
        }
    }

    fn wrong(&self, expected: &str) -> Error {
        if matches!(self.word(), Some(Word::Null)) {
            return Error::new(codes::BLANK, format!("no value: expected {expected}"))
                .help("give a value or remove the line")
                .at(self.node);
        }
        Error::new(codes::WRONG_KIND, format!("expected {expected}, found {}", self.found()))
            .at(self.node)
    }

    fn text(&self) -> Result<&'a str, Error> {
        match self.word() {
            Some(Word::Text(text)) => Ok(text),
            Some(Word::Whole(_) | Word::Real(_) | Word::Bool(_)) => {
                Err(self.wrong("a text").help("put it in quotes if it is meant as a text"))
            }
            Some(Word::Null) | None => Err(self.wrong("a text")),
        }
    }

    fn whole(&self, min: i128, max: i128) -> Result<i128, Error> {
        let text = self.tree.text(self.node).unwrap_or_default();
        match self.word() {
            Some(Word::Whole(n)) if text.len() > 1 && text.starts_with('0') => {
                let error = Error::new(codes::WRONG_KIND, format!("`{text}` begins with a zero"));
                Err(error.help(format!("write `{n}`")).at(self.node))
            }
            Some(Word::Whole(n)) if n >= min && n <= max => Ok(n),
            Some(Word::Whole(_)) => {
                let message =
                    format!("expected a whole number from {min} to {max}, found `{text}`");
                Err(Error::new(codes::VALUE, message).at(self.node))
            }
            _ => Err(self.wrong("a whole number")),
        }
    }

    fn entries(&self, expected: &str) -> Result<Entries<'a>, Error> {
        match self.kind() {
            Kind::Map(entries) => Ok(Entries {
                de: *self,
                rest: entries.iter(),
                holes: self.marks.holes.get(&self.node).map_or(&[][..], Vec::as_slice).iter(),
                value: None,
            }),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Broken => Err(self.wrong(expected)),
        }
    }

    fn list<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, Error> {
        match self.kind() {
            Kind::List(items) => visitor
                .visit_seq(Items { de: *self, rest: items.iter() })
                .map_err(|error| error.at(self.node)),
            Kind::Scalar { .. } | Kind::Map(_) | Kind::Broken => Err(self.wrong("a list (`[…]`)")),
        }
    }
}

macro_rules! whole {
    ($($method:ident $visit:ident $kind:ty),*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            let n = self.whole(<$kind>::MIN.into(), <$kind>::MAX.into())?;
            let n = <$kind>::try_from(n).unwrap_or_default();
            visitor.$visit(n).map_err(|error: Error| error.at(self.node))
        })*
    };
}

impl<'a> Deserializer<'a> for De<'a> {
    type Error = Error;

    whole!(
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64
    );

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let done = match (self.kind(), self.word()) {
            (Kind::List(_), _) => return self.list(visitor),
            (Kind::Map(_), _) => visitor.visit_map(self.entries("fields")?),
            (_, Some(Word::Bool(choice))) => visitor.visit_bool(choice),
            (_, Some(Word::Whole(n))) => match (u64::try_from(n), i64::try_from(n)) {
                (Ok(n), _) => visitor.visit_u64(n),
                (_, Ok(n)) => visitor.visit_i64(n),
                _ => Err(self.wrong("a smaller number")),
            },
            (_, Some(Word::Real(n))) => visitor.visit_f64(n),
            (_, Some(Word::Text(text))) => visitor.visit_borrowed_str(text),
            (Kind::Scalar { .. } | Kind::Broken, _) => Err(self.wrong("a value")),
        };
        done.map_err(|error| error.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.word() {
            Some(Word::Bool(choice)) => {
                visitor.visit_bool(choice).map_err(|e: Error| e.at(self.node))
            }
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.word() {
            Some(Word::Real(n)) => visitor.visit_f64(n),
            Some(Word::Whole(n)) => visitor.visit_f64(n as f64),
            _ => Err(self.wrong("a number")),
        }
        .map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text()?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        // A field's name is a text however it is written.
        let name = self.tree.text(self.node).unwrap_or_default();
        visitor.visit_borrowed_str(name).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        // A field that is there has a value: a blank one is a slip, not "none".
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(self.wrong("a value"))
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AT {
            visitor.visit_seq(Place { de: self, step: 0 })
        } else {
            visitor.visit_newtype_struct(self)
        }
        .map_err(|error| error.at(self.node))
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let entries = self.entries("names, each with a value (`name: …`)")?;
        visitor.visit_map(entries).map_err(|error| error.at(self.node))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
        let entries = self.entries(&format!("fields ({})", names.join(", ")))?;
        visitor.visit_map(entries).map_err(|error| error.at(self.node))
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let names: Vec<String> = variants.iter().map(|name| format!("`{name}`")).collect();
        match self.word() {
            Some(Word::Text(_)) => {
                visitor.visit_enum(Variant(self)).map_err(|error| error.at(self.node))
            }
            _ => Err(self.wrong(&format!("one of {}", names.join(", ")))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// Line, column and value, for [`crate::At`].
struct Place<'a> {
    de: De<'a>,
    step: u8,
}

impl<'a> SeqAccess<'a> for Place<'a> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.step += 1;
        let node = self.de.tree.node(self.de.node);
        let (line, column) = node.map_or((1, 1), |node| (node.line, node.column));
        let number = |n: u32| -> U32Deserializer<Error> { n.into_deserializer() };
        match self.step {
            1 => seed.deserialize(number(line)).map(Some),
            2 => seed.deserialize(number(column)).map(Some),
            3 => seed.deserialize(self.de).map(Some),
            _ => Ok(None),
        }
    }
}

struct Items<'a> {
    de: De<'a>,
    rest: std::slice::Iter<'a, usize>,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let pruned = &self.de.marks.pruned;
        let Some(&item) = self.rest.find(|item| !pruned.contains(item)) else { return Ok(None) };
        seed.deserialize(self.de.child(item)).map(Some).map_err(|error| error.at(item))
    }
}

struct Entries<'a> {
    de: De<'a>,
    rest: std::slice::Iter<'a, (usize, usize)>,
    holes: std::slice::Iter<'a, &'static str>,
    value: Option<usize>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let pruned = &self.de.marks.pruned;
        let kept =
            |entry: &&(usize, usize)| !pruned.contains(&entry.0) && !pruned.contains(&entry.1);
        if let Some(&(key, value)) = self.rest.find(kept) {
            self.value = Some(value);
            return seed.deserialize(self.de.child(key)).map(Some).map_err(|error| error.at(key));
        }
        self.value = None;
        match self.holes.next() {
            Some(name) => seed.deserialize(StrDeserializer::<Error>::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(self.de.child(value)).map_err(|error| error.at(value)),
            // What a stand-in lacks is no fault of the file.
            None => seed.deserialize(Hole).map_err(|error| Error { missing: None, ..error }),
        }
    }
}

/// A variant written as a bare word.
struct Variant<'a>(De<'a>);

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Error;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = seed.deserialize(self.0)?;
        Ok((name, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, _seed: T) -> Result<T::Value, Error> {
        Err(self.0.wrong("a word that stands alone"))
    }
    fn tuple_variant<V: Visitor<'a>>(self, _len: usize, _visitor: V) -> Result<V::Value, Error> {
        Err(self.0.wrong("a word that stands alone"))
    }
    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        Err(self.0.wrong("a word that stands alone"))
    }
}
