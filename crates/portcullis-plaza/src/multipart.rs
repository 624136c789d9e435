//! Reads `multipart/form-data` bodies: text parts become parameters, file parts are only noted.
//!
//! Must not know which parameters an operation has.

use crate::error::{Answer, GraphError};
use crate::params::Params;

/// The boundary in a content type, if it is multipart.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    attribute(rest, "boundary")
}

/// The parts as parameters; a file part has its file name as value.
///
/// # Errors
/// Code 100 if the body does not follow its boundary.
pub(crate) fn params(body: &[u8], boundary: &str) -> Answer<Params> {
    let wrong = || GraphError::parameter("invalid multipart body");
    let mark = format!("--{boundary}");
    let mut params = Params::default();
    let first = find(body, mark.as_bytes()).ok_or_else(wrong)?;
    let mut rest = body.get(first + mark.len()..).unwrap_or_default();
    let between = format!("\r\n{mark}");
    while !rest.starts_with(b"--") {
        let start = rest.strip_prefix(b"\r\n").ok_or_else(wrong)?;
        let end = find(start, between.as_bytes()).ok_or_else(wrong)?;
        let (part, after) = start.split_at(end);
        add(&mut params, part).ok_or_else(wrong)?;
        rest = after.get(between.len()..).unwrap_or_default();
    }
    Ok(params)
}

fn add(params: &mut Params, part: &[u8]) -> Option<()> {
    let end = find(part, b"\r\n\r\n")?;
    let (head, value) = part.split_at(end);
    let value = value.get(4..).unwrap_or_default();
    let head = std::str::from_utf8(head).ok()?;
    let is_disposition =
        |line: &&str| line.to_ascii_lowercase().starts_with("content-disposition:");
    let disposition = head.split("\r\n").find(is_disposition)?;
    let name = attribute(disposition, "name")?;
    match attribute(disposition, "filename") {
        Some(file) => params.push(name, file),
        None => params.push(name, String::from_utf8_lossy(value)),
    }
    Some(())
}

/// The value of `name=value` or `name="value"` among parts parted by semicolons.
fn attribute(text: &str, name: &str) -> Option<String> {
    let part = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    };
    text.split(';').find_map(part)
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_parts_are_read_and_file_parts_noted() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nline\r\ntwo\r\n--x\r\n\
            content-disposition: form-data; name=\"source\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--x--\r\n";
        let params = params(body, "x").unwrap();
        assert_eq!(params.get("caption"), Some("line\r\ntwo"));
        assert_eq!(params.get("source"), Some("a.jpg"));
    }

    #[test]
    fn a_body_without_its_boundary_is_refused() {
        for bad in [
            &b""[..],
            b"--y--",
            b"--x",
            b"--x\r\nno head\r\n--x--",
            b"--x\r\nA: b\r\n\r\nnever closed",
        ] {
            assert!(params(bad, "x").is_err());
        }
    }
}
