//! The catalogue and the shorthand that all tables here share.
#![allow(dead_code, reason = "each table uses a part of it")]

use std::fmt::Write as _;
use std::sync::LazyLock;

use portcullis_catalogue::Catalogue;
use portcullis_request::{
    Amendments, Arrival, Bounds, Canonical, Sent, SentBody, SentTarget, canonicalise, unfold, write,
};
use portcullis_types::{Asks, Refusal, Via};
use portcullis_yaml::Source;

const ROUTES: &str = r##"
version: 1
versions: { known: [v20.0, v21.0], missing: v21.0 }
classes:
  profile.basic: Names
  profile.bio: Biographies
  media.list: Posts of an account
  media.single: One post
  media.publish: Publishing
  story.list: Stories of an account
  story.single: One story
  place.search: Search of places
  place.single: One place
  tag.page: Pages of hashtags
  comment.delete: Deleting
  upload: Uploads
types:
  user:
    ids: ["17841############", me]
    default: [id, username]
    fields: { profile.basic: [id, username], profile.bio: [biography, website] }
    edges:
      media: { class: media.list, holds: media, modifiers: [limit, after] }
      stories: { class: story.list, holds: story, modifiers: [limit] }
      business_discovery: { class: profile.basic, holds: user, modifiers: [username] }
  media:
    ids: ["17900############"]
    default: [id, owner]
    fields: { media.single: [id, caption, media_url] }
    edges:
      owner: { class: media.single, holds: user, default: [id] }
      location: { class: place.single, holds: place }
  story:
    ids: ["18###############"]
    default: [id]
    fields: { story.single: [id, media_url] }
  place:
    ids: ["1###########"]
    default: [id, name]
    fields: { place.single: [id, name] }
operations:
  getNode:
    method: GET
    path: /{version}/{node_id}
    target: node_id
    class_by_type: { user: profile.basic, media: media.single, place: place.single, story: story.single }
    answer: target
    params: { fields: fields, metadata: plain }
  deleteNode:
    method: DELETE
    path: /{version}/{node_id}
    target: node_id
    class: comment.delete
  updateNode:
    method: POST
    path: /{version}/{node_id}
    target: node_id
    class: media.publish
    answer: target
    params: { fields: fields, hide: plain, caption: plain, tags: plain, cover: plain }
  getNodes:
    method: GET
    path: /{version}
    not_judged: ids
    params: { ids: ids }
  batch:
    method: POST
    path: /{version}
    not_judged: batch
    params: { batch: batch }
  listMedia:
    method: GET
    path: /{version}/{node_id}/media
    target: node_id
    class: media.list
    answer: media
    links: true
    params: { fields: fields, limit: page_size, after: cursor, since: plain }
  createMedia:
    method: POST
    path: /{version}/{node_id}/media
    target: node_id
    class: media.publish
    params: { caption: plain, image_url: plain, source: plain, limit: page_size, tags: plain, count: plain }
  listStories:
    method: GET
    path: /{version}/{node_id}/stories
    target: node_id
    class: unclassified
    answer: story
    params: { fields: fields }
  debugToken:
    method: GET
    path: /{version}/debug_token
    class: profile.basic
    params: { input_token: secret }
  search:
    method: GET
    path: /{version}/search
    class: unclassified
    params: { q: plain }
  upload:
    method: POST
    path: /{version}/upload
    class: upload
    body: opaque
    params: { name: plain }
  loose:
    method: GET
    path: /{version}/loose
    class: profile.basic
    answer: user
    extra: pass
    params: { fields: fields }
  tagPage:
    method: GET
    path: /explore/tags/{tag}
    class: tag.page
    params: { max_id: plain }
  tagSearch:
    method: GET
    path: /explore/tags/search
    class: unclassified
"##;

pub(crate) const USER: &str = "17841400000000001";
pub(crate) const POST: &str = "17900000000000001";

pub(crate) fn catalogue() -> Catalogue {
    Catalogue::compile(&[Source::new("routes/test.yaml", ROUTES)]).unwrap_or_else(|faults| {
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", texts.join("\n"))
    })
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalogue);

pub(crate) fn shared() -> &'static Catalogue {
    &CATALOGUE
}

