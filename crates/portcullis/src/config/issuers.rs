//! Issuers whose tokens prove partners.
//!
//! Must not fetch anything.

use std::path::PathBuf;
use std::time::Duration;

use portcullis_keys::TokenRules;
use portcullis_types::Span;

use super::settle::Settling;
use super::shape::{ConfigFile, IssuerAt};

/// A token is looked for by its issuer among them all.
const ISSUERS_MAX: usize = 16;
/// Keys that nobody confirms for an hour are believed no more.
const REFRESH_MS: std::ops::RangeInclusive<u64> = 1_000..=30 * 60 * 1_000;

/// An issuer, and where its keys are.
#[derive(Debug, Clone)]
pub(crate) struct TokenIssuer {
    pub rules: TokenRules,
    pub jwks: Option<String>,
    /// In place of an address.
    pub file: Option<PathBuf>,
    pub refresh: Duration,
}

impl Settling<'_> {
    pub(super) fn issuers(&mut self, file: &ConfigFile) -> Vec<TokenIssuer> {
        if let Some(beyond) = file.issuers.get(ISSUERS_MAX) {
            let message = format!("more than {ISSUERS_MAX} issuers");
            self.fault(
                "PC0092",
                &beyond.issuer,
                message,
                "have one issuer vouch for several partners",
            );
        }
        for (at, one) in file.issuers.iter().enumerate() {
            let same = |other: &IssuerAt| other.issuer.value == one.issuer.value;
            if file.issuers.iter().take(at).any(same) {
                let message = format!("the issuer `{}` stands twice", one.issuer.value);
                self.fault(
                    "PC0091",
                    &one.issuer,
                    message,
                    "write it once; its subjects are told apart by the log",
                );
            }
        }
        file.issuers.iter().map(|at| self.token_issuer(at)).collect()
    }

    fn token_issuer(&mut self, at: &IssuerAt) -> TokenIssuer {
        match (&at.jwks, &at.jwks_file) {
            (Some(_), Some(file)) => self.fault(
                "PC0090",
                file,
                "`jwks` and `jwks_file` both say where the keys are",
                "leave one of them out",
            ),
            (Some(jwks), None) => self.safe_address(jwks),
            (None, Some(_)) => {}
            (None, None) => self.safe_address(&at.issuer),
        }
        self.audience(&at.audience);
        let claim = at.subject_claim.as_ref();
        if let Some(claim) = claim.filter(|claim| claim.value.trim().is_empty()) {
            self.fault(
                "PC0094",
                claim,
                "the name of the claim is empty",
                "leave the line out for `sub`",
            );
        }
        let refresh = at.refresh.as_ref();
        let span = refresh.map_or(Span::from_seconds(600), |refresh| refresh.value);
        if let Some(refresh) = refresh.filter(|_| !REFRESH_MS.contains(&span.milliseconds())) {
            let message = format!("{span} is outside 1s to 30m");
            self.fault("PC0093", refresh, message, "leave the line out for 10m");
        }
        TokenIssuer {
            rules: TokenRules {
                issuer: at.issuer.value.clone(),
                audiences: vec![at.audience.value.clone()],
                algorithms: self.algorithms(&at.algorithms),
                subject_claim: claim.map_or_else(|| "sub".to_owned(), |claim| claim.value.clone()),
                listed_claim: None,
            },
            jwks: at.jwks.as_ref().map(|jwks| jwks.value.clone()),
            file: at.jwks_file.as_ref().map(|file| self.base.join(&file.value)),
            refresh: span.duration(),
        }
    }
}
