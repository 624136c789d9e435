//! However an answer is cut, it is read alike; and nothing makes the reader panic or take more than
//! is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use bytes::BytesMut;
use http::{HeaderMap, StatusCode};
use portcullis_h1::{Asked, Decoder, Fault, HeadReader};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};

/// What became of an answer: its status, fields and body, and how it ended.
#[derive(Debug, Clone, Eq, PartialEq)]
struct Read {
    status: Option<StatusCode>,
    fields: HeaderMap,
    body: Vec<u8>,
    fault: Option<Fault>,
    left: usize,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, asked: Asked) -> Read {
    let mut read =
        Read { status: None, fields: HeaderMap::new(), body: Vec::new(), fault: None, left: 0 };
    let mut buffer = BytesMut::new();
    let mut reader = HeadReader::default();
    let mut decoder = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if decoder.is_none() {
            match reader.read(&mut buffer, asked, &mut read.fields, |_, _| true) {
                Ok(Some(head)) => {
                    read.status = Some(head.status);
                    decoder = Some(Decoder::new(head.body));
                }
                Ok(None) => continue,
                Err(fault) => return Read { fault: Some(fault), ..read },
            }
        }
        while let Some(decoder) = &mut decoder {
            match decoder.next(&mut buffer) {
                Ok(Some(piece)) => read.body.extend_from_slice(&piece),
                Ok(None) => break,
                Err(fault) => return Read { fault: Some(fault), ..read },
            }
        }
    }
    read.fault = match &mut decoder {
        Some(decoder) => decoder.closed().err(),
        None => Some(Fault::CutOff),
    };
    Read { left: buffer.len(), ..read }
}

/// Words of which answers are made.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static str> = vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 204 x\r\n",
        "HTTP/1.1 ",
        "200",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        "Content-Length: 5\r\n",
        "Content-Length: ",
        "0",
        "5",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: ",
        "chunked",
        "gzip",
        "Connection: close\r\n",
        "X-A: b\r\n",
        "X-A : b\r\n",
        " folded\r\n",
        ":",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "0\r\nA: b\r\n\r\n",
        ";x=y",
        "hello",
        "ffffffffffffffff",
        "a",
    ];
    prop_oneof![
        8 => proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ]
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        2 => Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
        2 => Just(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()),
        4 => Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
        1 => Just(Vec::new()),
    ];
    (start, vec(word(), 0..12)).prop_map(|(start, words)| [start, words.concat()].concat())
}

proptest! {
    #[test]
    fn however_an_answer_is_cut_it_is_read_alike(
        bytes in answer(),
        cuts in vec(1_usize..9, 0..40),
        head in any::<bool>(),
    ) {
        let asked = if head { Asked::Head } else { Asked::Other };
        let whole = read([&bytes[..]], asked);
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let cut = read(pieces, asked);
        // A fault may come to light a little sooner or later; that there is one, and the bytes before
        // it, may not differ.
        prop_assert_eq!(whole.fault.is_some(), cut.fault.is_some(), "{:?} {:?}", whole, cut);
        if whole.fault.is_none() {
            prop_assert_eq!(&whole, &cut);
        }
        prop_assert!(whole.body.len() + whole.left <= bytes.len());
    }
}
