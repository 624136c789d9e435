//! From what is written to what holds: every member checked, every default filled in, every
//! secret fetched, and all faults told at once.
//!
//! Must not start anything.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use portcullis_proxy::Upstreams;
use portcullis_registry::{DeletionRules, Promise, Reasons, Retention};
use portcullis_types::Span;
use portcullis_yaml::{At, Fault, Source};

use super::back::BackFiles;
use super::issuers::TokenIssuer;
use super::ledger::Ledger;
use super::listeners::ListenerOf;
use super::people::{People, Token};
use super::platform::PlatformHook;
use super::secrets::Secret;
use super::shape::{Codec, ConfigFile, Family, Place, RecordsTo};
use super::telemetry::Telemetry;
use super::witnesses::Witnesses;

/// A configuration that holds.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file itself.
    pub file: PathBuf,
    /// The folder of the file; other paths start there.
    pub base: PathBuf,
    pub listeners: Vec<ListenerOf>,
    pub public_url: String,
    pub threads: usize,
    pub key_header: String,
    pub trusted_proxies: Vec<IpNet>,
    pub hooks_allowed: Vec<IpNet>,
    pub platform_hook: Option<PlatformHook>,
    pub witnesses: Witnesses,
    pub family: Family,
    pub rate_fields: bool,
    /// Where the partners' own API begins, without a slash at its end.
    pub partner_api: String,
    pub forwarded: bool,
    pub codec: Codec,
    pub admin_listen: SocketAddr,
    /// `http://host:port`
    pub upstream: String,
    pub upstreams: Upstreams,
    pub back: Option<BackFiles>,
    pub place: Place,
    pub store: PathBuf,
    pub log_name: String,
    pub routes: PathBuf,
    pub policies: PathBuf,
    pub key_env: String,
    pub records: RecordsTo,
    pub records_path: Option<PathBuf>,
    pub record_requests: bool,
    pub limits: Limits,
    pub timeouts: Timeouts,
    pub secrets: Secrets,
    pub holds_per_day: usize,
    pub explain_calls: usize,
    pub telemetry: Option<Telemetry>,
    pub people: People,
    pub issuers: Vec<TokenIssuer>,
    pub promise: Promise,
    pub reasons: Reasons,
    pub retention: Retention,
    pub ledger: Option<Ledger>,
    pub deletions: DeletionRules,
}

/// Bounds in force.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub connections: usize,
    pub connections_per_address: usize,
    pub calls: usize,
    pub memory_bytes: Option<u64>,
    pub head_bytes: usize,
    pub judged_body_bytes: usize,
    pub opaque_body_bytes: usize,
    pub checked_answer_bytes: usize,
}

/// Longest waits in force.
#[derive(Debug, Clone)]
pub(crate) struct Timeouts {
    pub head: Span,
    pub body: Span,
    pub idle: Span,
    pub connect: Span,
    pub first_byte: Span,
    pub answer_idle: Span,
    pub total: Span,
    pub stream: Option<Span>,
    pub drain: Span,
}

/// Secrets in force.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub pepper: Secret,
    pub pepper_previous: Option<Secret>,
    pub log_key: Secret,
    pub log_key_previous: Option<Secret>,
    pub admin_tokens: Vec<Token>,
    pub platform_credential: Option<Secret>,
    pub collector: Option<Secret>,
}

pub(super) struct Settling<'a> {
    pub(super) source: &'a Source,
    pub(super) faults: Vec<Fault>,
    pub(super) base: PathBuf,
}

