//! Items are found wherever in an answer they stand.

use super::answers::*;

#[test]
fn an_answer_that_no_filter_concerns_passes_as_it_is() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    answers.check(USER, "as received", "{", "as it is");
    answers.check(&format!("{USER}/insights"), "as received", "{", "as it is");
}

#[test]
fn links_are_ours_wherever_an_answer_can_hold_them() {
    let mut answers = Answers::of(&tier(NO_STORIES).replace("post.list, ", ""));
    let page = r#"{"data":[{"id":"1"}],"paging":{"next":"http://up/v21.0/x/media?after=b&access_token=s"}}"#;
    let ours = r#"{"data":[{"id":"1"}],"paging":{"next":"https://gate/v21.0/x/media?after=b"}}"#;
    answers.check(&format!("{USER}/media"), "as received", page, ours);
    let nested = format!(r#"{{"media":{page}}}"#);
    let call = format!("{USER}?fields=media%7Bid%7D");
    answers.check(&call, "as received", &nested, &format!(r#"{{"media":{ours}}}"#));
}

#[test]
fn items_of_another_kind_go_and_what_was_read_for_that_is_not_told() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    answers.check(
        &format!("{USER}/media?fields=id"),
        &format!("{USER}/media?fields=media_product_type,id"),
        r#"{"data":[{"media_product_type":"FEED","id":"1"},{"media_product_type":"STORY","id":"2"}]}"#,
        r#"{"data":[{"id":"1"}]}"#,
    );
    answers.check(
        &format!("{USER}/media?fields=id,media_product_type"),
        "as received",
        r#"{"data":[{"id":"1","media_product_type":"story"},{"id":"2","media_product_type":"REELS"}]}"#,
        r#"{"data":[{"id":"2","media_product_type":"REELS"}]}"#,
    );
    answers.check(
        &format!("{USER}/media"),
        &format!("{USER}/media?fields=id,caption,media_product_type"),
        r#"{"data":[{"id":"1","caption":"c","media_product_type":"FEED"}]}"#,
        r#"{"data":[{"id":"1","caption":"c"}]}"#,
    );
}

#[test]
fn links_do_not_ask_for_what_was_added() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    answers.check(
        &format!("{USER}/media?fields=id,caption"),
        &format!("{USER}/media?fields=media_product_type,id,caption"),
        r#"{"data":[],"paging":{"next":"http://up/m?fields=media_product_type%2Cid%2Ccaption&after=b"}}"#,
        r#"{"data":[],"paging":{"next":"https://gate/m?after=b&fields=id,caption"}}"#,
    );
    answers.check(
        &format!("{USER}/media"),
        &format!("{USER}/media?fields=id,caption,media_product_type"),
        r#"{"data":[],"paging":{"next":"http://up/m?fields=id&after=b"}}"#,
        r#"{"data":[],"paging":{"next":"https://gate/m?after=b"}}"#,
    );
    answers.check(
        &format!("{USER}?fields=media%7Bid%7D"),
        &format!("{USER}?fields=media%7Bmedia_product_type,id%7D"),
        r#"{"media":{"data":[{"media_product_type":"FEED","id":"1"}],"paging":{"next":"http://up/m?fields=x&after=b"}}}"#,
        r#"{"media":{"data":[{"id":"1"}],"paging":{"next":"https://gate/m?after=b&fields=id"}}}"#,
    );
}

#[test]
fn a_single_node_is_judged_as_an_item_is() {
    let mut answers = Answers::of(&tier(&format!("{FRESH}{NO_STORIES}")));
    let sent = format!("{STORY}?fields=expires_at,id");
    let call = format!("{STORY}?fields=id");
    answers.check(&call, &sent, r#"{"expires_at":"2024-03-31T11:59:59Z","id":"1"}"#, "Withheld");
    answers.check(&call, &sent, r#"{"id":"1"}"#, "Withheld");
    answers.check(
        &call,
        &sent,
        r#"{"expires_at":"2024-03-31T12:00:01Z","id":"1"}"#,
        r#"{"id":"1"}"#,
    );
    answers.check(
        &format!("{POST}?fields=id"),
        &format!("{POST}?fields=media_product_type,id"),
        r#"{"id":"1","media_product_type":"STORY"}"#,
        "Withheld",
    );
    // The platform's own refusal is no story.
    answers.check(&call, &sent, r#"{"error":{"code":1}}"#, r#"{"error":{"code":1}}"#);
}

#[test]
fn edges_are_judged_under_their_aliases_at_any_depth() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    let call = format!(
        "{USER}?fields=media.as(m).limit(3)%7Bid,comments.as(c)%7Btext,media.as(p)%7Bid%7D%7D%7D"
    );
    let kind = r#""media_product_type""#;
    answers.check(
        &call,
        &format!("{USER}?fields=media.as(m).limit(3)%7Bmedia_product_type,id,comments.as(c)%7Btext,media.as(p)%7Bmedia_product_type,id%7D%7D%7D"),
        &format!(
            r#"{{"m":{{"data":[{{{kind}:"STORY","id":"1"}},{{{kind}:"FEED","id":"2","c":{{"data":[{{"text":"a","p":{{{kind}:"STORY","id":"1"}}}},{{"text":"b","p":{{{kind}:"FEED","id":"4"}}}}]}}}}]}}}}"#
        ),
        r#"{"m":{"data":[{"id":"2","c":{"data":[{"text":"a"},{"text":"b","p":{"id":"4"}}]}}]}}"#,
    );
}

#[test]
fn an_edge_inside_an_object_of_the_node_is_judged_where_it_stands() {
    let mut answers = Answers::of(&tier(FRESH));
    answers.check(
        &format!("{POST}?fields=owner.as(o)%7Bstories%7Bid%7D%7D"),
        &format!("{POST}?fields=owner.as(o)%7Bstories%7Bexpires_at,id%7D%7D"),
        r#"{"o":{"stories":{"data":[{"expires_at":"2024-01-01T00:00:00Z","id":"1"}]}}}"#,
        r#"{"o":{"stories":{"data":[]}}}"#,
    );
}

#[test]
fn an_object_that_was_added_goes_as_a_whole() {
    let mut answers = Answers::of(&tier(BUSINESS));
    answers.check(
        &format!("{USER}/stories?fields=id"),
        &format!("{USER}/stories?fields=owner%7Baccount_type%7D,id"),
        r#"{"data":[{"owner":{"id":"9","account_type":"BUSINESS"},"id":"1"},{"owner":{"id":"9","account_type":"PERSONAL"},"id":"2"},{"id":"3"}]}"#,
        r#"{"data":[{"id":"1"}]}"#,
    );
    answers.check(
        &format!("{USER}/stories?fields=owner%7Busername%7D"),
        &format!("{USER}/stories?fields=owner%7Baccount_type,username%7D"),
        r#"{"data":[{"owner":{"account_type":"BUSINESS","username":"a"}}]}"#,
        r#"{"data":[{"owner":{"username":"a"}}]}"#,
    );
    answers.check(
        &format!("{USER}?fields=discovery.username(x)%7Bfollowers%7D"),
        &format!("{USER}?fields=discovery.username(x)%7Baccount_type,followers%7D"),
        r#"{"discovery":{"account_type":"PERSONAL","followers":3},"id":"5"}"#,
        r#"{"id":"5"}"#,
    );
}

#[test]
fn each_id_is_judged_alone() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    answers.check(
        "/v21.0?ids=1790001,1790002&fields=id",
        "/v21.0?ids=1790001,1790002&fields=media_product_type,id",
        r#"{"1790001":{"media_product_type":"STORY","id":"1790001"},"1790002":{"media_product_type":"FEED","id":"1790002"}}"#,
        r#"{"1790002":{"id":"1790002"}}"#,
    );
    // Of two types, each by the filters of its own.
    let mut answers = Answers::of(&tier(&format!("{FRESH}{BUSINESS}")));
    answers.check(
        "/v21.0?ids=1790001,180001&fields=id",
        "/v21.0?ids=1790001,180001&fields=expires_at,owner%7Baccount_type%7D,id",
        r#"{"1790001":{"id":"1790001"},"180001":{"id":"180001","expires_at":"2030-01-01T00:00:00Z","owner":{"account_type":"PERSONAL"}}}"#,
        r#"{"1790001":{"id":"1790001"}}"#,
    );
}

#[test]
fn what_a_write_reads_back_is_judged_and_the_write_itself_is_not() {
    let mut answers = Answers::of(&tier(
        "  - { id: f, class: [publish, story.list], drop_items: { expired: true } }\n",
    ));
    answers.check(
        &format!("POST {USER}/media?caption=x"),
        "as received",
        r#"{"id":"1"}"#,
        "as it is",
    );
    let mut answers = Answers::of(&tier(
        "  - { id: f, class: [publish], drop_items: { product_type: [STORY] } }\n",
    ));
    answers.check(
        &format!("POST {USER}/media?caption=x&fields=id"),
        &format!("{USER}/media?caption=x&fields=media_product_type,id"),
        r#"{"media_product_type":"STORY","id":"1"}"#,
        "Withheld",
    );
}

#[test]
fn what_was_added_goes_again_beside_what_was_asked_under_another_name() {
    let mut answers = Answers::of(&tier(&format!("{FRESH}{NO_STORIES}{BUSINESS}")));
    // The member itself, renamed by the caller: its own name is added, and only that goes.
    answers.check(
        &format!("{USER}/media?fields=id,media_product_type.as(k)"),
        &format!("{USER}/media?fields=media_product_type,id,media_product_type.as(k)"),
        r#"{"data":[{"id":"1","k":"FEED","media_product_type":"FEED"},{"id":"2","k":"STORY","media_product_type":"STORY"}]}"#,
        r#"{"data":[{"id":"1","k":"FEED"}]}"#,
    );
    // An edge asked for twice: each place gets its own back.
    answers.check(
        &format!("{USER}?fields=media.as(a)%7Bid%7D,media.as(b)%7Bmedia_product_type%7D"),
        &format!(
            "{USER}?fields=account_type,media.as(a)%7Bmedia_product_type,id%7D,media.as(b)%7Bmedia_product_type%7D"
        ),
        r#"{"account_type":"BUSINESS","a":{"data":[{"media_product_type":"FEED","id":"1"}]},"b":{"data":[{"media_product_type":"FEED"}]}}"#,
        r#"{"a":{"data":[{"id":"1"}]},"b":{"data":[{"media_product_type":"FEED"}]}}"#,
    );
    // Two members for two filters, nested in what `ids=` names.
    answers.check(
        "/v21.0?ids=178410001&fields=stories%7Bid,link.as(l)%7D",
        "/v21.0?ids=178410001&fields=account_type,stories%7Bexpires_at,owner%7Baccount_type%7D,id,link.as(l)%7D",
        r#"{"178410001":{"account_type":"BUSINESS","stories":{"data":[{"expires_at":"2030-01-01T00:00:00Z","owner":{"account_type":"BUSINESS"},"id":"1","l":"x"}]}}}"#,
        r#"{"178410001":{"stories":{"data":[{"id":"1","l":"x"}]}}}"#,
    );
}

#[test]
fn what_was_added_to_an_entry_of_a_batch_goes_again() {
    let mut answers = Answers::of(&tier(&format!("{FRESH}{NO_STORIES}")));
    answers.check_entry(
        "178410001/media?fields=id",
        &format!("{USER}/media?fields=media_product_type,id"),
        r#"{"data":[{"media_product_type":"FEED","id":"1"},{"media_product_type":"STORY","id":"2"}]}"#,
        r#"{"data":[{"id":"1"}]}"#,
    );
    answers.check_entry(
        "178410001?fields=stories.as(s)%7Bid%7D",
        &format!("{USER}?fields=stories.as(s)%7Bexpires_at,id%7D"),
        r#"{"s":{"data":[{"expires_at":"2030-01-01T00:00:00Z","id":"1"},{"expires_at":"2020-01-01T00:00:00Z","id":"2"}]}}"#,
        r#"{"s":{"data":[{"id":"1"}]}}"#,
    );
}
