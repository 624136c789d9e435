//! The body of an answer or a call, piece by piece, without copying it.
//!
//! It is pushed: whoever reads the connection hands over the buffer and gets slices of it. Must not
//! know where the bytes come from.

use bytes::{Bytes, BytesMut};

use crate::chunks::Chunks;
use crate::{AnswerBody, CallBody, EXTENSIONS_MAX, Fault};

/// Takes one body out of the bytes that follow its head.
#[derive(Debug)]
pub struct Decoder(State);

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(Chunks),
    Close,
    /// Nothing more belongs to it.
    End,
}

impl Decoder {
    /// For a body that is framed so.
    #[must_use]
    pub const fn new(body: AnswerBody) -> Self {
        Self(match body {
            AnswerBody::None | AnswerBody::Length(0) => State::End,
            AnswerBody::Length(length) => State::Length(length),
            AnswerBody::Chunked => State::Chunked(Chunks::new(EXTENSIONS_MAX)),
            AnswerBody::Close => State::Close,
        })
    }

    /// For the body of a call, whose chunks have no extensions: nobody uses them, and parsers differ on
    /// where they end.
    #[must_use]
    pub const fn of_call(body: CallBody) -> Self {
        Self(match body {
            CallBody::Length(0) => State::End,
            CallBody::Length(length) => State::Length(length),
            CallBody::Chunked => State::Chunked(Chunks::new(0)),
        })
    }

    /// Takes the next piece out of the buffer; none: it ended, or goes on beyond the buffer.
    ///
    /// What follows a piece is looked at at once, as far as it is there, so that an end that came with
    /// the last piece is known with it.
    ///
    /// # Errors
    /// The faults of chunks. The connection can't be used any more.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, Fault> {
        match &mut self.0 {
            State::Length(left) => {
                let piece = take(buffer, *left);
                *left -= piece.len() as u64;
                if *left == 0 {
                    self.0 = State::End;
                }
                Ok((!piece.is_empty()).then_some(piece))
            }
            State::Chunked(chunks) => {
                between(chunks, buffer)?;
                let piece = take(buffer, chunks.data());
                if !piece.is_empty() {
                    chunks.took(piece.len() as u64);
                    between(chunks, buffer)?;
                }
                if chunks.is_end() {
                    self.0 = State::End;
                }
                Ok((!piece.is_empty()).then_some(piece))
            }
            State::Close => {
                let piece = buffer.split().freeze();
                Ok((!piece.is_empty()).then_some(piece))
            }
            State::End => Ok(None),
        }
    }

    /// The connection ended, and all it brought was handed over.
    ///
    /// # Errors
    /// [`Fault::CutOff`] unless the body may end so.
    pub fn closed(&mut self) -> Result<(), Fault> {
        match self.0 {
            State::Close | State::End => {
                self.0 = State::End;
                Ok(())
            }
            State::Length(_) | State::Chunked(_) => Err(Fault::CutOff),
        }
    }

    /// Whether nothing more belongs to the body.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self.0, State::End)
    }

    /// How many bytes are to come; none: nobody knows yet.
    #[must_use]
    pub const fn left(&self) -> Option<u64> {
        match self.0 {
            State::Length(left) => Some(left),
            State::End => Some(0),
            State::Chunked(_) | State::Close => None,
        }
    }
}

fn take(buffer: &mut BytesMut, most: u64) -> Bytes {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
    if most == 0 { Bytes::new() } else { buffer.split_to(most).freeze() }
}

fn between(chunks: &mut Chunks, buffer: &mut BytesMut) -> Result<(), Fault> {
    let used = chunks.between(buffer)?;
    if used > 0 {
        let _ = buffer.split_to(used);
    }
    Ok(())
}
