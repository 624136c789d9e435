//! Each entry of a batch is read as the call it would be alone, however it is wrapped.

use crate::common::{Call, refused};
use crate::plaza::{entries, entry_asked, filled};
use serde_json::{Value, json};

const KEY: &str = "ptc_key_of_the_caller";

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The batch in a form, its JSON escaped.
fn form(batch: &Value) -> Call {
    Call::post("/v21.0/").form(&format!("batch={}", escaped(&batch.to_string())))
}

fn one(entry: Value) -> Value {
    json!([entry])
}

fn get(url: &str) -> Value {
    json!({ "method": "GET", "relative_url": filled(url) })
}

/// What the only entry asks for.
#[track_caller]
fn only(call: &Call) -> String {
    let entries = entries(call).unwrap_or_else(|refusal| panic!("{}", refused(&refusal)));
    assert_eq!(entries.len(), 1);
    entry_asked(&entries[0], None)
}

#[track_caller]
fn check(entry: Value, expected: &str) {
    assert_eq!(only(&form(&one(entry.clone()))), expected, "{entry}");
}

/// The whole batch is refused.
#[track_caller]
fn whole(call: &Call, part: &str) {
    let said = entries(call).map(|found| format!("{found:?}")).unwrap_or_else(|no| refused(&no));
    assert!(said.contains(part) && !said.contains("Entry"), "{call:?}: {said}");
}

#[test]
fn a_batch_is_read_in_form_json_multipart_and_query() {
    let batch = json!([get("USER/stories?fields=media_url"), get("POST")]);
    let text = batch.to_string();
    let calls = [
        form(&batch),
        Call::post("/v21.0").body(None, format!("batch={}", escaped(&text))),
        Call::post("/v21.0").json(&json!({ "batch": batch }).to_string()),
        Call::post("/v21.0").json(&json!({ "batch": text }).to_string()),
        Call::post("/v21.0").multipart(&format!(
            "--XX\nContent-Disposition: form-data; name=\"batch\"\n\n{text}\n--XX--\n"
        )),
        Call::post(&format!("/v21.0/?batch={}", escaped(&text))),
        Call::post(&format!("/v21.0/?batch={}&include_headers=false", escaped(&text))),
    ];
    for call in calls {
        let found = entries(&call).unwrap_or_else(|refusal| panic!("{call:?} {refusal:?}"));
        let asked: Vec<String> = found.iter().map(|entry| entry_asked(entry, None)).collect();
        assert_eq!(
            asked,
            ["story.by_account USER {media_url} 25?", "media.single POST {id}?"],
            "{call:?}"
        );
    }
}

#[test]
fn a_relative_url_is_opened_through_one_to_three_layers() {
    let expected = "profile.basic USER {username} | media.by_account USER {caption} 5 <media@0";
    let fields = "username,media.limit(5){caption}";
    let once = fields.replace('{', "%7B").replace('}', "%7D").replace(',', "%2C");
    for url in [
        format!("USER?fields={fields}"),
        format!("/USER?fields={fields}"),
        format!("//USER/?fields={fields}"),
        format!("v21.0/USER?fields={fields}"),
        format!("V19.0/USER?fields={fields}"),
        format!("USER?fields={once}"),
        format!("USER?fields={}", escaped(fields)),
        // Escaped once more as a whole, as the platform's own SDK does.
        escaped(&filled(&format!("USER?fields={fields}"))),
        escaped(&filled(&format!("USER?fields={once}"))),
        format!("USER%3Ffields%3D{}", once.replace('%', "%25")),
        format!("USER%3Ffields%3D{}", escaped(fields).replace('%', "%25")),
        "USER?fields=username, media.limit(5){caption}".to_owned(),
    ] {
        check(get(&url), expected);
    }
    check(get("%55SER?fields=id"), "node_unclassified");
    check(get(&escaped(&filled("USER/stories"))), "story.by_account USER {id}? 25?");
    check(get("me"), "profile.basic me {id,username}?");
    check(
        get("?ids=USER,OTHER&fields=id"),
        "profile.basic USER {id} | profile.basic OTHER {id} | ids=2",
    );
    check(get("/v21.0/?ids=USER&fields=id"), "profile.basic USER {id} | ids=1");
    // A fourth layer is a text that holds percent signs.
    let four = escaped(&escaped(&escaped(&filled("USER?fields=biography"))));
    let said = only(&form(&one(get(&four))));
    assert!(said.starts_with("unreadable"), "{said}");
}

