//! Ids asked one after the other.
//!
//! A walk is a chain: each id a little above the one before it (or below, for a walk downwards). Other
//! targets in between, several keys and several walks at once do not hide it, since each chain is
//! remembered by its end. Ids in random order make chains of two or three: an id falls behind one of 64
//! ends by chance in 64 gaps out of the whole range.
//!
//! Must not know what the ids are of.

use super::detector::Hit;
use super::spec::Measure;

/// Chains of one direction and kind.
const CHAINS_MAX: usize = 64;
/// Kinds, and keys for walks of any gap.
const KINDS_MAX: usize = 32;
const KEYS_MAX: usize = 64;

/// All chains of a partner.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    kinds: Vec<Kind>,
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Kind {
    kind: u16,
    up: Vec<Chain>,
    down: Vec<Chain>,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    first: u64,
    end: u64,
    length: u64,
    at: u64,
}

/// Ids of one key and kind that go one way without a break.
#[derive(Debug)]
struct Run {
    of: (u16, u64),
    first: u64,
    last: u64,
    length: u64,
    up: bool,
    at: u64,
}

impl Walk {
    pub(crate) fn asked(
        &mut self,
        measure: &Measure,
        (kind, key): (u16, u64),
        number: u64,
        now: u64,
    ) -> Option<Hit> {
        if measure.min == 0 {
            return self.run(measure, (kind, key), number, now);
        }
        let place = match self.kinds.iter().position(|other| other.kind == kind) {
            Some(place) => place,
            None if self.kinds.len() >= KINDS_MAX => return None,
            None => {
                self.kinds.push(Kind { kind, up: Vec::new(), down: Vec::new() });
                self.kinds.len() - 1
            }
        };
        let chains = self.kinds.get_mut(place)?;
        let up = extend(&mut chains.up, measure, number, now, |end, id| id.checked_sub(end));
        let down = extend(&mut chains.down, measure, number, now, |end, id| end.checked_sub(id));
        let (chain, downwards) = match (up, down) {
            (up, Some(down)) if up.is_none_or(|up| up.length < down.length) => (down, 1),
            (Some(up), _) => (up, 0),
            (None, _) => return None,
        };
        (chain.length > measure.over).then(|| {
            let ids = ("ids in order", chain.length);
            Hit::new(measure.signal, &[ids, ("across", chain.across()), ("downwards", downwards)])
        })
    }

    fn run(&mut self, measure: &Measure, of: (u16, u64), id: u64, now: u64) -> Option<Hit> {
        let old = |at: u64| at.saturating_add(measure.per.milliseconds()) <= now;
        let fresh = Run { of, first: id, last: id, length: 1, up: true, at: now };
        let Some(run) = self.runs.iter_mut().find(|run| run.of == of) else {
            make_room(&mut self.runs, KEYS_MAX, |run| run.at);
            self.runs.push(fresh);
            return None;
        };
        if id == run.last {
            return None;
        }
        let up = id > run.last;
        *run = match run.length {
            _ if old(run.at) => fresh,
            1 => Run { first: run.first, last: id, length: 2, up, ..fresh },
            length if up == run.up => {
                Run { first: run.first, last: id, length: length + 1, up, ..fresh }
            }
            _ => Run { first: run.last, last: id, length: 2, up, ..fresh },
        };
        let (ids, across) = (run.length, run.first.abs_diff(run.last));
        let downwards = u64::from(!run.up);
        (ids > measure.over).then(|| {
            let ids = ("ids in order", ids);
            Hit::new(measure.signal, &[ids, ("across", across), ("downwards", downwards)])
        })
    }
}

impl Chain {
    fn across(&self) -> u64 {
        self.first.abs_diff(self.end)
    }
}

/// Puts an id behind the nearest end before it, or begins a chain.
fn extend(
    chains: &mut Vec<Chain>,
    measure: &Measure,
    id: u64,
    now: u64,
    gap: impl Fn(u64, u64) -> Option<u64>,
) -> Option<Chain> {
    chains.retain(|chain| chain.at.saturating_add(measure.per.milliseconds()) > now);
    // Asked again: neither a step nor a beginning.
    if let Some(same) = chains.iter_mut().find(|chain| chain.end == id) {
        same.at = now;
        return None;
    }
    let near = |end: u64| gap(end, id).filter(|gap| *gap > 0 && *gap <= measure.min);
    let ends = chains.iter_mut().filter_map(|chain| near(chain.end).map(|gap| (gap, chain)));
    if let Some((_, chain)) = ends.min_by_key(|(gap, _)| *gap) {
        *chain = Chain { end: id, length: chain.length + 1, at: now, ..*chain };
        return Some(*chain);
    }
    make_room(chains, CHAINS_MAX, |chain| chain.at);
    chains.push(Chain { first: id, end: id, length: 1, at: now });
    None
}

/// Forgets what was touched longest ago.
fn make_room<T>(all: &mut Vec<T>, max: usize, at: impl Fn(&T) -> u64) {
    if all.len() < max {
        return;
    }
    let oldest = all.iter().enumerate().min_by_key(|(_, one)| at(one)).map(|(place, _)| place);
    if let Some(place) = oldest {
        all.swap_remove(place);
    }
}
