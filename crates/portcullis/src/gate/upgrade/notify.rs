//! What the service manager is told: that the gate serves, and which process it is.
//!
//! As `sd_notify` has it: a datagram to the socket that `NOTIFY_SOCKET` names. Must not know when.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::talk;

/// Partners are served.
pub(crate) fn ready() {
    tell("READY=1");
}

/// From here on the service is that process, which serves. Told in one message by the main process, as
/// the next one is not believed before.
pub(super) fn main_process(id: u32) {
    tell(&format!("MAINPID={id}\nREADY=1"));
}

fn tell(what: &str) {
    let Some(named) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let told = || {
        let address = match named.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(&named)?,
        };
        UnixDatagram::unbound()?.send_to_addr(what.as_bytes(), &address)
    };
    if let Err(error) = told() {
        talk::warn(&format!("the service manager can't be told `{what}`: {error}"));
    }
}
