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
        let mut answer = sent.with_context(|| format!("{method} {}{target}", self.base))?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let text = answer.body_mut().read_to_string().context("the answer broke off")?;
        let json: Option<Value> = serde_json::from_str(&text).ok();
        let member = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
        Ok(Answer { status, code: member("code"), detail: member("detail"), retry_after })
    }
}
