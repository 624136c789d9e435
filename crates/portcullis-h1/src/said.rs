//! What the lines of a call's head say of the message itself, and what of it can be read in two ways.
//!
//! Must not know where the lines stand, nor what a field means to the platform.

use memchr::memchr;

use crate::token::{FRAGMENT, MARK, RAW, is_host, is_token, seen};
use crate::{CallBody, CallFault};

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) start: Option<Start>,
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
    bodied: bool,
    websocket: bool,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) expects: bool,
    pub(crate) trailers: bool,
}

/// The first line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// Where it begins: an empty line may stand before it.
    pub(crate) at: usize,
    pub(crate) method: usize,
    pub(crate) target: usize,
    pub(crate) minor: Minor,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Minor {
    Zero,
    One,
}

pub(crate) const LINE: CallFault =
    CallFault::Unreadable("the request line is not a method, a target and a version");

impl Said {
    pub(crate) fn starts(&mut self, line: &[u8], at: usize) -> Result<Start, CallFault> {
        let method = line.iter().position(|byte| !is_token(*byte)).filter(|end| *end > 0);
        let (method, rest) = line.split_at_checked(method.ok_or(LINE)?).ok_or(LINE)?;
        let rest = rest.strip_prefix(b" ").ok_or(LINE)?;
        let target_end = memchr(b' ', rest).ok_or(LINE)?;
        let target = rest.get(..target_end).unwrap_or_default();
        let version = rest.get(target_end + 1..).unwrap_or_default();
        if target.is_empty() {
            return Err(LINE);
        }
        match method {
            b"CONNECT" => {
                return Err(CallFault::Unreadable("the gate is no tunnel: CONNECT is not served"));
            }
            b"TRACE" => {
                return Err(CallFault::Unreadable("the gate echoes nothing: TRACE is not served"));
            }
            b"GET" | b"HEAD" | b"OPTIONS" => {}
            _ => self.bodied = true,
        }
        check_target(target)?;
        let minor = match version {
            b"HTTP/1.1" => Minor::One,
            b"HTTP/1.0" => Minor::Zero,
            _ => {
                return Err(CallFault::Unreadable("the version is neither HTTP/1.1 nor HTTP/1.0"));
            }
        };
        let method = at + method.len();
        Ok(Start { at, method, target: method + 1 + target_end, minor })
    }

    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), CallFault> {
        // By length first: few names are as long as one of these.
        match name.len() {
            2 if name.eq_ignore_ascii_case(b"te") => {
                self.trailers |= options(value).any(|o| o.eq_ignore_ascii_case(b"trailers"));
                Ok(())
            }
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.expects |= value.eq_ignore_ascii_case(b"100-continue");
                Ok(())
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.close |= options(value).any(|o| o.eq_ignore_ascii_case(b"close"));
                self.keep_alive |= options(value).any(|o| o.eq_ignore_ascii_case(b"keep-alive"));
                Ok(())
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_encoding(value),
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), CallFault> {
        self.hosts += 1;
        if self.hosts > 1 {
            return Err(CallFault::Unreadable("there is more than one Host"));
        }
        if value.is_empty() || !is_host(value) {
            return Err(CallFault::Unreadable("the Host is not a host name with at most a port"));
        }
        Ok(())
    }

    fn content_length(&mut self, value: &[u8]) -> Result<(), CallFault> {
        let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
        if !digits {
            return Err(CallFault::Unreadable("the Content-Length is not one plain number"));
        }
        if self.length.is_some() {
            return Err(CallFault::Unreadable("there is more than one Content-Length"));
        }
        self.length = Some(value.iter().fold(0, |sum, b| sum * 10 + u64::from(b - b'0')));
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), CallFault> {
        if self.chunked {
            return Err(CallFault::Unreadable("there is more than one Transfer-Encoding"));
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(CallFault::Unreadable("the Transfer-Encoding is not `chunked` alone"));
        }
        self.chunked = true;
        Ok(())
    }

    /// `h2c` is what common clients offer unasked, and a server may ignore it (RFC 9110 §7.8). Whoever asks
    /// for anything else would send bytes of another protocol next; a WebSocket the gate may grant.
    fn upgrade(&mut self, value: &[u8]) -> Result<(), CallFault> {
        self.websocket |= value.eq_ignore_ascii_case(b"websocket");
        if self.websocket || value.eq_ignore_ascii_case(b"h2c") {
            return Ok(());
        }
        Err(CallFault::Unreadable("the gate does not switch protocols"))
    }

    pub(crate) fn framing(&self, minor: Minor) -> Result<CallBody, CallFault> {
        if self.websocket && (self.bodied || self.chunked || self.length.is_some_and(|l| l > 0)) {
            return Err(CallFault::Unreadable("the gate does not switch protocols after a body"));
        }
        if self.hosts == 0 && minor == Minor::One {
            return Err(CallFault::Unreadable("there is no Host"));
        }
        match (self.chunked, self.length, minor) {
            (true, Some(_), _) => Err(CallFault::Unreadable(
                "the length is given twice, by Content-Length and Transfer-Encoding",
            )),
            (true, None, Minor::Zero) => {
                Err(CallFault::Unreadable("Transfer-Encoding is not part of HTTP/1.0"))
            }
            (true, None, Minor::One) => Ok(CallBody::Chunked),
            (false, None, Minor::Zero) if self.bodied => Err(CallFault::Unreadable(
                "an HTTP/1.0 request of this method needs a Content-Length",
            )),
            (false, length, _) => Ok(CallBody::Length(length.unwrap_or(0))),
        }
    }
}

/// The parts of a list.
fn options(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Origin form, absolute form, or `*` (RFC 9112 §3.2); in it only what the URI parser takes, so that
/// whoever sends anything else reads our refusal and not the parser's empty answer.
fn check_target(target: &[u8]) -> Result<(), CallFault> {
    let seen = seen(target);
    if seen & RAW != 0 {
        return Err(CallFault::Unreadable("the target has a byte that must be percent-encoded"));
    }
    if seen & FRAGMENT != 0 {
        return Err(CallFault::Unreadable("the target has a fragment"));
    }
    let scheme = |length: usize, name: &[u8]| {
        target.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if target.first() != Some(&b'/')
        && target != b"*"
        && !scheme(7, b"http://")
        && !scheme(8, b"https://")
    {
        return Err(CallFault::Unreadable("the target is neither a path nor a whole URL"));
    }
    if target.first() != Some(&b'/') && target != b"*" {
        let uri = http::Uri::try_from(target).ok();
        let plain =
            uri.as_ref().and_then(http::Uri::authority).is_some_and(|a| !a.as_str().contains('@'));
        if !plain {
            return Err(CallFault::Unreadable("the target is not a URL without user information"));
        }
    }
    if seen & MARK == 0 {
        return Ok(());
    }
    let (path, query) = target.split_at(memchr(b'?', target).unwrap_or(target.len()));
    let odd_path = path.iter().any(|b| matches!(b, b'<' | b'>' | b'\\' | b'^' | b'`'));
    if odd_path || query.iter().any(|b| matches!(b, b'"' | b'<' | b'>')) {
        return Err(CallFault::Unreadable(
            "the target has a character that must be percent-encoded",
        ));
    }
    Ok(())
}
