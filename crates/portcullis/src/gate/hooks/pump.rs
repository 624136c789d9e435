//! From events to messages, and from messages to hooks: each second, and whenever there is more.
//!
//! One message of a hook is on its way at a time; a hook that hangs delays nobody else's.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use portcullis_hooks::{HookSecret, Message, Outcome, Target, next_try};
use portcullis_registry::PartnerNotice;
use portcullis_store::{DueDelivery, KeptHook, Looks, NewDelivery, StoreError, Tried};
use portcullis_types::{Revision, Wall};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Keeper, old};
use crate::talk;

/// How often it is looked whether there is something new in the log.
const LOOK: Duration = Duration::from_millis(100);
/// After so many looks that found nothing what waits is gone through all the same.
const LOOKS: u32 = 10;
/// Messages on their way at once.
const TOGETHER: usize = 8;
/// Events looked at in one go.
const EVENTS: usize = 500;

/// Runs until the runtime ends.
pub(super) async fn run(keeper: Arc<Keeper>) {
    let (mut ways, mut busy) = (JoinSet::new(), HashSet::new());
    let (mut failing, mut looks) = (false, Looks::default());
    loop {
        let known = keeper.office.snapshot().revision();
        let result = round(&keeper, &mut ways, &mut busy).await;
        let forgotten = old::forget(&keeper, &mut looks).await;
        if let Err(why) = forgotten {
            talk::error(&format!("old messages to hooks are not erased for now: {why}"));
        }
        if let Err(why) = &result
            && !failing
        {
            talk::error(&format!("hooks are not told for now: {why}"));
        }
        failing = result.is_err();
        tokio::select! {
            Some(back) = ways.join_next() => {
                if let Ok((hook, result)) = back {
                    busy.remove(&hook);
                    if let Err(why) = result {
                        talk::error(&format!("what became of a message can't be written: {why}"));
                    }
                }
            }
            () = more(&keeper, known) => {}
        }
    }
}

/// Waits until there may be more to do: who has a hook is told at once.
async fn more(keeper: &Keeper, known: Option<Revision>) {
    for _ in 0..LOOKS {
        let asked = timeout(LOOK, keeper.more.notified()).await.is_ok();
        if asked || keeper.office.snapshot().revision() != known {
            return;
        }
    }
}

type Ways = JoinSet<(String, Result<(), StoreError>)>;

async fn round(
    keeper: &Arc<Keeper>,
    ways: &mut Ways,
    busy: &mut HashSet<String>,
) -> Result<(), String> {
    let hooks = keeper.outbox.hooks().await.map_err(|error| error.to_string())?;
    derive(keeper, &hooks).await?;
    let backlog = keeper.outbox.backlog().await.map_err(|error| error.to_string())?;
    keeper.figures.stand(backlog);
    if hooks.iter().any(|hook| expired(hook, keeper.now())) {
        let gone = keeper.outbox.forget_secrets(keeper.now()).await;
        gone.map_err(|error| error.to_string())?;
    }
    if hooks.is_empty() || ways.len() >= TOGETHER {
        return Ok(());
    }
    let due = keeper.outbox.due(keeper.now(), TOGETHER * 2).await;
    let due = due.map_err(|error| error.to_string())?;
    for one in due {
        if ways.len() < TOGETHER && busy.insert(one.hook.id.clone()) {
            ways.spawn(send(Arc::clone(keeper), one));
        }
    }
    Ok(())
}

/// Whether the secret before signs no more.
fn expired(hook: &KeptHook, now: Wall) -> bool {
    hook.previous.as_ref().is_some_and(|(_, until)| *until <= now)
}

/// What is new in the log for each hook.
async fn derive(keeper: &Keeper, hooks: &[KeptHook]) -> Result<(), String> {
    let Some(newest) = keeper.office.snapshot().revision() else { return Ok(()) };
    let behind = || hooks.iter().filter(|hook| hook.cursor <= newest);
    let Some(from) = behind().map(|hook| hook.cursor).min() else { return Ok(()) };
    let events = keeper.office.events(from, EVENTS).await.map_err(|error| error.to_string())?;
    let Some(last) = events.last().map(|event| event.revision) else { return Ok(()) };
    let snapshot = keeper.office.snapshot();
    let notices = events.iter().filter_map(|event| PartnerNotice::of(event, &snapshot));
    let notices: Vec<PartnerNotice> = notices.collect();
    for hook in behind().filter(|hook| hook.cursor <= last) {
        let own = notices.iter().filter(|notice| {
            notice.revision >= hook.cursor && notice.partner.as_str() == hook.partner
        });
        let messages: Vec<NewDelivery> = own
            .map(|notice| NewDelivery {
                message: notice.id.clone(),
                kind: notice.kind.clone(),
                body: notice.body.to_string(),
            })
            .collect();
        let cursor = Revision(last.0 + 1);
        let taken = keeper.outbox.take(&hook.id, cursor, &messages, keeper.now()).await;
        taken.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// One try, and what became of it.
async fn send(keeper: Arc<Keeper>, due: DueDelivery) -> (String, Result<(), StoreError>) {
    let hook = due.hook.id.clone();
    let outcome = try_once(&keeper, &due).await;
    let (now, failures) = (keeper.now(), due.failures.saturating_add(1));
    let mut chance = [0; 8];
    // Without chance messages come back together, which is no reason not to send them.
    let _ = getrandom::fill(&mut chance);
    let next = || next_try(due.made, failures, now, u64::from_le_bytes(chance));
    let tried = match outcome {
        Outcome::Delivered(status) => {
            Tried { at: now, taken: true, status: Some(status), said: None, next: None }
        }
        // Gone: whoever answers so wants no more of it.
        Outcome::Answered(status @ 410) => {
            Tried { at: now, taken: false, status: Some(status), said: None, next: None }
        }
        Outcome::Answered(status) => {
            Tried { at: now, taken: false, status: Some(status), said: None, next: next() }
        }
        Outcome::Failed(why) => {
            Tried { at: now, taken: false, status: None, said: Some(why), next: next() }
        }
    };
    keeper.figures.tried(tried.taken);
    (hook, keeper.outbox.record(due.id, &tried).await)
}

async fn try_once(keeper: &Keeper, due: &DueDelivery) -> Outcome {
    let now = keeper.now();
    let before = due.hook.previous.iter().filter(|_| !expired(&due.hook, now));
    let secrets = [&due.hook.secret].into_iter().chain(before.map(|(secret, _)| secret));
    let secrets = secrets.map(|secret| HookSecret::new(&secret.0)).collect::<Result<Vec<_>, _>>();
    let (Ok(target), Ok(secrets)) = (Target::read(&due.hook.url), secrets) else {
        return Outcome::Failed(
            "its address or secret is damaged; remove it and add it".to_owned(),
        );
    };
    let message = Message {
        id: due.message.message.clone(),
        seconds: now.0 / 1000,
        body: due.message.body.clone(),
    };
    let poster = keeper.poster.clone();
    let sent = tokio::task::spawn_blocking(move || poster.post(&target, &secrets, &message)).await;
    sent.unwrap_or_else(|_| Outcome::Failed("the try was broken off".to_owned()))
}
