//! The listener: bounded connections, a bounded time for each head, a clean end.
//!
//! Must not know what is answered.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use crate::Control;
use crate::record::Peer;

/// Why a listener can't serve.
#[derive(Debug, thiserror::Error)]
#[error("the listener can't be used: {0}")]
pub struct ServeError(#[from] std::io::Error);

/// Calls in flight get this long after `stop`.
const DRAIN: Duration = Duration::from_secs(5);
/// A body's chunks are read into the same buffer, so this is not a bound on bodies.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// Bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most connections at once; more wait to be accepted.
    pub(crate) connections: usize,
    /// Longest time for a request head to arrive.
    pub(crate) head_timeout: Duration,
}

impl Control {
    /// Serves until `stop` ends, then lets calls in flight finish within five seconds.
    ///
    /// # Errors
    /// [`ServeError`] when the listener can't be taken over by the runtime.
    pub async fn serve(
        self,
        listener: std::net::TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let settings = &self.settings;
        let (connections, head_timeout) = (settings.connections_max, settings.head_timeout);
        serve(self.router(), listener, Bounds { connections, head_timeout }, stop).await
    }
}

/// Serves routes, as [`Control::serve`] does.
pub(crate) async fn serve(
    router: Router,
    listener: std::net::TcpListener,
    bounds: Bounds,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let seats = Arc::new(Semaphore::new(bounds.connections));
    let (stopping, stopped) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        if let Some((stream, peer, seat)) = accepted {
            let (router, stopped) = (router.clone(), stopped.clone());
            tokio::spawn(connection(router, stream, peer, seat, stopped, bounds.head_timeout));
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    drop(stopped);
    let _ = tokio::time::timeout(DRAIN, stopping.closed()).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let seat = Arc::clone(seats).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, seat)),
        Err(_) => {
            // Out of file descriptors, mostly: accepting again at once would spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    seat: OwnedSemaphorePermit,
    mut stopped: watch::Receiver<bool>,
    head_timeout: Duration,
) {
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(axum::body::Body::new) as Request
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_header_size(HEAD_BYTES_MAX);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        _ = stopped.changed() => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
    drop(seat);
}
