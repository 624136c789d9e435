//! Makes connections of callers.

use crate::dice::Dice;

/// Calls as callers send them: mostly well-formed, often odd, sometimes with bytes hit by chance.
pub(crate) fn connection(dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    (0..=dice.below(3)).for_each(|_| call(dice, &mut bytes));
    if dice.once_in(4) {
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            let odd = *dice
                .pick(&[b"\r".as_slice(), b"\n", b" ", b":", b"\t", b"\0", b"0", b";", b"\xe9"])
                .first()
                .unwrap();
            match dice.below(3) {
                0 => bytes[at] = odd,
                1 => bytes.insert(at, odd),
                _ => drop(bytes.remove(at)),
            }
        }
    }
    let longest = *[usize::MAX, 1, 40, 7].get(dice.below(4)).unwrap();
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let most = longest.min(bytes.len());
        let rest = bytes.split_off(1 + dice.below(most));
        pieces.push(std::mem::replace(&mut bytes, rest));
    }
    pieces
}

fn call(dice: &mut Dice, out: &mut Vec<u8>) {
    if dice.once_in(12) {
        out.extend_from_slice(dice.pick(&["\r\n", "\n", "\r\n\r\n"]).as_bytes());
    }
    let method =
        dice.pick(&["GET", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "M-SEARCH", "get"]);
    let target =
        dice.pick(&["/", "/a/b?c=d", "/%7e?q=%20", "http://a/x", "*", "/a{b}", "/é", "//a", "a"]);
    let version =
        if dice.once_in(8) { dice.pick(&["HTTP/1.0", "HTTP/1.2", "HTTP/2.0"]) } else { "HTTP/1.1" };
    out.extend_from_slice(format!("{method} {target} {version}\r\n").as_bytes());
    if !dice.once_in(20) {
        out.extend_from_slice(b"Host: a\r\n");
    }
    for _ in 0..dice.below(4) {
        let field = dice.pick(&[
            "X: y",
            "x-empty:",
            "X:\ty \t",
            "Cookie: a=b",
            "Connection: close",
            "Connection: keep-alive",
            "connection: x, Close",
            "Accept: */*",
            "X-\u{e9}: y",
            "X: \u{e9}",
            "A b: c",
            " folded: x",
            "Expect: 100-continue",
            "TE: trailers",
            "Upgrade: h2c",
        ]);
        out.extend_from_slice(format!("{field}\r\n").as_bytes());
    }
    let data = vec![b'd'; dice.below(40)];
    match dice.below(4) {
        0 => {
            let length = match dice.below(8) {
                0 => format!("+{}", data.len()),
                1 => format!("{0}, {0}", data.len()),
                2 => format!("0{}", data.len()),
                _ => data.len().to_string(),
            };
            out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
            if dice.once_in(8) {
                out.extend_from_slice(format!("Content-Length: {}\r\n", data.len()).as_bytes());
            }
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&data);
        }
        1 => {
            let coding = if dice.once_in(6) {
                dice.pick(&["gzip, chunked", "Chunked", "x"])
            } else {
                "chunked"
            };
            out.extend_from_slice(format!("Transfer-Encoding: {coding}\r\n").as_bytes());
            if dice.once_in(8) {
                out.extend_from_slice(b"Content-Length: 3\r\n");
            }
            out.extend_from_slice(b"\r\n");
            chunks(dice, &data, out);
        }
        _ => out.extend_from_slice(b"\r\n"),
    }
}

fn chunks(dice: &mut Dice, data: &[u8], out: &mut Vec<u8>) {
    for chunk in data.chunks(1 + dice.below(20)) {
        let size = match dice.below(10) {
            0 => format!("{:04X}", chunk.len()),
            1 => format!("{:x};a=b", chunk.len()),
            2 => format!("{:x} ", chunk.len()),
            _ => format!("{:x}", chunk.len()),
        };
        out.extend_from_slice(format!("{size}\r\n").as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    let trailers = dice.pick(&["", "", "T: v\r\n", "T: v\r\nU:\r\n", "T v\r\n"]);
    out.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
}
