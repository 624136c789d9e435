//! Clients that others wrote, through the gate to a platform that is made of the same library: what its
//! user sees must be what the user of a bare connection would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests"
)]

mod grpc;
mod rpc;
#[path = "../support/mod.rs"]
mod support;
mod websocket;
mod websocket_http2;
