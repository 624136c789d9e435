//! Reads one request head as bytes and says how its body is framed, or why it can be read two ways.
//!
//! Stricter than RFC 9112 allows a server to be: where the RFC lets a recipient repair, this
//! refuses, since a repaired request is one that two parsers may read differently. Must not know
//! sockets or what a header means to the platform.

use memchr::memchr;

use super::token::{FRAGMENT, MARK, RAW, is_host, is_token, seen};

/// What follows a head.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Framing {
    /// Bytes of body, maybe none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It can't be read in one way only, with a sentence that says why.
    Unreadable(&'static str),
    /// It is longer than allowed.
    TooLarge,
}

/// Bounds on a head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes: usize,
    pub(crate) headers: usize,
}

/// How far a head has been read.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Where the line begins that is not complete yet.
    line_at: usize,
    /// Up to where no line end was found.
    searched: usize,
    request_line: Option<Minor>,
    headers: usize,
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
    bodied: bool,
    websocket: bool,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum Minor {
    Zero,
    One,
}

/// What became of the bytes so far.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// The head goes on beyond them.
    More,
    /// The head ends after that many bytes.
    Done(usize, Framing),
}

impl Head {
    /// Reads on. `bytes` begins where the head begins, each time.
    pub(crate) fn read(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Step, Fault> {
        loop {
            let unread = bytes.get(self.searched..).unwrap_or_default();
            let Some(found) = memchr(b'\n', unread) else {
                self.searched = bytes.len();
                return if bytes.len() > bounds.bytes {
                    Err(Fault::TooLarge)
                } else {
                    Ok(Step::More)
                };
            };
            let end = self.searched + found;
            let line = bytes.get(self.line_at..end).unwrap_or_default();
            (self.line_at, self.searched) = (end + 1, end + 1);
            if end > bounds.bytes {
                return Err(Fault::TooLarge);
            }
            let line = line
                .strip_suffix(b"\r")
                .ok_or(Fault::Unreadable("a line of the head ends without a carriage return"))?;
            match (self.request_line, line.is_empty()) {
                // One empty line before a request is legal (RFC 9112 §2.2), and old clients send it.
                (None, true) if end <= 1 => {}
                (None, true) => {
                    return Err(Fault::Unreadable("the request begins with empty lines"));
                }
                (None, false) => self.request_line = Some(self.start(line)?),
                (Some(_), false) => self.header(line, bounds)?,
                (Some(minor), true) => {
                    no_controls(bytes.get(..=end).unwrap_or_default())?;
                    return self.end(minor).map(|framing| Step::Done(end + 1, framing));
                }
            }
        }
    }

    fn start(&mut self, line: &[u8]) -> Result<Minor, Fault> {
        let wrong = Fault::Unreadable("the request line is not a method, a target and a version");
        let (method, rest) = split_token(line, b' ').ok_or(wrong)?;
        let target_end = memchr(b' ', rest).ok_or(wrong)?;
        let target = rest.get(..target_end).unwrap_or_default();
        let version = rest.get(target_end + 1..).unwrap_or_default();
        if target.is_empty() {
            return Err(wrong);
        }
        match method {
            b"CONNECT" => {
                return Err(Fault::Unreadable("the gate is no tunnel: CONNECT is not served"));
            }
            b"TRACE" => {
                return Err(Fault::Unreadable("the gate echoes nothing: TRACE is not served"));
            }
            b"GET" | b"HEAD" | b"OPTIONS" => {}
            _ => self.bodied = true,
        }
        check_target(target)?;
        match version {
            b"HTTP/1.1" => Ok(Minor::One),
            b"HTTP/1.0" => Ok(Minor::Zero),
            _ => Err(Fault::Unreadable("the version is neither HTTP/1.1 nor HTTP/1.0")),
        }
    }

    fn header(&mut self, line: &[u8], bounds: Bounds) -> Result<(), Fault> {
        self.headers += 1;
        if self.headers > bounds.headers {
            return Err(Fault::TooLarge);
        }
        let (name, value) = split_field(line)?;
        // By length first: few names are as long as one of these.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.content_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer_encoding(value),
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.hosts += 1;
        if self.hosts > 1 {
            return Err(Fault::Unreadable("there is more than one Host"));
        }
        if value.is_empty() || !is_host(value) {
            return Err(Fault::Unreadable("the Host is not a host name with at most a port"));
        }
        Ok(())
    }

    fn content_length(&mut self, value: &[u8]) -> Result<(), Fault> {
        let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
        if !digits {
            return Err(Fault::Unreadable("the Content-Length is not one plain number"));
        }
        if self.length.is_some() {
            return Err(Fault::Unreadable("there is more than one Content-Length"));
        }
        self.length = Some(value.iter().fold(0, |sum, b| sum * 10 + u64::from(b - b'0')));
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.chunked {
            return Err(Fault::Unreadable("there is more than one Transfer-Encoding"));
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Fault::Unreadable("the Transfer-Encoding is not `chunked` alone"));
        }
        self.chunked = true;
        Ok(())
    }

