//! One pass of serde over the tree, leaving out what was found faulty before.
//!
//! Strict about kinds: a number is no text, a text no number. Must not know how faults are
//! collected or shown.

mod access;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{Deserializer, Visitor};

use crate::at::AT;
use crate::codes;
use crate::error::Error;
use crate::node::{Kind, Tree};
use access::{Entries, Items, Place, Variant};
use word::{Word, word};

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
            Kind::Map(entries) => Ok(Entries::new(*self, entries)),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Broken => Err(self.wrong(expected)),
        }
    }

    fn list<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, Error> {
        match self.kind() {
            Kind::List(items) => {
                visitor.visit_seq(Items::new(*self, items)).map_err(|error| error.at(self.node))
            }
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
            (_, Some(Word::Whole(_))) => {
                let n = self.whole(i128::MIN, i128::MAX)?;
                match (u64::try_from(n), i64::try_from(n)) {
                    (Ok(n), _) => visitor.visit_u64(n),
                    (_, Ok(n)) => visitor.visit_i64(n),
                    _ => Err(self.wrong("a smaller number")),
                }
            }
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
            visitor.visit_seq(Place::new(self))
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
