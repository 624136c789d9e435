//! The frames of a WebSocket (RFC 6455 §5): where each begins and ends, and which may follow which.
//!
//! Stricter than a recipient need be, for one reason: what two readers could take in two ways reaches
//! neither. Must not know what a message says, sockets, or time.

use bytes::{Buf, BytesMut};

/// Frames up to this are passed on whole, so that a last one of our own can follow.
const WHOLE: u64 = 64 * 1024;
/// So many frames that begin no message count as one.
const BESIDE: u32 = 32;

/// Why frames are not passed on.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It is not well-formed.
    Malformed,
    /// A message is longer than allowed.
    TooLarge,
}

/// What a look at the bytes brought.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Step {
    /// More bytes are needed.
    More,
    /// Bytes were passed on.
    Passed,
    /// The same; with them a message began, or as much as one.
    Message,
    /// The same; they say that nothing follows.
    Close,
}

/// The frames of one direction.
#[derive(Debug)]
pub(crate) struct Frames {
    /// Whether payloads are masked, as those of the connecting side must be.
    masked: bool,
    /// Longest message.
    max: u64,
    /// Bytes of the frame under way that are still to come.
    left: u64,
    /// Bytes of the message under way; none: there is none.
    message: Option<u64>,
    beside: u32,
}

/// The beginning of a frame.
struct Head {
    length: usize,
    payload: u64,
    end: bool,
    kind: u8,
}

const CONTINUED: u8 = 0;
const CLOSE: u8 = 8;

impl Frames {
    pub(crate) const fn new(masked: bool, max: u64) -> Self {
        Self { masked, max, left: 0, message: None, beside: 0 }
    }

    /// Whether no frame has begun that has not ended.
    pub(crate) const fn is_between(&self) -> bool {
        self.left == 0
    }

    /// Passes the next frame on, or more of the one under way.
    pub(crate) fn step(&mut self, from: &mut BytesMut, to: &mut BytesMut) -> Result<Step, Fault> {
        if self.left > 0 {
            let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(from.len());
            self.left -= count as u64;
            to.extend_from_slice(&from.split_to(count));
            return Ok(if count > 0 { Step::Passed } else { Step::More });
        }
        let Some(head) = self.head(from)? else { return Ok(Step::More) };
        let whole = head.length as u64 + head.payload;
        if whole <= WHOLE && (from.len() as u64) < whole {
            return Ok(Step::More);
        }
        let step = self.begins(&head)?;
        let count = usize::try_from(whole).unwrap_or(usize::MAX).min(from.len());
        self.left = whole - count as u64;
        to.extend_from_slice(&from.split_to(count));
        Ok(step)
    }

    /// Reads the beginning of a frame; none: it goes on beyond these bytes.
    fn head(&self, bytes: &[u8]) -> Result<Option<Head>, Fault> {
        let mut bytes = bytes;
        let before = bytes.len();
        let (Ok(first), Ok(second)) = (bytes.try_get_u8(), bytes.try_get_u8()) else {
            return Ok(None);
        };
        let (kind, end) = (first & 0x0f, first & 0x80 != 0);
        if first & 0x70 != 0
            || !matches!(kind, 0..=2 | 8..=10)
            || (second & 0x80 != 0) != self.masked
        {
            return Err(Fault::Malformed);
        }
        let payload = match second & 0x7f {
            126 => bytes.try_get_u16().map(u64::from),
            127 => bytes.try_get_u64(),
            short => Ok(short.into()),
        };
        let Ok(payload) = payload else { return Ok(None) };
        // A length has one spelling.
        let shortest = match second & 0x7f {
            126 => payload > 125,
            127 => payload > u16::MAX.into() && payload <= i64::MAX as u64,
            _ => true,
        };
        let control = kind >= CLOSE;
        if !shortest || (control && (!end || payload > 125)) || (kind == CLOSE && payload == 1) {
            return Err(Fault::Malformed);
        }
        let length = before - bytes.len() + if self.masked { 4 } else { 0 };
        Ok((before >= length).then_some(Head { length, payload, end, kind }))
    }

    fn begins(&mut self, head: &Head) -> Result<Step, Fault> {
        let control = head.kind >= CLOSE;
        if !control {
            let so_far = match (head.kind, self.message) {
                (CONTINUED, Some(so_far)) => so_far,
                (1..=2, None) => 0,
                _ => return Err(Fault::Malformed),
            };
            let sum = so_far.saturating_add(head.payload);
            if sum > self.max {
                return Err(Fault::TooLarge);
            }
            self.message = (!head.end).then_some(sum);
        }
        if head.kind == CLOSE {
            return Ok(Step::Close);
        }
        if control || head.kind == CONTINUED {
            self.beside += 1;
            if self.beside < BESIDE {
                return Ok(Step::Passed);
            }
        }
        self.beside = 0;
        Ok(Step::Message)
    }
}

