//! The line between a gate and the one that follows it: short words, and sockets with some of them.
//!
//! A pair of sockets made by the one and inherited by the other, so nobody else can be at its end. Must
//! not know what the words mean.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// Longest word.
const WORD_MAX: usize = 4096;
/// How long somebody may be behind with listening.
const PATIENCE: Duration = Duration::from_secs(2);

/// One end.
#[derive(Debug)]
pub(super) struct Line(OwnedFd);

/// What came.
#[derive(Debug)]
pub(super) enum Heard {
    /// A word, perhaps with a socket.
    Word(String, Option<OwnedFd>),
    /// Nothing within the time.
    Nothing,
    /// The other end is gone.
    Ended,
}

impl Line {
    /// A line, and its other end for another process.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let kind = (AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let (near, far) = socketpair(kind.0, kind.1, kind.2, None)?;
        Ok((Self::new(near)?, far))
    }

    /// The end that was inherited.
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        set_socket_timeout(&end, Timeout::Send, Some(PATIENCE))?;
        Ok(Self(end))
    }

    /// Says a word.
    pub(super) fn say(&self, word: &str) -> io::Result<()> {
        self.send(word, &mut SendAncillaryBuffer::default())
    }

    /// Says a word and hands a socket over with it.
    pub(super) fn hand(&self, word: &str, socket: BorrowedFd<'_>) -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let sockets = [socket];
        let mut with = SendAncillaryBuffer::new(&mut room);
        with.push(SendAncillaryMessage::ScmRights(&sockets));
        self.send(word, &mut with)
    }

    fn send(&self, word: &str, with: &mut SendAncillaryBuffer<'_, '_, '_>) -> io::Result<()> {
        let sent = sendmsg(&self.0, &[IoSlice::new(word.as_bytes())], with, SendFlags::NOSIGNAL);
        Ok(sent.map(drop)?)
    }

    /// Waits for the next word.
    pub(super) fn hear(&self, within: Duration) -> io::Result<Heard> {
        set_socket_timeout(&self.0, Timeout::Recv, Some(within))?;
        let mut room = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let (mut with, mut word) = (RecvAncillaryBuffer::new(&mut room), vec![0; WORD_MAX]);
        let into = &mut [IoSliceMut::new(&mut word)];
        let bytes = match recvmsg(&self.0, into, &mut with, RecvFlags::CMSG_CLOEXEC) {
            Ok(found) => found.bytes,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(Heard::Nothing),
            Err(Errno::CONNRESET | Errno::PIPE) => 0,
            Err(error) => return Err(error.into()),
        };
        if bytes == 0 {
            return Ok(Heard::Ended);
        }
        let sockets = with.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
            _ => None,
        });
        let socket = sockets.flatten().next();
        word.truncate(bytes);
        Ok(Heard::Word(String::from_utf8_lossy(&word).into_owned(), socket))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::AsFd;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn words_and_sockets_come_as_they_were_said() {
        let (near, far) = Line::pair().unwrap();
        let far = Line::new(far).unwrap();
        assert!(matches!(far.hear(SOON), Ok(Heard::Nothing)));
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        near.say("one").unwrap();
        near.hand("two", socket.as_fd()).unwrap();
        near.say("three").unwrap();
        let mut heard = Vec::new();
        while let Ok(Heard::Word(word, with)) = far.hear(SOON) {
            let at = with.map(|with| TcpListener::from(with).local_addr().unwrap());
            heard.push((word, at));
        }
        let at = socket.local_addr().ok();
        let said = [("one", None), ("two", at), ("three", None)];
        assert_eq!(heard, said.map(|(word, at)| (word.to_owned(), at)));
        drop(near);
        assert!(matches!(far.hear(SOON), Ok(Heard::Ended)));
        assert!(far.say("more").is_err(), "and no signal ends the process");
    }
}
