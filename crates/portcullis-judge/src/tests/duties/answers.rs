//! A platform with posts and stories, and a look at both ends of a call: what is sent, what leaves.

use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_sieve::{Gate, Sieve};
use portcullis_types::{KeyId, KeyIx, Revision};
use portcullis_yaml::Source;

use super::super::{arrivals, bed::*};
use crate::{Arrival, Batch, Duties, Granted, PlatformCredential, Rules, SentTarget, Verdict};

const ROUTES: &str = r##"
version: 1
versions: { known: [v21.0], missing: v21.0 }
classes:
  profile: Accounts
  post.list: Posts of an account
  post.single: A post
  post.place: Posts at a place
  post.author: Who made a post
  story.list: Stories of an account
  story.single: A story
  comments: Comments
  figures: Figures
  publish: Publishing
types:
  user:
    ids: ["17841####"]
    default: [id, username]
    fields: { profile: [id, username, account_type, followers] }
    edges:
      media: { class: post.list, holds: post, modifiers: [limit, after] }
      stories: { class: story.list, holds: story, modifiers: [limit, after] }
      discovery: { class: profile, holds: user, modifiers: [username], named_by: username }
      insights: { class: figures }
  post:
    ids: ["179####"]
    default: [id, caption]
    fields: { post.single: [id, caption, media_product_type, media_url], post.author: [username] }
    edges:
      owner: { class: post.author, holds: user, inline: true, default: [id] }
      comments: { class: comments, holds: comment, modifiers: [limit, after] }
  story:
    ids: ["18####"]
    default: [id]
    fields: { story.single: [id, media_product_type, expires_at, link] }
    edges:
      owner: { class: story.single, holds: user, inline: true, default: [id] }
  comment:
    default: [id, text]
    fields: { comments: [id, text, username] }
    edges:
      media: { class: post.single, holds: post }
  place:
    ids: ["1##"]
    default: [id]
    fields: { profile: [id] }
operations:
  getNode:
    method: GET
    path: /{version}/{node_id}
    target: node_id
    class_by_type: { user: profile, post: post.single, story: story.single, place: profile }
    answer: target
    params: { fields: fields }
  getNodes:
    method: GET
    path: /{version}
    targets: ids
    class_by_type: { user: profile, post: post.single, story: story.single }
    answer: target
    params: { ids: ids, fields: fields }
  listMedia:
    method: GET
    path: /{version}/{node_id}/media
    target: node_id
    class_by_type: { user: post.list, place: post.place }
    answer: post
    params: { fields: fields, limit: page_size, after: cursor }
    links: true
  listStories:
    method: GET
    path: /{version}/{node_id}/stories
    target: node_id
    class_by_type: { user: story.list }
    answer: story
    params: { fields: fields, limit: page_size }
    links: true
  getInsights:
    method: GET
    path: /{version}/{node_id}/insights
    target: node_id
    class_by_type: { user: figures }
  batch:
    method: POST
    path: /{version}
    batch: true
    params: { batch: batch }
  publish:
    method: POST
    path: /{version}/{node_id}/media
    target: node_id
    class_by_type: { user: publish }
    answer: post
    default: []
    params: { fields: fields, caption: plain }
"##;

const SCOPES: &str = r#"
version: 1
scopes:
  all:
    about: Everything
    classes: [profile, post.list, post.single, post.place, post.author, story.list, story.single, comments, figures, publish]
"#;

pub(super) fn tier(filters: &str) -> String {
    format!(
        "version: 1\ntier: standard\nabout: For tests\nscopes: [all]\nbatch: true\nrates: []\nfilter:\n{filters}"
    )
}

pub(super) const NO_STORIES: &str = "  - { id: no-stories, class: [post.list, post.single, post.place], drop_items: { product_type: [STORY] } }\n";
pub(super) const FRESH: &str =
    "  - { id: fresh, class: [story.list, story.single], drop_items: { expired: true } }\n";
pub(super) const BUSINESS: &str = "  - { id: business, class: [story.list, story.single, profile], drop_items: { account_type_not: [BUSINESS] } }\n";
pub(super) const OURS: &str =
    "  - { id: ours, class: [post.place], drop_items: { owner_not: granted } }\n";
pub(super) const DECLARED: &str =
    "  - { id: brands, class: [post.place, post.single], drop_items: { owner_not: brands } }\n";

pub(super) struct Answers {
    pub(super) bed: Bed,
}

/// What is sent, and what leaves of an answer: its text, or why it does not.
type Told = (String, String);

impl Answers {
    pub(super) fn of(tier: &str) -> Self {
        let mut answers = Self { bed: Bed::with(TIER) };
        answers.rules(tier);
        answers
    }

    /// Puts a tier in force.
    pub(super) fn rules(&mut self, tier: &str) {
        let source = |name: &str, text: &str| Source { name: name.into(), text: Arc::from(text) };
        let catalogue = Catalogue::compile(&[source("r.yaml", ROUTES)]).unwrap();
        let policies = [source("s.yaml", SCOPES), source("t.yaml", tier)];
        let policies =
            PolicySet::compile(&policies, &catalogue).unwrap_or_else(|f| panic!("{f:?}"));
        let rules = Rules { catalogue, policies, revision: Revision(0), set: "test".into() };
        self.bed.judge.set_rules(Arc::new(rules));
        self.bed.judge.publish(self.bed.state.snapshot());
    }

