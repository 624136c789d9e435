//! Makes answers: mostly well-formed, often odd, sometimes with bytes that were hit by chance.

use crate::Case;
use crate::dice::Dice;

pub(crate) fn case(dice: &mut Dice) -> Case {
    let mut bytes = Vec::new();
    if dice.once_in(8) {
        let most = if dice.once_in(20) { 20 } else { 3 };
        (0..=dice.below(most)).for_each(|_| interim(dice, &mut bytes));
    }
    answer(dice, &mut bytes);
    if dice.once_in(12) {
        answer(dice, &mut bytes);
    }
    if dice.once_in(3) {
        (0..=dice.below(3)).for_each(|_| hit(dice, &mut bytes));
    }
    if dice.once_in(10) {
        bytes.truncate(dice.below(bytes.len() + 1));
    }
    Case { head_request: dice.once_in(12), pieces: cut(dice, &bytes), ends: dice.once_in(2) }
}

/// Cuts where reads may end: nowhere, anywhere, or after each byte.
fn cut(dice: &mut Dice, bytes: &[u8]) -> Vec<Vec<u8>> {
    let longest = match dice.below(4) {
        0 => usize::MAX,
        1 => 1,
        2 => 12,
        _ => 200,
    };
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = rest.len().min(longest);
        let at = if most == rest.len() && dice.once_in(2) { most } else { 1 + dice.below(most) };
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces
}

fn interim(dice: &mut Dice, out: &mut Vec<u8>) {
    let code = dice.pick(&["100 Continue", "103 Early Hints", "102 ", "199 x", "100"]);
    out.extend_from_slice(format!("HTTP/1.1 {code}\r\n").as_bytes());
    if dice.once_in(3) {
        plain_field(dice, out);
    }
    if dice.once_in(20) {
        framing_field(dice, out);
    }
    out.extend_from_slice(b"\r\n");
}

fn answer(dice: &mut Dice, out: &mut Vec<u8>) {
    if dice.once_in(60) {
        out.extend_from_slice(dice.pick(&["\r\n", "\n", "\r\n\r\n", " "]).as_bytes());
    }
    let version = if dice.once_in(10) {
        dice.pick(&[
            "HTTP/1.0", "HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/0.9",
            "ICY",
        ])
    } else {
        "HTTP/1.1"
    };
    let status = if dice.once_in(4) {
        dice.pick(&[
            "204 No Content",
            "304 Not Modified",
            "404 ",
            "500",
            "301 Moved",
            "200  two",
            "200\tOK",
            "20 OK",
            "2000 OK",
            "099 Low",
            "600 High",
            "999 Top",
            "101 Switching Protocols",
            "2x0 OK",
            "+20 OK",
            "200 caf\u{e9}",
            "200 a\u{7f}b",
            "206 Partial",
            "",
        ])
    } else {
        "200 OK"
    };
    out.extend_from_slice(format!("{version} {status}").as_bytes());
    end_line(dice, out);
    let fields = if dice.once_in(200) { 95 + dice.below(10) } else { dice.below(6) };
    (0..fields).for_each(|_| plain_field(dice, out));
    body(dice, out);
}

/// The fields that frame a body, then the body, which mostly is what they say.
fn body(dice: &mut Dice, out: &mut Vec<u8>) {
    let body = content(dice);
    match dice.below(10) {
        0..=3 => {
            let length = if dice.once_in(12) { dice.below(40) } else { body.len() };
            field(dice, out, "Content-Length", &length.to_string());
            rest_of_head(dice, out);
            out.extend_from_slice(&body);
        }
        4..=7 => {
            let coding = dice.pick(&["chunked", "chunked", "chunked", "Chunked", "chunkeD"]);
            field(dice, out, "Transfer-Encoding", coding);
            rest_of_head(dice, out);
            chunks(dice, &body, out);
        }
        8 => {
            rest_of_head(dice, out);
            out.extend_from_slice(&body);
        }
        _ => {
            (0..=dice.below(2)).for_each(|_| framing_field(dice, out));
            rest_of_head(dice, out);
            if dice.once_in(2) { chunks(dice, &body, out) } else { out.extend_from_slice(&body) }
        }
    }
}

fn rest_of_head(dice: &mut Dice, out: &mut Vec<u8>) {
    if dice.once_in(4) {
        let options = dice.pick(&[
            "close",
            "keep-alive",
            "Keep-Alive",
            "CLOSE",
            "close, x-hop",
            "x-hop",
            "",
            "keep-alive, close",
            ",close",
            "closed",
            "close;q=1",
            "upgrade",
        ]);
        field(dice, out, "Connection", options);
    }
    if dice.once_in(30) {
        framing_field(dice, out);
    }
    if dice.once_in(10) {
        plain_field(dice, out);
    }
    end_line(dice, out);
}

fn content(dice: &mut Dice) -> Vec<u8> {
    let length = match dice.below(8) {
        0 => 0,
        1 => 1,
        2 => dice.below(2000),
        _ => dice.below(40),
    };
    (0..length).map(|_| dice.pick(&[b"a", b"0", b"\r", b"\n", b"x", b"5"])[0]).collect()
}

