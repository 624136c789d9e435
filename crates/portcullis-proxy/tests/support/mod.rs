//! A gate over real sockets: a judge with one partner, an upstream that records bytes, and a client
//! that sends them raw.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests; each file uses a part of it"
)]

pub mod certs;
pub mod platform;
pub mod posts;
pub mod raw;
pub mod upstream;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use portcullis_catalogue::Catalogue;
use portcullis_judge::{Bounds, Judge, LedgerKeys, Rules};
use portcullis_keys::{DayKey, Pepper, Peppers};
use portcullis_policy::PolicySet;
use portcullis_proxy::{
    Drained, LedgerBounds, LedgerOutlet, Metrics, Outlets, Placement, PlatformCredential, Proxy,
    Records, Running, Settings, Spans, Traces, UsageOutlet,
};
use portcullis_registry::{
    Actor, ActorKind, Command, Facts, KeyCommand, KeyStart, Place, State, SubjectId, UsageBook, Use,
};
use portcullis_types::{
    Binding, Clock, Identity, KeyId, Mono, Now, PartnerId, ReasonCode, Revision, TierName, Wall,
};
use portcullis_yaml::Source;
use socket2::{Domain, Socket, Type};

pub use raw::{Answer, Peer};
#[allow(unused_imports, reason = "each file uses a part of it")]
pub use upstream::{Nobody, Reply, Seen, Upstream};

/// Who acts, where it does not matter.
static BY: std::sync::LazyLock<Actor> =
    std::sync::LazyLock::new(|| Actor { kind: ActorKind::Local, id: "test".to_owned() });

pub const KEY: &str = "partner-key-0123456789";
pub const PLATFORM: &str = "platform-secret-42";
/// A call that is permitted.
pub const PROFILE: &str = "/v21.0/17841000000000001";
/// A call that nobody classified.
pub const NOWHERE: &str = "/v21.0/private/sweep";
/// A call whose answer's links are rewritten.
pub const MEDIA: &str = "/v21.0/17841000000000001/media";
/// A write.
pub const PUBLISH: &str = "/v21.0/17841000000000001/publish";
/// A write whose body streams.
pub const UPLOAD: &str = "/v21.0/17841000000000001/upload";

const PEPPER: &str = "8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00";
const ROUTES: &str = r##"
version: 1
versions: { known: [v21.0], missing: v21.0 }
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Posts at a place }
types:
  user:
    ids: ["17841############"]
    default: [id]
    fields: { profile.basic: [id] }
operations:
  batch:
    method: POST
    path: /{version}
    batch: true
    params: { batch: batch, include_headers: plain }
  getNode:
    method: GET
    path: /{version}/{node_id}
    target: node_id
    class: profile.basic
    answer: target
    params: { fields: fields }
  listMedia:
    method: GET
    path: /{version}/{node_id}/media
    target: node_id
    class: media.list
    params: { after: cursor, limit: page_size }
    links: true
  publish:
    method: POST
    path: /{version}/{node_id}/publish
    target: node_id
    class: publish
    params: { caption: plain }
  upload:
    method: POST
    path: /{version}/{node_id}/upload
    target: node_id
    class: publish
    body: opaque
  listPlacePosts:
    method: GET
    path: /{version}/{node_id}/posts
    target: node_id
    class: place.posts
"##;
const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: What the partner may do, classes: [profile.basic, media.list, publish] }
  places: { about: Places, classes: [place.posts] }
"##;
pub const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
rates: [{ id: calls-per-hour, per: key, max: 100000, window: 1h, burst: 100000 }]
"##;

/// One under which a key has four calls.
pub const FEW: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
rates: [{ id: few, per: key, max: 4, window: 1h, burst: 4 }]
"##;

/// One under which a partner may send several calls in one.
pub const BATCHING: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: [{ id: calls-per-hour, per: key, max: 60, window: 1h, burst: 60 }]
"##;

/// How long a test waits for what comes at once, and on a machine with much else to do later.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A clock that stands.
pub struct Still;
impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: Wall(1_711_886_400_000), mono: Mono(3_600_000_000_000) }
    }
}

/// A clock that fails once, when it was told to. The threads' own looks, between calls, don't count.
#[derive(Default)]
pub struct Failing(AtomicUsize);

impl Failing {
    /// At which look from now on.
    pub fn arm(&self, look: usize) {
        self.0.store(look, Ordering::SeqCst);
    }
}

impl Clock for Failing {
    fn now(&self) -> Now {
        let left =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert_ne!(left, Ok(1), "on purpose");
        Still.now()
    }
    fn wall(&self) -> Wall {
        Still.wall()
    }
}

/// The judge, and a writer that feeds it as the store does.
pub struct Office {
    pub judge: Arc<Judge>,
    state: State,
    blobs: HashMap<String, Arc<[u8]>>,
    revision: u64,
}

