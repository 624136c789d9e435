//! Hooks of partners: what is kept of them, as the admin API sees it, and the thread of work that
//! tells them.
//!
//! The log is the truth: what a hook has not been told is found from where its cursor stands, so
//! nothing is lost when the gate stops in between. Must not know what a notice says.

mod figures;
mod old;
mod pump;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use portcullis_control::{DeliverySeen, HookError, HookMade, HookSeen, Hooks};
use portcullis_hooks::{HookSecret, Poster, Reach, Roots, Target};
use portcullis_registry::{BoxFuture, Office, Retention};
use portcullis_store::{Bytes, DeliveryRow, HOOKS_MAX, KeptHook, NewDelivery, Outbox, StoreError};
use portcullis_types::{Clock, PartnerId, Revision, Wall};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

pub(crate) use figures::Figures;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::talk;

/// The longest a hook may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What keeps hooks.
pub(crate) struct Keeper {
    outbox: Outbox,
    office: Arc<dyn Office>,
    poster: Poster,
    clock: SystemClock,
    retention: Retention,
    /// There is something to send.
    more: Notify,
    figures: Arc<Figures>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("outbox", &self.outbox).finish_non_exhaustive()
    }
}

/// Opens the file beside the log and begins to tell hooks, on the control plane's runtime.
pub(crate) fn start(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    errands: &mut Vec<AbortHandle>,
) -> anyhow::Result<Arc<Keeper>> {
    let outbox = runtime
        .block_on(Outbox::open(&config.store))
        .context("the hooks of partners can't be opened")?;
    let reach = || Reach::new(config.hooks_allowed.clone());
    let poster = Poster::new(reach(), &Roots::System, PATIENCE).or_else(|error| {
        talk::warn(&error.to_string());
        Poster::new(reach(), &Roots::Only(Vec::new()), PATIENCE)
    })?;
    let keeper = Arc::new(Keeper {
        outbox,
        office: Arc::clone(office),
        poster,
        clock: SystemClock::start(),
        retention: config.retention,
        more: Notify::new(),
        figures: Arc::default(),
    });
    errands.push(runtime.spawn(pump::run(Arc::clone(&keeper))).abort_handle());
    Ok(keeper)
}

impl Keeper {
    /// How its messages fare.
    pub(crate) fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    fn now(&self) -> Wall {
        self.clock.now().wall
    }

    async fn known(&self, id: &str) -> Result<KeptHook, HookError> {
        let hooks = self.outbox.hooks().await.map_err(store)?;
        hooks.into_iter().find(|hook| hook.id == id).ok_or(HookError::Unknown)
    }

    async fn keep(&self, partner: PartnerId, url: String) -> Result<HookMade, HookError> {
        let target = Target::read(&url).map_err(|error| HookError::Unfit(error.to_string()))?;
        let poster = self.poster.clone();
        let looked = {
            let target = target.clone();
            tokio::task::spawn_blocking(move || poster.look(&target)).await
        };
        looked.unwrap_or_else(|_| Err("its name can't be looked up".to_owned())).map_err(
            |why| HookError::Unfit(format!("a hook at {} can't be called: {why}", target.origin())),
        )?;
        if self.outbox.hooks().await.map_err(store)?.len() >= HOOKS_MAX {
            return Err(HookError::Full(HOOKS_MAX));
        }
        let id: String = drawn::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let (id, secret) = (format!("hook_{id}"), new_secret()?);
        let newest = self.office.snapshot().revision();
        let hook = KeptHook {
            id: id.clone(),
            partner: partner.to_string(),
            url: target.url().to_owned(),
            secret: Bytes(secret.bytes().to_vec()),
            added: self.now(),
            cursor: Revision(newest.map_or(0, |newest| newest.0 + 1)),
            previous: None,
        };
        self.outbox.add(&hook).await.map_err(store)?;
        Ok(HookMade { id, origin: target.origin().to_owned(), secret: secret.expose() })
    }

