//! A gate for tests: the real admin API over real sockets, with the real registry behind it, a log
//! in memory instead of a store, and a checker that reads two words of the language.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by several test binaries")]

mod log;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use portcullis_audit::{
    Approved, Checkpoint, Kept, Leaf, LogCheck, LogKey, Peaks, Sealed, encode, leaf_hash, seal,
    sign,
};
use portcullis_control::{
    AdminCall, AdminToken, AgreedTier, CallExplained, CheckFault, Checked, Checker, Control,
    ControlSettings, Drift, DriftKind, KeyMaker, KeyMakerError, MintedKey, Probe, Readiness,
    ReadyDetail, Recall, Weighed,
};
use portcullis_keys::{Pepper, imported_id, mint};
use portcullis_registry::{
    Actor, ActorKind, Approval, BoxFuture, Command, Done, Event, Grant, GrantName, GrantsBatch,
    GrantsDone, GrantsPage, GrantsPart, GrantsWanted, Health, LoggedEvent, Narrowed, Office,
    OfficeError, PartnerRecord, Place, Rejected, Retention, Snapshot, State, Term, Terms,
    UsageBook, Verification,
};
use portcullis_testkit::StoppedClock;
use portcullis_types::{Clock, KeyId, KeyIx, Revision, Wall};
use zeroize::Zeroizing;

pub const TOKEN: &str = "ops-token-0123456789abcdef0123456789";
pub const NOON: Wall = Wall(1_711_886_400_000);
pub const PEPPER: &str = "a pepper of thirty-two characters!";

