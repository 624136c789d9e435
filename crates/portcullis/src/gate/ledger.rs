//! The ledger: what left, for whom, written down beside the store.
//!
//! One thread writes what the data plane hands over, another turns journals into files and drops what is too
//! old, and questions run on the control plane. Must not know what a row looks like on the disk.

mod adopt;
mod again;
mod anchors;
mod answered;
mod aside;
mod believed;
mod damage;
mod desk;
mod evidence;
mod figures;
mod folder;
mod going;
mod holders;
mod journal;
mod keep;
mod keys;
mod library;
mod line;
mod lost;
mod names;
mod overrun;
mod preserve;
mod roll;
#[cfg(test)]
mod rows;
mod turns;
mod verify;
mod watch;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use anyhow::Context;
use portcullis_control::LedgerDesk;
use portcullis_judge::Judge;
use portcullis_ledger::FrameWriter;
use portcullis_proxy::{LedgerBounds, LedgerOutlet};
use portcullis_registry::{Holders, Office};
use portcullis_types::Clock as _;
use tokio::runtime::Runtime;

use super::board::Board;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::talk;
pub(crate) use again::ask_again;
use anchors::Anchors;
use believed::Believed;
use desk::Desk;
pub(crate) use figures::Figures;
use folder::{Folder, Part};
use holders::Receivers;
use keep::Keeper;
use keys::Keys;
use names::Names;
pub(crate) use names::SetNames;
use overrun::Overrun;
use roll::Roller;
use turns::Turns;
use watch::Watch;
use writer::Writer;

/// Longest name of a machine that stands in names of files.
const NODE_CHARS_MAX: usize = 32;

/// The ledger of a gate that serves.
pub(crate) struct Ledger {
    pub(crate) outlet: LedgerOutlet,
    pub(crate) figures: Arc<Figures>,
    pub(crate) desk: Arc<dyn LedgerDesk>,
    receivers: Receivers,
    pub(crate) threads: Threads,
}

/// Its threads.
pub(crate) struct Threads {
    writing: Thread,
    keeping: Option<Thread>,
}

/// A thread that goes on until it is told.
struct Thread {
    tell: Sender<()>,
    thread: JoinHandle<()>,
}

/// Opens it and begins to write, where the configuration wants one.
pub(crate) fn start(
    gate: &Config,
    runtime: &Runtime,
    (judge, office, board): (&Arc<Judge>, &Arc<dyn Office>, &Arc<Board>),
) -> anyhow::Result<Option<Ledger>> {
    let Some(config) = &gate.ledger else { return Ok(None) };
    let folder = Folder::open(&config.dir).with_context(|| {
        format!(
            "the ledger can't be kept in `{}`: let this program write there, name another folder as `ledger.dir`, or write `enabled: false` under `ledger:`",
            config.dir.display()
        )
    })?;
    let keys = Arc::new(Keys::new(&folder));
    let outlet = LedgerOutlet::new(gate.threads, LedgerBounds::default());
    let clock = SystemClock::start();
    let figures = Arc::new(Figures::new(outlet.clone(), clock.clone()));
    let believed = Believed::new(&folder, &keys, clock.now());
    let anchors: Arc<Anchors> = Arc::default();
    let is_anchored =
        |part: &Part| anchors.of(part, &**office, runtime.handle()).map(|found| found.is_some());
    aside::take_back(&folder, &is_anchored).and_then(|()| aside::names(&folder)).map_or_else(
        |why| {
            talk::error(&format!("it is not known which journals of the ledger are aside: {why}"))
        },
        |names| figures.stands().aside = names,
    );
    let node = node();
    let watch = Arc::new(Watch::default());
    let mut writer = Writer {
        folder: folder.clone(),
        keys: Arc::clone(&keys),
        judge: Arc::clone(judge),
        outlet: outlet.clone(),
        names: Names::new(&node, Arc::clone(board)),
        figures: Arc::clone(&figures),
        clock: clock.clone(),
        watch: Arc::clone(&watch),
        writer: format!("{node}-{}", own_suffix()?),
        roll: config.roll.milliseconds(),
        journal: None,
        begun: 0,
        days: Vec::new(),
        taken: Vec::new(),
        frame: FrameWriter::new(),
        frames: Vec::new(),
        overrun: Overrun::default(),
    };
    // Before the first call: without a key of today, what has to be digested does not leave.
    writer.tend_keys(clock.now().wall);
    let runtime = runtime.handle().clone();
    let roller = Roller {
        folder: folder.clone(),
        node,
        office: Arc::clone(office),
        anchors: Arc::clone(&anchors),
        runtime: runtime.clone(),
    };
    let keeper = Keeper {
        folder: folder.clone(),
        keys: Arc::clone(&keys),
        roller,
        figures: Arc::clone(&figures),
        clock: clock.clone(),
        believed,
        keep: config.keep,
        digests: config.digests,
        roll: config.roll,
        whole: BTreeSet::new(),
        tidy_at: 0,
        roll_at: 0,
        looker: preserve::Looker::default(),
        anchored: 0,
    };
    let receivers = Receivers {
        folder: folder.clone(),
        keys: Arc::clone(&keys),
        figures: Arc::clone(&figures),
        clock: clock.clone(),
        keep: config.keep,
        watch,
        anchors: Arc::clone(&anchors),
        office: Arc::clone(office),
        runtime: runtime.clone(),
    };
    let desk = Desk {
        folder,
        keys,
        anchors,
        office: Arc::clone(office),
        runtime,
        figures: Arc::clone(&figures),
        clock,
        keep: config.keep,
        turns: Turns::new(desk::AT_ONCE),
    };
    let writing = Thread::start("portcullis-ledger", move |told| writer.run(&told))?;
    let keeping = Thread::start("ledger-files", move |told| keeper.run(&told))?;
    let threads = Threads { writing, keeping: Some(keeping) };
    Ok(Some(Ledger { outlet, figures, desk: Arc::new(desk), receivers, threads }))
}

impl Ledger {
    /// What the control plane is told of it.
    pub(crate) fn told(&self) -> (Arc<Figures>, Arc<dyn LedgerDesk>) {
        (Arc::clone(&self.figures), Arc::clone(&self.desk))
    }

    /// Who knows by it what each partner received.
    pub(crate) fn holders(&self) -> Arc<dyn Holders> {
        Arc::new(self.receivers.clone())
    }
}

impl Threads {
    /// From here on others look after what was written: before the log is let go of.
    pub(crate) fn stop_keeping(&mut self) {
        self.keeping.take().into_iter().for_each(Thread::stop);
    }

    /// Writes what waits, and ends. The data plane must have ended before.
    pub(crate) fn finish(mut self) {
        self.stop_keeping();
        self.writing.stop();
    }
}

impl Thread {
    fn start(name: &str, work: impl FnOnce(Receiver<()>) + Send + 'static) -> anyhow::Result<Self> {
        let (tell, told) = channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(told))
            .with_context(|| format!("no thread for {name}"))?;
        Ok(Self { tell, thread })
    }

    fn stop(self) {
        drop(self.tell);
        if self.thread.join().is_err() {
            talk::error(
                "a thread of the ledger failed; what it did not do is done at the next start",
            );
        }
    }
}

/// The name of this machine, as it may stand in names of files.
fn node() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.trim().chars().take(NODE_CHARS_MAX).map(legal).collect();
    if name.is_empty() { "gate".to_owned() } else { name }
}

/// What tells the files of this process from those of another.
fn own_suffix() -> anyhow::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).context("the system has no random bytes")?;
    Ok(super::set::hex(&bytes))
}