    /// `h2c` is what common clients offer unasked, and a server may ignore it (RFC 9110 §7.8). Whoever asks
    /// for anything else would send bytes of another protocol next; a WebSocket the gate may grant.
    fn upgrade(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.websocket |= value.eq_ignore_ascii_case(b"websocket");
        if self.websocket || value.eq_ignore_ascii_case(b"h2c") {
            return Ok(());
        }
        Err(Fault::Unreadable("the gate does not switch protocols"))
    }

    fn end(&self, minor: Minor) -> Result<Framing, Fault> {
        if self.websocket && (self.bodied || self.chunked || self.length.is_some_and(|l| l > 0)) {
            return Err(Fault::Unreadable("the gate does not switch protocols after a body"));
        }
        if self.hosts == 0 && minor == Minor::One {
            return Err(Fault::Unreadable("there is no Host"));
        }
        match (self.chunked, self.length, minor) {
            (true, Some(_), _) => Err(Fault::Unreadable(
                "the length is given twice, by Content-Length and Transfer-Encoding",
            )),
            (true, None, Minor::Zero) => {
                Err(Fault::Unreadable("Transfer-Encoding is not part of HTTP/1.0"))
            }
            (true, None, Minor::One) => Ok(Framing::Chunked),
            (false, None, Minor::Zero) if self.bodied => {
                Err(Fault::Unreadable("an HTTP/1.0 request of this method needs a Content-Length"))
            }
            (false, length, _) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

/// Splits a field line; refuses folding and space around the name.
pub(crate) fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Fault::Unreadable("a header is folded over two lines"));
    }
    let (name, value) = split_token(line, b':').ok_or_else(|| {
        Fault::Unreadable(match memchr(b':', line) {
            None => "a header line has no colon",
            Some(_) => "a header name has a character that is not legal there",
        })
    })?;
    Ok((name, value.trim_ascii()))
}

/// Splits off the token that a line begins with, and the byte that ends it. Tokens are short: to search
/// for that byte first would take longer.
fn split_token(line: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| !is_token(*byte)).filter(|at| *at > 0)?;
    let (token, rest) = line.split_at_checked(at)?;
    rest.split_first().filter(|(byte, _)| **byte == end).map(|(_, rest)| (token, rest))
}

/// Refuses control characters in a whole head or a line of it, all at once: two passes without a
/// branch per byte, which become vector instructions, instead of two per line.
pub(crate) fn no_controls(bytes: &[u8]) -> Result<(), Fault> {
    let odd = |b: u8| ((b < 0x20) & (b != b'\t') & (b != b'\r') & (b != b'\n')) | (b == 0x7f);
    let odd = bytes.iter().fold(false, |any, b| any | odd(*b));
    // Each line was seen to end with both; of a line feed alone there is none.
    let next = bytes.get(1..).unwrap_or_default();
    let alone = |(b, next): (&u8, &u8)| (*b == b'\r') & (*next != b'\n');
    let alone = bytes.iter().zip(next).fold(false, |any, pair| any | alone(pair));
    if odd || alone || bytes.last() == Some(&b'\r') {
        return Err(Fault::Unreadable("the head has a control character"));
    }
    Ok(())
}

/// Origin form, absolute form, or `*` (RFC 9112 §3.2); in it only what the URI parser takes, so that
/// whoever sends anything else reads our refusal and not the parser's empty answer.
fn check_target(target: &[u8]) -> Result<(), Fault> {
    let seen = seen(target);
    if seen & RAW != 0 {
        return Err(Fault::Unreadable("the target has a byte that must be percent-encoded"));
    }
    if seen & FRAGMENT != 0 {
        return Err(Fault::Unreadable("the target has a fragment"));
    }
    let scheme = |length: usize, name: &[u8]| {
        target.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if target.first() != Some(&b'/')
        && target != b"*"
        && !scheme(7, b"http://")
        && !scheme(8, b"https://")
    {
        return Err(Fault::Unreadable("the target is neither a path nor a whole URL"));
    }
    if target.first() != Some(&b'/') && target != b"*" {
        let uri = http::Uri::try_from(target).ok();
        let plain =
            uri.as_ref().and_then(http::Uri::authority).is_some_and(|a| !a.as_str().contains('@'));
        if !plain {
            return Err(Fault::Unreadable("the target is not a URL without user information"));
        }
    }
    if seen & MARK == 0 {
        return Ok(());
    }
    let (path, query) = target.split_at(memchr(b'?', target).unwrap_or(target.len()));
    let odd_path = path.iter().any(|b| matches!(b, b'<' | b'>' | b'\\' | b'^' | b'`'));
    if odd_path || query.iter().any(|b| matches!(b, b'"' | b'<' | b'>')) {
        return Err(Fault::Unreadable("the target has a character that must be percent-encoded"));
    }
    Ok(())
}
