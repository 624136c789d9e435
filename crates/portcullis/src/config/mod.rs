//! `portcullis.yaml`: read whole or not at all, every fault at once.
//!
//! Knows files, environment and addresses. Must not start anything.

mod addresses;
mod back;
mod bounds;
mod calendar;
mod deletions;
mod fetch;
mod issuers;
mod ledger;
mod listeners;
mod load;
mod people;
mod platform;
mod reasons;
mod retention;
mod secrets;
mod settle;
mod shape;
mod telemetry;
mod upstreams;
mod witnesses;

pub(crate) use addresses::{public_url_fault, upstream_fault};
pub(crate) use back::BackFiles;
pub(crate) use fetch::admin_token;
pub(crate) use issuers::TokenIssuer;
pub(crate) use listeners::{ListenerOf, TlsFiles};
pub(crate) use load::load;
pub(crate) use people::{Issuer, Token};
pub(crate) use platform::PlatformHook;
pub(crate) use secrets::{Secret, read_file as secret_in};
pub(crate) use settle::Config;
pub(crate) use shape::{Codec, Family, Place, RecordsTo, schema};
pub(crate) use telemetry::Telemetry;
pub(crate) use witnesses::Witnesses;
