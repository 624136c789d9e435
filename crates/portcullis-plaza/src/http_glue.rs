//! HTTP on one side, calls on the other: reads requests, records them, writes answers.
//!
//! Must not know which operations there are, but for the slow ones.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::body::Outgoing;
use crate::clock::Clock;
use crate::desk::{CURRENT, Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::multipart;
use crate::params::{Params, decode};
use crate::router;
use crate::settings::{Recorded, Settings};
use crate::world::World;

/// The largest body taken.
const BODY_MAX: usize = 8 << 20;
/// Slow answers come in pieces of this many bytes.
const PIECE: usize = 64;
const JSON: &str = "application/json; charset=UTF-8";

/// Everything that the connections share.
pub(crate) struct Site {
    pub(crate) settings: Settings,
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) world: Mutex<World>,
    pub(crate) requests: Mutex<VecDeque<Recorded>>,
    pub(crate) calls: std::sync::atomic::AtomicU64,
}

/// A lock that a panic elsewhere does not close.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// Answers one request.
    pub(crate) async fn serve(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, BODY_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return self.write(&parts, Err(GraphError::too_large()), false),
        };
        self.record(&parts, &body);
        if parts.uri.path() == "/_slow" {
            return self.slow(&parts);
        }
        match call(&parts, &body) {
            Ok(call) => {
                let is_slow = self.settings.drip.is_some() && router::is_insights(&call);
                self.write(&parts, self.answer(&call), is_slow)
            }
            Err(error) => self.write(&parts, Err(error), false),
        }
    }

    fn answer(&self, call: &Call) -> Answer<Value> {
        let mut world = lock(&self.world);
        let mut desk = Desk {
            world: &mut world,
            now: self.clock.now(),
            token: &self.settings.token,
            base: &self.base,
        };
        router::answer(&mut desk, call)
    }

    fn record(&self, parts: &Parts, body: &Bytes) {
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        let recorded = Recorded {
            method: parts.method.as_str().to_owned(),
            target: parts.uri.to_string(),
            headers: headers.collect(),
            body: body.clone(),
        };
        if let Some(record) = &self.settings.record {
            record(&recorded);
        }
        let mut requests = lock(&self.requests);
        requests.push_back(recorded);
        while requests.len() > self.settings.keep_requests {
            requests.pop_front();
        }
    }

    fn write(&self, parts: &Parts, answer: Answer<Value>, is_slow: bool) -> Response<Outgoing> {
        let number = self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let trace = format!("A{number:010x}");
        let (status, value, is_token) = match &answer {
            Ok(value) => (200, value.clone(), false),
            Err(error) => (error.status, error.envelope(&trace), error.is_token()),
        };
        let mut text = value.to_string();
        if self.settings.escape_slashes {
            text = text.replace('/', "\\/");
        }
        let mut bytes = Bytes::from(text);
        let mut headers = HeaderMap::new();
        usage(&mut headers, number, lock(&self.world).me.as_deref());
        put(&mut headers, "x-fb-trace-id", &trace);
        if is_token {
            put(
                &mut headers,
                "www-authenticate",
                "OAuth \"Plaza Platform\" \"invalid_token\" \"Invalid OAuth access token.\"",
            );
        }
        if wants_gzip(&parts.headers)
            && let Some(packed) = gzip(&bytes)
        {
            bytes = packed;
            put(&mut headers, "content-encoding", "gzip");
        }
        let body = match self.settings.drip {
            Some(pause) if is_slow => Outgoing::drip(&bytes, PIECE, pause),
            _ => Outgoing::Whole(bytes),
        };
        respond(status, headers, body)
    }

    /// `/_slow?chunks&size`: a JSON list, one row a piece. For trying what becomes of answers under way.
    fn slow(&self, parts: &Parts) -> Response<Outgoing> {
        let params = Params::of_form(parts.uri.query().unwrap_or_default());
        let number = |name, default| {
            params
                .number(name)
                .ok()
                .flatten()
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(default)
        };
        let (chunks, size) =
            (number("chunks", 50).clamp(1, 100_000), number("size", 100).min(1 << 16));
        let pad = "x".repeat(size);
        let mut pieces: VecDeque<Bytes> = VecDeque::from([Bytes::from_static(b"{\"data\":[")]);
        for at in 0..chunks {
            let comma = if at == 0 { "" } else { "," };
            pieces.push_back(
                format!("{comma}{}", json!({ "id": at.to_string(), "pad": pad })).into(),
            );
        }
        pieces.push_back(Bytes::from_static(b"]}"));
        let pause = self.settings.drip.unwrap_or_default();
        respond(200, HeaderMap::new(), Outgoing::Drip { pieces, pause, waiting: None })
    }
}

fn respond(status: u16, mut headers: HeaderMap, body: Outgoing) -> Response<Outgoing> {
    put(&mut headers, "content-type", JSON);
    put(&mut headers, "cache-control", "private, no-cache, no-store, must-revalidate");
    put(&mut headers, "vary", "Origin, Accept-Encoding");
    put(&mut headers, "facebook-api-version", CURRENT);
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// How much of the platform's patience is used up: a percentage that grows by the thousand calls.
fn usage(headers: &mut HeaderMap, number: u64, me: Option<&str>) {
    let percent = (number / 1_000).min(100);
    let app = json!({ "call_count": percent, "total_time": percent, "total_cputime": percent });
    put(headers, "x-app-usage", &app.to_string());
    let business = json!([{
        "type": "instagram", "call_count": percent, "total_cputime": percent, "total_time": percent,
        "estimated_time_to_regain_access": 0,
    }]);
    put(headers, "x-business-use-case-usage", &json!({ me.unwrap_or("0"): business }).to_string());
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn wants_gzip(headers: &HeaderMap) -> bool {
    let texts =
        headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_none =
            matches!(weight.trim().strip_prefix("q="), Some("0" | "0.0" | "0.00" | "0.000"));
        name.trim().eq_ignore_ascii_case("gzip") && !is_none
    })
}

fn gzip(bytes: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// The request as a call: query and body merged, every token gathered.
fn call(parts: &Parts, body: &Bytes) -> Answer<Call> {
    let verb =
        Verb::of(parts.method.as_str()).ok_or_else(|| GraphError::method(parts.method.as_str()))?;
    let mut params = Params::of_form(parts.uri.query().unwrap_or_default());
    // SDKs send `{}` with a GET; the platform never looks.
    if verb != Verb::Get {
        params.extend(body_params(&parts.headers, body)?);
    }
    let mut tokens: Vec<String> = params.every("access_token").map(str::to_owned).collect();
    tokens.extend(bearer(&parts.headers));
    Ok(Call { verb, path: decode(parts.uri.path(), false), params, tokens })
}

fn body_params(headers: &HeaderMap, body: &Bytes) -> Answer<Params> {
    if body.is_empty() {
        return Ok(Params::default());
    }
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Some(boundary) = multipart::boundary(kind) {
        return multipart::params(body, &boundary);
    }
    let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "application/json" => Params::of_json(body),
        // One SDK sends forms without saying so.
        "application/x-www-form-urlencoded" | "" => {
            Ok(Params::of_form(&String::from_utf8_lossy(body)))
        }
        _ => Ok(Params::default()),
    }
}

fn bearer(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let texts =
        headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| {
        let (scheme, token) = text.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
        known.then(|| token.trim().to_owned())
    })
}
