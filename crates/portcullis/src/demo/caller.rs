//! One call of a scripted partner, over a real socket, and what came back.
//!
//! Must not know what was expected.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// The public code of a refusal.
    pub code: Option<String>,
    /// The refusal's text for the partner.
    pub detail: Option<String>,
    pub retry_after: Option<String>,
    /// The whole of it, where it is JSON.
    pub body: Option<Value>,
}

/// A blocking client, as a partner's own would be.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    agent: ureq::Agent,
    base: String,
}

impl Caller {
    /// Towards a base URL.
    pub(crate) fn new(base: String) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        Self { agent: config.into(), base }
    }

    /// Sends one call with a bearer key.
    pub(crate) fn call(
        &self,
        method: &str,
        target: &str,
        key: &str,
        form: &str,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{target}", self.base);
        let bearer = format!("Bearer {key}");
        let sent = match method {
            "POST" => self
                .agent
                .post(&url)
                .header("authorization", &bearer)
                .content_type("application/x-www-form-urlencoded")
                .send(form),
            "DELETE" => self.agent.delete(&url).header("authorization", &bearer).call(),
            _ => self.agent.get(&url).header("authorization", &bearer).call(),
        };
        read(sent.with_context(|| format!("{method} {}{target}", self.base))?)
    }

    /// Sends JSON with a bearer key.
    pub(crate) fn tell(&self, target: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        let post = self.agent.post(format!("{}{target}", self.base));
        let post = post.header("authorization", format!("Bearer {key}"));
        let post = post.content_type("application/json");
        let sent = post.send(body.to_string());
        read(sent.with_context(|| format!("POST {}{target}", self.base))?)
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<Answer> {
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = answer.body_mut().read_to_string().context("the answer broke off")?;
    let body: Option<Value> = serde_json::from_str(&text).ok();
    let member = |name: &str| body.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let (code, detail) = (member("code"), member("detail"));
    Ok(Answer { status, code, detail, retry_after, body })
}
