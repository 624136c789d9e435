//! The suites of this crate as one program, which is linked once; beside it stand those that scripts call
//! by their name or that have a folder of their own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod support;

mod adaptive;
mod balance;
mod batch;
mod codec;
mod entry;
mod forwarding;
mod framing;
mod grpc;
mod http2;
mod keyed;
mod ledger;
mod left;
mod limits;
mod panics;
mod parked;
mod plaza;
mod queue;
mod records;
mod sieve;
mod standings;
mod streams;
mod tls;
mod traces;
mod upstream_tls;
mod upstreams;
mod usage;
mod ways;
mod websocket;
