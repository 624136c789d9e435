//! Shows each new checkpoint of the log to its witnesses, and keeps what they sign.
//!
//! One task a witness: one that hangs delays nobody else. Nothing waits for a witness; a missing
//! quorum is seen in `/readyz` and `/metrics`. Must not know what the log says.

mod book;
mod file;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_audit::{AddCheckpoint, Checkpoint};
use portcullis_control::Witnessed;
use portcullis_registry::Office;
use portcullis_types::{Clock, Wall};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use ureq::Agent;

use self::book::{Book, Said};
use super::agent::agent;
use crate::clock::SystemClock;
use crate::config::{Config, Witnesses};
use crate::talk;

/// How often it is looked for a new checkpoint.
const EVERY: Duration = Duration::from_secs(1);
/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest answer: a few signature lines.
const ANSWER_MAX: u64 = 16 << 10;

/// What is known of the witnesses of the log.
#[derive(Debug)]
pub(crate) struct Cosigned {
    book: Mutex<Book>,
    clock: SystemClock,
}

/// Begins to show checkpoints, on the control plane's runtime; none where there are no witnesses.
pub(crate) fn start(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    errands: &mut Vec<AbortHandle>,
) -> anyhow::Result<Option<Arc<Cosigned>>> {
    let Witnesses { quorum, list } = config.witnesses.clone();
    if list.is_empty() {
        return Ok(None);
    }
    let agent = agent(list.iter().map(|witness| witness.url.as_str()))?;
    let keys = list.iter().map(|witness| witness.key.clone()).collect();
    let file = portcullis_store::cosigned_path(&config.store);
    let book = Book::new(keys, quorum, file::read(&file));
    let cosigned = Arc::new(Cosigned { book: Mutex::new(book), clock: SystemClock::start() });
    let (show, shown) = watch::channel(None);
    let shows = runtime.spawn(newest(Arc::clone(office), Arc::clone(&cosigned), show));
    errands.push(shows.abort_handle());
    for (at, witness) in list.into_iter().enumerate() {
        let asking = Asking {
            at,
            url: format!("{}/add-checkpoint", witness.url),
            name: witness.key.name().to_owned(),
            agent: agent.clone(),
            office: Arc::clone(office),
            cosigned: Arc::clone(&cosigned),
            file: file.clone(),
        };
        errands.push(runtime.spawn(asking.run(shown.clone())).abort_handle());
    }
    Ok(Some(cosigned))
}

type Shown = Option<(Checkpoint, String)>;

/// One checkpoint at a time for all, so that they sign the same.
async fn newest(office: Arc<dyn Office>, cosigned: Arc<Cosigned>, show: watch::Sender<Shown>) {
    while !show.is_closed() {
        // What can't be read now is said by others; a witness waits.
        if let Ok(note) = office.checkpoint().await
            && let Ok(checkpoint) = Checkpoint::claimed(&note)
            && show.borrow().as_ref().is_none_or(|(_, shown)| *shown != note)
        {
            cosigned.book().show(&checkpoint, &note, cosigned.now());
            show.send_replace(Some((checkpoint, note)));
        }
        sleep(EVERY).await;
    }
}

/// Asks one witness.
struct Asking {
    at: usize,
    url: String,
    name: String,
    agent: Agent,
    office: Arc<dyn Office>,
    cosigned: Arc<Cosigned>,
    file: std::path::PathBuf,
}

impl Asking {
    async fn run(self, mut shown: watch::Receiver<Shown>) {
        let (mut old, mut pause) = (0, Duration::ZERO);
        loop {
            let newest = shown.borrow_and_update().clone();
            let said = match &newest {
                Some((checkpoint, note)) => self.ask(&mut old, checkpoint, note).await,
                None => Ok(()),
            };
            match said {
                Ok(()) => {
                    pause = Duration::ZERO;
                    if shown.changed().await.is_err() {
                        return;
                    }
                }
                Err(said) => {
                    self.note(said);
                    pause = (pause * 2).clamp(EVERY, PAUSE_MAX);
                    sleep(pause).await;
                }
            }
        }
    }

    /// Has a checkpoint signed. `old` is what the witness signed last, as far as is known.
    async fn ask(&self, old: &mut u64, checkpoint: &Checkpoint, note: &str) -> Result<(), Said> {
        // The second time it is known from where; a third would mean that somebody else asks too.
        for _ in 0..3 {
            let proof = self.proof(*old, checkpoint.size).await?;
            let request = AddCheckpoint { old: *old, proof, note: note.to_owned() };
            let (status, answer) = self.post(request.to_string()).await?;
            match status {
                200 => {
                    *old = checkpoint.size;
                    let line = self.cosigned.book().sign(self.at, checkpoint, &answer)?;
                    if line && let Some(newest) = self.cosigned.newest() {
                        self.keep(&newest);
                    }
                    return Ok(());
                }
                409 => {
                    let known = answer.trim_end().parse().map_err(|_| Said::Answered(status))?;
                    if known == *old {
                        return Err(Said::Forked(known));
                    }
                    if known > checkpoint.size {
                        return Err(Said::Ahead { known, size: checkpoint.size });
                    }
                    *old = known;
                }
                422 => return Err(Said::Forked(*old)),
                other => return Err(Said::Answered(other)),
            }
        }
        Err(Said::Answered(409))
    }

    async fn proof(&self, old: u64, size: u64) -> Result<Vec<portcullis_audit::Hash>, Said> {
        if old == 0 || old == size {
            return Ok(Vec::new());
        }
        let proof = self.office.consistency(old, size).await;
        let proof = proof.map_err(|error| Said::Unread(error.to_string()))?;
        proof.ok_or_else(|| Said::Unread(format!("nothing leads from size {old} to {size}")))
    }

    async fn post(&self, body: String) -> Result<(u16, String), Said> {
        let (agent, url) = (self.agent.clone(), self.url.clone());
        let work = move || {
            let mut answer = agent.post(url).header("content-type", "text/plain").send(body)?;
            let status = answer.status().as_u16();
            let said = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_string()?;
            Ok::<_, ureq::Error>((status, said))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(error)) => Err(Said::Nothing(error.to_string())),
            Err(_) => Err(Said::Nothing("a fault of the program".to_owned())),
        }
    }

    fn keep(&self, note: &str) {
        if let Err(error) = crate::offline::publish(&self.file, note.as_bytes()) {
            talk::warn(&format!("`{}` can't be written: {error}", self.file.display()));
        }
    }

    /// Says what is new about a failure, once.
    fn note(&self, said: Said) {
        let grave = said.is_grave();
        let text = format!("witness `{}` has not signed: {said}", self.name);
        if self.cosigned.book().fail(self.at, said) {
            if grave { talk::error(&text) } else { talk::warn(&text) }
        }
    }
}

impl Cosigned {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Wall {
        self.clock.now().wall
    }

    /// For `/readyz`: whether enough have signed lately, and what each says.
    pub(crate) fn line(&self) -> (bool, String) {
        self.book().line(self.now())
    }

    /// For `/metrics`.
    pub(crate) fn page(&self) -> String {
        self.book().page()
    }
}

impl Witnessed for Cosigned {
    fn under(&self, note: String) -> String {
        self.book().under(note)
    }

    fn newest(&self) -> Option<String> {
        self.book().newest().map(str::to_owned)
    }
}
