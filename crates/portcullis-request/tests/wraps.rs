//! Every wrap of a call is unfolded into what it asks for, as if it had been asked alone.

use crate::common::Call;
use crate::plaza::{asked, filled};

#[track_caller]
fn check(target: &str, expected: &str) {
    assert_eq!(asked(&Call::get(&filled(target))), expected, "{target}");
}

#[track_caller]
fn wrote(target: &str, form: &str, expected: &str) {
    let call = Call::post(&filled(target)).form(&filled(form));
    assert_eq!(asked(&call), expected, "{target} {form}");
}

/// What refuses a call, in short.
#[track_caller]
fn refuses(target: &str, part: &str) {
    let said = asked(&Call::get(&filled(target)));
    assert!(said.contains(part), "{target}: {said}");
}

#[test]
fn a_node_gives_its_fields_or_those_that_come_by_default() {
    check("/v21.0/USER", "profile.basic USER {id,username}?");
    check("/USER?fields=username", "profile.basic USER {username}");
    check("/me?fields=id,username,id", "profile.basic me {id,username}");
    check("/POST", "media.single POST {id}?");
    check("/STORY?fields=media_url", "story.single STORY {media_url}");
    check("/PLACE", "place.single PLACE {id,name}?");
    check("/CONTAINER?fields=status_code", "publish.status CONTAINER {status_code}");
    check("/TAG", "hashtag.basic TAG {id,name}?");
    check("/COMMENT?fields=hidden,text", "comment.single COMMENT {hidden,text}");
    refuses("/17999", "node_unclassified");
    refuses("/v21.0/posts", "node_unclassified");
}

#[test]
fn an_edge_named_in_fields_is_an_ask_of_its_own() {
    check(
        "/USER?fields=username,media.limit(5){caption,comments{text}},stories{id}",
        "profile.basic USER {username} | media.by_account USER {caption} 5 <media@0 \
         | comment.list post@1 {text} 25? <comments@1 | story.by_account USER {id} 25? <stories@0",
    );
    check("/USER?fields=media", "profile.basic USER {} | media.by_account USER {id}? 25? <media@0");
    check(
        "/PLACE?fields=stories{media_url},posts.limit(50){id}",
        "place.single PLACE {} | story.by_place PLACE {media_url} 25? <stories@0 \
         | place.posts PLACE {id} 50 <posts@0",
    );
    check(
        "/POST?fields=insights.metric(reach),children{owner{stories{id}}}",
        "media.single POST {} | insight.media POST <insights@0 \
         | media.children POST {owner.id} 10? <children@0 \
         | story.by_account user@2 {id} 25? <stories@2",
    );
    check(
        "/USER/media?fields=comments{replies{from{username}}}",
        "media.by_account USER {} 25? | comment.list post@0 {} 25? <comments@0 \
         | comment.replies comment@1 {from.id,from.username} 25? <replies@1",
    );
}

#[test]
fn alias_modifiers_blanks_and_order_hide_nothing() {
    let plain = "profile.basic USER {} | story.by_account USER {media_url} 3 <stories@0";
    for fields in [
        "stories.limit(3){media_url}",
        "stories{media_url}.limit(3)",
        "stories.as(harmless).limit(3){media_url}",
        "stories.limit(3).as(x){media_url.as(y)}",
        "%20stories%20.limit(3)%20{%20media_url%20}%20",
        "stories%2Elimit%283%29%7Bmedia_url%7D",
        "stories.limit(3).as(s){media_url,media_url}",
    ] {
        check(&format!("/USER?fields={fields}"), plain);
    }
    check(
        "/USER?fields=media.as(a){id},media.as(b){caption}",
        "profile.basic USER {} | media.by_account USER {id} 25? <media@0 \
         | media.by_account USER {caption} 25? <media@0",
    );
    check(
        "/USER?fields=media.after(QVFI){id}",
        "profile.basic USER {} | media.by_account USER {id} 25? <media@0 | further page",
    );
    check(
        "/USER?fields=media{comments.until(5){id}}",
        "profile.basic USER {} | media.by_account USER {} 25? <media@0 \
         | comment.list post@1 {id} 25? <comments@1 | further page",
    );
    check(
        "/USER?fields=insights.since(1).until(2).metric(reach)",
        "profile.basic USER {} | insight.account USER <insights@0",
    );
}

