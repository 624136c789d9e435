//! How the gate asks others over HTTP by itself: bounded in time, without redirects and proxies, and
//! with TLS by the machine's own authorities.
//!
//! Must not know what is asked.

use std::time::Duration;

use ureq::Agent;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An agent; it speaks TLS where one of the addresses wants it.
pub(crate) fn agent<'a>(addresses: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Agent> {
    let mut config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .max_idle_connections(0)
        .user_agent("portcullis");
    if addresses.into_iter().any(|address| address.starts_with("https://")) {
        config = config.tls_config(portcullis_hooks::tls(&portcullis_hooks::Roots::System)?);
    }
    Ok(config.build().new_agent())
}
