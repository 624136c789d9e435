//! The texts of a new deployment.
//!
//! Must not hold a secret.

use anyhow::Context;

macro_rules! plaza {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../policies/plaza/", $name)))),*]
    };
}

/// The example set: the catalogue of a Graph-shaped platform, and a tier for each use of it.
pub(crate) const EXAMPLE_SET: &[(&str, &str)] = plaza![
    "routes/plaza.yaml",
    "policies/audience-insights.yaml",
    "policies/base.yaml",
    "policies/brand-analytics.yaml",
    "policies/campaign-reports.yaml",
    "policies/comment-care.yaml",
    "policies/creator-marketplace.yaml",
    "policies/field-sets.yaml",
    "policies/location-marketing.yaml",
    "policies/market-statistics.yaml",
    "policies/newsroom.yaml",
    "policies/own-property-monitoring.yaml",
    "policies/publishing.yaml",
    "policies/research.yaml",
    "policies/review-digest.yaml",
    "policies/scopes.yaml",
    "policies/social-wall.yaml",
    "policies/story-insights.yaml",
    "policies/strictest.yaml",
    "policies/travel-search.yaml",
];

/// What varies in `portcullis.yaml`.
#[derive(Debug, Clone)]
pub(crate) struct ConfigText {
    pub upstream: String,
    pub public_listen: String,
    pub public_url: String,
    pub admin_listen: String,
    pub records: &'static str,
}

/// `portcullis.yaml` with comments.
pub(crate) fn config_text(values: &ConfigText, has_credential: bool) -> String {
    let ConfigText { upstream, public_listen, public_url, admin_listen, records } = values;
    let (place, credential) = if has_credential {
        ("bearer", "  platform_credential: { file: secrets/platform-credential }")
    } else {
        ("none", "  # platform_credential: { file: secrets/platform-credential }")
    };
    format!(
        r#"# yaml-language-server: $schema=schema/portcullis.schema.json
# The configuration of one gate. Paths start at the folder of this file.
# `portcullis check` tells every fault in this file, the routes and the policies.
version: 1

public:
  listen: {public_listen}
  # What partners call. Paging links in answers point there; a path prefix is fine.
  url: {public_url}
  # A key may also come in this header, besides `Authorization: Bearer` and `access_token`.
  key_header: x-api-key
  # Networks of proxies in front whose X-Forwarded-For is believed.
  trusted_proxies: []

admin:
  # Operators' API, metrics and health. Keep it on a private address.
  listen: {admin_listen}

upstream:
  url: {upstream}
  # Where the platform's own credential goes: bearer, query (access_token) or none.
  credential: {place}

store:
  path: data/portcullis.db

routes: routes
policies: policies

secrets:
  # Each comes from a file, an environment variable ({{ env: NAME }}) or a systemd
  # credential ({{ credential: NAME }}); never from this text.
  pepper: {{ file: secrets/pepper }}
  log_key: {{ file: secrets/log-key }}
  admin_tokens:
    admin: {{ file: secrets/admin-token.sha256 }}
{credential}

records:
  # One line of JSON per call: stdout, file (with `path:`) or none.
  to: {records}

people:
  # true: giving access back or out takes two persons (`portcullis person add`, tokens with `person:`
  # or an issuer under `oidc:`). A first run has one, so it is off; each change is an event.
  two_persons: false

ledger:
  # What left, for whom, is written down in data/portcullis.ledger; how much of which class, the
  # routes say. Files go after `keep`; after `digests` nobody can tell any more whose records they hold.
  keep: 90d
  digests: 30d

signals:
  # Watches of policies may put so many partners on hold within 24 hours, or a tenth of all
  # partners, whichever is more; 0: none. Beyond that they are recorded, and an alarm is raised.
  holds_per_day: 3
"#
    )
}

/// The JSON Schemas that editors use, by file name.
pub(crate) fn schemas() -> anyhow::Result<Vec<(&'static str, String)>> {
    let all = [
        ("portcullis.schema.json", crate::config::schema()),
        ("routes.schema.json", portcullis_catalogue::Catalogue::schema()),
        ("policy.schema.json", portcullis_policy::schema()),
        ("statement.schema.json", portcullis_registry::statement_schema()),
    ];
    all.into_iter()
        .map(|(name, value)| {
            let text = serde_json::to_string_pretty(&value).context("a schema can't be written")?;
            Ok((name, text))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    #[test]
    fn the_example_set_is_all_of_its_folder() {
        let root =
            std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/plaza"));
        let mut there = Vec::new();
        for folder in ["routes", "policies"] {
            for file in std::fs::read_dir(root.join(folder)).unwrap() {
                there.push(format!("{folder}/{}", file.unwrap().file_name().to_str().unwrap()));
            }
        }
        there.sort_unstable();
        let mut shipped: Vec<&str> = super::EXAMPLE_SET.iter().map(|(name, _)| *name).collect();
        shipped.sort_unstable();
        assert_eq!(there, shipped);
    }
}
