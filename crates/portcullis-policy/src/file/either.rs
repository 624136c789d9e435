//! A value that is a plain word or number, or else fields or a list.
//!
//! Serde's own `untagged` would lose which of the two was meant, and with it where the fault is.
//! Must not know what either means.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::{
    MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer, U64Deserializer,
};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What was expected, for a message.
pub(crate) trait Expects {
    /// Such as "a number or fields".
    const WORDS: &'static str;
    /// Whether the compound form is a list.
    const LIST: bool = false;
    /// Whether the plain form is a number.
    const NUMBER: bool = false;
}

/// A plain value, or a compound one.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Either<P, C> {
    /// A word or number.
    Plain(P),
    /// Fields or a list.
    Compound(C),
}

struct EitherVisitor<P, C>(PhantomData<(P, C)>);

impl<'de, P, C> Visitor<'de> for EitherVisitor<P, C>
where
    P: Deserialize<'de>,
    C: Deserialize<'de> + Expects,
{
    type Value = Either<P, C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(C::WORDS)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        if C::NUMBER {
            return Err(E::invalid_type(serde::de::Unexpected::Str(word), &self));
        }
        P::deserialize(StrDeserializer::new(word)).map(Either::Plain)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        if !C::NUMBER {
            return Err(E::invalid_type(serde::de::Unexpected::Unsigned(number), &self));
        }
        P::deserialize(U64Deserializer::new(number)).map(Either::Plain)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        if !C::NUMBER {
            return Err(E::invalid_type(serde::de::Unexpected::Signed(number), &self));
        }
        Err(E::custom(format!("expected {}, found `{number}`", C::WORDS)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        if C::LIST {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        C::deserialize(MapAccessDeserializer::new(map)).map(Either::Compound)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        if !C::LIST {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        C::deserialize(SeqAccessDeserializer::new(list)).map(Either::Compound)
    }
}

impl<'de, P, C> Deserialize<'de> for Either<P, C>
where
    P: Deserialize<'de>,
    C: Deserialize<'de> + Expects,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(EitherVisitor(PhantomData))
    }
}
