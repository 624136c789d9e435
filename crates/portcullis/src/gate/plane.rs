//! From the configuration to a running data plane and an admin API.
//!
//! Must not open the store or decide what is in force.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use portcullis_control::{AdminCall, Control, ControlSettings, Hooks, LedgerDesk, Remembers};
use portcullis_judge::Judge;
use portcullis_proxy::{
    Aside, AsideOutlet, Codec, Family, Limits, Listener, Looker, Metrics, Outlets, Placement,
    PlatformCredential, Proxy, Recaller, Recorder, Records, Running, Settings, Timeouts, TlsBack,
    UsageOutlet,
};
use portcullis_registry::{DeletionDesk, Office, UsageBook};
use portcullis_types::{Clock, Span};

use super::board::Board;
use super::care;
use super::checker::Compiler;
use super::deletions;
use super::hooks;
use super::issuer;
use super::keymaker::Minter;
use super::ledger::{self, Ledger};
use super::memory::Memory;
use super::platform;
use super::preview::Foresight;
use super::probe::Watch;
use super::recall::Recall;
use super::signals::Figures;
use super::traces::{self, Telling};
use super::witnesses::Cosigned;
use crate::clock::SystemClock;
use crate::config::{self, Config, Place, RecordsTo};
use crate::talk;

/// Most access records that wait for the writer, per thread.
const RING: usize = 8_192;

/// What the data plane shares with others.
pub(crate) struct Shared<'a> {
    pub judge: &'a Arc<Judge>,
    pub metrics: &'a Arc<Metrics>,
    pub usage: &'a Arc<UsageBook>,
    pub memory: Memory,
    /// What knows the names of what calls are about.
    pub names: (&'a Arc<dyn Office>, &'a Arc<Board>),
    pub ledger: &'a Option<Ledger>,
}

/// Starts the data plane, and whoever tells of its calls.
pub(crate) fn start(
    config: &Config,
    (listeners, back): (Vec<Listener>, Option<TlsBack>),
    shared: &Shared<'_>,
    aside: Arc<dyn Aside>,
) -> anyhow::Result<(Running, Option<Telling>)> {
    let Shared { judge, metrics, usage, ref memory, names, ledger } = *shared;
    let mut settings = settings(config, listeners)?;
    settings.upstreams.tls = back;
    settings.pressure = memory.pressure.clone();
    if let Some(held) = memory.held {
        let most = &mut settings.limits.buffered_total_bytes;
        *most = held.min(*most);
    }
    let records = records(config, settings.threads, metrics)?;
    let clock = Arc::new(SystemClock::start());
    let telling = traces::start(config, names, metrics, &clock)?;
    let (traces, telling) = telling.unzip();
    let ledger = ledger.as_ref().map(|ledger| ledger.outlet.clone());
    let usage = Some(UsageOutlet(Arc::clone(usage) as _));
    let outlets = Outlets { records, usage, aside: Some(AsideOutlet(aside)), traces, ledger };
    let running = Proxy::start(settings, Arc::clone(judge), clock, Arc::clone(metrics), outlets)?;
    Ok((running, telling))
}

