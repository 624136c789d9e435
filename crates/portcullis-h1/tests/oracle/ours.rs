//! An answer through our codec, as the data plane drives it.

use bytes::BytesMut;
use http::HeaderMap;
use portcullis_h1::{Asked, Decoder, Fault, Head, HeadReader};

use crate::{Answer, Case, End, Outcome};

pub(crate) fn read(case: &Case) -> Outcome {
    let mut pieces = case.pieces.iter();
    let mut buffer = BytesMut::new();
    let mut fields = HeaderMap::new();
    let head = match head(case, &mut pieces, &mut buffer, &mut fields) {
        Ok(Some(head)) => head,
        Ok(None) => return Outcome::Waiting,
        Err(fault) => return Outcome::Refused(Some(fault)),
    };
    let mut decoder = Decoder::new(head.body);
    let mut body = Vec::new();
    let end = loop {
        let said = decoder.left();
        match decoder.next(&mut buffer) {
            Err(fault) => break End::Broken(Some(fault)),
            Ok(Some(piece)) => {
                assert!(!piece.is_empty());
                if let Some(said) = said {
                    assert_eq!(decoder.left(), Some(said - piece.len() as u64));
                }
                body.extend_from_slice(&piece);
                continue;
            }
            Ok(None) if decoder.is_end() => break End::Whole,
            Ok(None) => {}
        }
        assert!(buffer.is_empty(), "what is not taken out must be what is missing");
        match pieces.next() {
            Some(piece) => buffer.extend_from_slice(piece),
            None if !case.ends => break End::Waiting,
            None => match decoder.closed() {
                Ok(()) => break End::Whole,
                Err(fault) => break End::Broken(Some(fault)),
            },
        }
    };
    let quiet = buffer.is_empty() && pieces.next().is_none() && !case.ends;
    let reusable = end == End::Whole && head.keep_alive && quiet;
    let Head { status, version, .. } = head;
    Outcome::Answer(Box::new(Answer { status, version, fields, body, end, reusable }))
}

fn head<'c>(
    case: &Case,
    pieces: &mut impl Iterator<Item = &'c Vec<u8>>,
    buffer: &mut BytesMut,
    fields: &mut HeaderMap,
) -> Result<Option<Head>, Fault> {
    let asked = if case.head_request { Asked::Head } else { Asked::Other };
    let mut reader = HeadReader::default();
    loop {
        let Some(piece) = pieces.next() else {
            return if case.ends { Err(Fault::CutOff) } else { Ok(None) };
        };
        buffer.extend_from_slice(piece);
        if let Some(head) = reader.read(buffer, asked, fields, |_, _| true)? {
            assert_eq!(head.nominates, fields.contains_key("connection"));
            // What it names is taken out by whoever cleans the answer; the rest ended in the codec.
            fields.remove("connection");
            return Ok(Some(head));
        }
    }
}
