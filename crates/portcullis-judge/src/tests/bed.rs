//! A small platform with partners, and a writer that feeds the judge as the store does.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_keys::{Pepper, Peppers};
use portcullis_policy::PolicySet;
use portcullis_registry::{
    Actor, ActorKind, Command, Facts, KeyStart, Place, State, SubjectId, Use,
};
use portcullis_types::{
    ClientId, KeyId, Mono, Now, PartnerId, ReasonCode, Refusal, Revision, ScopeName, TierName, Wall,
};
use portcullis_yaml::Source;

use crate::{Arrival, Bounds, Desk, Judge, PlatformCredential, Rules, Verdict};

pub(super) const PEPPER: &str = "8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00";

pub(super) const ROUTES: &str = r##"
version: 1
versions: { known: [v20.0, v21.0], missing: v21.0 }
classes:
  profile.basic: Names
  profile.bio: Biographies
  media.list: Posts of an account
  place.posts: Posts at a place
types:
  user:
    ids: ["17841############"]
    default: [id, username]
    fields: { profile.basic: [id, username], profile.bio: [biography] }
  place:
    ids: ["1###########"]
    default: [id]
    fields: { profile.basic: [id] }
operations:
  getNode:
    method: GET
    path: /{version}/{node_id}
    target: node_id
    class_by_type: { user: profile.basic }
    answer: target
    params: { fields: fields }
  listMedia:
    method: GET
    path: /{version}/{node_id}/media
    target: node_id
    class_by_type: { user: media.list }
    params: { limit: page_size, note: plain }
    links: true
  batch:
    method: POST
    path: /{version}
    batch: true
    params: { batch: batch }
  listPlacePosts:
    method: GET
    path: /{version}/{node_id}/posts
    target: node_id
    class_by_type: { place: place.posts }
"##;

pub(super) const SCOPES: &str = r##"
version: 1
scopes:
  profile:read: { about: Names, classes: [profile.basic] }
  profile:bio: { about: Biographies, classes: [profile.basic, profile.bio] }
  media:read: { about: Posts, classes: [media.list] }
  places:read: { about: Places, classes: [place.posts] }
"##;

pub(super) const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [profile:read, profile:bio, media:read]
rates: []
"##;

pub(super) const PROFILE: &str = "/v21.0/17841000000000001";
pub(super) const MEDIA: &str = "/v21.0/17841000000000001/media";
pub(super) const NOWHERE: &str = "/v21.0/private/sweep";
pub(super) const PLACE: &str = "/v21.0/100000000001/posts";

/// The judge, two desks, and a writer's state.
pub(super) struct Bed {
    pub(super) judge: Arc<Judge>,
    pub(super) desks: [Desk; 2],
    pub(super) state: State,
    pub(super) now: Now,
    revision: u64,
    blobs: HashMap<String, Arc<[u8]>>,
}

pub(super) fn partner(id: &str) -> SubjectId {
    SubjectId::Partner(PartnerId::new(id).unwrap())
}

pub(super) fn client(id: &str) -> SubjectId {
    SubjectId::Client(ClientId::new(id).unwrap())
}

pub(super) fn key(id: &str) -> SubjectId {
    SubjectId::Key(KeyId::new(id).unwrap())
}

pub(super) fn names(list: &[&str]) -> Option<Vec<ScopeName>> {
    Some(list.iter().map(|name| ScopeName::new(name).unwrap()).collect())
}

pub(super) fn reason(code: &str) -> ReasonCode {
    ReasonCode::new(code).unwrap()
}

/// Who acts, where it does not matter.
pub(super) static BY: std::sync::LazyLock<Actor> =
    std::sync::LazyLock::new(|| Actor { kind: ActorKind::Local, id: "test".to_owned() });

pub(super) fn hold(subject: SubjectId) -> Command {
    let tell = format!("Hold on {subject:?} while we look at it.");
    Command::hold(subject, reason("investigation"), &tell)
}

pub(super) fn restore(subject: SubjectId) -> Command {
    Command::restore(subject, reason("investigation-closed"), "All is well again.")
}

pub(super) fn revoke(id: &str) -> Command {
    let tell = "The key was found in public.".to_owned();
    let key = KeyId::new(id).unwrap();
    Command::RevokeKey { key, reason: reason("key-exposed"), tell, case: None }
}

/// The text of the key with that id.
pub(super) fn secret(id: &str) -> String {
    format!("secret-of-{id}")
}

impl Bed {
    /// A judge that knows nothing yet.
    pub(super) fn empty() -> Self {
        Self::within(Bounds::default())
    }

    fn within(bounds: Bounds) -> Self {
        let peppers = Peppers::new(Pepper::from_text(PEPPER).unwrap(), None);
        let judge = Arc::new(Judge::new(peppers, bounds));
        let desks = [judge.desk(), judge.desk()];
        let now = Now { wall: Wall(1_711_886_400_000), mono: Mono(3_600_000_000_000) };
        Self { judge, desks, state: State::new(), now, revision: 0, blobs: HashMap::new() }
    }

    /// With partners `acme` (client `shop`) and `zenith`, both on the tier, and keys `a1`, `a2`
    /// (of `shop`) and `z1`.
    pub(super) fn with(tier: &str) -> Self {
        Self::with_bounds(tier, Bounds::default())
    }