fn settings(config: &Config, listeners: Vec<Listener>) -> anyhow::Result<Settings> {
    let secrets = &config.secrets;
    let credential = match (config.place, &secrets.platform_credential) {
        (Place::Bearer, Some(secret)) => {
            PlatformCredential::new(secret.expose(), Placement::Bearer)?
        }
        (Place::Query, Some(secret)) => {
            PlatformCredential::new(secret.expose(), Placement::Query("access_token".to_owned()))?
        }
        _ => PlatformCredential::none(),
    };
    let first = listeners.first().context("no listener is configured")?.address;
    let mut settings = Settings::new(first, config.upstream.parse()?, credential);
    settings.listeners = listeners;
    settings.upstreams = config.upstreams.clone();
    settings.threads = config.threads;
    settings.public_url = Some(config.public_url.parse()?);
    settings.family = match config.family {
        config::Family::Graph => Family::Graph,
        config::Family::Problem => Family::Problem,
    };
    settings.key_header =
        config.key_header.parse().context("`public.key_header` is not a header name")?;
    settings.forwarded = config.forwarded;
    settings.codec = match config.codec {
        config::Codec::Own => Codec::Own,
        config::Codec::Hyper => Codec::Hyper,
        config::Codec::Http2 => Codec::Http2,
    };
    settings.rate_fields = config.rate_fields;
    settings.record_requests = config.record_requests;
    settings.recall_calls = config.explain_calls;
    settings.trusted = config.trusted_proxies.clone();
    let (limits, waits) = (&config.limits, &config.timeouts);
    settings.limits = Limits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        in_flight: limits.calls,
        head_bytes: limits.head_bytes,
        judged_body_bytes: limits.judged_body_bytes as u64,
        streamed_body_bytes: limits.opaque_body_bytes as u64,
        buffered_answer_bytes: limits.checked_answer_bytes as u64,
        ..Limits::default()
    };
    settings.timeouts = Timeouts {
        head: waits.head.duration(),
        body: waits.body.duration(),
        idle: waits.idle.duration(),
        connect: waits.connect.duration(),
        first_byte: waits.first_byte.duration(),
        answer_idle: waits.answer_idle.duration(),
        total: waits.total.duration(),
        stream: waits.stream.map(Span::duration),
        ..Timeouts::default()
    };
    Ok(settings)
}

fn records(config: &Config, threads: usize, metrics: &Metrics) -> anyhow::Result<Records> {
    let out: Box<dyn Write + Send> = match (config.records, &config.records_path) {
        (RecordsTo::None, _) => return Ok(Records::Off),
        (RecordsTo::File, Some(path)) => {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            Box::new(file.with_context(|| {
                format!("access records can't be written to `{}`", path.display())
            })?)
        }
        _ => Box::new(std::io::stdout()),
    };
    let recorder =
        Recorder::start(out, threads, RING, metrics).context("no thread for access records")?;
    Ok(Records::On(recorder))
}

/// What the admin API stands on.
pub(crate) struct Parts {
    pub judge: Arc<Judge>,
    pub office: Arc<dyn Office>,
    pub board: Arc<Board>,
    pub metrics: Arc<Metrics>,
    pub signals: Arc<Figures>,
    pub usage: Arc<UsageBook>,
    pub recaller: Recaller,
    pub looker: Looker,
    pub hooks: Arc<dyn Hooks>,
    pub hook_figures: Arc<hooks::Figures>,
    pub remembers: Option<Arc<dyn Remembers>>,
    pub witnesses: Option<Arc<Cosigned>>,
    pub platform: Option<Arc<platform::Figures>>,
    pub issuers: Arc<issuer::Seen>,
    pub ledger: Option<(Arc<ledger::Figures>, Arc<dyn LedgerDesk>)>,
    pub deletions: Arc<dyn DeletionDesk>,
}