/// What a gate judges by.
#[derive(Clone, Copy)]
pub struct World<'w> {
    pub routes: &'w str,
    pub scopes: &'w str,
    pub tier: &'w str,
}

impl<'w> World<'w> {
    pub const fn of(tier: &'w str) -> Self {
        Self { routes: ROUTES, scopes: SCOPES, tier }
    }
}

impl Office {
    fn new(World { routes, scopes, tier }: World<'_>) -> Self {
        let peppers = Peppers::new(Pepper::from_text(PEPPER).unwrap(), None);
        let judge = Arc::new(Judge::new(peppers, Bounds::default()));
        let mut office = Self { judge, state: State::new(), blobs: HashMap::new(), revision: 0 };
        let source = |name: &str, text: &str| Source { name: name.into(), text: Arc::from(text) };
        let catalogue = Catalogue::compile(&[source("routes/r.yaml", routes)]).unwrap();
        let files = [source("policies/s.yaml", scopes), source("policies/t.yaml", tier)];
        let policies = PolicySet::compile(&files, &catalogue).unwrap();
        let rules = Rules { catalogue, policies, revision: Revision(0), set: "test".into() };
        office.judge.set_rules(Arc::new(rules));
        let texts =
            [("routes/r.yaml", routes), ("policies/s.yaml", scopes), ("policies/t.yaml", tier)];
        let files = texts.map(|(name, text)| (name.to_owned(), Arc::from(text))).to_vec();
        office.command(Command::PublishPolicy { files });
        office.command(Command::AddPartner {
            id: PartnerId::new("acme").unwrap(),
            name: "Acme".into(),
            tier: Some(TierName::new("standard").unwrap()),
            r#use: Use::Research,
            declared_use: String::new(),
            scopes: None,
            facts: Facts::default(),
        });
        let digest = office.judge.peppers().digest(KEY.as_bytes()).to_string();
        let pepper = office.judge.peppers().current().fingerprint().to_owned();
        office.issue("k1", (digest, pepper), None);
        office
    }

    fn issue(&mut self, id: &str, (digest, pepper): (String, String), proof: Option<Identity>) {
        self.command(Command::IssueKey {
            id: KeyId::new(id).unwrap(),
            partner: PartnerId::new("acme").unwrap(),
            client: None,
            scopes: None,
            start: KeyStart::AtOnce,
            expires: None,
            digest,
            pepper,
            label: String::new(),
            binding: Default::default(),
            identity: proof,
        });
    }

    /// Lets a certificate stand in a key's place.
    pub fn by_certificate(&mut self, holder: &str) {
        let identity = Identity::Certificate(holder.parse().unwrap());
        self.issue("c1", Default::default(), Some(identity));
    }

    pub fn command(&mut self, command: Command) {
        let planned = self.state.handle(&BY, &command, Still.now().wall).unwrap();
        if let Some(narrowing) = planned.narrows {
            self.judge.narrow(narrowing.subject, narrowing.notice, narrowing.kind);
        }
        self.blobs.extend(planned.blobs.into_iter().map(|blob| (blob.sha256, blob.body)));
        for event in planned.events {
            let blobs = |sha: &str| self.blobs.get(sha).cloned();
            let now = Still.now().wall;
            let revision = Revision(self.revision);
            let place = Place { revision, ts: now, by: &BY, approver: None };
            self.state.apply(place, &event, &blobs).unwrap();
            self.revision += 1;
        }
        self.judge.publish(self.state.snapshot());
        if let Some(subject) = planned.widens {
            self.judge.widen(subject);
        }
    }

    /// Says where the partner's key is accepted from.
    pub fn bind(&mut self, networks: &[&str], certificates: &[&str]) {
        let binding = Binding {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            certificates: certificates.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let (key, tell) = (KeyId::new("k1").unwrap(), "Calls come from you only.".to_owned());
        self.command(KeyCommand::Bind { key, binding, tell }.into());
    }

    /// Puts the partner's key on hold.
    pub fn hold(&mut self) {
        self.command(Command::hold(
            SubjectId::Key(KeyId::new("k1").unwrap()),
            ReasonCode::new("investigation").unwrap(),
            "We look at your reads.",
        ));
    }
}

/// A gate that serves.
pub struct Gate {
    pub running: Option<Running>,
    pub office: Office,
    pub metrics: Arc<Metrics>,
    pub log: Log,
    pub usage: Arc<UsageBook>,
}

/// Where the gate's access records go.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Gate {
    /// Before that upstream, with defaults.
    pub fn before(upstream: &Upstream) -> Self {
        Self::with(upstream, |_| {})
    }

    /// Before that upstream, with other settings.
    pub fn with(upstream: &Upstream, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(&upstream.url(), TIER, change)
    }

    pub fn start(upstream: &str, tier: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::timed(upstream, tier, Arc::new(Still), change)
    }

    /// In that world.
    pub fn within(
        upstream: &Upstream,
        world: World<'_>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::made(&upstream.url(), world, Arc::new(Still), change)
    }

