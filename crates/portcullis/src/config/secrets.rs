//! Secrets: from a file, an environment variable or a systemd credential, never from the
//! configuration's own text.
//!
//! Must not print one: errors name the place, never the content.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::shape::SecretFrom;

/// A secret as text, without its trailing line break. Zeroed when dropped.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Why a secret can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("name exactly one of `file`, `env` and `credential`")]
    NotOne,
    #[error("the file `{path}` can't be read: {why}; `portcullis init` makes one")]
    File { path: PathBuf, why: std::io::Error },
    #[error("the file `{0}` can be read by others; run `chmod 600 {0}`")]
    Mode(PathBuf),
    #[error("the environment variable `{0}` is not set")]
    Env(String),
    #[error(
        "there is no `$CREDENTIALS_DIRECTORY`; start the gate by systemd with `LoadCredential={0}:…`"
    )]
    NoCredentials(String),
    #[error("{0} is empty")]
    Empty(String),
}

impl SecretFrom {
    /// The file it is in, if it is in one.
    pub(super) fn path(&self, base: &Path) -> Option<PathBuf> {
        match (&self.file, &self.credential) {
            (Some(file), _) => Some(base.join(file)),
            (None, Some(name)) => std::env::var_os("CREDENTIALS_DIRECTORY")
                .map(|folder| Path::new(&folder).join(name)),
            (None, None) => None,
        }
    }
}

/// Fetches a secret.
pub(crate) fn fetch(from: &SecretFrom, base: &Path) -> Result<Secret, SecretError> {
    match (&from.file, &from.env, &from.credential) {
        (Some(file), None, None) => read_file(&base.join(file), true),
        (None, Some(name), None) => {
            let text = std::env::var(name).map_err(|_| SecretError::Env(name.clone()))?;
            whole(text, || format!("the environment variable `{name}`"))
        }
        (None, None, Some(name)) => {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
                .ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
            // systemd already guards the folder; its files may show a wider mode.
            read_file(&Path::new(&folder).join(name), false)
        }
        _ => Err(SecretError::NotOne),
    }
}

/// A secret in a file; where its mode is guarded, others must not be able to read it.
pub(crate) fn read_file(path: &Path, guard_mode: bool) -> Result<Secret, SecretError> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| SecretError::File { path: path.to_path_buf(), why })?;
    if guard_mode && others_may_read(path) {
        return Err(SecretError::Mode(path.to_path_buf()));
    }
    whole(text, || format!("the file `{}`", path.display()))
}

fn whole(text: String, place: impl Fn() -> String) -> Result<Secret, SecretError> {
    let text = Zeroizing::new(text);
    let trimmed = text.trim_end_matches(['\n', '\r']);
    if trimmed.trim().is_empty() {
        return Err(SecretError::Empty(place()));
    }
    Ok(Secret::new(trimmed.to_owned()))
}

fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0)
}