/// A frame that closes, with a reason as far as one fits.
pub(crate) fn close(masked: bool, code: u16, reason: &str) -> Vec<u8> {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = reason.get(..end).unwrap_or_default();
    let length = u8::try_from(2 + reason.len()).unwrap_or(2);
    // Ours say nothing that is worth a mask; one of zeros is legal.
    let mut frame = vec![0x80 | CLOSE, length | if masked { 0x80 } else { 0 }];
    if masked {
        frame.extend_from_slice(&[0; 4]);
    }
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes bytes on in pieces of that length; what came of it.
    fn run(masked: bool, bytes: &[u8], piece: usize) -> Result<(Vec<Step>, usize), Fault> {
        let mut frames = Frames::new(masked, 100_000);
        let (mut from, mut to, mut steps) = (BytesMut::new(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            from.extend_from_slice(piece);
            loop {
                match frames.step(&mut from, &mut to)? {
                    Step::More => break,
                    Step::Passed if frames.left > 0 || from.is_empty() => {}
                    step => steps.push(step),
                }
            }
        }
        assert_eq!(to, bytes[..to.len()], "what is passed on is what came");
        Ok((steps, to.len()))
    }

    #[test]
    fn messages_begin_where_they_do_however_the_bytes_come() {
        use Step::{Close, Message, Passed};
        let long = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
        let table: [(&[u8], &[Step]); 5] = [
            (b"\x81\x02hi", &[Message]),
            (b"\x01\x01h\x89\x00\x80\x01i", &[Message, Passed]),
            (&long, &[Message]),
            (b"\x88\x02\x03\xe8", &[Close]),
            (b"\x81\x00\x81\x00", &[Message, Message]),
        ];
        for (bytes, expected) in table {
            for piece in [1, 2, 3, bytes.len()] {
                let (steps, passed) = run(false, bytes, piece).unwrap();
                assert_eq!(passed, bytes.len());
                let messages = |steps: &[Step]| {
                    steps.iter().filter(|step| **step != Passed).copied().collect::<Vec<_>>()
                };
                assert_eq!(messages(&steps), messages(expected), "{bytes:?} by {piece}");
            }
        }
    }

    #[test]
    fn a_large_frame_goes_on_before_it_is_whole() {
        let head = [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70];
        let mut frames = Frames::new(false, 100_000);
        let (mut from, mut to) = (BytesMut::from(&head[..]), BytesMut::new());
        assert_eq!(frames.step(&mut from, &mut to), Ok(Step::Message));
        assert!(!frames.is_between());
        from.extend_from_slice(&[0; 70_000]);
        assert_eq!(frames.step(&mut from, &mut to), Ok(Step::Passed));
        assert!(frames.is_between() && from.is_empty() && to.len() == 70_010);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (masked, bytes) in [
            (true, &b"\x81\x02hi"[..]),
            (false, b"\x81\x82\0\0\0\0hi"),
            (false, b"\xc1\x02hi"),
            (false, b"\x83\x00"),
            (false, b"\x8b\x00"),
            (false, b"\x80\x00"),
            (false, b"\x01\x00\x81\x00"),
            (false, b"\x09\x00"),
            (false, b"\x89\x7e\x00\x7e"),
            (false, b"\x81\x7e\x00\x7d"),
            (false, b"\x81\x7f\0\0\0\0\0\0\xff\xff"),
            (false, b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
            (false, b"\x88\x01x"),
        ] {
            assert_eq!(run(masked, bytes, 1), Err(Fault::Malformed), "{bytes:x?}");
        }
    }

    #[test]
    fn a_message_is_bounded_in_all_its_frames() {
        let half = [&[0x02, 126, 0xff, 0xff][..], &vec![0; 65_535]].concat();
        let rest = [&[0x80, 126, 0xff, 0xff][..], &vec![0; 65_535]].concat();
        assert!(run(false, &half, half.len()).is_ok());
        assert_eq!(run(false, &[half, rest].concat(), 200_000), Err(Fault::TooLarge));
    }

    #[test]
    fn frames_that_begin_no_message_count_in_time() {
        let (steps, _) = run(false, &b"\x89\x00".repeat(64), 128).unwrap();
        assert_eq!(steps.iter().filter(|step| **step == Step::Message).count(), 2);
    }

    #[test]
    fn a_close_holds_as_much_of_its_reason_as_fits() {
        assert_eq!(close(false, 1008, "no"), b"\x88\x04\x03\xf0no");
        assert_eq!(close(true, 1001, ""), b"\x88\x82\0\0\0\0\x03\xe9");
        let long = close(false, 1008, &"ä".repeat(100));
        assert_eq!((long.len(), long[1]), (126, 124));
    }
}