    async fn change_secret(&self, id: String, until: Wall) -> Result<HookMade, HookError> {
        let hook = self.known(&id).await?;
        let secret = new_secret()?;
        let kept = self.outbox.rotate(&id, &Bytes(secret.bytes().to_vec()), until).await;
        kept.map_err(store)?.then_some(()).ok_or(HookError::Unknown)?;
        let target = Target::read(&hook.url);
        let origin = target.map(|target| target.origin().to_owned()).unwrap_or_default();
        Ok(HookMade { id, origin, secret: secret.expose() })
    }

    async fn greet(&self, id: &str) -> Result<(), HookError> {
        let (hook, now) = (self.known(id).await?, self.now());
        let body = json!({
            "type": "hook.test",
            "timestamp": now.rfc3339(),
            "data": {"partner": hook.partner, "hook": hook.id},
        });
        let message = NewDelivery {
            message: format!("tst_{}", now.0),
            kind: "hook.test".to_owned(),
            body: body.to_string(),
        };
        self.outbox.take(id, hook.cursor, &[message], now).await.map_err(store)?;
        self.more.notify_one();
        Ok(())
    }
}

impl Hooks for Keeper {
    fn list(&self) -> BoxFuture<'_, Result<Vec<HookSeen>, HookError>> {
        Box::pin(async {
            let hooks = self.outbox.hooks().await.map_err(store)?;
            let seen = hooks.into_iter().map(|hook| {
                let target = Target::read(&hook.url);
                let origin = target.map(|target| target.origin().to_owned()).unwrap_or_default();
                HookSeen { id: hook.id, partner: hook.partner, origin, added: hook.added }
            });
            Ok(seen.collect())
        })
    }

    fn add(&self, partner: PartnerId, url: String) -> BoxFuture<'_, Result<HookMade, HookError>> {
        Box::pin(self.keep(partner, url))
    }

    fn rotate(&self, id: String, until: Wall) -> BoxFuture<'_, Result<HookMade, HookError>> {
        Box::pin(self.change_secret(id, until))
    }

    fn remove(&self, id: String) -> BoxFuture<'_, Result<(), HookError>> {
        Box::pin(async move {
            let gone = self.outbox.remove(&id).await.map_err(store)?;
            gone.then_some(()).ok_or(HookError::Unknown)
        })
    }

    fn test(&self, id: String) -> BoxFuture<'_, Result<(), HookError>> {
        Box::pin(async move { self.greet(&id).await })
    }

    fn deliveries(
        &self,
        id: String,
        before: Option<i64>,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<DeliverySeen>, HookError>> {
        Box::pin(async move {
            self.known(&id).await?;
            let rows = self.outbox.deliveries(&id, before, count).await.map_err(store)?;
            Ok(rows.into_iter().map(seen).collect())
        })
    }

    fn sent(&self, message: String) -> BoxFuture<'_, Result<Vec<DeliverySeen>, HookError>> {
        Box::pin(async move {
            let rows = self.outbox.sent(&message).await.map_err(store)?;
            Ok(rows.into_iter().map(seen).collect())
        })
    }

    fn replay(&self, id: String, delivery: i64) -> BoxFuture<'_, Result<(), HookError>> {
        Box::pin(async move {
            let found = self.outbox.replay(&id, delivery, self.now()).await.map_err(store)?;
            self.more.notify_one();
            found.then_some(()).ok_or(HookError::Unknown)
        })
    }
}

fn seen(row: DeliveryRow) -> DeliverySeen {
    let DeliveryRow { id, hook, message, kind, made, next, failures, done, status, said } = row;
    DeliverySeen { id, hook, message, kind, made, next, failures, taken: done, status, said }
}

fn new_secret() -> Result<HookSecret, HookError> {
    HookSecret::new(drawn::<32>()?.as_ref()).map_err(|why| unlucky(&why))
}

/// Random bytes.
fn drawn<const N: usize>() -> Result<Zeroizing<[u8; N]>, HookError> {
    let mut random = Zeroizing::new([0; N]);
    getrandom::fill(random.as_mut()).map_err(|why| unlucky(&why))?;
    Ok(random)
}

fn unlucky(why: &dyn fmt::Display) -> HookError {
    HookError::Store(format!("no randomness: {why}"))
}

fn store(error: StoreError) -> HookError {
    HookError::Store(error.to_string())
}
