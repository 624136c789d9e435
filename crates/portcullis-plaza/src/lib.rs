//! Plaza, the sample platform: a real HTTP server shaped like a Graph API, over generated fixtures.
//!
//! It stands behind the gate in the demo, in tests and in benches, bad habits included. It believes only its own
//! token. It holds no gate logic and must not know any other crate of the workspace.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests"
    )
)]

mod batch;
mod body;
mod cdn;
mod clock;
mod desk;
mod error;
mod fields;
mod http_glue;
mod insights;
mod jsonpath;
mod legacy;
mod load;
mod model;
mod multipart;
mod page;
mod params;
mod publish;
mod reads;
mod render;
mod rng;
mod router;
mod schema;
mod search;
mod seed;
mod server;
mod settings;
mod showcase;
mod world;

pub use server::{Plaza, Running};
pub use settings::{PlazaError, Recorded, Recorder, Settings, Source};
pub use showcase::Showcase;
