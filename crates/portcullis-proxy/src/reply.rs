//! An answer on its way out over HTTP/1.1: its head, then its body piece by piece.
//!
//! Must not know how it came about.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use http::header::{CONNECTION, CONTENT_LENGTH, DATE};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version};
use http_body::Body;
use portcullis_h1::{AnswerBody, LAST_CHUNK, ReplyHead, write_chunk, write_trailers};
use portcullis_types::Wall;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Answer;
use crate::thread::Thread;
use crate::wire::Wire;

/// What of a call decides how it is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) version: Version,
    pub(crate) head: bool,
    /// Whether it reads trailers.
    pub(crate) trailers: bool,
    /// Whether its caller keeps the connection.
    pub(crate) keep_alive: bool,
}

impl Asked {
    /// What can't be read is answered as if it were this.
    pub(crate) const PLAIN: Self =
        Self { version: Version::HTTP_11, head: false, trailers: false, keep_alive: false };
}

/// An answer on its way out.
pub(crate) struct Reply {
    /// None once all of it was handed over.
    answer: Option<Answer>,
    body: AnswerBody,
    trailers: bool,
    /// Whether the connection outlives it, as its caller was told.
    pub(crate) keep_alive: bool,
    pub(crate) switches: bool,
}

/// The caller left, or the answer broke off.
pub(crate) struct Broken;

impl Reply {
    /// Writes the head. Gives back the memory of its fields.
    pub(crate) fn begin<T>(
        wire: &Wire<T>,
        thread: &Thread,
        asked: Asked,
        answer: Response<Answer>,
    ) -> (Self, HeaderMap)
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let (parts, answer) = answer.into_parts();
        let Parts { status, mut headers, .. } = parts;
        let switches = status == StatusCode::SWITCHING_PROTOCOLS;
        let framing = framing(asked, status, &headers, &answer);
        let may_stay = asked.keep_alive
            && !wire.last.get()
            && framing != AnswerBody::Close
            && (switches || wire.has_all());
        let keep_alive = wire.write(|out| {
            out.lend(thread.block.buffer());
            let mut head = ReplyHead::begin(out.text(), asked.version, status);
            let (mut dated, mut closes) = (false, false);
            for (name, value) in &headers {
                dated |= *name == DATE;
                closes |= *name == CONNECTION && says_close(value);
                head.field(name, value);
            }
            if !dated {
                thread.date.with(|date| head.date(date));
            }
            if !closes && !switches {
                head.connection(asked.version, may_stay);
            }
            head.end(framing);
            may_stay && !closes
        });
        headers.clear();
        let bodiless = asked.head || framing == AnswerBody::None;
        let body = if bodiless { AnswerBody::None } else { framing };
        let mut reply =
            Self { answer: Some(answer), body, trailers: asked.trailers, keep_alive, switches };
        if bodiless {
            reply.answer = None;
        }
        (reply, headers)
    }

    /// Writes as much as goes; ready once all of it is out.
    pub(crate) fn poll<T>(
        &mut self,
        wire: &Wire<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let more = loop {
                if wire.write(|out| out.is_full()) {
                    break true;
                }
                match self.more(wire, cx) {
                    Poll::Ready(Ok(true)) => {}
                    Poll::Ready(Ok(false)) => break true,
                    Poll::Ready(Err(broken)) => return Poll::Ready(Err(broken)),
                    Poll::Pending => break false,
                }
            };
            ready!(wire.flush(cx)).map_err(|_| Broken)?;
            if self.answer.is_none() {
                return Poll::Ready(Ok(()));
            }
            if !more {
                return wire.gone(cx).map(|()| Err(Broken));
            }
        }
    }

    /// Takes the next piece of the body; false: there are no more.
    fn more<T>(&mut self, wire: &Wire<T>, cx: &mut Context<'_>) -> Poll<Result<bool, Broken>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(answer) = &mut self.answer else { return Poll::Ready(Ok(false)) };
        let frame = ready!(Pin::new(&mut *answer).poll_frame(cx));
        let frame = match frame {
            Some(frame) => frame.map_err(|_| Broken)?,
            None => return Poll::Ready(self.ends(wire, None).map(|()| false)),
        };
        match frame.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => wire.write(|out| match &mut self.body {
                AnswerBody::Chunked => {
                    write_chunk(out.text(), data.len());
                    out.piece(data);
                    out.text().extend_from_slice(b"\r\n");
                    Ok(())
                }
                AnswerBody::Length(left) => {
                    *left = left.checked_sub(data.len() as u64).ok_or(Broken)?;
                    out.piece(data);
                    Ok(())
                }
                AnswerBody::Close | AnswerBody::None => {
                    out.piece(data);
                    Ok(())
                }
            })?,
            Err(frame) => {
                let trailers = frame.into_trailers().ok().filter(|_| self.trailers);
                return Poll::Ready(self.ends(wire, trailers.as_ref()).map(|()| false));
            }
        }
        // Known with the last piece, so that its end goes out with it.
        if answer.is_end_stream() {
            return Poll::Ready(self.ends(wire, None).map(|()| false));
        }
        Poll::Ready(Ok(true))
    }

    /// All of the body was handed over; whoever counts it is told at once.
    fn ends<T>(&mut self, wire: &Wire<T>, trailers: Option<&HeaderMap>) -> Result<(), Broken>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        self.answer = None;
        match (self.body, trailers) {
            (AnswerBody::Length(1..), _) => return Err(Broken),
            (AnswerBody::Chunked, None) => {
                wire.write(|out| out.text().extend_from_slice(LAST_CHUNK));
            }
            (AnswerBody::Chunked, Some(trailers)) => {
                wire.write(|out| write_trailers(out.text(), trailers));
            }
            (AnswerBody::Length(0) | AnswerBody::Close | AnswerBody::None, _) => {}
        }
        Ok(())
    }
}