/// Everything a test reaches for.
pub struct Gate {
    pub url: String,
    pub office: Arc<Memory>,
    pub probe: Arc<Figures>,
    pub clock: Arc<StoppedClock>,
    pub usage: Arc<UsageBook>,
    pub recall: Arc<Remembered>,
    pub calls: Arc<Mutex<Vec<AdminCall>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Gate {
    /// A gate with one set of policies in force: tiers `basic` and `plus`.
    pub fn open() -> Self {
        Self::with(ControlSettings::default())
    }

    pub fn with(settings: ControlSettings) -> Self {
        let clock = Arc::new(StoppedClock::at(NOON));
        let office = Arc::new(Memory::new(Arc::clone(&clock)));
        let gate = Actor { kind: ActorKind::Gate, id: "boot".to_owned() };
        let files = STARTER.iter().map(|(n, t)| ((*n).to_owned(), Arc::from(*t))).collect();
        office.carry_out(gate, Command::PublishPolicy { files }).unwrap();
        let probe = Arc::new(Figures::default());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let recorder = Arc::clone(&calls);
        let mut tokens = vec![
            AdminToken::from_secret("ops", TOKEN).unwrap(),
            AdminToken::from_secret("ci", &"c".repeat(40)).unwrap(),
        ];
        tokens.extend(settings.tokens);
        let usage = Arc::new(UsageBook::new());
        let recall = Arc::new(Remembered::default());
        let control = Control {
            settings: ControlSettings { tokens, ..settings },
            office: office.clone(),
            checker: Arc::new(TwoWords(Arc::clone(&office))),
            probe: probe.clone(),
            keys: Arc::new(Counting::default()),
            clock: clock.clone(),
            usage: Arc::clone(&usage),
            recall: recall.clone(),
            calls: Arc::new(move |call| recorder.lock().unwrap().push(call.clone())),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
            let stopped = async { stopped.await.unwrap_or(()) };
            runtime.block_on(control.serve(listener, stopped)).unwrap();
        });
        Self {
            url,
            office,
            probe,
            clock,
            usage,
            recall,
            calls,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Ends the server as SIGTERM does.
    pub fn close(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// Calls as they are told, by their id.
#[derive(Default)]
pub struct Remembered {
    pub calls: Mutex<Vec<CallExplained>>,
    /// Set: none are remembered.
    pub off: AtomicBool,
}

impl Recall for Remembered {
    fn explain(&self, id: &str) -> Option<CallExplained> {
        self.calls.lock().unwrap().iter().find(|call| call.request == id).cloned()
    }

    fn room(&self) -> usize {
        if self.off.load(Ordering::Relaxed) { 0 } else { 10_000 }
    }
}

pub const STARTER: [(&str, &str); 3] = [
    ("policies/basic.yaml", "tier: basic\n"),
    ("policies/plus.yaml", "tier: plus\n"),
    ("routes/plaza.yaml", "operation: getMe\noperation: listMedia\n"),
];

/// The log and the state, in memory.
pub struct Memory {
    inner: Mutex<Inner>,
    clock: Arc<StoppedClock>,
    /// Set: nothing can be written.
    pub full: AtomicBool,
    /// Set: verification finds revision 1 changed.
    pub damaged: AtomicBool,
}

struct Inner {
    state: State,
    events: Vec<LoggedEvent>,
    peaks: Peaks,
    notes: Vec<(u64, String)>,
    blobs: HashMap<String, Arc<[u8]>>,
    grants: BTreeMap<GrantName, Term>,
    named: BTreeSet<GrantName>,
    key: LogKey,
}

impl Memory {
    fn new(clock: Arc<StoppedClock>) -> Self {
        let key = LogKey::from_seed("gate.test", &[7; 32]).unwrap();
        let opened =
            Event::LogOpened { origin: "gate.test".to_owned(), log_key: key.public().to_string() };
        let mut inner = Inner {
            state: State::new(),
            events: Vec::new(),
            peaks: Peaks::default(),
            notes: Vec::new(),
            blobs: HashMap::new(),
            grants: BTreeMap::new(),
            named: BTreeSet::new(),
            key,
        };
        let gate = Actor { kind: ActorKind::Gate, id: "boot".to_owned() };
        inner.append(gate, opened, clock.now().wall);
        Self { inner: Mutex::new(inner), clock, full: false.into(), damaged: false.into() }
    }

    pub fn log_key(&self) -> String {
        self.inner.lock().unwrap().key.public().to_string()
    }

    /// Erases what was kept long enough, as the store does.
    pub fn erase_old(&self, retention: &Retention) {
        let now = self.clock.now().wall;
        let commands = {
            let mut inner = self.inner.lock().unwrap();
            inner.state.take_retention(*retention);
            inner.state.erasable(now)
        };
        for command in commands {
            self.carry_out(Actor::clock(), command.into()).unwrap();
            let mut inner = self.inner.lock().unwrap();
            let gone = inner.events.last().unwrap().event.clone();
            gone.erases().into_iter().for_each(|sha256| drop(inner.blobs.remove(sha256)));
        }
    }

    pub fn carry_out(&self, actor: Actor, command: Command) -> Result<Done, OfficeError> {
        self.carry_out_on(actor, command, &Terms::default())
    }

    pub fn carry_out_on(
        &self,
        actor: Actor,
        command: Command,
        terms: &Terms,
    ) -> Result<Done, OfficeError> {
        let mut inner = self.inner.lock().unwrap();
        let now = self.clock.now().wall;
        let planned = inner.state.decide(&actor, &command, terms, now)?;
        let looked = || inner.state.foresee(&actor, &command, &planned, now);
        let foreseen = terms.dry_run.then(looked);
        let mut done = Done {
            revision: None,
            durable: false,
            what: planned.what,
            undo: planned.undo,
            keys: planned.created,
            partner: None,
            client: None,
            proposed: planned.proposed,
            alone: planned.alone,
            foreseen,
        };
        if terms.dry_run {
            return Ok(Done { durable: true, ..done });
        }
        let (actor, approved) = match planned.approved {
            Some(Approval { proposal, proposer, approver }) => {
                (proposer, Some(Approved { by: approver, proposal: proposal.0 }))
            }
            None => (actor, None),
        };
        if self.full.load(Ordering::Relaxed) {
            let narrows = planned.narrows.is_some();
            let no = || OfficeError::NotWritten("no space left on device".to_owned());
            return if narrows { Ok(done) } else { Err(no()) };
        }
        for blob in planned.blobs {
            inner.blobs.insert(blob.sha256, blob.body);
        }
        for event in planned.events {
            done.revision = Some(inner.append_as(actor.clone(), approved.clone(), event, now));
        }
        done.durable = true;
        Ok(done)
    }
}

impl Memory {
    /// As the store does, without its rows on a disk and without changes beside a snapshot.
    fn feed(&self, actor: Actor, batch: &GrantsBatch) -> Result<GrantsDone, OfficeError> {
        let mut inner = self.inner.lock().unwrap();
        let version = |inner: &Inner| inner.state.current().grants().map(|logged| logged.revision);
        let now = version(&inner);
        if let Some(on) = batch.on.filter(|on| *on != now.unwrap_or(Revision(0))) {
            return Err(Rejected::GrantsMoved { on, now }.into());
        }
        inner.state.grant_changes(&batch.lines)?;
        if self.full.load(Ordering::Relaxed) {
            return Err(OfficeError::NotWritten("no space left on device".to_owned()));
        }
        let before = inner.grants.clone();
        if let GrantsPart::SnapshotBegins(_) = batch.part {
            inner.named.clear();
        }
        for line in &batch.lines {
            let name = line.name();
            match line.term() {
                Some(term) => drop(inner.grants.insert(name.clone(), term)),
                None => inner.grants.retain(|have, _| {
                    (&have.account, &have.partner) != (&name.account, &name.partner)
                        || (name.client.is_some() && have.client != name.client)
                }),
            }
            inner.named.insert(name.clone());
        }
        if let GrantsPart::SnapshotEnds { thin, .. } = batch.part {
            let (named, total) = (inner.named.len() as u64, inner.grants.len() as u64);
            if named * 2 < total && !thin {
                return Err(Rejected::GrantsThin { named, total }.into());
            }
            let named = std::mem::take(&mut inner.named);
            inner.grants.retain(|name, _| named.contains(name));
        }
        let gone = before.keys().filter(|name| !inner.grants.contains_key(*name)).count() as u64;
        let (mut granted, mut renewed) = (0, 0);
        for (name, term) in &inner.grants {
            match before.get(name) {
                None => granted += 1,
                Some(old) => renewed += u64::from(old != term),
            }
        }
        let total = inner.grants.len() as u64;
        if granted + renewed + gone > 0 {
            let digest = "00".repeat(32);
            let event = Event::GrantsChanged { granted, renewed, withdrawn: gone, total, digest };
            inner.append(actor, event, self.clock.now().wall);
        }
        Ok(GrantsDone {
            version: version(&inner),
            granted,
            renewed,
            withdrawn: gone,
            unchanged: (batch.lines.len() as u64).saturating_sub(granted + renewed + gone),
            total,
            more: false,
        })
    }
}

impl Inner {
    fn append(&mut self, actor: Actor, event: Event, at: Wall) -> Revision {
        self.append_as(actor, None, event, at)
    }

    fn append_as(
        &mut self,
        actor: Actor,
        approved: Option<Approved<Actor>>,
        event: Event,
        at: Wall,
    ) -> Revision {
        let revision = Revision(self.peaks.size());
        let (approver, proposal) = match &approved {
            Some(Approved { by, proposal }) => (Some(by.clone()), Some(Revision(*proposal))),
            None => (None, None),
        };
        let leaf =
            Leaf { rev: revision.0, at, actor: actor.clone(), approved, event: event.clone() };
        let plain = encode(&leaf).unwrap();
        let sealed = seal(&plain, event.sealed(&actor), &[7; 32]).unwrap();
        let (leaf, opening) = match sealed {
            Some(Sealed { leaf, opening }) => (leaf, Some(String::from_utf8(opening).unwrap())),
            None => (plain, None),
        };
        let leaf = String::from_utf8(leaf).unwrap();
        let hash = leaf_hash(leaf.as_bytes());
        self.peaks.append(hash);
        let (size, root) = (self.peaks.size(), self.peaks.root());
        let note = sign(&Checkpoint { origin: "gate.test".to_owned(), size, root }, &[&self.key]);
        self.notes.push((size, note));
        let blobs = &self.blobs;
        let place = Place { revision, ts: at, by: &actor, approver: approver.as_ref() };
        self.state.apply(place, &event, &|digest| blobs.get(digest).cloned()).unwrap();
        let hash = hash.to_hex();
        let ts = at.rfc3339();
        self.events.push(LoggedEvent {
            revision,
            ts,
            at,
            actor,
            approver,
            proposal,
            event,
            hash,
            leaf,
            opening,
        });
        revision
    }

    fn verify(&self, kept: Vec<Kept>) -> Verification {
        let mut check = LogCheck::new(None).unwrap().against(kept);
        for (logged, (size, note)) in self.events.iter().zip(&self.notes) {
            let leaf = logged.leaf.as_bytes();
            let taken = check.event(logged.revision.0, leaf, &leaf_hash(leaf).0);
            if let Err(fault) = taken.and_then(|()| check.checkpoint(*size, note, true)) {
                return check.fail(fault);
            }
        }
        check.finish(Some(self.key.public()))
    }
}

impl Office for Memory {
    fn submit_on(
        &self,
        actor: Actor,
        command: Command,
        terms: Terms,
    ) -> BoxFuture<'_, Result<Done, OfficeError>> {
        Box::pin(async move { self.carry_out_on(actor, command, &terms) })
    }

    fn change_grants(
        &self,
        actor: Actor,
        batch: GrantsBatch,
    ) -> BoxFuture<'_, Result<GrantsDone, OfficeError>> {
        Box::pin(async move { self.feed(actor, &batch) })
    }

    fn grants(&self, wanted: GrantsWanted) -> BoxFuture<'_, Result<GrantsPage, OfficeError>> {
        let GrantsWanted { after, account, partner, client, count } = wanted;
        let inner = self.inner.lock().unwrap();
        let mut found = inner.grants.iter().filter(|(name, _)| {
            after.as_ref().is_none_or(|after| *name > after)
                && account.as_ref().is_none_or(|account| name.account == *account)
                && partner.as_ref().is_none_or(|partner| name.partner == *partner)
                && client.as_ref().is_none_or(|client| name.client.as_ref() == Some(client))
        });
        // Small pages, so that every test goes through several.
        let grants = found.by_ref().take(count.min(2));
        let grants = grants.map(|(name, term)| Grant { name: name.clone(), term: *term }).collect();
        let more = found.next().is_some();
        Box::pin(async move { Ok(GrantsPage { grants, more }) })
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.lock().unwrap().state.snapshot()
    }

    fn events(
        &self,
        from: Revision,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<LoggedEvent>, OfficeError>> {
        let inner = self.inner.lock().unwrap();
        let from = usize::try_from(from.0).unwrap_or(usize::MAX);
        let found = inner.events.iter().skip(from).take(count).cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn event(&self, asked: Revision) -> BoxFuture<'_, Result<LoggedEvent, OfficeError>> {
        let inner = self.inner.lock().unwrap();
        let newest = inner.events.last().map(|event| event.revision);
        let found = inner.events.iter().find(|event| event.revision == asked).cloned();
        let found = found.ok_or(OfficeError::NoSuchEvent { asked, newest });
        Box::pin(async move { found })
    }

    fn blob(&self, sha256: String) -> BoxFuture<'_, Result<Vec<u8>, OfficeError>> {
        let found = self.inner.lock().unwrap().blobs.get(&sha256).map(|body| body.to_vec());
        Box::pin(async move { found.ok_or(OfficeError::NoSuchBlob(sha256)) })
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<String, OfficeError>> {
        let note = self.inner.lock().unwrap().notes.last().unwrap().1.clone();
        Box::pin(async move { Ok(note) })
    }

    fn checkpoints(
        &self,
        from: u64,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<(u64, String)>, OfficeError>> {
        let inner = self.inner.lock().unwrap();
        let found = inner.notes.iter().filter(|(size, _)| *size >= from).take(count).cloned();
        let found = found.collect();
        Box::pin(async move { Ok(found) })
    }

    fn health(&self) -> Health {
        let durable = !self.full.load(Ordering::Relaxed);
        Health { durable, pending: 0, last_error: None, clock_parted: false }
    }
}

/// `tier: NAME` and `operation: NAME`; any other line is a fault.
struct TwoWords(Arc<Memory>);

fn compile(files: &[(String, Arc<str>)]) -> Result<Checked, Vec<CheckFault>> {
    let mut checked =
        Checked { scopes: vec!["media:read".into(), "profile:read".into()], ..Checked::default() };
    let mut faults = Vec::new();
    for (file, text) in files {
        for (line, words) in (1..).zip(text.lines()) {
            if let Some(tier) = words.strip_prefix("tier: ") {
                checked.tiers.push(tier.to_owned());
            } else if words.starts_with("operation: ") {
                checked.operations += 1;
            } else {
                faults.push(CheckFault {
                    code: "PC0103".to_owned(),
                    file: file.clone(),
                    line,
                    column: 1,
                    message: format!("unknown field `{words}`"),
                    excerpt: Some(words.to_owned()),
                    help: None,
                    text: format!("{file}:{line}:1: PC0103: unknown field `{words}`"),
                });
            }
        }
    }
    if faults.is_empty() { Ok(checked) } else { Err(faults) }
}

impl TwoWords {
    fn in_force(&self) -> Checked {
        let inner = self.0.inner.lock().unwrap();
        let policy = inner.state.current().policy().cloned();
        let files = policy.iter().flat_map(|policy| &policy.files).map(|file| {
            let text = std::str::from_utf8(&inner.blobs[&file.sha256]).unwrap();
            (file.name.clone(), Arc::from(text))
        });
        compile(&files.collect::<Vec<_>>()).unwrap()
    }
}

impl Checker for TwoWords {
    fn check(&self, files: &[(String, Arc<str>)]) -> Result<Checked, Vec<CheckFault>> {
        compile(files)
    }
    fn weighs_move(&self, partner: &PartnerRecord, to: &AgreedTier) -> Weighed {
        let less = to.purpose.as_deref() == Some("research");
        let what = less.then(|| Narrowed::new(partner.id.clone(), ["lose `posts`".to_owned()]));
        Weighed { narrowed: what.into_iter().collect(), ..Weighed::default() }
    }
    fn tiers(&self) -> Vec<String> {
        self.in_force().tiers
    }
    fn scopes(&self) -> Vec<String> {
        self.in_force().scopes
    }
    fn classes(&self) -> Vec<String> {
        ["place.posts", "profile.bio"].map(str::to_owned).to_vec()
    }
}

/// Figures that a test sets.
#[derive(Default)]
pub struct Figures {
    pub broken: AtomicBool,
    pub panics: AtomicBool,
}

impl Probe for Figures {
    fn metrics(&self) -> String {
        assert!(!self.panics.load(Ordering::Relaxed), "a fault of the gate");
        "portcullis_up 1\n".to_owned()
    }
    fn ready(&self) -> Readiness {
        let ok = !self.broken.load(Ordering::Relaxed);
        let detail = if ok { "takes writes" } else { "no space left on device: free some" };
        let log = ReadyDetail { name: "log".to_owned(), ok, detail: detail.to_owned() };
        Readiness { ready: ok, detail: vec![log] }
    }
    fn drift(&self) -> Vec<Drift> {
        let changed = self.broken.load(Ordering::Relaxed);
        let name = "policies/basic.yaml".to_owned();
        changed.then_some(Drift { name, kind: DriftKind::Changed }).into_iter().collect()
    }
}

/// Keys from a counter instead of randomness.
#[derive(Default)]
struct Counting(AtomicU64);

impl KeyMaker for Counting {
    fn mint(&self, env: Option<&str>) -> Result<MintedKey, KeyMakerError> {
        let env = env.unwrap_or("test");
        let mut random = [0; 40];
        random[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let minted = mint(env, &random).map_err(|_| KeyMakerError::Environment(env.to_owned()))?;
        let secret = Zeroizing::new(minted.text.expose().to_owned());
        let digest = self.digest(secret.as_bytes()).1;
        Ok(MintedKey { id: minted.id, secret, digest })
    }
    fn digest(&self, key: &[u8]) -> (KeyId, String) {
        let digest = Pepper::from_text(PEPPER).unwrap().digest(key);
        (imported_id(&digest), digest.to_string())
    }
    fn known(&self, _: &[u8]) -> Option<KeyIx> {
        None
    }
    fn pepper(&self) -> String {
        Pepper::from_text(PEPPER).unwrap().fingerprint().to_owned()
    }
}
