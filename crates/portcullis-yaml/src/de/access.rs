//! The parts of a node, one after another, as serde asks for them.
//!
//! Must not know what the parts are read into.

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::De;
use crate::error::Error;
use crate::hole::Hole;

/// Line, column and value, for [`crate::At`].
pub(super) struct Place<'a> {
    de: De<'a>,
    step: u8,
}

impl<'a> Place<'a> {
    pub(super) const fn new(de: De<'a>) -> Self {
        Self { de, step: 0 }
    }
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

/// The items of a list.
pub(super) struct Items<'a> {
    de: De<'a>,
    rest: std::slice::Iter<'a, usize>,
}

impl<'a> Items<'a> {
    pub(super) fn new(de: De<'a>, items: &'a [usize]) -> Self {
        Self { de, rest: items.iter() }
    }
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

/// Keys and values of a mapping, then the stand-ins for what is missing.
pub(super) struct Entries<'a> {
    de: De<'a>,
    rest: std::slice::Iter<'a, (usize, usize)>,
    holes: std::slice::Iter<'a, &'static str>,
    value: Option<usize>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(de: De<'a>, entries: &'a [(usize, usize)]) -> Self {
        let holes = de.marks.holes.get(&de.node).map_or(&[][..], Vec::as_slice);
        Self { de, rest: entries.iter(), holes: holes.iter(), value: None }
    }
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
pub(super) struct Variant<'a>(pub(super) De<'a>);

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
