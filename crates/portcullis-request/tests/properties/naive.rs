//! A reader of sent calls, written apart from ours and as naive as a platform's.

use std::collections::BTreeMap;

use crate::common::Call;

/// What a naive reader, written apart from ours, makes of a sent call: the parameters by name.
pub(crate) fn naive(call: &Call) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut put = |name: String, value: String| {
        assert!(found.insert(name, value).is_none(), "a name is sent twice: {call:?}");
    };
    let media = call.content_type.as_deref().unwrap_or("");
    let body = String::from_utf8(call.body.clone()).unwrap();
    let query = call.query.iter().cloned();
    let form = media.contains("urlencoded").then(|| body.clone());
    for text in query.chain(form) {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap();
            put(naive_decode(name), naive_decode(value));
        }
    }
    if media.contains("json") {
        let members: BTreeMap<String, Box<serde_json::value::RawValue>> =
            serde_json::from_str(&body).unwrap();
        for (name, raw) in members {
            put(name, serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned()));
        }
    }
    if let Some((_, boundary)) = media.split_once("boundary=") {
        for part in
            body.split(&format!("--{boundary}")).skip(1).filter(|part| !part.starts_with("--"))
        {
            let (head, value) = part.trim_start().split_once("\r\n\r\n").unwrap();
            let name = head.split("name=\"").nth(1).unwrap().split('"').next().unwrap();
            put(name.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned());
        }
    }
    found
}

fn naive_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    let raw = text.as_bytes();
    while at < raw.len() {
        if raw.get(at) == Some(&b'%') {
            bytes.push(u8::from_str_radix(text.get(at + 1..at + 3).unwrap(), 16).unwrap());
            at += 3;
        } else {
            assert_ne!(raw.get(at), Some(&b'+'), "a plus has two readings: {text}");
            bytes.push(*raw.get(at).unwrap());
            at += 1;
        }
    }
    String::from_utf8(bytes).unwrap()
}
