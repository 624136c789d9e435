//! Everything wrapped in a call is asked for by its class; what nobody classified is refused.

use crate::common::{Call, POST, USER};

#[track_caller]
fn check(call: Call, expected: &str) {
    assert_eq!(call.asked(), expected, "{call:?}");
}

fn user(fields: &str) -> Call {
    Call::get(&format!("/v21.0/{USER}?fields={fields}"))
}

#[test]
fn the_type_of_a_node_is_told_by_its_id() {
    check(Call::get(&format!("/v21.0/{USER}")), "getNode: profile.basic{id,username}?");
    check(Call::get("/v21.0/me"), "getNode: profile.basic{id,username}?");
    check(
        Call::get(&format!("/v21.0/{POST}")),
        "getNode: media.single{id}? owner>media.single{id}?",
    );
    check(Call::get("/v21.0/180000000000000001"), "node_unclassified");
    check(Call::get("/v21.0/18000000000000001"), "getNode: story.single{id}?");
    check(Call::get("/v21.0/100000000001"), "getNode: place.single{id,name}?");
    for id in [
        "ME",
        "Me",
        "999",
        "17841",
        "%2B17841400000000001",
        "017841400000000001",
        "17841400000000001.0",
        "me,me",
    ] {
        check(Call::get(&format!("/v21.0/{id}")), "node_unclassified");
    }
}

#[test]
fn fields_are_asked_for_to_every_depth() {
    check(user("id,username"), "getNode: profile.basic{id,username}");
    check(user("id,biography"), "getNode: profile.basic{biography,id}");
    check(user("media{caption}"), "getNode: profile.basic{} media>media.list{caption}");
    check(user("media"), "getNode: profile.basic{} media>media.list{id}? owner>media.single{id}?");
    check(
        user("media.limit(2){location{name}}"),
        "getNode: profile.basic{} media>media.list{} location>place.single{name}",
    );
    check(
        user("id.as(x),stories.as(s).limit(1)"),
        "getNode: profile.basic{id} stories>story.list{id}?",
    );
    check(
        user("business_discovery.username(acme){media{owner{stories{media_url}}}}"),
        "getNode: profile.basic{} business_discovery>profile.basic{} media>media.list{} owner>media.single{} stories>story.list{media_url}",
    );
    check(
        Call::get(&format!("/v21.0/{USER}/media")),
        "listMedia: media.list{id}? owner>media.single{id}?",
    );
    check(Call::get(&format!("/v21.0/{USER}/media?fields=id")), "listMedia: media.list{id}");
}

#[test]
fn a_write_that_reads_back_asks_for_what_it_reads() {
    let post = Call::post(&format!("/v21.0/{POST}"));
    check(post.clone(), "updateNode: media.publish");
    check(post.clone().form("hide=true"), "updateNode: media.publish");
    check(post.clone().form("fields=caption"), "updateNode: media.publish media.publish{caption}");
    check(
        post.clone().json("{\"fields\":\"owner{stories}\"}"),
        "updateNode: media.publish media.publish{} owner>media.single{} stories>story.list{id}?",
    );
    check(
        Call::post(&format!("/v21.0/{POST}?method=get")).form("fields=owner{biography}"),
        "getNode: media.single{} owner>media.single{biography}",
    );
}

#[test]
fn a_field_nobody_classified_is_refused_by_its_path() {
    check(user("email"), "field: email");
    check(user("Stories"), "field: Stories");
    check(user("media{secret}"), "field: media.secret");
    check(user("username{id}"), "field: username{}");
    check(user("media.after(x).since(5){id}"), "field: media.since()");
    check(user("id.limit(5)"), "field: id.limit()");
    check(user("stories.after(x)"), "field: stories.after()");
    check(user(&"a".repeat(500)), &format!("field: {}", "a".repeat(80)));
}

