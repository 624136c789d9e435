//! One try to hand a message over: bounded in time, in size and in where it goes.
//!
//! Blocking; whoever calls it gives it a thread. An answer's body is read only where it is asked for, and
//! only a short one.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use ureq::config::Config;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Error};

use crate::{HookSecret, Reach, Target};

/// Longest head of an answer in bytes.
const HEAD_MAX: usize = 16 << 10;
/// Longest body of an answer that is read.
const REPLY_MAX: u64 = 4096;
/// Longest wait for a name alone.
const LOOK: Duration = Duration::from_secs(5);

/// Hands messages over.
#[derive(Debug, Clone)]
pub struct Poster {
    agent: Agent,
    looked: Arc<dyn Resolver>,
}

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub enum Roots {
    /// Those that this machine believes.
    System,
    /// These, as DER.
    Only(Vec<Vec<u8>>),
}

/// Why nobody can be believed over TLS.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error(
    "no certificate of an authority can be read on this machine: {0}; install them (`ca-certificates`) or name their file in `SSL_CERT_FILE`"
)]
pub struct PosterError(String);

/// A message for a hook.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Message {
    /// The same at each try, so that a hook can tell that it has it.
    pub id: String,
    /// When it is sent, in seconds.
    pub seconds: u64,
    /// JSON.
    pub body: String,
}

/// What became of a try.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Outcome {
    /// The hook has it.
    Delivered(u16),
    /// The hook said no, or sent on to elsewhere, where nobody goes.
    Answered(u16),
    /// There was no answer, or nobody may be asked there.
    Failed(String),
}

impl Poster {
    /// Calls only what is in reach, and waits only so long, from the look-up of a name to the answer.
    ///
    /// # Errors
    /// [`PosterError`] where the machine has no certificates of authorities.
    pub fn new(reach: Reach, roots: &Roots, patience: Duration) -> Result<Self, PosterError> {
        Self::with(reach, roots, patience, DefaultResolver::default())
    }

    fn with(
        reach: Reach,
        roots: &Roots,
        patience: Duration,
        names: impl Resolver,
    ) -> Result<Self, PosterError> {
        let config = Agent::config_builder()
            .tls_config(tls(roots)?)
            // A proxy from the environment would be the one connected to, whatever was looked at.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(HEAD_MAX)
            .timeout_global(Some(patience))
            // Each try looks its name up, and looks at what it finds.
            .max_idle_connections(0)
            .user_agent("portcullis")
            .accept("*/*")
            .build();
        let looked: Arc<dyn Resolver> = Arc::new(Looked { reach, names });
        let resolver = Shared(Arc::clone(&looked));
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Ok(Self { agent, looked })
    }

    /// Whether an address can be called at all, by what its name is now; it is looked at again at
    /// each try.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn look(&self, target: &Target) -> Result<(), String> {
        let uri: Uri = target.url().parse().map_err(|_| "it is no address".to_owned())?;
        let config = self.agent.config();
        let wait = NextTimeout {
            after: LOOK.into(),
            reason: ureq::Timeout::Resolve,
            per_read: None,
            per_write: None,
        };
        self.looked.resolve(&uri, config, wait).map(drop).map_err(|error| said(&error))
    }

    /// One try, signed with each of the secrets: more than one while a hook changes over.
    #[must_use]
    pub fn post(&self, target: &Target, secrets: &[HookSecret], message: &Message) -> Outcome {
        outcome(&self.send(target, secrets, message))
    }

    /// The same, with the answer's body where that is short and whole.
    #[must_use]
    pub fn ask(
        &self,
        target: &Target,
        secrets: &[HookSecret],
        message: &Message,
    ) -> (Outcome, Option<Vec<u8>>) {
        let mut sent = self.send(target, secrets, message);
        let outcome = outcome(&sent);
        let body = sent.as_mut().ok().map(|answer| answer.body_mut().with_config());
        let read = body.and_then(|body| body.limit(REPLY_MAX).read_to_vec().ok());
        (outcome, read.filter(|read| !read.is_empty()))
    }

    fn send(
        &self,
        target: &Target,
        secrets: &[HookSecret],
        message: &Message,
    ) -> Result<Response<Body>, Error> {
        let seconds = message.seconds.to_string();
        let sign = |one: &HookSecret| one.sign(&message.id, message.seconds, &message.body);
        let signature = secrets.iter().map(sign).collect::<Vec<_>>().join(" ");
        self.agent
            .post(target.url())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", &seconds)
            .header("webhook-signature", &signature)
            .send(message.body.as_str())
    }
}

fn outcome(sent: &Result<Response<Body>, Error>) -> Outcome {
    match sent.as_ref().map(Response::status) {
        Ok(status) if status.is_success() => Outcome::Delivered(status.as_u16()),
        Ok(status) => Outcome::Answered(status.as_u16()),
        Err(error) => Outcome::Failed(said(error)),
    }
}

/// The one resolver, for tries and for a look beforehand.
#[derive(Debug)]
struct Shared(Arc<dyn Resolver>);

impl Resolver for Shared {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.0.resolve(uri, config, timeout)
    }
}

/// Looks at every address that a name has before any is connected to.
#[derive(Debug)]
struct Looked<N> {
    reach: Reach,
    names: N,
}

impl<N: Resolver> Resolver for Looked<N> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout).map_err(|error| match error {
            // The system says no more than that it could not.
            Error::Io(_) => Error::HostNotFound,
            error => error,
        })?;
        let tls = uri.scheme_str() == Some("https");
        // One address in the wrong place is enough: a name that has both is up to something.
        for at in found.iter() {
            if let Some(why) = self.reach.refuses(*at, tls) {
                return Err(Error::Other(format!("`{}` {why}", at.ip()).into()));
            }
        }
        Ok(found)
    }
}

/// How the gate speaks TLS to whom it calls by itself: a hook, or who signs people in.
///
/// # Errors
/// [`PosterError`] where there is no certificate of an authority.
pub fn tls(roots: &Roots) -> Result<TlsConfig, PosterError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(believed(roots)?)
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

fn believed(roots: &Roots) -> Result<RootCerts, PosterError> {
    let ders = match roots {
        Roots::Only(ders) => ders.clone(),
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                let why = found
                    .errors
                    .first()
                    .map_or_else(|| "none were found".to_owned(), std::string::ToString::to_string);
                return Err(PosterError(why));
            }
            found.certs.iter().map(|cert| cert.to_vec()).collect()
        }
    };
    let certs = ders.iter().map(|der| Certificate::from_der(der).to_owned());
    Ok(RootCerts::from(certs.collect::<Vec<_>>()))
}

/// The error in few words, without the address, whose path may be a secret.
fn said(error: &Error) -> String {
    let text = match error {
        Error::Timeout(_) => "it did not answer in time".to_owned(),
        Error::HostNotFound => {
            "its name has no address; check how it is written, and that this machine can look it up"
                .to_owned()
        }
        Error::ConnectionFailed => "nobody answers there".to_owned(),
        Error::LargeResponseHeader(..) => "the head of its answer is too long".to_owned(),
        Error::Io(why) => match why.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(tls @ rustls::Error::InvalidCertificate(_)) => format!("its {tls}"),
            Some(tls) => format!("TLS failed: {tls}"),
            None => format!("the connection failed: {}", why.kind()),
        },
        Error::Other(why) => why.to_string(),
        Error::BadUri(_) => "its address can't be called".to_owned(),
        other => other.to_string(),
    };
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests;
