//! Every secret that the configuration names, fetched; all that can't be had are told at once.
//!
//! Must not print one.

use portcullis_audit::LogKey;
use portcullis_control::{AdminToken, AdminTokenError};
use portcullis_keys::Pepper;
use portcullis_proxy::{Placement, PlatformCredential};
use portcullis_yaml::{At, Fault};

use super::people::Token;
use super::secrets::{Secret, fetch};
use super::settle::{Secrets, Settling};
use super::shape::{ConfigFile, Place, SecretFrom, TokenFrom};

impl Settling<'_> {
    /// Secrets come last: with a fault in one, the others were all looked at too.
    pub(super) fn secrets(&mut self, file: &ConfigFile) -> Result<Secrets, Vec<Fault>> {
        let from = &file.secrets;
        let pepper = self.secret(Some(&from.pepper), pepper_fault);
        let log_key = self.secret(Some(&from.log_key), log_key_fault);
        let pepper_previous = self.secret(from.pepper_previous.as_ref(), pepper_fault);
        let log_key_previous = self.secret(from.log_key_previous.as_ref(), log_key_fault);
        let platform_credential = self.secret(from.platform_credential.as_ref(), credential_fault);
        let collector = self.secret(from.collector.as_ref(), collector_fault);
        let mut admin_tokens = Vec::new();
        for (name, at) in &from.admin_tokens {
            let TokenFrom { file, env, credential, person } = at.value.clone();
            self.person(at, person.as_deref());
            let value = SecretFrom { file, env, credential };
            let place = At { value, line: at.line, column: at.column };
            let secret = self.secret(Some(&place), |text| {
                admin_token(name, text).err().map(|error| error.to_string())
            });
            let name = name.clone();
            admin_tokens.extend(secret.map(|secret| Token { name, secret, person }));
        }
        if from.admin_tokens.is_empty() {
            let fault = self.source.fault_at(
                "PC0015",
                1,
                1,
                "`secrets.admin_tokens` names no token, so nobody could hold a key",
            );
            self.faults.push(fault.with_help("add one, as `portcullis init` writes it"));
        }
        if file.upstream.credential != Place::None && from.platform_credential.is_none() {
            let fault = self.source.fault_at(
                "PC0016",
                file.upstream.url.line,
                file.upstream.url.column,
                "the platform's credential is missing",
            );
            self.faults.push(fault.with_help("add `platform_credential:` under `secrets:`, or write `credential: none` under `upstream:`"));
        }
        let (Some(pepper), Some(log_key)) = (pepper, log_key) else {
            return Err(std::mem::take(&mut self.faults));
        };
        Ok(Secrets {
            pepper,
            pepper_previous,
            log_key,
            log_key_previous,
            admin_tokens,
            platform_credential,
            collector,
        })
    }

    /// Fetched, and looked at now: a secret that can't be used must not stop a start halfway.
    pub(super) fn secret(
        &mut self,
        at: Option<&At<SecretFrom>>,
        unfit: impl FnOnce(&str) -> Option<String>,
    ) -> Option<Secret> {
        let at = at?;
        match fetch(&at.value, &self.base) {
            Ok(secret) => match unfit(secret.expose()) {
                None => Some(secret),
                Some(why) => {
                    self.faults.push(self.source.fault("PC0017", at, why));
                    None
                }
            },
            Err(error) => {
                self.faults.push(
                    self.source.fault("PC0014", at, error.to_string()).with_help(
                        "a secret comes from `{file: …}`, `{env: …}` or `{credential: …}`",
                    ),
                );
                None
            }
        }
    }
}

fn pepper_fault(text: &str) -> Option<String> {
    Pepper::from_text(text).err().map(|error| error.to_string())
}

fn log_key_fault(text: &str) -> Option<String> {
    LogKey::from_text("portcullis", text).err().map(|error| error.to_string())
}

fn credential_fault(text: &str) -> Option<String> {
    PlatformCredential::new(text, Placement::Bearer).err().map(|error| error.to_string())
}

fn collector_fault(text: &str) -> Option<String> {
    let legal = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (!legal).then(|| "what is shown to the collector must be one line of plain text".to_owned())
}

/// An admin token as it stands in its file: `sha256:` and a digest, or the token itself.
pub(crate) fn admin_token(name: &str, text: &str) -> Result<AdminToken, AdminTokenError> {
    match text.strip_prefix("sha256:") {
        Some(hex) => AdminToken::from_digest(name, hex),
        None => AdminToken::from_secret(name, text),
    }
}
