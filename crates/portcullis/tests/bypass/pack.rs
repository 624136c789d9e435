//! Packs and unpacks bodies, and bends answers into shapes that the platform itself does not send.
//!
//! Must not know what a body holds, beyond the members that are bent.

use std::io::{Read, Write};

use crate::wire::Message;

/// What becomes of the platform's good answers on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bent {
    #[default]
    Not,
    Gzip,
    /// In two members, one after the other.
    GzipInTwo,
    /// Under the old name.
    XGzip,
    Deflate,
    /// Without the head that the coding has by its document.
    BareDeflate,
    Brotli,
    Zstd,
    /// Brotli, then gzip.
    Twice,
    /// Without a word about it.
    Unsaid,
    /// In upper case.
    Loud,
    /// In chunks of seven bytes.
    Chunks,
    /// The kind of account twice: as it is, then as it is not.
    TwiceLast,
    /// The other way round.
    TwiceFirst,
    /// The name of the member escaped.
    Escaped,
    /// The name of the member escaped, beside an honest-looking one.
    EscapedTwice,
    /// A mark of byte order before it.
    Marked,
    /// A second document after it.
    TwoDocuments,
    /// Said to be plain text.
    PlainText,
    /// Not said to be anything.
    Nothing,
    /// An end of line after every comma and colon.
    Airy,
    /// The kind of account is missing.
    Missing,
    /// The kind of account is no text.
    List,
    /// Expired an hour ago: a page that a cache kept.
    Stale,
    /// Posts that say they are stories.
    Told,
    /// Without a word about its end.
    Endless,
}

/// The body as a client reads it.
pub(crate) fn unpacked(message: &Message) -> Vec<u8> {
    let codings = message.header("content-encoding").unwrap_or("").to_ascii_lowercase();
    let mut body = message.body.clone();
    for coding in codings.split(',').rev().map(str::trim) {
        body = match coding {
            "gzip" | "x-gzip" => all(flate2::read::MultiGzDecoder::new(&body[..])),
            "deflate" => match all(flate2::read::ZlibDecoder::new(&body[..])) {
                bytes if bytes.is_empty() => all(flate2::read::DeflateDecoder::new(&body[..])),
                bytes => bytes,
            },
            "br" => all(brotli::Decompressor::new(&body[..], 4096)),
            "zstd" => match ruzstd::decoding::StreamingDecoder::new(&body[..]) {
                Ok(reader) => all(reader),
                Err(_) => Vec::new(),
            },
            _ => body,
        };
    }
    // What nobody said is packed is unpacked all the same: whoever wants it will.
    if body.starts_with(&[0x1f, 0x8b]) {
        all(flate2::read::MultiGzDecoder::new(&body[..]))
    } else {
        body
    }
}

fn all(mut reader: impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    // As much as can be read: a client that wants it takes the part, too.
    let _broken = reader.read_to_end(&mut out);
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn chunks(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in bytes.chunks(7) {
        out.extend(format!("{:x}\r\n", piece.len()).bytes());
        out.extend(piece);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n\r\n");
    out
}

/// The header lines and the body of a bent answer.
pub(crate) fn bent(how: Bent, body: &[u8]) -> (Vec<&'static str>, Vec<u8>) {
    const JSON: &str = "Content-Type: application/json; charset=UTF-8";
    const KIND: &str = "\"account_type\":\"PERSONAL\"";
    let text = String::from_utf8_lossy(body).into_owned();
    let other = |with: &str| (vec![JSON], text.replace(KIND, with).into_bytes());
    let packed = |line: &'static str, body: Vec<u8>| (vec![JSON, line], body);
    match how {
        Bent::Not => (vec![JSON], body.to_vec()),
        Bent::Gzip => packed("Content-Encoding: gzip", gzip(body)),
        Bent::GzipInTwo => {
            let (a, b) = body.split_at(body.len() / 2);
            packed("Content-Encoding: gzip", [gzip(a), gzip(b)].concat())
        }
        Bent::XGzip => packed("Content-Encoding: x-gzip", gzip(body)),
        Bent::Deflate => packed("Content-Encoding: deflate", deflate(body)),
        Bent::BareDeflate => packed("Content-Encoding: deflate", bare_deflate(body)),
        Bent::Brotli => packed("Content-Encoding: br", brotli(body)),
        Bent::Zstd => packed("Content-Encoding: zstd", zstd(body)),
        Bent::Twice => packed("Content-Encoding: br, gzip", gzip(&brotli(body))),
        Bent::Unsaid => (vec![JSON], gzip(body)),
        Bent::Loud => packed("Content-Encoding: GZIP", gzip(body)),
        Bent::Chunks => packed("Transfer-Encoding: chunked", chunks(body)),
        Bent::TwiceLast => other("\"account_type\":\"PERSONAL\",\"account_type\":\"BUSINESS\""),
        Bent::TwiceFirst => other("\"account_type\":\"BUSINESS\",\"account_type\":\"PERSONAL\""),
        Bent::Escaped => other("\"account\\u005ftype\":\"PERSON\\u0041L\""),
        Bent::EscapedTwice => {
            other("\"account\\u005ftype\":\"PERSONAL\",\"account_type\":\"BUSINESS\"")
        }
        Bent::Marked => (vec![JSON], [b"\xef\xbb\xbf", body].concat()),
        Bent::TwoDocuments => (vec![JSON], [b"{\"data\":[]}\n", body].concat()),
        Bent::PlainText => (vec!["Content-Type: text/plain"], body.to_vec()),
        Bent::Nothing => (vec![], body.to_vec()),
        Bent::Airy => {
            (vec![JSON], text.replace("\":", "\" \r\n\t: ").replace(",\"", " ,\n\"").into())
        }
        Bent::Missing => other("\"like_count\":0"),
        Bent::List => other("\"account_type\":[\"BUSINESS\",\"PERSONAL\"]"),
        Bent::Stale => {
            let cut = |text: &str| text.replace("\"expires_at\":\"2024", "\"expires_at\":\"2023");
            (vec![JSON], cut(&text).into_bytes())
        }
        Bent::Told => {
            let told = "\"media_product_type\":\"STORY\"";
            let told = ["FEED", "REELS"].iter().fold(text.clone(), |text, kind| {
                text.replace(&format!("\"media_product_type\":\"{kind}\""), told)
            });
            (vec![JSON], told.into_bytes())
        }
        Bent::Endless => (vec![JSON, "Connection: close"], body.to_vec()),
    }
}
