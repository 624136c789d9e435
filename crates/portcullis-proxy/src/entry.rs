//! What stands before HTTP on a listener: whom a proxy announces, and TLS.
//!
//! Must not know calls.

use std::net::IpAddr;
use std::rc::Rc;

use tokio::net::TcpStream;

use crate::accept::{Peer, conn, open, speak, watch};
use crate::thread::Thread;
use crate::tls::TlsFront;
use crate::{Listener, announced};

/// Lets a connection through, and serves it to its end.
pub(crate) async fn pass(
    thread: &Rc<Thread>,
    listener: &Listener,
    mut stream: TcpStream,
    ip: IpAddr,
) {
    let alarm = thread.ticker.alarm();
    alarm.set(thread.settings.timeouts.head);
    let ip = if listener.proxy_protocol.is_empty() {
        ip
    } else {
        let trusted = listener.proxy_protocol.iter().any(|net| net.contains(&ip));
        let whom = alarm.guard(announced::read(&mut stream));
        match if trusted { whom.await } else { Some(Err(std::io::ErrorKind::Other.into())) } {
            Some(Ok(whom)) => whom.map_or(ip, |whom| whom.to_canonical()),
            Some(Err(_)) => return thread.metrics.turned_away("announcement"),
            None => return thread.metrics.cut_slow("announcement"),
        }
    };
    drop(alarm);
    let Some(_place) = thread.addresses.take(ip) else {
        return thread.metrics.turned_away("address");
    };
    match &listener.tls {
        None => {
            if let Some((conn, stream)) = open(thread, stream, ip).await {
                speak(&conn, stream).await;
            }
        }
        Some(front) => secure(thread, front, stream, ip).await,
    }
}

async fn secure(thread: &Rc<Thread>, front: &TlsFront, stream: TcpStream, ip: IpAddr) {
    let alarm = thread.ticker.alarm();
    alarm.set(thread.settings.timeouts.head);
    match alarm.guard(front.accept(stream)).await {
        Some(Ok((stream, agreed))) => {
            drop(alarm);
            thread.metrics.handshake(if agreed.resumed { "resumed" } else { "full" });
            let peer = Peer { ip, http2: agreed.http2, certificate: agreed.certificate };
            // Boxed: it is large, and each future that it is handed to has room for it.
            speak(&conn(thread, watch(thread), peer), Box::new(stream)).await;
        }
        Some(Err(_)) => thread.metrics.handshake("failed"),
        None => thread.metrics.cut_slow("handshake"),
    }
}
