//! Tells the platform itself of holds, restores and ends, so that it can end what the gate can't reach:
//! addresses of media, subscriptions. Its answer goes into the log.
//!
//! What is to be told is found from the log, so nothing is lost when the gate stops; nothing waits for
//! it. Must not know what a hold closes.

mod figures;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use portcullis_hooks::{Message, Outcome, Poster, Reach, Roots, next_try};
use portcullis_registry::{
    Actor, ActorKind, LoggedEvent, Office, OfficeError, PLATFORM_REPLY_BYTES_MAX, PartnerNotice,
    PlatformCommand, Snapshot,
};
use portcullis_store::{Bytes, DueDelivery, KeptHook, NewDelivery, Outbox, Tried};
use portcullis_types::{Clock as _, PartnerId, Revision};
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::clock::SystemClock;
use crate::config::{Config, PlatformHook};
use crate::talk;
pub(crate) use figures::Figures;

/// How often it is looked for more.
const EVERY: Duration = Duration::from_secs(1);
/// The longest the platform may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events looked at in one go.
const EVENTS: usize = 500;
/// Its name in the outbox.
const ID: &str = "platform";
/// What it is told of.
const TOLD: [&str; 8] = [
    "standing.held",
    "standing.restricted",
    "standing.terminating",
    "standing.terminated",
    "standing.probation",
    "standing.restored",
    "key.revoked",
    "key.compromised",
];

/// The platform's hook.
pub(crate) struct Platform {
    outbox: Outbox,
    office: Arc<dyn Office>,
    poster: Poster,
    hook: PlatformHook,
    clock: SystemClock,
    figures: Arc<Figures>,
}

/// Opens the file beside the log and begins to tell the platform, on the control plane's runtime; none
/// where no hook of it is configured.
pub(crate) fn start(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    errands: &mut Vec<AbortHandle>,
) -> anyhow::Result<Option<Arc<Figures>>> {
    let Some(hook) = config.platform_hook.clone() else { return Ok(None) };
    let beside = config.store.with_extension("platform.db");
    let outbox = runtime.block_on(Outbox::open(&beside));
    let outbox = outbox.context("the platform's hook can't be kept")?;
    let poster = Poster::new(Reach::new(hook.allowed.clone()), &Roots::System, PATIENCE);
    let poster = poster.or_else(|error| {
        talk::warn(&error.to_string());
        Poster::new(Reach::new(hook.allowed.clone()), &Roots::Only(Vec::new()), PATIENCE)
    })?;
    let (office, clock, figures) = (Arc::clone(office), SystemClock::start(), Arc::default());
    let platform = Platform { outbox, office, poster, hook, clock, figures };
    runtime.block_on(platform.begin()).context("the platform's hook can't be kept")?;
    let figures = Arc::clone(&platform.figures);
    errands.push(runtime.spawn(platform.run()).abort_handle());
    Ok(Some(figures))
}

impl Platform {
    /// It is told of what happens from its first start on.
    async fn begin(&self) -> Result<(), portcullis_store::StoreError> {
        let next = self.office.snapshot().revision().map_or(0, |newest| newest.0 + 1);
        match self.outbox.hooks().await?.iter().find(|hook| hook.id == ID) {
            Some(hook) if hook.cursor.0 <= next => return Ok(()),
            // The store was put back: what waits is of a log that is gone.
            Some(_) => drop(self.outbox.remove(ID).await?),
            None => {}
        }
        let hook = KeptHook {
            id: ID.to_owned(),
            partner: String::new(),
            // Address and secret are those of the configuration, whatever they were.
            url: String::new(),
            secret: Bytes(Vec::new()),
            added: self.clock.now().wall,
            cursor: Revision(next),
            previous: None,
        };
        self.outbox.add(&hook).await
    }

    async fn run(self) {
        let mut failing = false;
        loop {
            let result = self.round().await;
            if let Err(why) = &result
                && !failing
            {
                talk::error(&format!("the platform is not told for now: {why}"));
            }
            failing = result.is_err();
            // Where there was something, there may be more.
            if result != Ok(true) {
                sleep(EVERY).await;
            }
        }
    }

    /// Whether something was sent.
    async fn round(&self) -> Result<bool, String> {
        self.derive().await?;
        let due = self.outbox.due(self.clock.now().wall, 1).await;
        let due = due.map_err(|error| error.to_string())?.pop();
        let told = match due {
            Some(due) => self.tell(due).await.map(|()| true)?,
            None => false,
        };
        let backlog = self.outbox.backlog().await.map_err(|error| error.to_string())?;
        self.figures.messages.stand(backlog);
        Ok(told)
    }

