//! Keeps the keys of issuers whose tokens prove partners: fetched again and again, on the control
//! plane, and when a token names a new one; never more often than now and then.
//!
//! Must not know what a token says.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use portcullis_control::{ISSUER_BYTES_MAX, KeySource};
use portcullis_judge::{Judge, TrustedIssuer};
use portcullis_types::{Clock, Wall};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::seen::{Noted, Seen};
use crate::clock::SystemClock;
use crate::config::{Config, TokenIssuer};
use crate::talk;

/// Least time between two tries, whoever's token names whatever key.
const BETWEEN: Duration = Duration::from_secs(30);
/// The time between tries doubles with each failure, up to this.
const BACK_OFF_MAX: Duration = Duration::from_secs(8 * 60);

/// Where the keys of an issuer are.
enum Source {
    Fetched(KeySource),
    File(PathBuf),
}

/// Looks after the keys of one issuer.
struct Keeper {
    name: String,
    issuer: Arc<TrustedIssuer>,
    source: Source,
    refresh: Duration,
    wanted: Arc<Notify>,
    clock: SystemClock,
    noted: Noted,
}

/// Has a judge trust the configured issuers. Keys in files are there from the first call on.
pub(crate) fn trust(
    config: &Config,
    runtime: &Runtime,
    judge: Arc<Judge>,
    seen: &Arc<Seen>,
) -> anyhow::Result<Arc<Judge>> {
    let mut all = Vec::with_capacity(config.issuers.len());
    for of in &config.issuers {
        let keeper = Keeper::new(of, seen)?;
        all.push(Arc::clone(&keeper.issuer));
        runtime.spawn(keeper.run());
    }
    judge.trust(all);
    Ok(judge)
}

impl Keeper {
    fn new(of: &TokenIssuer, seen: &Arc<Seen>) -> anyhow::Result<Self> {
        let TokenIssuer { rules, jwks, file, refresh } = of.clone();
        let name = rules.issuer.clone();
        let wanted = Arc::new(Notify::new());
        let wake = Arc::clone(&wanted);
        let issuer = TrustedIssuer::new(rules, Box::new(move || wake.notify_one()));
        let clock = SystemClock::start();
        let source = match file {
            Some(file) => {
                let learned = read(&file).and_then(|set| issuer.learn(set, clock.now().wall));
                learned.map_err(anyhow::Error::msg).with_context(|| {
                    format!("the keys of issuer `{name}` can't be read from `{}`", file.display())
                })?;
                Source::File(file)
            }
            None => {
                let asked = [Some(name.as_str()), jwks.as_deref()];
                let fetch = super::fetcher(asked.into_iter().flatten())?;
                Source::Fetched(KeySource { issuer: name.clone(), jwks, fetch })
            }
        };
        let (issuer, noted) = (Arc::new(issuer), seen.note(&name, "partners"));
        Ok(Self { name, issuer, source, refresh, wanted, clock, noted })
    }

    async fn run(self) {
        let mut failures = 0_u32;
        let mut known = matches!(self.source, Source::File(_));
        loop {
            let renewed = self.renew().await;
            self.noted.came(renewed.as_ref().map(|_| ()).map_err(String::as_str), self.now());
            failures = match renewed {
                Ok(changed) => {
                    self.tell(changed, std::mem::replace(&mut known, true), failures);
                    0
                }
                Err(why) => {
                    if failures == 0 {
                        talk::warn(&format!(
                            "the keys of issuer `{}` can't be had, those that are known go on for an hour at most: {why}",
                            self.name
                        ));
                    }
                    failures.saturating_add(1)
                }
            };
            let between = BETWEEN.min(self.refresh);
            let rest = between.saturating_mul(1 << failures.saturating_sub(1).min(8));
            let rest = rest.min(BACK_OFF_MAX);
            let until = self.now().0.saturating_add(u64::try_from(rest.as_millis()).unwrap_or(0));
            self.issuer.rest(Wall(until));
            sleep(rest).await;
            if failures == 0 {
                let _either =
                    tokio::time::timeout(self.refresh.saturating_sub(rest), self.wanted.notified())
                        .await;
            }
        }
    }

    fn tell(&self, changed: bool, known: bool, failures: u32) {
        let what = match (changed, known) {
            (true, true) => "changed, the new ones are in force",
            (_, false) => "are known",
            (false, true) if failures > 0 => "can be had again",
            (false, true) => return,
        };
        talk::info(&format!("the keys of issuer `{}` {what}", self.name));
    }

    async fn renew(&self) -> Result<bool, String> {
        let set = match &self.source {
            Source::Fetched(source) => source.set().await?,
            Source::File(file) => {
                let file = file.clone();
                let work = tokio::task::spawn_blocking(move || read(&file));
                work.await.unwrap_or_else(|_| Err("a fault".to_owned()))?
            }
        };
        self.issuer.learn(set, self.now())
    }

    fn now(&self) -> Wall {
        self.clock.now().wall
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut set = Vec::new();
    let bound = ISSUER_BYTES_MAX as u64 + 1;
    let file = File::open(file).map_err(|error| error.to_string())?;
    file.take(bound).read_to_end(&mut set).map_err(|error| error.to_string())?;
    if set.len() > ISSUER_BYTES_MAX {
        return Err(format!("it is longer than {ISSUER_BYTES_MAX} bytes"));
    }
    Ok(set)
}
