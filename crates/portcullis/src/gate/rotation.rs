//! Notices that a secret of the gate is another than the log knows, and records it.
//!
//! Only fingerprints leave this file. Must not change a secret.

use std::sync::Arc;

use portcullis_judge::Judge;
use portcullis_keys::{Pepper, Peppers};
use portcullis_registry::{Actor, ActorKind, Command, Office, RotatedSecret};
use sha2::{Digest, Sha256};

use super::board::Board;
use super::set::hex;
use crate::config::{Config, Secret};
use crate::talk;

/// Records each secret whose fingerprint changed, and warns of keys that no pepper fits.
pub(crate) fn record(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    judge: &Judge,
    board: &Board,
) -> anyhow::Result<()> {
    check_peppers(config, judge.peppers(), office, board);
    let secrets = &config.secrets;
    let tokens: Vec<&str> =
        secrets.admin_tokens.iter().map(|token| token.secret.expose()).collect();
    let mut current = vec![
        (RotatedSecret::Pepper, judge.peppers().current().fingerprint().to_owned()),
        (RotatedSecret::AdminToken, fingerprint("admin tokens", &tokens.join("\n"))),
    ];
    if let Some(credential) = &secrets.platform_credential {
        current.push((
            RotatedSecret::PlatformCredential,
            fingerprint("platform credential", credential.expose()),
        ));
    }
    if let Some(hook) = &config.platform_hook {
        let secret = hook.secret.expose();
        current.push((RotatedSecret::PlatformHook, fingerprint("platform hook", &secret)));
    }
    for (what, fingerprint) in current {
        if office.snapshot().secret(what) == Some(fingerprint.as_str()) {
            continue;
        }
        let actor = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
        let command = Command::RecordRotation { what, fingerprint };
        let done = runtime.block_on(office.submit(actor, command))?;
        talk::info(&done.what);
    }
    Ok(())
}

/// Names a secret without giving it away: the secrets have at least 128 bits, so a cut hash tells nothing.
fn fingerprint(label: &str, secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(label);
    hash.update([0]);
    hash.update(secret);
    hex(&hash.finalize()).chars().take(8).collect()
}

fn check_peppers(config: &Config, peppers: &Peppers, office: &Arc<dyn Office>, board: &Board) {
    let previous = config
        .secrets
        .pepper_previous
        .as_ref()
        .and_then(|secret: &Secret| Pepper::from_text(secret.expose()).ok());
    let known = [Some(peppers.current().fingerprint()), previous.as_ref().map(Pepper::fingerprint)];
    let snapshot = office.snapshot();
    let lost: Vec<String> = snapshot
        .peppers()
        .filter(|(fingerprint, keys)| *keys > 0 && !known.contains(&Some(*fingerprint)))
        .map(|(fingerprint, keys)| format!("{keys} under pepper {fingerprint}"))
        .collect();
    if lost.is_empty() {
        return;
    }
    let text = format!(
        "no configured pepper fits some keys, which are refused as unknown: {}; configure that pepper as `secrets.pepper` or `secrets.pepper_previous`",
        lost.join(", ")
    );
    talk::error(&text);
    board.note(|notes| notes.pepper_fault = Some(text));
}