/// Spellings by which a closed field was reached before (security.md S5).
#[test]
fn no_spelling_of_a_closed_field_passes() {
    for text in [
        "%2573tories",
        "Stories",
        "STORIES",
        "stories%00",
        "stories%0a",
        "stories%09",
        "%EF%BD%93tories",
        "s tories",
        "stories;",
        "stories/",
        "id;stories",
        "id|stories",
        "id%0astories",
        "[stories]",
        "stories[]",
        "{stories}",
        "id}{stories",
        "(stories)",
        "id,,secret",
        ",secret",
        "id%252Csecret",
        "secret%2C",
        "*",
        "id%20secret",
        "id+secret",
        "%22secret%22",
        "'secret'",
        "secret.limit(1)",
        "secret{id}",
        "id.as(x).secret",
        "media{{secret}}",
        "media{secret",
        "media.fields(secret)",
        "media.limit(1",
        "media.limit(1))",
        "me/secret",
        "id.secret",
        "media:secret",
        "-secret",
        "media.limit(1).limit(99)",
        "%C5%BFtories",
        "id,media.limit(1000000000000)",
    ] {
        let asked = user(text).asked();
        let open = asked.contains(": profile.basic") || asked.contains(": media");
        assert!(!open, "{text}: {asked}");
    }
    for query in [
        "Fields=stories",
        "FIELDS=stories",
        "fields[]=stories",
        "fields%00=stories",
        "fields=id&fields=stories",
        "fields=id&Fields=stories",
        "fields=id&fields%20=stories",
        "fields=id;fields=stories",
        "%2566ields=stories",
        "fields.0=stories",
        "fields=id%26fields=stories",
        "fields=",
        "fields",
        "ids=me",
        "batch=[]",
        "IDS=me",
        "ids[]=me",
    ] {
        for path in [format!("/v21.0/{USER}"), "/v21.0/loose".to_owned()] {
            let asked = Call::get(&format!("{path}?{query}")).asked();
            assert!(!asked.contains(": profile.basic"), "{path} {query}: {asked}");
        }
    }
}

#[test]
fn forms_that_are_not_judged_are_refused() {
    check(Call::get("/v21.0?ids=me"), "not judged: ids");
    check(Call::post("/v21.0").form("batch=[]"), "not judged: batch");
    check(
        Call::post("/v21.0").json(
            "{\"batch\":[{\"method\":\"GET\",\"relative_url\":\"me\",\"access_token\":\"x\"}]}",
        ),
        "not judged: batch",
    );
    check(Call::post("/"), "not judged: batch");
    check(Call::get("/v21.0/me?ids=me"), "not judged: several ids in one call");
    check(Call::post("/v21.0/me/media").form("batch=[]"), "not judged: a batch");
}

#[test]
fn parameters_are_declared_or_passed_on_as_the_catalogue_says() {
    check(Call::get("/v21.0/me?debug=all"), "undeclared: debug");
    check(Call::get("/v21.0/loose?debug=all"), "loose: profile.basic{id,username}?");
    check(
        Call::get("/v21.0/loose?fields=stories"),
        "loose: profile.basic{} stories>story.list{id}?",
    );
    assert_eq!(Call::get("/v21.0/loose?a=b%20c&d").sent_text(), "GET /v21.0/loose?a=b%20c&d=");
    check(Call::get("/explore/tags/rome?max_id=5"), "tagPage: tag.page");
    check(Call::get("/explore/tags/rome?fields=id"), "undeclared: fields");
}

#[test]
fn blanks_in_fields_are_gone_from_what_is_sent() {
    let call = user("%20id%20,%20media%20{%20id%20}");
    assert_eq!(call.sent_text(), format!("GET /v21.0/{USER}?fields=id,media%7Bid%7D"));
    let call = user("id,%20username");
    assert_eq!(call.sent_text(), format!("GET /v21.0/{USER}?fields=id,username"));
    let call = Call::post(&format!("/v21.0/{POST}")).form("fields=id,+caption");
    assert_eq!(
        call.sent_text(),
        format!("POST /v21.0/{POST} [application/x-www-form-urlencoded] fields=id,caption")
    );
}