#[test]
fn an_alias_may_not_be_another_fields_name() {
    refuses("/STORY?fields=id.as(media_product_type)", "unreadable");
    refuses("/STORY?fields=id.as(Expires_At)", "unreadable");
    refuses("/USER?fields=media{caption.as(owner)}", "unreadable");
    refuses("/USER?fields=stories.as(media)", "unreadable");
    refuses("/USER?fields=stories.as(data)", "unreadable");
    refuses("/USER?fields=business_discovery.username(a).as(username){id}", "unreadable");
    check("/STORY?fields=id.as(id)", "story.single STORY {id}");
    check("/STORY?fields=expires_at.as(x)", "story.single STORY {expires_at}");
}

#[test]
fn an_object_of_a_node_gives_fields_of_the_node() {
    check(
        "/POST?fields=caption,owner{username},location{name}",
        "media.single POST {caption,location.id,location.name,owner.id,owner.username}",
    );
    check("/POST?fields=owner", "media.single POST {owner.id}");
    check("/POST?fields=location.as(l)", "media.single POST {location.id,location.name}");
    check(
        "/POST?fields=owner{home_location{location{city}}}",
        "media.single POST {owner.home_location.id,owner.home_location.location.city,owner.id}",
    );
    check(
        "/POST?fields=location{posts{id}}",
        "media.single POST {location.id} | place.posts place@0 {id} 25? <posts@0",
    );
    check("/COMMENT?fields=from", "comment.single COMMENT {from.id,from.username}");
    check(
        "/COMMENT?fields=media{caption}",
        "comment.single COMMENT {} | comment.media COMMENT {caption} <media@0",
    );
    refuses("/POST?fields=owner.limit(2){id}", "field: owner.limit()");
    refuses("/POST?fields=owner{email}", "field: owner.email");
    refuses("/POST?fields=caption{id}", "field: caption{}");
    refuses("/POST?fields=caption.limit(2)", "field: caption.limit()");
    refuses("/POST?fields=owner.username", "unreadable");
}

#[test]
fn a_discovered_account_is_the_target_and_its_carrier_is_none() {
    let alone = "discovery.by_username user=acme {followers_count} <business_discovery@0 \
                 | media.by_account user=acme {caption} 9 <media@0";
    for fields in [
        "business_discovery.username(acme){followers_count,media.limit(9){caption}}",
        "business_discovery.username(ACME){followers_count,media.limit(9){caption}}",
        "id,business_discovery.username(Acme){followers_count,media.limit(9){caption}}",
    ] {
        let shown = asked(&Call::get(&filled(&format!("/USER?fields={fields}"))));
        let at = usize::from(fields.starts_with("id,"));
        assert!(shown.starts_with("discovery.by_username user=acme"), "{at} {shown}");
        assert_eq!(shown, alone, "{fields}");
    }
    check(
        "/me?fields=business_discovery.username(a),business_discovery.username(b).as(c){id}",
        "discovery.by_username user=a {id,username}? <business_discovery@0 \
         | discovery.by_username user=b {id} <business_discovery@1",
    );
    check(
        "/USER?fields=biography,business_discovery.username(a){stories{media_url}}",
        "profile.basic USER {biography} | discovery.by_username user=a {} <business_discovery@0 \
         | story.by_account user=a {media_url} 25? <stories@1",
    );
    check(
        "/USER?fields=business_discovery.username(a){media{owner{followers_count}}}",
        "discovery.by_username user=a {} <business_discovery@0 \
         | media.by_account user=a {owner.followers_count,owner.id} 25? <media@0",
    );
    refuses("/USER?fields=business_discovery{id}", "unreadable");
    refuses("/USER?fields=business_discovery.limit(1){id}", "business_discovery.limit()");
    refuses("/POST?fields=business_discovery.username(a){id}", "field: business_discovery");
}

