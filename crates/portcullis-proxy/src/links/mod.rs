//! Rewrites the paging links of an answer to the public URL.
//!
//! Otherwise a client that follows `paging.next` walks round the gate, with the platform's own
//! credential in its hand. Only the bytes of those strings change; numbers, order and white space
//! stay as they came. Must not know calls or sockets.

mod json;
mod url;

use memchr::memmem;

pub(crate) use self::url::Rules;

/// Why an answer can't be rewritten.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum LinkFault {
    /// It is not JSON, nests too deep, or a link is not a URL.
    Unreadable,
    /// The platform's credential stands in it outside of a link.
    Credential,
}

/// The answer with its links rewritten; none: there is nothing to change.
pub(crate) fn rewrite(answer: &[u8], rules: &Rules<'_>) -> Result<Option<Vec<u8>>, LinkFault> {
    let links = json::links(answer).ok_or(LinkFault::Unreadable)?;
    if links.is_empty() {
        return without_secret(answer, rules).map(|()| None);
    }
    let mut out = Vec::with_capacity(answer.len() + 64);
    let mut copied = 0;
    for span in links {
        let raw = answer.get(span.clone()).ok_or(LinkFault::Unreadable)?;
        let text: String = serde_json::from_slice(raw).map_err(|_| LinkFault::Unreadable)?;
        let link = rules.rewrite(&text).ok_or(LinkFault::Unreadable)?;
        out.extend_from_slice(answer.get(copied..span.start).unwrap_or_default());
        serde_json::to_writer(&mut out, &link).map_err(|_| LinkFault::Unreadable)?;
        copied = span.end;
    }
    out.extend_from_slice(answer.get(copied..).unwrap_or_default());
    without_secret(&out, rules)?;
    Ok(Some(out))
}

/// The last wall: whatever the answer looks like, the platform's credential does not leave in it.
fn without_secret(answer: &[u8], rules: &Rules<'_>) -> Result<(), LinkFault> {
    if !rules.secret.is_empty() && memmem::find(answer, rules.secret.as_bytes()).is_some() {
        return Err(LinkFault::Credential);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> Rules<'static> {
        Rules { base: "https://gate.example/graph", credential: "access_token", secret: "hush" }
    }

    #[track_caller]
    fn check(answer: &str, expected: Result<&str, LinkFault>) {
        let got = rewrite(answer.as_bytes(), &rules());
        let got = got.map(|new| {
            new.map_or_else(|| answer.to_owned(), |new| String::from_utf8(new).unwrap())
        });
        assert_eq!(got.as_deref(), expected.as_ref().map(|text| *text), "{answer}");
    }

    #[test]
    fn links_lead_back_to_the_gate_at_every_depth() {
        check(
            r#"{"paging":{"next":"http://up:9/v1/a?access_token=hush&after=x","cursors":{"after":"x"}}}"#,
            Ok(
                r#"{"paging":{"next":"https://gate.example/graph/v1/a?after=x","cursors":{"after":"x"}}}"#,
            ),
        );
        check(
            r#"{ "data":[ {"n":1.0e2, "media":{"paging" : { "previous" : "https:\/\/up\/b?limit=2&appsecret_proof=ab" }}} ] }"#,
            Ok(
                r#"{ "data":[ {"n":1.0e2, "media":{"paging" : { "previous" : "https://gate.example/graph/b?limit=2" }}} ] }"#,
            ),
        );
        check(
            r#"{"pag\u0069ng":{"nex\u0074":"http://up/\u0061?%61ccess_token=hush"}}"#,
            Ok(r#"{"paging":{"next":"https://gate.example/graph/a"}}"#.replace("paging", r"pag\u0069ng").replace("next", r"nex\u0074").as_str()),
        );
    }

    #[test]
    fn nothing_else_changes() {
        for answer in [
            r#"{"next":"http://up/a","data":{"previous":"http://up/b"}}"#,
            r#"{"paging":{"next":null,"other":"http://up/a","deep":{"next":"http://up/b"}}}"#,
            r#"{"paging":["next","http://up/a"],"id":17841400000000000001234,"f":1.10}"#,
            "[]",
            "null",
            " 1 ",
            r#""http://up""#,
            "{}",
        ] {
            check(answer, Ok(answer));
        }
    }

    #[test]
    fn what_cannot_be_read_in_whole_is_refused() {
        for answer in [
            "",
            "<html>",
            "{",
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "[1 2]",
            r#"{"a" 1}"#,
            "{}{}",
            "{a:1}",
            r#"{"paging":{"next":"up/a\"}}"#,
            r#"{"paging":{"next":"mailto:x"}}"#,
            "[1,]",
            "]",
            "nul",
            "01x",
            r#"{"paging":{"next":"http://up/\ud800"}}"#,
        ] {
            check(answer, Err(LinkFault::Unreadable));
        }
        check(&format!("{}1{}", "[".repeat(300), "]".repeat(300)), Err(LinkFault::Unreadable));
    }

    #[test]
    fn the_platforms_credential_never_leaves() {
        check(r#"{"paging":{"cursors":{"after":"hush"}}}"#, Err(LinkFault::Credential));
        check(r#"{"debug":"token hush"}"#, Err(LinkFault::Credential));
        check(r#"{"paging":{"next":"http://up/hush?a"}}"#, Err(LinkFault::Credential));
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i64>().prop_map(Into::into),
            "[a-z\"\\\\é/]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::vec(
                    (prop_oneof![Just("paging".to_owned()), "[a-z]{1,4}"], inner),
                    0..4
                )
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn all_json_without_links_is_left_alone(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let rules = Rules { secret: "", ..rules() };
            prop_assert_eq!(rewrite(text.as_bytes(), &rules), Ok(None));
        }

        #[test]
        fn what_serde_refuses_is_refused(text in "[\\[\\]{}:,\"a1 ]{0,12}") {
            let reads = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            if !reads {
                prop_assert_eq!(rewrite(text.as_bytes(), &rules()), Err(LinkFault::Unreadable));
            }
        }
    }
}
