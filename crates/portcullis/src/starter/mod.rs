//! A new deployment: the files `init` writes, with fresh secrets.
//!
//! Writes only into a folder that holds no deployment yet. Must not start anything.

mod files;

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use files::{ConfigText, EXAMPLE_SET, config_text};

use crate::config::Secret;

/// What a new deployment is to be.
#[derive(Debug)]
pub(crate) struct Plan {
    pub dir: PathBuf,
    pub config: ConfigText,
    pub platform_credential: Option<Secret>,
    /// Route and policy files to write, by relative name.
    pub set: Vec<(String, String)>,
}

/// What was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub config: PathBuf,
    pub admin_token: Secret,
}

/// Writes a deployment.
///
/// # Errors
/// When the folder holds a deployment already, or a file can't be written; the message names it.
pub(crate) fn write(plan: &Plan) -> anyhow::Result<Written> {
    let config = plan.dir.join("portcullis.yaml");
    anyhow::ensure!(
        !config.exists(),
        "`{}` exists already; name an empty folder, or remove that deployment first (its log and secrets with it)",
        config.display()
    );
    for folder in ["", "routes", "policies", "schema"] {
        make_folder(&plan.dir.join(folder), 0o755)?;
    }
    for folder in ["secrets", "data"] {
        make_folder(&plan.dir.join(folder), 0o700)?;
    }
    for (name, text) in &plan.set {
        put(&plan.dir.join(name), text, 0o644)?;
    }
    for (name, text) in files::schemas()? {
        put(&plan.dir.join("schema").join(name), &text, 0o644)?;
    }
    let secrets = plan.dir.join("secrets");
    put(&secrets.join("pepper"), &random_hex()?, 0o600)?;
    put(&secrets.join("log-key"), &random_hex()?, 0o600)?;
    let token = Zeroizing::new(format!("pta_{}", random_hex()?.as_str()));
    put(&secrets.join("admin-token"), &token, 0o600)?;
    put(&secrets.join("admin-token.sha256"), &token_hash(&token), 0o600)?;
    if let Some(credential) = &plan.platform_credential {
        put(&secrets.join("platform-credential"), credential.expose(), 0o600)?;
    }
    // Last, so that a folder with a configuration is a whole deployment.
    put(&config, &config_text(&plan.config, plan.platform_credential.is_some()), 0o644)?;
    Ok(Written { config, admin_token: Secret::new(token.to_string()) })
}

/// How an admin token stands in the server's secrets: only its hash.
pub(crate) fn token_hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// 32 random bytes as hex.
pub(crate) fn random_hex() -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut()).context("the system has no randomness to give")?;
    Ok(Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn make_folder(path: &Path, mode: u32) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("the folder `{}` can't be made", path.display()))
}

fn put(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| {
        format!("`{}` can't be written (is it there already?)", path.display())
    })?;
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    write!(file, "{text}{line_end}")
        .with_context(|| format!("`{}` can't be written", path.display()))
}