    pub(super) fn with_bounds(tier: &str, bounds: Bounds) -> Self {
        let mut bed = Self::within(bounds);
        bed.rules(tier);
        bed.partner("acme", None);
        bed.partner("zenith", None);
        bed.command(Command::AddClient {
            id: ClientId::new("shop").unwrap(),
            partner: PartnerId::new("acme").unwrap(),
            name: "Shop".into(),
            purpose: String::new(),
            category: None,
            scopes: None,
        });
        bed.issue("a1", "acme", None, None, None);
        bed.issue("a2", "acme", Some("shop"), None, None);
        bed.issue("z1", "zenith", None, None, None);
        bed
    }

    /// Puts a tier in force with the routes and scopes of this file.
    pub(super) fn rules(&mut self, tier: &str) {
        let texts =
            [("routes/r.yaml", ROUTES), ("policies/s.yaml", SCOPES), ("policies/t.yaml", tier)];
        let files = texts.map(|(name, text)| (name.to_owned(), Arc::from(text))).to_vec();
        let rules = compile(tier, Revision(self.revision));
        self.judge.set_rules(Arc::new(rules));
        self.command(Command::PublishPolicy { files });
    }

    pub(super) fn partner(&mut self, id: &str, scopes: Option<Vec<ScopeName>>) {
        self.command(Command::AddPartner {
            id: PartnerId::new(id).unwrap(),
            name: id.to_uppercase(),
            tier: Some(TierName::new("standard").unwrap()),
            r#use: Use::Research,
            declared_use: String::new(),
            scopes,
            facts: Facts::default(),
        });
    }

    pub(super) fn issue(
        &mut self,
        id: &str,
        partner: &str,
        client: Option<&str>,
        scopes: Option<Vec<ScopeName>>,
        expires: Option<Wall>,
    ) {
        let digest = self.judge.peppers().digest(secret(id).as_bytes());
        self.command(Command::IssueKey {
            id: KeyId::new(id).unwrap(),
            partner: PartnerId::new(partner).unwrap(),
            client: client.map(|id| ClientId::new(id).unwrap()),
            scopes,
            start: KeyStart::AtOnce,
            expires,
            digest: digest.to_string(),
            pepper: self.judge.peppers().current().fingerprint().to_owned(),
            label: String::new(),
            binding: Default::default(),
            identity: None,
        });
    }

    /// Does a command as the writer does: narrow, make durable, publish, widen.
    #[track_caller]
    pub(super) fn command(&mut self, command: Command) {
        self.command_in_steps(command, |_| {});
    }

    /// The same, with a look after each step.
    #[track_caller]
    pub(super) fn command_in_steps(&mut self, command: Command, mut look: impl FnMut(&mut Self)) {
        let planned = self.state.handle(&BY, &command, self.now.wall).unwrap();
        if let Some(narrowing) = planned.narrows {
            self.judge.narrow(narrowing.subject, narrowing.notice, narrowing.kind);
            look(self);
        }
        self.blobs.extend(planned.blobs.into_iter().map(|blob| (blob.sha256, blob.body)));
        for event in planned.events {
            let blobs = |sha: &str| self.blobs.get(sha).cloned();
            let (revision, ts) = (Revision(self.revision), self.now.wall);
            let place = Place { revision, ts, by: &BY, approver: None };
            self.state.apply(place, &event, &blobs).unwrap();
            self.revision += 1;
        }
        self.judge.publish(self.state.snapshot());
        look(self);
        if let Some(subject) = planned.widens {
            self.judge.widen(subject);
            look(self);
        }
    }

    /// Judges a GET with a key in the header, on a desk.
    pub(super) fn judge_on(&mut self, desk: usize, key: &str, path: &str) -> Verdict {
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let keys: [&[u8]; 1] = [key.as_bytes()];
        let arrival = Arrival {
            method: "GET",
            path,
            query,
            content_type: None,
            header_keys: if key.is_empty() { &[] } else { &keys },
            body: &[],
            has_body: false,
        };
        self.desks[desk].judge(&arrival, self.now, &PlatformCredential::Header)
    }

    /// The code of the refusal of a call by the key with that id, or `permitted`.
    pub(super) fn code(&mut self, id: &str, path: &str) -> &'static str {
        code(&self.judge_on(0, &secret(id), path))
    }

    #[track_caller]
    pub(super) fn check(&mut self, id: &str, path: &str, expected: &str) {
        assert_eq!(self.code(id, path), expected, "{id} {path}");
    }

    pub(super) fn seconds_pass(&mut self, seconds: u64) {
        self.now.mono.0 += seconds * 1_000_000_000;
        self.now.wall.0 += seconds * 1000;
    }
}

pub(super) fn compile(tier: &str, revision: Revision) -> Rules {
    compile_all(&[tier], revision)
}

pub(super) fn compile_all(tiers: &[&str], revision: Revision) -> Rules {
    let source = |name: &str, text: &str| Source { name: name.into(), text: Arc::from(text) };
    let catalogue = Catalogue::compile(&[source("routes/r.yaml", ROUTES)]).unwrap();
    let tiers =
        tiers.iter().enumerate().map(|(at, tier)| source(&format!("policies/t{at}.yaml"), tier));
    let policies: Vec<_> = [source("policies/s.yaml", SCOPES)].into_iter().chain(tiers).collect();
    let policies = PolicySet::compile(&policies, &catalogue).unwrap();
    Rules { catalogue, policies, revision, set: "test".into() }
}

pub(super) fn code(verdict: &Verdict) -> &'static str {
    verdict.outcome.as_ref().err().map_or("permitted", |refusal: &Refusal| refusal.row().code)
}
