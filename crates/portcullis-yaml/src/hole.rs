//! Stand-ins for fields that are missing, so that one missing field does not hide the next.
//!
//! What is made from them is thrown away. Must not know any node.

use serde::de::value::StringDeserializer;
use serde::de::{Deserializer, EnumAccess, VariantAccess, Visitor};

use crate::error::Error;

/// Gives something of whatever kind is asked.
pub(crate) struct Hole;

/// A text that most of our names and spans accept.
const TEXT: &str = "1s";

macro_rules! give {
    ($($method:ident => $visit:ident($value:expr),)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Hole {
    type Error = Error;

    give! {
        deserialize_any => visit_str(TEXT),
        deserialize_bool => visit_bool(false),
        deserialize_i8 => visit_i8(1),
        deserialize_i16 => visit_i16(1),
        deserialize_i32 => visit_i32(1),
        deserialize_i64 => visit_i64(1),
        deserialize_u8 => visit_u8(1),
        deserialize_u16 => visit_u16(1),
        deserialize_u32 => visit_u32(1),
        deserialize_u64 => visit_u64(1),
        deserialize_f32 => visit_f32(1.0),
        deserialize_f64 => visit_f64(1.0),
        deserialize_char => visit_char('1'),
        deserialize_str => visit_str(TEXT),
        deserialize_string => visit_str(TEXT),
        deserialize_bytes => visit_bytes(TEXT.as_bytes()),
        deserialize_byte_buf => visit_bytes(TEXT.as_bytes()),
        deserialize_identifier => visit_str(TEXT),
        deserialize_seq => visit_seq(Nothing),
        deserialize_map => visit_map(Nothing),
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Nothing)
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Nothing)
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Nothing)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(First(variants.first().copied().unwrap_or_default()))
    }
}

/// A list or mapping without parts.
struct Nothing;

impl<'de> serde::de::SeqAccess<'de> for Nothing {
    type Error = Error;
    fn next_element_seed<T: serde::de::DeserializeSeed<'de>>(
        &mut self,
        _seed: T,
    ) -> Result<Option<T::Value>, Error> {
        Ok(None)
    }
}

impl<'de> serde::de::MapAccess<'de> for Nothing {
    type Error = Error;
    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(
        &mut self,
        _seed: K,
    ) -> Result<Option<K::Value>, Error> {
        Ok(None)
    }
    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Error> {
        seed.deserialize(Hole)
    }
}

/// The first variant of an enum.
struct First(&'static str);

impl<'de> EnumAccess<'de> for First {
    type Error = Error;
    type Variant = Self;
    fn variant_seed<V: serde::de::DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Error> {
        let name = seed.deserialize(StringDeserializer::<Error>::new(self.0.to_owned()))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for First {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }
    fn newtype_variant_seed<T: serde::de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Error> {
        seed.deserialize(Hole)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Nothing)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{At, Entries};

    #[test]
    fn a_hole_gives_something_of_most_kinds() {
        use serde::Deserialize;
        assert_eq!(String::deserialize(Hole).unwrap(), "1s");
        assert_eq!(Vec::<u8>::deserialize(Hole).unwrap(), Vec::<u8>::new());
        assert_eq!(Entries::<u8>::deserialize(Hole).unwrap().len(), 0);
        assert_eq!(At::<u64>::deserialize(Hole).unwrap().value, 1);
        assert!(portcullis_types::Span::deserialize(Hole).is_ok());
    }
}
