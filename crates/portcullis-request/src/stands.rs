//! Where the asks of a call stand: in `fields`, and in the answer.
//!
//! Must not know what is done there.

use portcullis_catalogue::{Catalogue, ParamRole};
use portcullis_types::{FieldIx, Refusal};
use smallvec::SmallVec;

use crate::arrival::Bounds;
use crate::ask::{Place, Spots, unfolded};
use crate::canonical::Canonical;
use crate::fields;
use crate::texts::Texts;

/// Where an ask stands.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Stand<'c> {
    /// The names that lead to it from an item of what it stands in; none: it is the answer.
    pub names: SmallVec<[&'c str; 2]>,
    /// Whether it is an edge that gives a list.
    pub list: bool,
    /// What the call names for it, as it is written; none: nothing.
    pub fields: Option<&'c str>,
    /// Its fields that have another name in the answer than in the catalogue, dotted.
    pub renamed: Vec<(FieldIx, String)>,
}

/// Says where the asks of a call stand, in order of the asks.
///
/// # Errors
/// As [`crate::ask`].
pub fn stands<'c>(
    canonical: &'c Canonical<'_>,
    catalogue: &'c Catalogue,
    bounds: &Bounds,
    texts: &'c Texts,
) -> Result<Vec<Stand<'c>>, Refusal> {
    let mut spots = Spots::default();
    unfolded(canonical, catalogue, bounds, texts, Some(&mut spots))?;
    let text = named(canonical)?;
    let tree = text.map(|text| fields::read(text, bounds)).transpose()?;
    let Spots { of, mut renamed } = spots;
    let all = of.into_iter().enumerate().map(|(at, (spot, names))| {
        let fields = match spot.place {
            Place::Root => text,
            Place::Node(at) => {
                let open = tree.as_ref().and_then(|tree| tree.node(at)?.open);
                open.zip(text).and_then(|(open, text)| braced(text.get(open..)?))
            }
            Place::Nowhere => None,
        };
        let own = renamed.extract_if(.., |(of, ..)| *of == at);
        Stand {
            names,
            list: spot.field.is_some_and(|field| field.rows_default.is_some()),
            fields,
            renamed: own.map(|(_, field, path)| (field, path)).collect(),
        }
    });
    Ok(all.collect())
}

/// The text of `fields`.
pub(crate) fn named<'c>(canonical: &'c Canonical<'_>) -> Result<Option<&'c str>, Refusal> {
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    let selects = |name: &str| operation.params.get(name) == Some(&ParamRole::Fields);
    let found = canonical.params().iter().find(|param| selects(&param.name));
    Ok(found.map(|param| param.value.as_ref()))
}

/// The text up to the brace that closes it. No value of a modifier has braces.
fn braced(text: &str) -> Option<&str> {
    let mut deep = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => deep += 1,
            b'}' if deep == 0 => return text.get(..at),
            b'}' => deep -= 1,
            _ => {}
        }
    }
    None
}