#[test]
fn what_an_entry_asks_is_judged_whatever_it_is() {
    check(
        json!({ "method": "post", "relative_url": filled("POST"), "body": "fields=caption&comment_enabled=true" }),
        "write publish.update POST | publish.update POST {caption}",
    );
    check(
        json!({ "method": "POST", "relative_url": filled("POST?method=delete") }),
        "write publish.delete POST",
    );
    check(
        json!({ "method": "POST", "relative_url": filled("USER"), "body": "method=get&fields=stories" }),
        "profile.basic USER {} | story.by_account USER {id}? 25? <stories@0",
    );
    check(
        json!({ "method": "POST", "relative_url": filled("POST"), "body": { "fields": "owner{biography}" } }),
        "write publish.update POST | publish.update POST {owner.biography,owner.id}",
    );
    check(
        json!({ "method": "GET", "relative_url": filled("USER"), "body": "fields=website" }),
        "profile.basic USER {website}",
    );
    check(
        get("USER?fields=business_discovery.username(Acme){biography}"),
        "discovery.by_username user=acme {biography} <business_discovery@0",
    );
    check(get("v1/locations/212345678901/media/recent"), "legacy.media -");
    check(get("explore/tags/cats/?__a=1"), "backchannel.media -");
    check(get("/api/v1/locations/212345678901/story"), "backchannel.story -");
    check(get("api/v1/users/1/full"), "operation_unlisted");
    check(get("graphql/query?variables={}"), "operation_unlisted");
    check(get("https://graph.plaza.example/v21.0/me"), "operation_unlisted");
    check(get("v17.0/me"), "version_unknown");
    check(
        get("USER/media?fields=id&limit=1&limit=100"),
        "unreadable: a parameter is there twice; send it once",
    );
    check(get("debug_token?input_token=x"), "not judged: a key as an argument");
    check(json!({ "method": "PUT", "relative_url": "me" }), "method_unlisted");
    check(json!({ "method": "TRACE", "relative_url": "me" }), "method_unlisted");
    check(
        get("../me"),
        "unreadable: the path holds a `..` segment; write the path it leads to instead",
    );
    check(
        get("me#x?fields=id"),
        "unreadable: the path holds an encoded `?` or `#`; send parameters after a plain `?`, and no fragment",
    );
}

#[test]
fn a_batch_within_a_batch_is_refused_in_its_place() {
    let inner = escaped(&json!([get("me/stories")]).to_string());
    for entry in [
        json!({ "method": "POST", "relative_url": "", "body": format!("batch={inner}") }),
        json!({ "method": "POST", "relative_url": "/v21.0/", "body": format!("batch={inner}") }),
        json!({ "method": "POST", "relative_url": format!("?batch={inner}") }),
    ] {
        check(entry, "not judged: a batch within a batch");
    }
    check(
        json!({ "method": "POST", "relative_url": filled("POST"), "body": format!("batch={inner}") }),
        "not judged: a batch",
    );
    check(get(&format!("me?batch={inner}")), "not judged: a batch");
    let batch =
        json!([get("me"), { "method": "POST", "relative_url": "", "body": "batch=[]" }, get("me")]);
    let found = entries(&form(&batch)).unwrap();
    let asked: Vec<String> = found.iter().map(|entry| entry_asked(entry, None)).collect();
    assert_eq!(asked[0], asked[2]);
    assert_eq!(asked[1], "not judged: a batch within a batch");
}

#[test]
fn an_unversioned_entry_has_the_version_of_its_batch() {
    let batch =
        json!([get("me"), get("v20.0/me"), get("?ids=me"), get("/explore/tags/x"), get("")]);
    let call = Call::post("/v24.0").form(&format!("batch={}", escaped(&batch.to_string())));
    let targets: Vec<String> =
        entries(&call).unwrap().into_iter().map(|entry| entry.target).collect();
    assert_eq!(targets, ["/v24.0/me", "/v20.0/me", "/v24.0?ids=me", "/explore/tags/x", "/v24.0"]);
    // Without a version of its own the batch has the one that a missing one means; its root is closed.
    whole(&Call::post("/").form("batch=[]"), "not judged: batch");
}