/// A call as a test writes it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) header_keys: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            content_type: None,
            header_keys: Vec::new(),
            body: Vec::new(),
        }
    }
    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }
    pub(crate) fn post(target: &str) -> Self {
        Self::new("POST", target)
    }
    pub(crate) fn bearer(mut self, key: &str) -> Self {
        self.header_keys.push(key.to_owned());
        self
    }
    pub(crate) fn body(mut self, content_type: Option<&str>, body: impl AsRef<[u8]>) -> Self {
        self.content_type = content_type.map(str::to_owned);
        self.body = body.as_ref().to_vec();
        self
    }
    pub(crate) fn form(self, body: &str) -> Self {
        self.body(Some("application/x-www-form-urlencoded"), body)
    }
    pub(crate) fn json(self, body: &str) -> Self {
        self.body(Some("application/json"), body)
    }
    pub(crate) fn multipart(self, body: &str) -> Self {
        self.body(Some("multipart/form-data; boundary=XX"), body.replace('\n', "\r\n"))
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Canonical<'_>) -> T) -> Result<T, Refusal> {
        let keys: Vec<&[u8]> = self.header_keys.iter().map(String::as_bytes).collect();
        let arrival = Arrival {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            content_type: self.content_type.as_deref().map(str::as_bytes),
            header_keys: &keys,
            body: &self.body,
            has_body: !self.body.is_empty(),
        };
        canonicalise(&arrival, shared(), &Bounds::default()).map(|canonical| look(&canonical))
    }

    pub(crate) fn asks(&self) -> Result<Asks, Refusal> {
        self.read(|canonical| unfold(canonical, shared(), &Bounds::default()))?
    }

    pub(crate) fn key(&self) -> Result<Option<String>, Refusal> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.read(|canonical| canonical.credential().map(text))
    }

    /// What goes to the platform, as a call again.
    pub(crate) fn sent(&self) -> Result<Self, Refusal> {
        self.sent_with(&Amendments::default())
    }

    pub(crate) fn sent_with(&self, amendments: &Amendments) -> Result<Self, Refusal> {
        let Sent { method, target, body } = self.read(|canonical| write(canonical, amendments))?;
        let mut sent = match &target {
            SentTarget::AsReceived => Self { body: Vec::new(), ..self.clone() },
            SentTarget::Written(text) => Self::new(method.as_str(), text),
        };
        sent.method = method.as_str().to_owned();
        sent.header_keys.clear();
        (sent.content_type, sent.body) = match body {
            SentBody::None => (None, Vec::new()),
            SentBody::Unchanged => (self.content_type.clone(), self.body.clone()),
            SentBody::Params { content_type, bytes } => (Some(content_type.into_owned()), bytes),
        };
        Ok(sent)
    }

    /// The sent call as one text.
    pub(crate) fn sent_text(&self) -> String {
        match self.sent() {
            Ok(sent) => sent.text(),
            Err(refusal) => refused(&refusal),
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = format!("{} {}", self.method, self.path);
        if let Some(query) = &self.query {
            let _ = write!(out, "?{query}");
        }
        if let Some(media) = &self.content_type {
            let _ = write!(out, " [{media}]");
        }
        if !self.body.is_empty() {
            let _ = write!(out, " {}", String::from_utf8_lossy(&self.body));
        }
        out
    }

    /// The asks as one line, or the refusal.
    pub(crate) fn asked(&self) -> String {
        let asks = match self.asks() {
            Ok(asks) => asks,
            Err(refusal) => return refused(&refusal),
        };
        let catalogue = shared();
        let name = catalogue.operation(asks.operation).map_or("?", |found| found.name.as_str());
        let parts = asks.parts.iter().map(|ask| {
            let class = catalogue.class_name(ask.class);
            match &ask.via {
                Via::Operation => class.to_owned(),
                Via::Field(path) => format!("{class}<{path}"),
                Via::DefaultField(path) => format!("{class}<<{path}"),
            }
        });
        format!("{name}: {}", parts.collect::<Vec<_>>().join(" "))
    }
}

pub(crate) fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unreadable { why } => format!("unreadable: {why}"),
        Refusal::ParameterUndeclared { name } => format!("undeclared: {name}"),
        Refusal::FieldUnclassified { field } => format!("field: {field}"),
        Refusal::NotJudged { what } => format!("not judged: {what}"),
        other => other.row().code.to_owned(),
    }
}
