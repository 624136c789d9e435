//! What each operation, node type and field of the platform *is*: route files, checked and
//! compiled.
//!
//! Read by the request (to unfold) and the policy (to name classes). Must not know policies,
//! partners, HTTP libraries or files.
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

mod compile;
mod file;
mod import;
mod model;
mod routes;

pub use import::{Imported, import_openapi};
pub use model::{
    Answer, Body, Catalogue, ClassUse, Entry, Extra, Field, FieldRef, Found, Given, IdPattern,
    Kinds, NodeType, Operation, OperationClass, ParamRole, Shape, ShapeIx, Vanishing, Versions,
    What,
};

/// The class nobody may be granted: what is not classified yet is closed.
pub const UNCLASSIFIED: &str = "unclassified";

/// Its index, the same in every catalogue.
pub const UNCLASSIFIED_IX: portcullis_types::ClassIx = portcullis_types::ClassIx(0);