#[test]
fn an_entrys_own_key_must_be_the_callers() {
    let own = |key: &str| json!({ "method": "GET", "relative_url": "me", "access_token": key });
    let asked = |entry: Value| {
        let found = entries(&form(&one(entry))).unwrap();
        entry_asked(&found[0], Some(KEY))
    };
    let plain = "profile.basic me {id,username}?";
    assert_eq!(asked(own(KEY)), plain);
    assert_eq!(asked(own("")), plain);
    assert_eq!(asked(own("ptc_key_of_another")), "key_conflict");
    assert_eq!(asked(get(&format!("me?access_token={KEY}"))), plain);
    assert_eq!(asked(get("me?access_token=ptc_key_of_another")), "key_conflict");
    assert_eq!(asked(get(&escaped("me?access_token=ptc_key_of_another"))), "key_conflict");
    assert_eq!(
        asked(
            json!({ "method": "POST", "relative_url": filled("POST"), "body": "access_token=other_key_1" })
        ),
        "key_conflict"
    );
    assert_eq!(
        asked(
            json!({ "method": "POST", "relative_url": filled("POST"), "body": {"access_token": KEY} })
        ),
        "write publish.update POST"
    );
    assert_eq!(asked(get(&format!("me?fields={KEY}"))), "not judged: a key as an argument");
    let with_key = form(&one(own(KEY)));
    let entry = entries(&with_key).unwrap().remove(0);
    assert_eq!(entry.credential(), Some(KEY.as_bytes()));
    assert!(!format!("{entry:?}").contains(KEY));
}

#[test]
fn a_batch_that_cannot_be_read_is_refused_whole() {
    for text in [
        "",
        "{}",
        "[]",
        "5",
        "null",
        "[1]",
        "[null]",
        "[{}]",
        r#"[{"method":"GET"}]"#,
        r#"[{"relative_url":"me"}]"#,
        r#"[{"method":5,"relative_url":"me"}]"#,
        r#"[{"method":"GET","relative_url":["me"]}]"#,
        r#"[{"method":"GET","relative_url":"me"}"#,
        r#"[{"method":"GET","relative_url":"me"}] []"#,
        r#"[{"method":"GET","relative_url":"me"},]"#,
        r#"[{"method":"GET","relative_url":"me","relative_url":"me/stories"}]"#,
        r#"[{"method":"GET","relative_url":"me","relative\u005furl":"me/stories"}]"#,
        r#"[{"method":"GET","relative_url":"me","access_token":["x"]}]"#,
        r#"[{"method":"GET","relative_url":"me","depends_on":5}]"#,
        r#"[{"method":"GET","relative_url":"me","depends_on":[5]}]"#,
        r#"[{"method":"GET","relative_url":"me","omit_response_on_success":"no"}]"#,
        r#"[{"method":"GET","relative_url":"me","name":"a:b"}]"#,
        r#"[{"method":"GET","relative_url":"me","name":"a"},{"method":"GET","relative_url":"me","name":"a"}]"#,
    ] {
        whole(&Call::post("/v21.0").form(&format!("batch={}", escaped(text))), "unreadable");
    }
    whole(&Call::post("/v21.0"), "unreadable");
    whole(&Call::post("/v21.0").json(r#"{"batch":[],"batch":[]}"#), "unreadable");
    whole(&Call::post("/v21.0?batch=[1]").form("batch=[2]"), "unreadable");
    whole(&Call::post("/v21.0").form("batch=[]&other=1"), "undeclared: other");
    whole(&Call::post("/v21.0").form("batch=[]&fields=id"), "undeclared: fields");
    whole(&Call::post("/v21.0").form("batch=[]&ids=me"), "not judged: several ids");
    whole(&Call::get("/v21.0/me"), "not judged: a call that is no batch");
    let deep = format!("[{}]", "[".repeat(100_000));
    whole(&Call::post("/v21.0").form(&format!("batch={}", escaped(&deep))), "unreadable");
    let many: Vec<Value> = (0..51).map(|_| get("me")).collect();
    whole(&form(&Value::from(many)), "more entries");
    let fifty: Vec<Value> = (0..50).map(|_| get("me")).collect();
    assert_eq!(entries(&form(&Value::from(fifty))).unwrap().len(), 50);
}
