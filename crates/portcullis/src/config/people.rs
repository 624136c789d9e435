//! Who runs the gate: the rule for two persons, and the issuer that signs people in.
//!
//! Must not fetch anything.

use std::collections::BTreeMap;

use portcullis_keys::SignatureAlgorithm;
use portcullis_registry::{PeopleRule, Role};
use portcullis_types::PersonId;
use portcullis_yaml::At;

use super::secrets::Secret;
use super::settle::Settling;
use super::shape::{ConfigFile, OpenId};

/// The usual issuers sign with one of these.
const USUAL: [SignatureAlgorithm; 2] = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256];

/// An admin token in force.
#[derive(Debug)]
pub(crate) struct Token {
    pub name: String,
    pub secret: Secret,
    pub person: Option<String>,
}

/// Who runs the gate.
#[derive(Debug)]
pub(crate) struct People {
    pub rule: PeopleRule,
    pub issuer: Option<Issuer>,
}

/// An issuer that signs people in.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    pub issuer: String,
    pub audience: String,
    pub jwks: Option<String>,
    pub algorithms: Vec<SignatureAlgorithm>,
    pub roles_claim: Option<String>,
    pub roles: BTreeMap<String, Role>,
}

impl Settling<'_> {
    pub(super) fn people(&mut self, file: &ConfigFile) -> People {
        let alone = self.narrow_alone(file.people.narrow_alone.as_ref()) as u64;
        let two_persons = file.people.two_persons.as_ref().is_none_or(|at| at.value);
        let rule = PeopleRule { two_persons, alone };
        People { rule, issuer: file.people.oidc.as_ref().map(|oidc| self.issuer(oidc)) }
    }

    /// Whether a token's person can be one.
    pub(super) fn person<T>(&mut self, at: &At<T>, person: Option<&str>) {
        if let Some(Err(error)) = person.map(PersonId::new) {
            self.fault("PC0019", at, error.to_string(), "write the id of a person, such as `ana`");
        }
    }

    /// Whether nobody on the way can give keys in an issuer's place.
    pub(super) fn safe_address(&mut self, at: &At<String>) {
        if !is_safe(&at.value) {
            let message = format!("`{}` can't be asked for keys", at.value);
            self.fault("PC0020", at, message, "write an https:// address; plain http:// is for a loopback address, such as that of a proxy on this machine");
        }
    }

    /// Whether tokens for somebody else are told apart.
    pub(super) fn audience(&mut self, at: &At<String>) {
        if at.value.trim().is_empty() {
            self.fault("PC0021", at, "the audience is empty", "write what the issuer puts into `aud` of tokens for this gate, often its client id");
        }
    }

    /// The signatures that are accepted.
    pub(super) fn algorithms(&mut self, list: &[At<String>]) -> Vec<SignatureAlgorithm> {
        let mut algorithms = Vec::new();
        for at in list {
            match SignatureAlgorithm::named(&at.value) {
                Some(algorithm) => algorithms.push(algorithm),
                None => {
                    let message = format!("`{}` is not a signature that can be accepted", at.value);
                    self.fault("PC0022", at, message, "write RS256, PS256, ES256, ES384 or EdDSA");
                }
            }
        }
        if algorithms.is_empty() { USUAL.to_vec() } else { algorithms }
    }

    fn issuer(&mut self, oidc: &OpenId) -> Issuer {
        for at in [Some(&oidc.issuer), oidc.jwks.as_ref()].into_iter().flatten() {
            self.safe_address(at);
        }
        self.audience(&oidc.audience);
        let mut roles = BTreeMap::new();
        for (value, at) in &oidc.roles {
            match Role::named(&at.value) {
                Some(role) => drop(roles.insert(value.clone(), role)),
                None => {
                    let message = format!("`{}` is not a role", at.value);
                    self.fault(
                        "PC0023",
                        at,
                        message,
                        "write viewer, policy_author, investigator, approver, auditor or admin",
                    );
                }
            }
        }
        Issuer {
            issuer: oidc.issuer.value.clone(),
            audience: oidc.audience.value.clone(),
            jwks: oidc.jwks.as_ref().map(|at| at.value.clone()),
            algorithms: self.algorithms(&oidc.algorithms),
            roles_claim: oidc.roles_claim.clone(),
            roles,
        }
    }
}

/// Whether nobody on the way can answer in the issuer's place.
fn is_safe(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['@', ' ', '#']);
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        #[track_caller]
        fn check(url: &str, safe: bool) {
            assert_eq!(is_safe(url), safe, "{url}");
        }
        check("https://login.example.com/realms/staff", true);
        check("http://127.0.0.1:9000", true);
        check("http://localhost:9000/x", true);
        check("http://[::1]:9000", true);
        check("http://login.example.com", false);
        check("http://127.0.0.1.example.com", false);
        check("http://127.0.0.1@example.com/", false);
        check("https://user@example.com", false);
        check("https://", false);
        check("ftp://example.com", false);
        check("login.example.com", false);
    }
}
