//! Every coding, in every cut, whole and broken.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::HeaderValue;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut packed = ::brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    packed.write_all(text).unwrap();
    packed.into_inner()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn raw(text: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

type Pack = fn(&[u8]) -> Vec<u8>;
const CODINGS: [(&str, Pack); 6] = [
    ("gzip", gzip),
    ("X-GZIP", gzip),
    ("deflate", zlib),
    ("deflate", raw),
    ("br", brotli),
    ("zstd", zstd),
];

fn unpack(coding: &str) -> Result<Unpack, Refusal> {
    let mut headers = HeaderMap::new();
    for one in coding.split(" + ") {
        headers.append(CONTENT_ENCODING, HeaderValue::from_str(one).unwrap());
    }
    Unpack::new(&headers)
}

/// What comes out of bytes that come in pieces of that size, and how much memory was asked for.
fn run(coding: &str, packed: &[u8], size: usize) -> Result<(Vec<u8>, u64), Refusal> {
    let mut unpack = unpack(coding)?;
    let (mut out, mut memory) = (Vec::new(), 0);
    for piece in packed.chunks(size) {
        unpack.feed(Bytes::copy_from_slice(piece));
        let mut more = |bytes| {
            memory += bytes;
            Ok(())
        };
        while let Some(piece) = unpack.next(&mut more)? {
            assert!(piece.len() <= PIECE || coding == "identity");
            out.extend_from_slice(&piece);
        }
    }
    unpack.finish().map(|()| (out, memory))
}

/// Text that packs well here and badly there.
fn text(length: usize) -> Vec<u8> {
    let mut state = 7u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    (0..length).map(|at| if at % 5000 < 3000 { b'a' } else { b' ' + (next() % 90) as u8 }).collect()
}

#[test]
fn every_coding_is_undone_wherever_it_is_cut() {
    for (coding, pack) in CODINGS {
        for length in [0, 1, 10, 5000, 100_000] {
            let text = text(length);
            let packed = pack(&text);
            for size in [1, 3, 1000, packed.len().max(1)] {
                let (out, memory) = run(coding, &packed, size).unwrap();
                assert!(out == text, "{coding} of {length} in pieces of {size}");
                assert!(memory <= 9 * 1024 * 1024, "{coding} takes {memory}");
            }
        }
    }
    assert_eq!(run("identity", b"abc", 2).unwrap(), (b"abc".to_vec(), 0));
}

#[test]
fn what_is_broken_is_told() {
    for (coding, pack) in CODINGS {
        let packed = pack(&text(20_000));
        for end in [1, 2, 5, packed.len() / 2, packed.len() - 1] {
            assert!(run(coding, &packed[..end], 100).is_err(), "{coding} cut at {end}");
        }
        let trailing = [packed.as_slice(), b"x"].concat();
        for size in [packed.len(), trailing.len()] {
            assert!(run(coding, &trailing, size).is_err(), "{coding} with more behind it");
        }
        assert!(run(coding, b"{\"data\":[]}", 100).is_err(), "{coding} that is none");
        // Whatever a damaged one gives, it gives it without a panic.
        for at in 0..80 {
            let mut damaged = packed.clone();
            let at = at * 7 % damaged.len();
            damaged[at] ^= 0x55;
            let _ = run(coding, &damaged, 1000);
        }
    }
}

#[test]
fn a_coding_that_nobody_can_undo_is_refused() {
    for coding in ["compress", "gzip, br", "gzip + gzip", "aws-chunked", "gzip;q=1"] {
        assert!(unpack(coding).is_err(), "{coding}");
    }
    for coding in ["", "identity", "gzip", "identity, gzip", " br "] {
        assert!(unpack(coding).is_ok(), "{coding}");
    }
}

#[test]
fn what_unpacks_without_end_ends() {
    for (coding, pack) in CODINGS {
        let packed = pack(&vec![b'0'; 6 * 1024 * 1024]);
        let whole = run(coding, &packed, 1024);
        assert!(whole.is_err(), "{coding}: {} bytes were enough", packed.len());
    }
}
