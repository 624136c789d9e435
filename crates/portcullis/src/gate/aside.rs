//! The partners' own API on the public listener: where the data plane and the control plane meet.
//!
//! Whose key it is, the judge's directory tells; what is answered, the control plane. Its calls run on
//! the control plane's runtime, so that none holds up a call to the platform. Must not decide anything.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, OnceLock};

use portcullis_control::{
    AgreedLimit, AgreedOperation, Agreements, CallExplained, PartnerApi, PartnerCall, PartnerDesk,
    PartnerKey, Recall, Remembers,
};
use portcullis_judge::{AgreedTo, Judge, LimitState, Origin, Per};
use portcullis_proxy::{Aside, AsideAnswer, AsideCall, Asker};
use portcullis_registry::{DeletionDesk, Office, UsageBook};
use portcullis_types::{Counts, KeyIx, Mono, Now, RateHit, RateId, Refusal, Span};
use tokio::runtime::Handle;

use super::keymaker::Minter;
use super::pace::Pace;
use super::witnesses::Cosigned;
use crate::clock::SystemClock;
use crate::config::Config;

/// Where the paths of the control plane begin.
const ROOT: &str = "/partner/v1";
/// Calls of one key in a minute.
const KEY_PER_MINUTE: u64 = 60;
/// Calls of one peer in a minute, whatever keys they show.
const PEER_PER_MINUTE: u64 = 300;

/// What it stands on.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) judge: &'a Arc<Judge>,
    pub(super) office: &'a Arc<dyn Office>,
    pub(super) usage: &'a Arc<UsageBook>,
    pub(super) runtime: &'a Handle,
    pub(super) remembers: Option<Arc<dyn Remembers>>,
    pub(super) witnesses: Option<Arc<Cosigned>>,
    pub(super) deletions: Arc<dyn DeletionDesk>,
}

/// The partners' API, as the data plane sees it.
pub(super) struct PartnerDoor {
    prefix: String,
    judge: Arc<Judge>,
    office: Arc<dyn Office>,
    desk: PartnerDesk,
    calls: Arc<LateRecall>,
    runtime: Handle,
    keys: Pace,
    peers: Pace,
}

impl PartnerDoor {
    pub(super) fn new(parts: &Parts<'_>) -> Self {
        let calls = Arc::new(LateRecall::default());
        let api = PartnerApi {
            office: Arc::clone(parts.office),
            agreements: Arc::new(Agreed(Arc::clone(parts.judge))),
            usage: Arc::clone(parts.usage),
            recall: Arc::clone(&calls) as _,
            keys: Arc::new(Minter {
                judge: Arc::clone(parts.judge),
                env: parts.config.key_env.clone(),
            }),
            clock: Arc::new(SystemClock::start()),
            promise: parts.config.promise.clone(),
            path: parts.config.partner_api.clone(),
            deletions: Some(Arc::clone(&parts.deletions)),
            remembers: parts.remembers.clone(),
            witnessed: parts.witnesses.clone().map(|witnesses| witnesses as _),
        };
        Self {
            prefix: parts.config.partner_api.clone(),
            judge: Arc::clone(parts.judge),
            office: Arc::clone(parts.office),
            desk: PartnerDesk::new(api),
            calls,
            runtime: parts.runtime.clone(),
            keys: Pace::per_minute(KEY_PER_MINUTE),
            peers: Pace::per_minute(PEER_PER_MINUTE),
        }
    }

    /// From when on calls can be looked for: the data plane that remembers them starts with this.
    pub(super) fn remember(&self, recall: Arc<dyn Recall>) {
        let _first = self.calls.0.set(recall);
    }

    /// What follows the prefix of a path of ours.
    fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl Aside for PartnerDoor {
    fn takes(&self, path: &str) -> bool {
        self.rest(path).is_some()
    }

    fn admits(&self, peer: IpAddr, now: Now) -> Result<(), Refusal> {
        paced(&self.peers, peer, PEER_PER_MINUTE, now.mono)
    }

    fn known(
        &self,
        origin: Origin<'_>,
        presented: Option<&[u8]>,
        now: Now,
    ) -> Result<Asker, Refusal> {
        let snapshot = self.office.snapshot();
        let shown = (presented, Some(&origin));
        let (key, record) = self.judge.caller(&snapshot, shown, now)?;
        let partner = snapshot.partner(record.partner).ok_or(Refusal::KeyUnknown)?;
        paced(&self.keys, key, KEY_PER_MINUTE, now.mono)?;
        origin.suits(record)?;
        Ok(Asker { key, id: record.id(), partner: partner.id.shared() })
    }

    fn answer(&self, call: AsideCall) -> AsideAnswer {
        let rest = self.rest(&call.path).unwrap_or_default();
        let query = call.query.map(|query| format!("?{query}")).unwrap_or_default();
        let call = PartnerCall {
            key: PartnerKey { key: call.asker.key, now: call.now },
            method: call.method,
            target: format!("{ROOT}{rest}{query}"),
            headers: call.headers,
            body: call.body,
        };
        let desk = self.desk.clone();
        let answering = self.runtime.spawn(async move { desk.answer(call).await });
        Box::pin(async move { answering.await.ok() })
    }
}

fn paced(pace: &Pace, who: impl std::hash::Hash, max: u64, now: Mono) -> Result<(), Refusal> {
    pace.take(who, now).map_err(|wait| {
        let Ok(rate) = RateId::new("partner-api") else { return Refusal::Overloaded };
        let seconds = wait.div_ceil(1_000_000_000);
        Refusal::RateReached(RateHit {
            rate,
            max,
            window: Span::from_seconds(60),
            retry_after_seconds: Some(NonZeroU64::new(seconds).unwrap_or(NonZeroU64::MIN)),
        })
    })
}

/// The last calls, once the data plane is there that remembers them.
#[derive(Default)]
struct LateRecall(OnceLock<Arc<dyn Recall>>);

impl Recall for LateRecall {
    fn explain(&self, id: &str) -> Option<CallExplained> {
        self.0.get()?.explain(id)
    }

    fn room(&self) -> usize {
        self.0.get().map_or(0, |recall| recall.room())
    }
}

/// What agreements come to, by the judge.
struct Agreed(Arc<Judge>);

impl Agreements for Agreed {
    fn limits(&self, key: KeyIx, now: Now) -> Vec<AgreedLimit> {
        self.0.desk().limits(key, now).into_iter().map(limit).collect()
    }

    fn operations(&self, key: KeyIx, now: Now) -> Vec<AgreedOperation> {
        self.0.desk().agreed(key, now).into_iter().map(operation).collect()
    }
}

fn limit(state: LimitState) -> AgreedLimit {
    let (used, left, reset) = match state.stands {
        Some((used, left, reset)) => (Some(used), Some(left), Some(reset)),
        None => (None, None, None),
    };
    AgreedLimit {
        name: state.id.to_string(),
        kind: if state.is_rate { "rate" } else { "budget" },
        counts: match state.counts {
            Counts::Calls => "calls",
            Counts::Rows => "rows",
            Counts::Targets => "targets",
        },
        per: match state.per {
            Per::Partner => "partner",
            Per::Client => "client",
            Per::Key => "key",
        },
        each_target: state.each_target,
        max: state.max,
        window_seconds: state.window.seconds(),
        used,
        left,
        reset_seconds: reset,
    }
}

fn operation(agreed: AgreedTo) -> AgreedOperation {
    AgreedOperation {
        operation: agreed.name,
        method: agreed.method.as_str(),
        path: agreed.template,
        classes: agreed.classes,
        open: agreed.open,
    }
}
