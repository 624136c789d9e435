//! What stands before HTTP on a listener: whom a proxy announces, and TLS.
//!
//! Must not know calls.

use std::net::IpAddr;
use std::rc::Rc;

use tokio::net::TcpStream;

use crate::Listener;
use crate::accept::{Peer, speak, watch};
use crate::thread::Thread;

/// Lets a connection through, and serves it to its end.
pub(crate) async fn pass(thread: &Rc<Thread>, listener: &Listener, stream: TcpStream, ip: IpAddr) {
    let Some(front) = &listener.tls else { return };
    let alarm = thread.ticker.alarm();
    alarm.set(thread.settings.timeouts.head);
    match alarm.guard(front.accept(stream)).await {
        Some(Ok((stream, agreed))) => {
            drop(alarm);
            thread.metrics.handshake(if agreed.resumed { "resumed" } else { "full" });
            let peer = Peer { ip, http2: agreed.http2, certificate: agreed.certificate };
            speak(thread, watch(thread), stream, Vec::new(), peer).await;
        }
        Some(Err(_)) => thread.metrics.handshake("failed"),
        None => thread.metrics.cut_slow("handshake"),
    }
}