#[test]
fn what_is_read_back_after_a_write_is_a_read() {
    wrote("/POST", "comment_enabled=true", "write publish.update POST");
    wrote(
        "/POST",
        "comment_enabled=true&fields=caption,owner{username,stories{id}}",
        "write publish.update POST | publish.update POST {caption,owner.id,owner.username} \
         | story.by_account user@1 {id} 25? <stories@1",
    );
    wrote(
        "/COMMENT?fields=id,text,hidden",
        "hide=true",
        "write comment.moderate COMMENT | comment.moderate COMMENT {hidden,id,text}",
    );
    wrote(
        "/USER/media",
        "image_url=x&fields=status_code",
        "write publish.container USER | publish.container USER {status_code}",
    );
    wrote(
        "/USER/media_publish",
        "creation_id=CONTAINER&fields=id,permalink,comments{from}",
        "write publish.post USER | publish.post USER {id,permalink} \
         | comment.list published@1 {from.id,from.username} 25? <comments@1",
    );
    wrote("/USER/media_publish?creation_id=CONTAINER", "", "write publish.post USER");
    wrote("/POST/comments", "message=x", "write comment.write POST");
    wrote(
        "/COMMENT/replies",
        "message=x&fields=id",
        "write comment.reply COMMENT | comment.reply COMMENT {id}",
    );
    wrote("/USER/subscribed_apps", "fields=id", "undeclared: fields");
    let json = Call::post(&filled("/POST")).json(r#"{"fields":"insights.metric(reach)"}"#);
    assert_eq!(
        asked(&json),
        "write publish.update POST | publish.update POST {} | insight.media POST <insights@1"
    );
}

#[test]
fn a_changed_method_is_the_method_that_is_judged() {
    wrote("/POST?method=delete", "", "write publish.delete POST");
    wrote("/POST", "method=DELETE", "write publish.delete POST");
    wrote("/USER", "method=get&fields=website", "profile.basic USER {website}");
    wrote("/USER/stories", "method=get", "story.by_account USER {id}? 25?");
    wrote("/v25.0/?ids=USER&method=get", "", "profile.basic USER {id,username}? | ids=1");
    wrote("/v21.0?ids=STORY", "method=get", "story.single STORY {id}? | ids=1");
    let call = Call::get(&filled("/POST?method=delete"));
    assert!(asked(&call).starts_with("unreadable"));
}

#[test]
fn each_id_of_ids_is_a_target_with_its_own_edges() {
    check(
        "/v21.0?ids=USER,OTHER&fields=username,media.limit(50){id}",
        "profile.basic USER {username} | media.by_account USER {id} 50 <media@0 \
         | profile.basic OTHER {username} | media.by_account OTHER {id} 50 <media@2 | ids=2",
    );
    check("/v21.0?ids=USER,USER,USER", "profile.basic USER {id,username}? | ids=1");
    check(
        "/v21.0?ids=USER,STORY,POST",
        "profile.basic USER {id,username}? | story.single STORY {id}? | media.single POST {id}? | ids=3",
    );
    check(
        "/v21.0?ids=USER,OTHER&fields=business_discovery.username(x){id}",
        "discovery.by_username user=x {id} <business_discovery@0 \
         | discovery.by_username user=x {id} <business_discovery@1 | ids=2",
    );
    refuses("/v21.0?ids=USER,,OTHER", "unreadable");
    refuses("/v21.0?ids=", "unreadable");
    refuses("/v21.0?ids=USER,%20OTHER", "node_unclassified");
    refuses("/v21.0?ids=USER,nobody", "node_unclassified");
    refuses("/v21.0?fields=id", "node_unclassified");
    refuses("/v21.0?ids=USER&fields=stories", "story.by_account");
    refuses("/v21.0?ids=USER,POST&fields=username,stories", "field: stories");
    refuses("/v21.0?ids=USER&ids=OTHER", "unreadable");
    refuses("/USER/media?ids=OTHER", "not judged: several ids in one call");
    refuses("/USER?ids=OTHER", "not judged: several ids in one call");
    let many: Vec<String> = (0..51).map(|n| format!("178414000000{n:05}")).collect();
    refuses(&format!("/v21.0?ids={}", many.join(",")), "too_many_ids");
    let call = Call::post("/v21.0?method=get").json(&filled(r#"{"ids":["USER","OTHER"]}"#));
    assert!(asked(&call).starts_with("unreadable"));
}
