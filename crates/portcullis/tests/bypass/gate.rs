//! A gate over real sockets, with partners: under the shipped set, or with its rules removed.
//!
//! Must not know cases.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_judge::{Bounds, Judge, Names, Rules};
use portcullis_keys::{Pepper, Peppers};
use portcullis_policy::PolicySet;
use portcullis_proxy::{Metrics, Outlets, Placement, PlatformCredential, Proxy, Running, Settings};
use portcullis_registry::{Actor, ActorKind, Command, Facts, KeyStart, Place, State, Use};
use portcullis_types::{Clock, KeyId, Mono, Now, PartnerId, Revision, TierName, Wall};
use portcullis_yaml::Source;

use crate::platform::{NOW, TOKEN};

/// Who acts, where it does not matter.
static BY: std::sync::LazyLock<Actor> =
    std::sync::LazyLock::new(|| Actor { kind: ActorKind::Local, id: "test".to_owned() });

const PEPPER: &str = "8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00";
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/plaza");
const ROUTES: &str = "routes/plaza.yaml";

/// A clock that stands.
struct Still;
impl Clock for Still {
    fn now(&self) -> Now {
        let wall = Wall(u64::try_from(NOW).unwrap() * 1000);
        Now { wall, mono: Mono(3_600_000_000_000) }
    }
}

/// A partner, as it was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Partner {
    pub(crate) name: &'static str,
    /// What it declared as its use.
    pub(crate) purpose: &'static str,
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    /// Accounts that authorised it.
    pub(crate) grants: Vec<String>,
}

impl Partner {
    /// Its two keys.
    pub(crate) fn keys(&self) -> [String; 2] {
        ["first", "second"].map(|which| format!("key-{}-{which}-0123456789", self.name))
    }
}

/// The files of a set.
pub(crate) type Files = Vec<(String, String)>;

/// The shipped set.
pub(crate) fn shipped() -> Files {
    let root = Path::new(SHIPPED);
    let read = |name: String| {
        let text = std::fs::read_to_string(root.join(&name)).unwrap();
        (name, text)
    };
    let mut files = vec![read(ROUTES.to_owned())];
    let mut names: Vec<String> = std::fs::read_dir(root.join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    files.extend(names.into_iter().map(|name| read(format!("policies/{name}"))));
    files
}

/// The same catalogue, and one tier that gives everything in it to everybody: no target, no field,
/// no budget and no filter is looked at.
pub(crate) fn open() -> Files {
    let mut files = shipped();
    files.truncate(1);
    let classes: Vec<&str> = files[0]
        .1
        .lines()
        .skip_while(|line| *line != "classes:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.trim().split_once(':').map(|(class, _)| class))
        .collect();
    let scopes = format!(
        "version: 1\nscopes:\n  all: {{ about: Everything, classes: [{}] }}\n",
        classes.join(", ")
    );
    let tier = "version: 1\ntier: open\nabout: Everything\nscopes: [all]\nbatch: true\nrates: []\n";
    files.push(("policies/scopes.yaml".to_owned(), scopes));
    files.push(("policies/open.yaml".to_owned(), tier.to_owned()));
    files
}

pub(crate) struct Gate {
    pub(crate) addr: SocketAddr,
    _running: Running,
}

impl Gate {
    /// Before that platform, with that set; `tier` for all partners, or by what each declared.
    pub(crate) fn start(
        platform: SocketAddr,
        files: &Files,
        tier: Option<&str>,
        partners: &[Partner],
        names: Names,
    ) -> Self {
        let mut office = Office::new(files);
        office.judge.set_names(names);
        for partner in partners {
            office.accept(partner, tier);
        }
        let credential = PlatformCredential::new(TOKEN, Placement::Bearer).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let upstream = format!("http://{platform}").parse().unwrap();
        let mut settings = Settings::new(any, upstream, credential);
        settings.public_url = Some("https://gate.example".parse().unwrap());
        let metrics = Arc::new(Metrics::new());
        let judge = Arc::clone(&office.judge);
        let running =
            Proxy::start(settings, judge, Arc::new(Still), metrics, Outlets::default()).unwrap();
        Self { addr: running.addr(), _running: running }
    }
}

/// The judge, and a writer that feeds it as the store does.
struct Office {
    judge: Arc<Judge>,
    state: State,
    blobs: HashMap<String, Arc<[u8]>>,
    revision: u64,
}

impl Office {
    fn new(files: &Files) -> Self {
        let peppers = Peppers::new(Pepper::from_text(PEPPER).unwrap(), None);
        let judge = Arc::new(Judge::new(peppers, Bounds::default()));
        let mut office = Self { judge, state: State::new(), blobs: HashMap::new(), revision: 0 };
        let source = |(name, text): &(String, String)| Source {
            name: name.as_str().into(),
            text: Arc::from(text.as_str()),
        };
        let catalogue = Catalogue::compile(&[source(&files[0])]).unwrap();
        let policies: Vec<Source> = files[1..].iter().map(source).collect();
        let policies = PolicySet::compile(&policies, &catalogue).unwrap();
        let rules = Rules { catalogue, policies, revision: Revision(0), set: "test".into() };
        office.judge.set_rules(Arc::new(rules));
        let files = files.iter().map(|(name, text)| (name.clone(), Arc::from(text.as_str())));
        office.command(Command::PublishPolicy { files: files.collect() });
        office
    }

    fn accept(&mut self, partner: &Partner, tier: Option<&str>) {
        let id = PartnerId::new(&partner.name.replace('_', "-")).unwrap();
        self.command(Command::AddPartner {
            id: id.clone(),
            name: partner.name.to_owned(),
            tier: tier.map(|tier| TierName::new(tier).unwrap()),
            r#use: Use::Research,
            declared_use: String::new(),
            scopes: None,
            facts: Facts {
                purpose: Some(partner.purpose.to_owned()),
                figures: BTreeMap::from([("calls_per_hour".to_owned(), 1_000_000)]),
                lists: partner.lists.clone(),
                ..Facts::default()
            },
        });
        for (at, key) in partner.keys().iter().enumerate() {
            self.command(Command::IssueKey {
                id: KeyId::new(&format!("{}{at}", partner.name.replace('_', ""))).unwrap(),
                partner: id.clone(),
                client: None,
                scopes: None,
                start: KeyStart::AtOnce,
                expires: None,
                digest: self.judge.peppers().digest(key.as_bytes()).to_string(),
                pepper: self.judge.peppers().current().fingerprint().to_owned(),
                label: String::new(),
                binding: Default::default(),
                identity: None,
            });
        }
        let at = self.state.snapshot().partner_ix(&id).unwrap();
        for account in &partner.grants {
            self.judge.grants().put(account, (at, None), None, None);
        }
    }

    fn command(&mut self, command: Command) {
        let now = Still.now().wall;
        let planned = self.state.handle(&BY, &command, now).unwrap();
        self.blobs.extend(planned.blobs.into_iter().map(|blob| (blob.sha256, blob.body)));
        for event in planned.events {
            let blobs = |sha: &str| self.blobs.get(sha).cloned();
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
}
