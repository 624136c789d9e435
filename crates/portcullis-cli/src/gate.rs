//! Calls the admin API.
//!
//! Sends, and turns every answer into a value or a failure that says what to do. Must not know what
//! is asked.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use ureq::http::request::Builder;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, Body, SendBody};
use zeroize::Zeroizing;

use crate::args::Common;
use crate::failure::{Failure, Refusal};
use crate::host::Host;
use crate::out::{clean, text};
use crate::token::{DEFAULT_ADMIN, Found, signed_in};

const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A gate's admin API.
pub(crate) struct Gate {
    agent: Agent,
    base: String,
    token: Zeroizing<String>,
    /// Where the token was found, for people.
    token_from: String,
    /// Why it can't wait for a second person.
    emergency: Option<String>,
    /// The revision that what it changes must not be newer than.
    on: Option<u64>,
}

impl Gate {
    /// Finds the address and the token.
    pub(crate) fn find(common: &Common, host: &dyn Host) -> Result<Self, Failure> {
        let Found { base, token, from } = signed_in(common, host)?;
        let (emergency, on) = (common.break_glass.clone(), common.if_revision);
        Ok(Self { emergency, on, ..Self::at(&base, token, from)? })
    }

    /// At an address with a token.
    pub(crate) fn at(
        base: &str,
        token: Zeroizing<String>,
        token_from: String,
    ) -> Result<Self, Failure> {
        let base = base.trim_end_matches('/').to_owned();
        if base.starts_with("https://") {
            return Err(Failure::Usage(format!(
                "`{base}`: the admin API speaks plain HTTP on a loopback address; reach it by a tunnel, such as `ssh -L 9901:127.0.0.1:9901 HOST`, and name `http://127.0.0.1:9901`"
            )));
        }
        if !base.starts_with("http://") {
            return Err(Failure::Usage(format!(
                "`{base}` is no address of an admin API: write a URL such as `{DEFAULT_ADMIN}`"
            )));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None) // the token must not pass through a proxy that the environment names
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(660)))
            .user_agent(concat!("portcullis-cli/", env!("CARGO_PKG_VERSION")))
            .build();
        let (agent, emergency, on) = (Agent::new_with_config(config), None, None);
        Ok(Self { agent, base, token, token_from, emergency, on })
    }

    /// The address.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The revision that was typed for what it changes.
    pub(crate) fn builds_on(&self) -> Option<u64> {
        self.on
    }

    /// Asks.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None, &[])
    }

    /// Posts a wish.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body), &[])
    }

    /// Any call that answers JSON.
    pub(crate) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, String)],
    ) -> Result<Value, Failure> {
        let mut response = self.send(method, path, body, headers)?;
        let limited = response.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = limited.read_to_vec().map_err(|error| self.failed(&error))?;
        self.value(response.status(), &bytes)
    }

    /// Sends lines of JSON of any number.
    pub(crate) fn feed(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        lines: &mut dyn Read,
    ) -> Result<Value, Failure> {
        let kind = [("content-type", "application/x-ndjson".to_owned())];
        let request = self.request(method, path, headers.iter().chain(&kind));
        let mut lines = lines;
        let request = request.body(SendBody::from_reader(&mut lines));
        let request = request.map_err(|error| self.unusable(&error))?;
        let mut response = self.agent.run(request).map_err(|error| self.failed(&error))?;
        let bytes = response.body_mut().read_to_vec().map_err(|error| self.failed(&error))?;
        self.value(response.status(), &bytes)
    }

    /// The answer as a stream, for what may be large.
    pub(crate) fn stream(&self, path: &str) -> Result<impl Read + use<>, Failure> {
        let mut response = self.send(Method::GET, path, None, &[])?;
        if response.status() != StatusCode::OK {
            let bytes = response.body_mut().read_to_vec().map_err(|error| self.failed(&error))?;
            self.value(response.status(), &bytes)?;
        }
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// An answer that is text.
    pub(crate) fn text(&self, path: &str) -> Result<String, Failure> {
        let mut text = String::new();
        let read = self.stream(path)?.take(ANSWER_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|error| Failure::Local(format!("the gate's answer can't be read: {error}")))?;
        Ok(text)
    }

    /// A call that needs no token and whose status is part of the answer.
    pub(crate) fn look(&self, path: &str) -> Result<(u16, Value), Failure> {
        let mut response = self.send(Method::GET, path, None, &[])?;
        let bytes = response.body_mut().read_to_vec().map_err(|error| self.failed(&error))?;
        let value = serde_json::from_slice(&bytes).map_err(|_| self.stranger(response.status()))?;
        Ok((response.status().as_u16(), value))
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, String)],
    ) -> Result<Response<Body>, Failure> {
        let request = self.request(method, path, headers);
        let text = body.map(Value::to_string).map(Zeroizing::new);
        let sent = match &text {
            Some(text) => {
                let request = request.header("content-type", "application/json");
                let body =
                    SendBody::from_owned_reader(std::io::Cursor::new(text.as_bytes().to_vec()));
                let request = request.header("content-length", text.len());
                self.agent.run(request.body(body).map_err(|error| self.unusable(&error))?)
            }
            None => self.agent.run(request.body(()).map_err(|error| self.unusable(&error))?),
        };
        sent.map_err(|error| self.failed(&error))
    }

    fn request<'h>(
        &self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = &'h (&'h str, String)>,
    ) -> Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token.as_str()))
            .header("accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(why) = &self.emergency {
            request = request.header("portcullis-emergency", why);
        }
        if let Some(on) = self.on {
            request = request.header("if-match", format!("\"{on}\""));
        }
        request
    }

    fn unusable(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::Usage(format!("`{}` can't be called: {error}", self.base))
    }

    fn failed(&self, error: &ureq::Error) -> Failure {
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::Usage(format!("`{}` is no address of an admin API: {error}", self.base))
            }
            _ => Failure::Unreachable(format!(
                "the gate's admin API can't be reached at {}: {error}\nis `portcullis serve` running? name its address with `--admin URL` or `PORTCULLIS_ADMIN`, or the deployment with `--config FILE`",
                self.base
            )),
        }
    }

    fn value(&self, status: StatusCode, bytes: &[u8]) -> Result<Value, Failure> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| self.stranger(status))?;
        if status.is_success() {
            return Ok(value);
        }
        let mut refusal: Refusal =
            serde_json::from_value(value.clone()).map_err(|_| self.stranger(status))?;
        // Answers to partners carry a request id, those of the admin API don't.
        if value.get("request_id").is_some() {
            return Err(Failure::Unreachable(format!(
                "what answers at {} is the gate's public listener, where partners call: name the address under `admin:` in portcullis.yaml",
                self.base
            )));
        }
        if status == StatusCode::UNAUTHORIZED && text(&value, "code") == "token_refused" {
            let why = clean(&text(&value, "detail"));
            return Err(Failure::NotSignedIn(format!("not signed in: {why}")));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Failure::NotSignedIn(format!(
                "not signed in: the gate at {} does not know the token {}; name the file of one it knows with `--token-file FILE`, or put the token into `PORTCULLIS_ADMIN_TOKEN`",
                self.base, self.token_from
            )));
        }
        refusal.document = value;
        Err(Failure::Refused(Box::new(refusal)))
    }

    fn stranger(&self, status: StatusCode) -> Failure {
        Failure::Unreachable(format!(
            "what answers at {} (status {}) is not the admin API of a gate: compare the address with `admin:` in portcullis.yaml",
            self.base,
            status.as_u16()
        ))
    }
}