    /// What is new in the log for it.
    async fn derive(&self) -> Result<(), String> {
        let hooks = self.outbox.hooks().await.map_err(|error| error.to_string())?;
        let cursor = hooks.first().map(|hook| hook.cursor);
        let (Some(cursor), Some(newest)) = (cursor, self.office.snapshot().revision()) else {
            return Ok(());
        };
        if cursor > newest {
            return Ok(());
        }
        let events = self.office.events(cursor, EVENTS).await.map_err(|error| error.to_string())?;
        let Some(last) = events.last().map(|event| event.revision) else { return Ok(()) };
        let snapshot = self.office.snapshot();
        let messages = events.iter().filter_map(|event| message(event, &snapshot));
        let messages: Vec<NewDelivery> = messages.collect();
        let now = self.clock.now().wall;
        let taken = self.outbox.take(ID, Revision(last.0 + 1), &messages, now).await;
        taken.map_err(|error| error.to_string())
    }

    /// One try. What became of it stands in the log before the message is done with.
    async fn tell(&self, due: DueDelivery) -> Result<(), String> {
        let (outcome, reply) = self.ask(&due).await;
        let (now, failures) = (self.clock.now().wall, due.failures.saturating_add(1));
        let mut chance = [0; 8];
        // Without chance messages come back together, which is no reason not to send them.
        let _ = getrandom::fill(&mut chance);
        let (status, said) = match outcome {
            Outcome::Delivered(status) => {
                self.settle(&due, Ok((status, reply))).await?;
                let done =
                    Tried { at: now, taken: true, status: Some(status), said: None, next: None };
                self.figures.messages.tried(true);
                return self.record(&due, &done).await;
            }
            Outcome::Answered(status) => (Some(status), format!("it answered {status}")),
            Outcome::Failed(why) => (None, why),
        };
        self.figures.messages.tried(false);
        let next = next_try(due.made, failures, now, u64::from_le_bytes(chance));
        if next.is_none() {
            self.figures.lost.fetch_add(1, Ordering::Relaxed);
            self.settle(&due, Err(said.clone())).await?;
        }
        self.record(&due, &Tried { at: now, taken: false, status, said: Some(said), next }).await
    }

    async fn ask(&self, due: &DueDelivery) -> (Outcome, Option<Vec<u8>>) {
        let message = Message {
            id: due.message.message.clone(),
            seconds: self.clock.now().wall.0 / 1000,
            body: due.message.body.clone(),
        };
        let (poster, hook) = (self.poster.clone(), self.hook.clone());
        let asked = tokio::task::spawn_blocking(move || {
            poster.ask(&hook.target, std::slice::from_ref(&hook.secret), &message)
        });
        let broken = || (Outcome::Failed("the try was broken off".to_owned()), None);
        asked.await.unwrap_or_else(|_| broken())
    }

    /// Writes what became of a message into the log; what the rules don't take is told and left.
    async fn settle(
        &self,
        due: &DueDelivery,
        outcome: Result<(u16, Option<Vec<u8>>), String>,
    ) -> Result<(), String> {
        let Some((about, partner, case)) = about(&due.message.body) else { return Ok(()) };
        let command = match outcome {
            Ok((status, reply)) => {
                let reply = reply.and_then(|body| json(&body));
                PlatformCommand::Told { about, partner, case, status, reply }
            }
            Err(why) => PlatformCommand::Lost { about, partner, case, why },
        };
        let actor = Actor { kind: ActorKind::Gate, id: "platform hook".to_owned() };
        match self.office.submit(actor, command.into()).await {
            Ok(_) => Ok(()),
            Err(OfficeError::Rejected(rejected)) => {
                talk::error(&format!("what the platform answered is not on record: {rejected}"));
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn record(&self, due: &DueDelivery, tried: &Tried) -> Result<(), String> {
        self.outbox.record(due.id, tried).await.map_err(|error| error.to_string())
    }
}

/// What the platform is told of an event: what the partner is, and the case.
fn message(logged: &LoggedEvent, snapshot: &Snapshot) -> Option<NewDelivery> {
    let notice = PartnerNotice::of(logged, snapshot)?;
    if !TOLD.contains(&notice.kind.as_str()) {
        return None;
    }
    let mut body = notice.body;
    if let (Some(case), Some(Value::Object(data))) = (logged.event.case(), body.get_mut("data")) {
        data.insert("case".to_owned(), case.into());
    }
    let message = format!("plt_{}", notice.revision.0);
    Some(NewDelivery { message, kind: notice.kind, body: body.to_string() })
}

/// What a message was about, by its body.
fn about(body: &str) -> Option<(Revision, PartnerId, Option<String>)> {
    let body: Value = serde_json::from_str(body).ok()?;
    let data = body.get("data")?;
    let partner = PartnerId::new(data.get("partner")?.as_str()?).ok()?;
    let case = data.get("case").and_then(Value::as_str).map(str::to_owned);
    Some((Revision(data.get("revision")?.as_u64()?), partner, case))
}

/// An answer that is JSON and short.
fn json(body: &[u8]) -> Option<String> {
    let short = body.len() <= PLATFORM_REPLY_BYTES_MAX;
    let is_json = short && serde_json::from_slice::<Value>(body).is_ok();
    is_json.then(|| String::from_utf8_lossy(body).into_owned())
}
