//! Where in the answer what each ask gives stands.
//!
//! Must not know what is done there.

use portcullis_catalogue::{Answer, Operation};
use portcullis_request::Stand;
use portcullis_sieve::Place;
use portcullis_types::Effect;
use portcullis_types::asked::{Asks, Target, Via};

/// The member that holds the items of a list.
const ITEMS: &str = "data";

/// Where what one ask gives stands.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// The object that stands for the ask: a node, or a list with its links.
    pub(super) holder: Place,
    /// Its items: each of the list, or the node itself.
    pub(super) items: Place,
    /// What it stands in.
    pub(super) parent: Option<usize>,
}

/// One for each ask. `apart`: each id of `ids=` has its own place, else they share one.
pub(super) fn spots(
    asks: &Asks<'_>,
    stands: &[Stand<'_>],
    operation: &Operation,
    apart: bool,
) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::with_capacity(asks.asks.len());
    for (at, (ask, stand)) in asks.asks.iter().zip(stands).enumerate() {
        let answer = || match (&operation.targets, ask.target) {
            (None, _) => Place::root(),
            (Some(_), Target::Node(_, id)) if apart && ask.via == Via::Operation => {
                Place::root().name(id)
            }
            (Some(_), _) => Place::root().any(),
        };
        let (from, parent) = match ask.via {
            // What only carries it is no ask.
            Via::Edge(_, of) if of != at => (spots.get(of).map(|of| of.items.clone()), Some(of)),
            Via::Edge(..) | Via::Operation => (Some(answer()), None),
        };
        let holder =
            stand.names.iter().fold(from.unwrap_or_default(), |place, name| place.name(name));
        let list = match ask.via {
            Via::Edge(..) => stand.list,
            Via::Operation => is_list(operation),
        };
        let items = if list { holder.clone().name(ITEMS) } else { holder.clone() };
        spots.push(Spot { holder, items, parent });
    }
    spots
}

/// Whether the answer of an operation is a list. What reads other nodes than its target gives a list of
/// them; what reads back gives the one it wrote.
fn is_list(operation: &Operation) -> bool {
    operation.method.effect() == Effect::Read && matches!(operation.answer, Answer::Type(_))
}