    pub(super) fn call(
        &mut self,
        call: &str,
    ) -> Result<(String, Option<Arc<Duties>>, KeyIx), String> {
        let (method, target) = call.split_once(' ').unwrap_or(("GET", call));
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let key = secret("a1");
        let keys = [key.as_bytes()];
        let arrival = Arrival { method, ..arrivals::get(path, query, &keys) };
        let now = self.bed.now;
        let verdict = self.bed.desks[0].judge(&arrival, now, &PlatformCredential::Header);
        Self::permitted(verdict)
    }

    /// What is sent for a permitted call, and what its answer falls under.
    fn permitted(verdict: Verdict) -> Result<(String, Option<Arc<Duties>>, KeyIx), String> {
        let rule = verdict.trace.rule.clone();
        match verdict.outcome {
            Ok(Granted::Call(permit)) => {
                let key = permit.key;
                let (outbound, _settlement, duties) = permit.into_parts();
                let sent = match outbound.target() {
                    SentTarget::AsReceived => "as received".to_owned(),
                    SentTarget::Written(text) => text.clone(),
                };
                Ok((sent, duties, key))
            }
            Ok(Granted::Batch(_)) => panic!("a batch"),
            Err(refusal) => Err(format!("{} by {}", refusal.row().code, rule.unwrap())),
        }
    }

    /// What a permitted call has debited, kept until it is dropped.
    pub(super) fn held(&mut self, call: &str) -> Result<crate::Settlement, String> {
        let (path, query) = call.split_once('?').map_or((call, None), |(p, q)| (p, Some(q)));
        let key = self.bed.state.snapshot().key_ix(&KeyId::new("a1").unwrap()).unwrap();
        let (now, platform) = (self.bed.now, PlatformCredential::Header);
        let verdict =
            self.bed.desks[0].judge_known(key, &arrivals::get(path, query, &[]), now, &platform);
        let rule = verdict.trace.rule.clone();
        match verdict.outcome {
            Ok(granted) => Ok(granted.call().unwrap().into_parts().1),
            Err(refusal) => Err(format!("{} by {}", refusal.row().code, rule.unwrap())),
        }
    }

    fn told(&mut self, call: &str, answer: &str) -> Told {
        let (sent, duties, key) = match self.call(call) {
            Ok(found) => found,
            Err(refused) => return (refused, String::new()),
        };
        let text = self.sieved(duties, key, answer);
        (sent, text)
    }

    fn sieved(&mut self, duties: Option<Arc<Duties>>, key: KeyIx, answer: &str) -> String {
        let Some(duties) = duties else { return "as it is".into() };
        let now = self.bed.now;
        let items = self.bed.desks[0].items(key, &duties, None, now);
        let gate = Arc::new(Gate::new("https://gate"));
        let seconds = i64::try_from(now.wall.0 / 1000).unwrap();
        let mut sieve = Sieve::new(Arc::clone(&duties.program), gate, seconds, items);
        let mut out = Vec::new();
        let passed = sieve.push(answer.as_bytes(), &mut out).and_then(|()| sieve.finish());
        match passed {
            Ok(()) => String::from_utf8(out).unwrap(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    /// The same of the one entry of a batch.
    #[track_caller]
    pub(super) fn check_entry(&mut self, url: &str, sent: &str, answer: &str, leaves: &str) {
        let entries = format!(r#"[{{"method":"GET","relative_url":"{url}"}}]"#);
        let body = format!("batch={}", portcullis_request::escaped(&entries));
        let key = secret("a1");
        let keys = [key.as_bytes()];
        let arrival = arrivals::batch(&body, &keys);
        let (now, platform) = (self.bed.now, PlatformCredential::Header);
        let desk = &mut self.bed.desks[0];
        let Ok(Granted::Batch(batch)) = desk.judge(&arrival, now, &platform).outcome else {
            panic!("{url}")
        };
        let Batch { entries, mut together, .. } = *batch;
        let verdict = desk.judge_entry(&mut together, &entries[0], now, &platform);
        let (was_sent, duties, key) = Self::permitted(verdict).unwrap();
        assert_eq!(was_sent, sent, "{url}");
        assert_eq!(self.sieved(duties, key, answer), leaves, "{url}");
    }

    #[track_caller]
    pub(super) fn check(&mut self, call: &str, sent: &str, answer: &str, leaves: &str) {
        let (was_sent, left) = self.told(call, answer);
        assert_eq!(was_sent, sent, "{call}");
        assert_eq!(left, leaves, "{call}");
    }
}

pub(super) const USER: &str = "/v21.0/178410001";
pub(super) const POST: &str = "/v21.0/1790001";
pub(super) const STORY: &str = "/v21.0/180001";
pub(super) const PLACE: &str = "/v21.0/100";