    /// By that clock.
    pub fn timed(
        upstream: &str,
        tier: &str,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::made(upstream, World::of(tier), clock, change)
    }

    /// Before that address, in that world.
    pub fn at(upstream: &str, world: World<'_>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::made(upstream, world, Arc::new(Still), change)
    }

    /// In that world, by that clock.
    pub fn made(
        upstream: &str,
        world: World<'_>,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self::telling((upstream, world, clock), (metrics, None, None), change)
    }

    /// One that tells of that part of the calls that no believed caller decided about, of no more at once
    /// than there is room for.
    pub fn traced(
        upstream: &str,
        (part, room): (f64, usize),
        change: impl FnOnce(&mut Settings),
    ) -> (Self, Spans) {
        let metrics = Arc::new(Metrics::new());
        let (traces, spans) = Traces::new(part, room, &metrics);
        let place = (upstream, World::of(BATCHING), Arc::new(Still) as _);
        (Self::telling(place, (metrics, Some(traces), None), change), spans)
    }

    /// In that world, with a ledger that takes so much; the key of the clock's day is there.
    pub fn noting(upstream: &str, world: World<'_>, bounds: LedgerBounds) -> (Self, LedgerOutlet) {
        let metrics = Arc::new(Metrics::new());
        let outlet = LedgerOutlet::new(1, bounds);
        let told = (metrics, None, Some(outlet.clone()));
        let gate = Self::telling((upstream, world, Arc::new(Still)), told, |_| {});
        let day = u32::try_from(Still.now().wall.0 / 86_400_000).unwrap();
        let keys = LedgerKeys::new(vec![Arc::new(DayKey::new(day, &[7; 32]))]);
        gate.office.judge.set_ledger(Some(keys));
        (gate, outlet)
    }

    fn telling(
        (upstream, world, clock): (&str, World<'_>, Arc<dyn Clock>),
        (metrics, traces, ledger): (Arc<Metrics>, Option<Traces>, Option<LedgerOutlet>),
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let credential = PlatformCredential::new(PLATFORM, Placement::Bearer).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let mut settings = Settings::new(any, upstream.parse().unwrap(), credential);
        let times = &mut settings.timeouts;
        (times.head, times.body, times.body_idle) = (PATIENCE, PATIENCE, PATIENCE);
        (times.idle, times.send, times.connect) = (PATIENCE, PATIENCE, PATIENCE);
        (times.first_byte, times.answer_idle) = (PATIENCE, PATIENCE);
        change(&mut settings);
        let (office, log) = (Office::new(world), Log::default());
        let usage = Arc::new(UsageBook::new());
        let rules = office.judge.rules().unwrap();
        usage.classes(Revision(0), rules.catalogue.classes().map(|class| class.as_str()));
        let recorder =
            portcullis_proxy::Recorder::start(Box::new(log.clone()), 1, 1024, &metrics).unwrap();
        let running = Proxy::start(
            settings,
            Arc::clone(&office.judge),
            clock,
            Arc::clone(&metrics),
            Outlets {
                records: Records::On(recorder),
                usage: Some(UsageOutlet(Arc::clone(&usage) as _)),
                aside: None,
                traces,
                ledger,
            },
        );
        Self { running: Some(running.unwrap()), office, metrics, log, usage }
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Ends it, when all calls have ended; then all is on record and counted.
    pub fn end(&mut self) {
        let drained = self.running.take().unwrap().drain(PATIENCE);
        assert_eq!(drained.cut, 0, "calls that do not end");
    }

    /// Begins to drain it; nobody new is let in any more when this returns.
    pub fn drain(&mut self) -> JoinHandle<Drained> {
        let running = self.running.take().unwrap();
        let addr = running.addr();
        // Beside the gate's own, so that nobody else is given the port and lets us in.
        let kept = Socket::new(Domain::for_address(addr), Type::STREAM, None).unwrap();
        kept.set_reuse_port(true).unwrap();
        kept.bind(&addr.into()).unwrap();
        let draining = std::thread::spawn(move || running.drain(PATIENCE));
        while std::net::TcpStream::connect(addr).is_ok() {
            std::thread::yield_now();
        }
        draining
    }

    pub fn connect(&self) -> Peer {
        Peer::connect(self.running().addr())
    }

    /// One call on a connection of its own.
    pub fn call(&self, request: &str) -> Answer {
        let mut peer = self.connect();
        peer.send(request);
        peer.answer()
    }

    /// A GET with the key.
    pub fn get(&self, target: &str) -> Answer {
        self.call(&get(target, ""))
    }
}

/// A GET with the key and further header lines.
pub fn get(target: &str, lines: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {KEY}\r\n{lines}\r\n"
    )
}

/// A POST with the key, further header lines and whatever follows the head.
pub fn post(target: &str, lines: &str, after: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {KEY}\r\n{lines}\r\n{after}"
    )
}