fn chunks(dice: &mut Dice, body: &[u8], out: &mut Vec<u8>) {
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + dice.below(rest.len()));
        rest = after;
        chunk_line(dice, piece.len(), out);
        out.extend_from_slice(piece);
        end_line(dice, out);
    }
    if dice.once_in(30) {
        return;
    }
    chunk_line(dice, 0, out);
    if dice.once_in(6) {
        (0..=dice.below(3)).for_each(|_| plain_field(dice, out));
    }
    end_line(dice, out);
}

fn chunk_line(dice: &mut Dice, size: usize, out: &mut Vec<u8>) {
    let size = match dice.below(40) {
        0 => format!("{size:X}"),
        1 => format!("00{size:x}"),
        2 => format!("{size:x} "),
        3 => format!(" {size:x}"),
        4 => format!("+{size:x}"),
        5 => format!("0x{size:x}"),
        6 => format!("{:x}", size + 1),
        7 => format!("{size:020x}"),
        8 => format!("ffffffffffffffff{size:x}"),
        9 => String::new(),
        _ => format!("{size:x}"),
    };
    out.extend_from_slice(size.as_bytes());
    if dice.once_in(8) {
        out.extend_from_slice(
            dice.pick(&[
                ";x",
                ";x=y",
                ";x=\"y;z\"",
                ";",
                "; x = y",
                " ;x",
                ";\t",
                ";x\u{0}",
                ";x\u{1}y",
                ";\rx",
                ";é",
            ])
            .as_bytes(),
        );
    }
    if dice.once_in(400) {
        out.extend_from_slice(format!(";{}", "x".repeat(6000 + dice.below(6000))).as_bytes());
    }
    end_line(dice, out);
}

fn plain_field(dice: &mut Dice, out: &mut Vec<u8>) {
    if dice.once_in(25) {
        out.extend_from_slice(
            dice.pick(&[
                " folded\r\n",
                "\tfolded\r\n",
                "no colon\r\n",
                ": no name\r\n",
                "X : space\r\n",
                "X\t: tab\r\n",
                "X(: paren\r\n",
                "X: a\u{0}b\r\n",
                "X: a\rb\r\n",
                "X: a\nY: b\r\n",
                "X: \u{7f}\r\n",
                "X:\r\n",
                "\u{e9}: x\r\n",
                "X: caf\u{e9}\r\n",
                "X:    many   \t \r\n",
                "X: a\u{b}b\r\n",
                "\r: x\r\n",
            ])
            .as_bytes(),
        );
        return;
    }
    let name = dice.pick(&[
        "Server",
        "Content-Type",
        "X-A",
        "set-cookie",
        "ETag",
        "Keep-Alive",
        "Upgrade",
        "Trailer",
        "TE",
        "Via",
        "x!#$%&'*+.^_`|~",
    ]);
    let value =
        dice.pick(&["a", "text/html; charset=utf-8", "", "chunked", "5", "\"x\"", "a,b", "close"]);
    field(dice, out, name, value);
}

fn framing_field(dice: &mut Dice, out: &mut Vec<u8>) {
    if dice.once_in(2) {
        let value = dice.pick(&[
            "0",
            "5",
            "05",
            "+5",
            "-5",
            "5, 5",
            "5,6",
            "",
            " 5 ",
            "0x5",
            "5 5",
            "999999999999999999",
            "9999999999999999999",
            "18446744073709551615",
            "18446744073709551616",
            "5.0",
            "five",
        ]);
        field(dice, out, "Content-Length", value);
    } else {
        let value = dice.pick(&[
            "chunked",
            "gzip",
            "identity",
            "gzip, chunked",
            "chunked, gzip",
            "chunked, chunked",
            "xchunked",
            "",
            "chunked;q=1",
            "\"chunked\"",
            ",chunked",
            "chunked,",
            "chunked chunked",
            "CHUNKED",
        ]);
        field(dice, out, "Transfer-Encoding", value);
    }
}

fn field(dice: &mut Dice, out: &mut Vec<u8>, name: &str, value: &str) {
    let colon =
        if dice.once_in(20) { dice.pick(&[":", ":  ", ":\t", " :", ": \t "]) } else { ": " };
    let name = if dice.once_in(10) { name.to_uppercase() } else { name.to_owned() };
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(colon.as_bytes());
    out.extend_from_slice(value.as_bytes());
    if dice.once_in(30) {
        out.extend_from_slice(dice.pick(&[" ", "\t", "  "]).as_bytes());
    }
    end_line(dice, out);
}

fn end_line(dice: &mut Dice, out: &mut Vec<u8>) {
    let end =
        if dice.once_in(60) { dice.pick(&["\n", "\r", "\r\r\n", "", "\n\r"]) } else { "\r\n" };
    out.extend_from_slice(end.as_bytes());
}

/// Changes one place.
fn hit(dice: &mut Dice, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    // Heads and chunk lines stand at the front more often than not.
    let within = if dice.once_in(2) { bytes.len().min(120) } else { bytes.len() };
    let at = dice.below(within);
    let byte = match dice.below(3) {
        0 => dice.below(256) as u8,
        _ => dice
            .pick(&[b"\r", b"\n", b" ", b"\t", b":", b";", b",", b"0", b"5", b"a", b"\0", b"\x7f"])
            [0],
    };
    match dice.below(5) {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => {
            bytes.remove(at);
        }
        3 => bytes[at] ^= 1 << dice.below(8),
        _ => {
            let end = (at + 1 + dice.below(30)).min(bytes.len());
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
    }
}