/// How the body is framed; nothing follows where there is [`AnswerBody::None`].
fn framing(asked: Asked, status: StatusCode, headers: &HeaderMap, answer: &Answer) -> AnswerBody {
    let length = answer.size_hint().exact();
    // A 304 might tell a length, which some readers would then wait for.
    let bodiless = status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    match length {
        _ if bodiless => AnswerBody::None,
        // What is said is true of the body that would have followed.
        _ if asked.head => {
            let said =
                headers.get(CONTENT_LENGTH).and_then(|said| said.to_str().ok()?.parse().ok());
            said.or(length.filter(|length| *length > 0))
                .map_or(AnswerBody::None, AnswerBody::Length)
        }
        Some(length) => AnswerBody::Length(length),
        None if asked.version == Version::HTTP_10 => AnswerBody::Close,
        None => AnswerBody::Chunked,
    }
}

fn says_close(connection: &HeaderValue) -> bool {
    let mut options = connection.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    options.any(|option| option.eq_ignore_ascii_case(b"close"))
}

/// The date, written once a second.
pub(crate) struct Date {
    second: Cell<u64>,
    text: RefCell<String>,
}

impl Date {
    /// As of that moment.
    pub(crate) fn new(now: Wall) -> Self {
        let date = Self { second: Cell::new(u64::MAX), text: RefCell::default() };
        date.goes_on(now);
        date
    }

    /// Goes on in time: answers need no look at the clock.
    pub(crate) fn goes_on(&self, now: Wall) {
        let second = now.0 / 1000;
        if self.second.replace(second) != second {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            *self.text.borrow_mut() = httpdate::fmt_http_date(time);
        }
    }

    fn with<R>(&self, write: impl FnOnce(&[u8]) -> R) -> R {
        write(self.text.borrow().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_seconds() {
        let date = Date::new(Wall(5));
        let text = |ms| {
            date.goes_on(Wall(ms));
            date.with(|text| String::from_utf8(text.to_vec()).unwrap())
        };
        assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(text(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(text(784_111_778_000), "Sun, 06 Nov 1994 08:49:38 GMT");
    }
}
