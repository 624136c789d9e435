//! The data plane: takes calls, has them judged, sends on what is permitted, and answers the rest.
//!
//! Each of its threads has a runtime, a listener, a desk of the judge, upstream connections and
//! counts of its own, so that nothing of a call crosses threads. Must not know the store, the
//! control plane or the console: the gate stands when the office burns.
//!
//! Life of a call: [`accept`] → guard (bytes that can be read in one way only) → [`stack`] (id,
//! panics) → [`gate`] (head, body, verdict, forwarding, answer) → ticket (record and counts, once,
//! when the answer is out).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod accept;
mod address;
mod addresses;
mod announced;
mod answer;
mod arrival;
mod aside;
mod asked;
mod batch;
mod block;
mod body;
mod bounded;
mod conn;
mod counts;
mod doors;
mod entry;
mod error;
mod events;
mod flow;
mod forward;
mod gate;
mod grpc;
mod guard;
mod held;
mod http1;
mod http2;
mod hygiene;
mod ids;
mod inward;
mod judge;
mod leak;
mod ledger;
mod linger;
mod listen;
mod listener;
mod metrics;
mod out;
mod outgoing;
mod parked;
mod pressure;
mod random;
mod rates;
mod reach;
mod recall;
mod received;
mod records;
mod refuse;
mod reply;
mod sending;
mod settings;
mod shares;
mod sieving;
mod stack;
mod stall;
mod start;
mod thinned;
mod thread;
mod thrift;
mod ticker;
mod ticket;
mod tls;
mod trace;
mod unpack;
mod upgrade;
mod upload;
mod upstream;
mod upstreams;
mod usage;
mod wire;

pub use address::{Placement, PlatformCredential, PublicUrl, Upstream};
pub use aside::{Aside, AsideAnswer, AsideCall, AsideOutlet, Asker};
pub use error::{ProxyError, SettingError};
pub use ledger::{LedgerBounds, LedgerOutlet};
pub use listener::Listener;
pub use metrics::Metrics;
pub use pressure::Pressure;
pub use reach::{Cutter, Exchanger, Looker, Recaller, UnderWay};
pub use recall::{Recalled, RecalledAsk, RecalledMore, RecalledOutcome, RecalledWay};
pub use records::{More, Record, Recorder, Records, Signal};
pub use settings::{Codec, Family, Limits, Settings, Timeouts};
pub use start::{Drained, Outlets, Proxy, Running};
pub use thrift::give_back;
pub use tls::{BackMaterial, Certificate, Clients, Pem, TlsBack, TlsError, TlsFront, TlsMaterial};
pub use trace::{CallSpan, Ended, Leg, SpanId, Spans, TraceId, Traces};
pub use upstreams::{Adaptive, Attribute, Bounds, Check, Spread, Upstreams, Weighted};
pub use usage::UsageOutlet;
