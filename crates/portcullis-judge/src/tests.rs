//! The judge as a whole: a small platform, a few partners, and a clock turned by hand.

mod agreements;
mod amended;
mod arrivals;
mod bed;
mod clients;
mod duties;
mod entries;
mod explain;
mod groups;
mod ledger;
mod order;
mod origins;
mod policy;
mod rates;
mod remembered;
mod secrets;
mod shapes;
mod signals;
#[path = "../../portcullis-control/tests/issuer/signing.rs"]
mod signing;
mod standing;
mod tokens;
