//! What the ledger is told of what leaves, over the routes of the sample platform.

mod calls;
mod kept;
mod world;
