//! How calls are spread over the platform's upstreams.
//!
//! Must not know how an upstream is reached or which of them are well.

use std::time::Duration;

use portcullis_types::{KeyIx, PartnerIx};

use crate::{TlsBack, Upstream};

/// The addresses of the platform, and how calls are spread over them.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Upstreams {
    /// Where calls go; empty: to the platform's own address.
    pub list: Vec<Weighted>,
    /// Which of them takes a call.
    pub spread: Spread,
    /// How often names are looked up anew.
    pub resolve_every: Duration,
    /// How many calls in a hundred may be sent a second time, beside a few each second.
    pub repeats_percent: u32,
    /// How each is asked how it is; none: it isn't.
    pub check: Option<Check>,
    /// TLS towards those whose address begins with `https`.
    pub tls: Option<TlsBack>,
    /// What they are spared. Bounds on counts are over all threads.
    pub bounds: Bounds,
}

/// What the platform is spared.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Bounds {
    /// Calls under way at one upstream; more of them wait.
    pub calls: usize,
    /// How many in a hundred of all those one partner may have; more of its calls wait.
    pub partner_percent: u32,
    /// Connections to one upstream that are being opened.
    pub connects: usize,
    /// Calls that wait; beyond it: 503.
    pub waiting: usize,
    /// How long a call may wait; beyond it: 503.
    pub wait: Duration,
    /// How many of `calls` there may be goes by how an upstream answers; none: it doesn't.
    pub adaptive: Option<Adaptive>,
}

/// How the calls that an upstream may have follow the times of its answers.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Adaptive {
    /// So many it may always have.
    pub least: usize,
    /// By how many in a hundred the median answer may be slower than at its best.
    pub slower_percent: u32,
    /// How often that is looked at.
    pub every: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            calls: 1024,
            partner_percent: 50,
            connects: 64,
            waiting: 1024,
            wait: Duration::from_secs(5),
            adaptive: None,
        }
    }
}

/// How an upstream is asked how it is: by a GET without any credential, whose status must be below 400.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Check {
    /// The path, with a query where there is one.
    pub path: String,
    /// How often.
    pub every: Duration,
    /// How long an answer may take.
    pub within: Duration,
    /// So many bad answers in a row, and it gets no calls as long as another can.
    pub bad: u32,
    /// So many good ones in a row, and it gets calls again.
    pub good: u32,
}

impl Default for Upstreams {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            spread: Spread::Least,
            resolve_every: Duration::from_secs(30),
            repeats_percent: 20,
            check: None,
            tls: None,
            bounds: Bounds::default(),
        }
    }
}

impl Upstreams {
    /// Each of them with its weight, or the platform's own address alone.
    pub(crate) fn each<'u>(
        &'u self,
        own: &'u Upstream,
    ) -> impl Iterator<Item = (&'u Upstream, u32)> {
        let own = self.list.is_empty().then_some((own, 1));
        self.list.iter().map(|one| (&one.at, one.weight.max(1))).chain(own)
    }
}

/// An upstream, and what it takes beside the others.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Weighted {
    /// Its address.
    pub at: Upstream,
    /// Its part, by the sum of all; at least 1.
    pub weight: u32,
}

/// Which upstream takes a call.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub enum Spread {
    /// Of two drawn by weight, the one with fewer calls under way.
    #[default]
    Least,
    /// The same one for the same attribute, as long as it is well.
    By(Attribute),
}

/// What calls have in common that go to the same upstream.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Attribute {
    /// The partner.
    Partner,
    /// The key.
    Key,
    /// The path, without the query.
    Path,
}

/// Who calls, by what a call's upstream may depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) partner: Option<PartnerIx>,
    pub(crate) key: KeyIx,
}

impl Caller {
    /// Stands for the partner; 0: nobody.
    pub(crate) fn who(self) -> u32 {
        self.partner.map_or(0, |partner| partner.0.saturating_add(1))
    }
}

impl Spread {
    /// What decides about a call's upstream.
    pub(crate) fn attribute(self, caller: Caller, path: &str) -> u64 {
        match self {
            Self::Least => 0,
            Self::By(Attribute::Partner) => caller.who().into(),
            Self::By(Attribute::Key) => caller.key.0.into(),
            Self::By(Attribute::Path) => digest(path.as_bytes()),
        }
    }
}

/// A number for a text, the same in every process: FNV-1a.
pub(crate) fn digest(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Spreads a number over all of its bits.
pub(crate) const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// How much an attribute likes an upstream: weighted rendezvous.
#[expect(clippy::cast_precision_loss, reason = "53 bits are kept, and weights are small")]
pub(crate) fn liking(attribute: u64, upstream: u64, weight: u32) -> f64 {
    let drawn = mixed(mixed(attribute) ^ upstream) >> 11;
    let part = (drawn as f64 + 0.5) / (1_u64 << 53) as f64;
    -f64::from(weight) / part.ln()
}