/// Puts the admin API together; it does not listen yet.
pub(crate) fn control(config: &Config, parts: &Parts) -> anyhow::Result<Control> {
    let mut tokens = Vec::new();
    for config::Token { name, secret, person } in &config.secrets.admin_tokens {
        tokens.push(config::admin_token(name, secret.expose())?.of(person.as_deref()));
    }
    let oidc = config.people.issuer.as_ref().map(|of| issuer::oidc(of, &parts.issuers));
    let oidc = oidc.transpose()?;
    let metrics = Arc::clone(&parts.metrics);
    let board = Arc::clone(&parts.board);
    let (office, signals) = (Arc::clone(&parts.office), Arc::clone(&parts.signals));
    let hooks = Arc::clone(&parts.hook_figures);
    let (cosigned, platform) = (parts.witnesses.clone(), parts.platform.clone());
    let ledger = parts.ledger.as_ref().map(|(figures, _)| Arc::clone(figures));
    let (issuers, duties) = (Arc::clone(&parts.issuers), Arc::clone(&parts.deletions));
    let page = move || {
        let failures = board.notes().reload_failures;
        let (snapshot, now) = (office.snapshot(), SystemClock::start().now().wall);
        let signals = signals.page(&snapshot, now);
        let owed = care::page(&snapshot, &hooks, now);
        let witnesses = cosigned.as_ref().map(|cosigned| cosigned.page()).unwrap_or_default();
        let platform = platform.as_ref().map(|figures| figures.page(now)).unwrap_or_default();
        let issuers = issuers.page();
        let ledger = ledger.as_ref().map(|figures| figures.page()).unwrap_or_default();
        let deletions = deletions::page(&duties.standing(), &snapshot, now);
        format!(
            "{}{signals}{owed}{witnesses}{platform}{issuers}{ledger}{deletions}# HELP portcullis_config_reload_failures_total Reloads that changed nothing for faults in the files.\n\
             # TYPE portcullis_config_reload_failures_total counter\n\
             portcullis_config_reload_failures_total {failures}\n",
            metrics.render()
        )
    };
    Ok(Control {
        settings: ControlSettings {
            tokens,
            oidc,
            hooks: Some(Arc::clone(&parts.hooks)),
            deletions: Some(Arc::clone(&parts.deletions)),
            remembers: parts.remembers.clone(),
            retention: config.retention,
            ledger: parts.ledger.as_ref().map(|(_, desk)| Arc::clone(desk)),
            plane: Some(Arc::new(Foresight::new(&parts.judge, &parts.board, parts.looker.clone()))),
            witnessed: parts.witnesses.clone().map(|witnesses| witnesses as _),
            ..ControlSettings::default()
        },
        office: Arc::clone(&parts.office),
        checker: Arc::new(Compiler { board: Arc::clone(&parts.board) }),
        probe: Arc::new(Watch {
            judge: Arc::clone(&parts.judge),
            office: Arc::clone(&parts.office),
            board: Arc::clone(&parts.board),
            signals: Arc::clone(&parts.signals),
            witnesses: parts.witnesses.clone(),
            platform: parts.platform.clone(),
            issuers: Arc::clone(&parts.issuers),
            ledger: parts.ledger.as_ref().map(|(figures, _)| Arc::clone(figures)),
            deletions: Arc::clone(&parts.deletions),
            metrics: Arc::new(page),
        }),
        keys: Arc::new(Minter { judge: Arc::clone(&parts.judge), env: config.key_env.clone() }),
        clock: Arc::new(SystemClock::start()),
        usage: Arc::clone(&parts.usage),
        recall: Arc::new(Recall {
            judge: Arc::clone(&parts.judge),
            office: Arc::clone(&parts.office),
            board: Arc::clone(&parts.board),
            recaller: parts.recaller.clone(),
            room: config.explain_calls,
        }),
        calls: Arc::new(|call| talk::info(&told(call))),
    })
}

/// A call of the admin API in one line: who, what, how it ended.
fn told(call: &AdminCall) -> String {
    let who = call.actor.as_deref().unwrap_or("nobody signed in");
    let peer = call.peer.map_or_else(String::new, |peer| format!(" at {peer}"));
    let why = call.problem.map_or_else(String::new, |code| format!(" ({code})"));
    format!(
        "admin API: {who}{peer}: {} {}: {}{why}, {} ms",
        call.method, call.path, call.status, call.milliseconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_the_admin_api_reads_as_a_sentence() {
        let mut call = AdminCall {
            at: portcullis_types::Wall(0),
            actor: Some("ana".to_owned()),
            peer: "127.0.0.1:4711".parse().ok(),
            method: "POST".to_owned(),
            path: "/v1/keys/k1/transitions".to_owned(),
            status: 200,
            milliseconds: 8,
            problem: None,
        };
        let line = "admin API: ana at 127.0.0.1:4711: POST /v1/keys/k1/transitions: 200, 8 ms";
        assert_eq!(told(&call), line);
        (call.actor, call.status, call.problem) = (None, 401, Some("not_signed_in"));
        let told = told(&call);
        assert!(told.starts_with("admin API: nobody signed in at"), "{told}");
        assert!(told.ends_with(": 401 (not_signed_in), 8 ms"), "{told}");
    }
}
