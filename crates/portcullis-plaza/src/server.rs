//! Starts the platform, accepts connections, stops.
//!
//! Must not know what is answered.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::http_glue::{Site, lock};
use crate::load;
use crate::seed;
use crate::settings::{PlazaError, Recorded, Settings, Source};
use crate::showcase::Showcase;
use crate::world::World;

/// The sample platform.
#[derive(Debug)]
pub struct Plaza;

impl Plaza {
    /// Makes or reads the fixtures, listens and serves, on any flavour of the tokio runtime.
    ///
    /// # Errors
    /// An empty token, fixtures that cannot be read, an address that cannot be had.
    pub async fn start(settings: Settings) -> Result<Running, PlazaError> {
        if settings.token.is_empty() {
            return Err(PlazaError::EmptyToken);
        }
        let clock = Clock::of(settings.now);
        let rows = match &settings.fixtures {
            Source::Seed => seed::rows(clock.now()),
            Source::Dir(dir) => load::rows(dir)?,
        };
        let bind = |source| PlazaError::Bind { addr: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let base = settings.public_base.clone().unwrap_or_else(|| format!("http://{addr}"));
        let site = Arc::new(Site {
            base: base.trim_end_matches('/').to_owned(),
            clock,
            world: Mutex::new(World::new(rows)),
            requests: Mutex::new(VecDeque::new()),
            calls: AtomicU64::new(0),
            settings,
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(listener, site.clone(), stopped));
        Ok(Running { addr, site, stop: Some(stop), task })
    }
}

/// A platform that serves until it is stopped or dropped.
pub struct Running {
    addr: SocketAddr,
    site: Arc<Site>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What its links start with: the public base, or its own address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.site.base
    }

    /// The last requests it got, oldest first; see [`Settings::keep_requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.site.requests).iter().cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.site.requests).clear();
    }

    /// Ids to try things with; none if the fixtures lack one of the kinds.
    #[must_use]
    pub fn showcase(&self) -> Option<Showcase> {
        Showcase::of(&lock(&self.site.world), self.site.clock.now())
    }

    /// Stops listening and cuts every connection.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the task has ended already.
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>, mut stopped: oneshot::Receiver<()>) {
    // Dropping the set cuts the connections.
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    open.spawn(connection(stream, site.clone()));
                }
                // Out of descriptors, most likely: wait for some to come back rather than spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, site: Arc<Site>) {
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.serve(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    // A caller that goes away mid-call is its own business.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
