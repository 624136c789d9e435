//! The catalogue and the shorthand that all tables here share.
#![allow(dead_code, reason = "each table uses a part of it")]

use std::fmt::Write as _;
use std::sync::LazyLock;

use portcullis_catalogue::Catalogue;
use portcullis_request::{
    Amendments, Arrival, Bounds, Canonical, Sent, SentBody, SentTarget, Texts, ask, canonicalise,
    write,
};
use portcullis_types::asked::{Ask, Via};
use portcullis_types::{Effect, Refusal};
use portcullis_yaml::Source;

const ROUTES: &str = include_str!("routes.yaml");

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
        self.read_in(shared(), look)
    }

    pub(crate) fn read_in<T>(
        &self,
        catalogue: &Catalogue,
        look: impl FnOnce(&Canonical<'_>) -> T,
    ) -> Result<T, Refusal> {
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
        canonicalise(&arrival, catalogue, &Bounds::default()).map(|canonical| look(&canonical))
    }

    /// Everything that is asked, as one text.
    pub(crate) fn asks(&self) -> Result<String, Refusal> {
        self.read(|canonical| {
            let texts = Texts::default();
            ask(canonical, shared(), &Bounds::default(), &texts).map(|asks| format!("{asks:?}"))
        })?
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
        self.sent_in(shared(), amendments)
    }

    pub(crate) fn sent_in(&self, of: &Catalogue, amendments: &Amendments) -> Result<Self, Refusal> {
        let Sent { method, target, body } =
            self.read_in(of, |canonical| write(canonical, amendments))?;
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

    /// The operation with the classes, fields and edges it asks for as one line, or the refusal.
    pub(crate) fn asked(&self) -> String {
        let asked = self.read(|canonical| {
            let texts = Texts::default();
            let asks = ask(canonical, shared(), &Bounds::default(), &texts)?;
            let operation = shared().operation(asks.operation);
            let name = operation.map_or("?", |found| found.name.as_str());
            let parts: Vec<String> = asks.asks.iter().map(part).collect();
            Ok(format!("{name}: {}", parts.join(" ")))
        });
        asked.and_then(|asked| asked).unwrap_or_else(|refusal| refused(&refusal))
    }
}

/// `edge>class{fields}`; `?` marks what comes by default.
fn part(ask: &Ask<'_>) -> String {
    let mut out = match ask.via {
        Via::Operation => String::new(),
        Via::Edge(name, _) => format!("{name}>"),
    };
    out.push_str(shared().class_name(ask.class));
    if ask.gives.is_some() && ask.effect == Effect::Read {
        let fields: Vec<&str> =
            ask.fields.iter().map(|ix| shared().field_ref(ix).unwrap().path).collect();
        let mark = if ask.fields_named { "" } else { "?" };
        let _ = write!(out, "{{{}}}{mark}", fields.join(","));
    }
    out
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
