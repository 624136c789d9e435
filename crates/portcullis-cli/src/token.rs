//! Where a gate is and with which token: as named, of the deployment, or kept by `login`.
//!
//! Must not know what is asked of a gate.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::args::Common;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::{Deployment, Host};
use crate::out::{Out, text};

pub(crate) const DEFAULT_ADMIN: &str = "http://127.0.0.1:9901";
const DEFAULT_TOKEN_FILE: &str = "secrets/admin-token";
const PAST_IT: &str = "a gate that runs is reached without it: name both `--admin URL --token-file FILE`, and no `--config`";
/// Longest token that is read.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// What a call needs.
pub(crate) struct Found {
    /// The address.
    pub(crate) base: String,
    pub(crate) token: Zeroizing<String>,
    /// Where the token was found, for people.
    pub(crate) from: String,
}

/// The configuration named by `--config`, else the one in the current directory if there is one.
pub(crate) fn deployment(common: &Common, host: &dyn Host) -> Result<Option<Deployment>, Failure> {
    let config = match &common.config {
        Some(config) => config.clone(),
        None if host.read(Path::new("portcullis.yaml")).is_ok() => PathBuf::from("portcullis.yaml"),
        None => return Ok(None),
    };
    host.deployment(&config).map(Some).map_err(|faults| {
        let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Local(format!("{}\nthe configuration can't be read", listed.join("\n")))
    })
}

/// The address, and the deployment where one was looked at.
fn address(common: &Common, host: &dyn Host) -> Result<(String, Option<Deployment>), Failure> {
    let named = common.admin.clone().or_else(|| host.variable("PORTCULLIS_ADMIN"));
    let token = common.token_file.is_some() || host.variable("PORTCULLIS_ADMIN_TOKEN").is_some();
    let kept = named.as_deref().is_some_and(|base| kept(base, host).is_some());
    // A configuration that nobody needs must not stand in the way.
    let deployment = if named.is_some() && (token || kept) && common.config.is_none() {
        None
    } else {
        deployment(common, host).map_err(|failure| failure.with(PAST_IT))?
    };
    let base = named
        .or_else(|| deployment.as_ref().map(|d| d.admin.clone()))
        .unwrap_or_else(|| DEFAULT_ADMIN.to_owned());
    Ok((base, deployment))
}

/// The address and the token. What is named for this call comes first, then who signed in, then the
/// deployment's own.
pub(crate) fn signed_in(common: &Common, host: &dyn Host) -> Result<Found, Failure> {
    let (base, deployment) = address(common, host)?;
    let variable = host.variable("PORTCULLIS_ADMIN_TOKEN");
    if let Some(token) = variable.filter(|_| common.token_file.is_none()) {
        let token = Zeroizing::new(token.trim().to_owned());
        return Ok(Found { base, token, from: "in `PORTCULLIS_ADMIN_TOKEN`".to_owned() });
    }
    let path = common
        .token_file
        .clone()
        .or_else(|| kept(&base, host))
        .or_else(|| deployment.and_then(|d| d.token_file))
        .unwrap_or_else(|| PathBuf::from(DEFAULT_TOKEN_FILE));
    let bytes = host.read(&path).map(Zeroizing::new).map_err(|error| {
        Failure::NotSignedIn(format!(
            "not signed in: the admin token can't be read from {}: {error}\nsign in by `portcullis login`, name its file with `--token-file FILE`, put the token into `PORTCULLIS_ADMIN_TOKEN`, or run this in the deployment's directory",
            path.display()
        ))
    })?;
    let from = format!("in {}", path.display());
    match std::str::from_utf8(&bytes) {
        Ok(text) if is_token(text.trim()) => {
            Ok(Found { base, token: Zeroizing::new(text.trim().to_owned()), from })
        }
        _ => Err(Failure::NotSignedIn(format!(
            "not signed in: {} holds no admin token: it should be one line of visible characters",
            path.display()
        ))),
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Where `login` keeps the token for an address: each gate gets its own and no other's.
fn place(base: &str, host: &dyn Host) -> Option<PathBuf> {
    let config = host.variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(PathBuf::from(host.variable("HOME")?).join(".config")))?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
    let address = base.trim_end_matches('/').trim_start_matches("http://");
    let name: String = address.chars().map(plain).collect();
    Some(config.join("portcullis").join(format!("{name}.token")))
}

/// The same, where somebody signed in.
fn kept(base: &str, host: &dyn Host) -> Option<PathBuf> {
    place(base, host).filter(|path| host.read(path).is_ok())
}

/// `login`: takes a token, shows it to the gate, and keeps it for its owner only.
pub(crate) fn login(common: &Common, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let (base, _) = address(common, host)?;
    let nowhere = || {
        Failure::Local("neither `HOME` nor `XDG_CONFIG_HOME` says where a token could be kept: name its file with `--token-file FILE` in each call".to_owned())
    };
    let path = place(&base, host).ok_or_else(nowhere)?;
    let told = format!("the admin token for {base}: ");
    let line = host.secret(&told).map(Zeroizing::new).map_err(|error| {
        Failure::Local(format!("the token can't be read from standard input: {error}"))
    })?;
    let token = line.trim();
    if !is_token(token) || token.len() > TOKEN_BYTES_MAX {
        return Err(Failure::Usage(
            "that is no token: it is one line of visible characters, as `portcullis init` or the issuer gave it".to_owned(),
        ));
    }
    let gate = Gate::at(&base, Zeroizing::new(token.to_owned()), "that was given".to_owned())?;
    let me = gate.get("/v1/me")?;
    host.keep(&path, token.as_bytes())
        .map_err(|error| Failure::Local(format!("{} can't be written: {error}", path.display())))?;
    if out.is_json() {
        return out.json(&me);
    }
    out.line(format!("signed in at {base} as {} {}", text(&me, "kind"), text(&me, "name")))?;
    out.say(format!("the token lies in {} until `portcullis logout`", path.display()));
    Ok(())
}

/// `logout`: forgets the token that `login` kept.
pub(crate) fn logout(common: &Common, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let (base, _) = address(common, host)?;
    let Some(path) = kept(&base, host) else {
        out.say(format!("nobody was signed in at {base} by `portcullis login`"));
        return Ok(());
    };
    host.forget(&path)
        .map_err(|error| Failure::Local(format!("{} can't be removed: {error}", path.display())))?;
    out.say(format!("signed out at {base}: the token is forgotten here, and works until it is taken out of the gate's configuration or ends"));
    Ok(())
}