impl Settling<'_> {
    pub(super) fn settle(mut self, file: &ConfigFile) -> Result<Config, Vec<Fault>> {
        if file.version.value != 1 {
            self.fault(
                "PC0002",
                &file.version,
                "this program reads version 1",
                "write `version: 1`",
            );
        }
        let admin_listen = self.address(file.admin.listen.as_ref(), "127.0.0.1:9901");
        let config = Config {
            listeners: self.listeners(&file.public.listen, admin_listen),
            admin_listen,
            public_url: self.public_url(&file.public.url),
            threads: self.threads(file.public.threads.as_ref()),
            key_header: self.key_header(file.public.key_header.as_ref()),
            trusted_proxies: self.networks(&file.public.trusted_proxies),
            hooks_allowed: self.networks(&file.hooks.allow),
            platform_hook: self.platform_hook(file),
            witnesses: self.witnesses(file),
            family: file.public.family,
            rate_fields: file.public.rate_fields.as_ref().is_none_or(|at| at.value),
            partner_api: self.partner_api(file.public.partner_api.as_ref()),
            forwarded: file.upstream.forwarded.as_ref().is_none_or(|at| at.value),
            codec: file.upstream.codec,
            upstream: self.upstream(&file.upstream.url),
            upstreams: self.upstreams(file),
            back: self.back(file),
            place: file.upstream.credential,
            store: self.path(file.store.path.as_ref(), "data/portcullis.db"),
            log_name: self.log_name(file.store.log_name.as_ref()),
            routes: self.path(file.routes.as_ref(), "routes"),
            policies: self.path(file.policies.as_ref(), "policies"),
            key_env: self.key_env(file.keys.env.as_ref()),
            records: file.records.to,
            records_path: self.records_path(file),
            record_requests: file.records.requests,
            limits: self.limits(file),
            timeouts: self.timeouts(file),
            secrets: self.secrets(file)?,
            holds_per_day: self.holds_per_day(file),
            explain_calls: self.explain_calls(file),
            telemetry: self.telemetry(&file.telemetry),
            people: self.people(file),
            issuers: self.issuers(file),
            promise: self.promise(&file.calendar),
            reasons: self.reasons(file),
            retention: self.retention(&file.retention),
            ledger: self.ledger_beside(file),
            deletions: self.deletions(&file.deletions),
            base: self.base.clone(),
            file: PathBuf::from(&self.source.name),
        };
        if self.faults.is_empty() { Ok(config) } else { Err(self.faults) }
    }

    pub(super) fn fault<T>(
        &mut self,
        code: &'static str,
        at: &At<T>,
        message: impl Into<String>,
        help: &str,
    ) {
        self.faults.push(self.source.fault(code, at, message).with_help(help));
    }

    fn key_header(&mut self, at: Option<&At<String>>) -> String {
        let Some(at) = at else { return "x-api-key".to_owned() };
        let name = at.value.to_ascii_lowercase();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let taken = [
            "authorization",
            "host",
            "connection",
            "content-length",
            "content-type",
            "cookie",
            "transfer-encoding",
        ];
        if name.is_empty() || !name.bytes().all(legal) || taken.contains(&name.as_str()) {
            let message = format!("`{}` can't be the key's header", at.value);
            self.fault("PC0008", at, message, "write a header name of letters, digits and `-` that has no other meaning, such as x-api-key");
        }
        name
    }

    fn path(&self, at: Option<&At<String>>, default: &str) -> PathBuf {
        self.base.join(at.map_or(default, |at| at.value.as_str()))
    }

    /// The ledger lies beside the store, unless it is said otherwise.
    fn ledger_beside(&mut self, file: &ConfigFile) -> Option<Ledger> {
        let store = self.path(file.store.path.as_ref(), "data/portcullis.db");
        self.ledger(&file.ledger, store.with_extension("ledger"))
    }

    fn key_env(&mut self, at: Option<&At<String>>) -> String {
        let Some(at) = at else { return "live".to_owned() };
        if !["live", "test"].contains(&at.value.as_str()) {
            self.fault(
                "PC0010",
                at,
                format!("`{}` is not an environment of keys", at.value),
                "write `live` or `test`",
            );
        }
        at.value.clone()
    }

    fn records_path(&mut self, file: &ConfigFile) -> Option<PathBuf> {
        match (&file.records.path, file.records.to) {
            (None, RecordsTo::File) => {
                let fault = self.source.fault_at(
                    "PC0011",
                    1,
                    1,
                    "`records.to` is `file`, but `records.path` is missing",
                );
                self.faults.push(fault.with_help("add `path: access.log` under `records:`"));
                None
            }
            (at, _) => at.as_ref().map(|at| self.base.join(&at.value)),
        }
    }
}
