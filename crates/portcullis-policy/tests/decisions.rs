//! The decision, as a table: a tier of a few rules, a call, and what comes of it in one line.

use crate::desk::table::{OTHER, USER, check, check_with, facts, set};
use portcullis_types::{Facts, ScopeIx, ScopeSet, Wall};

const OWN: &str = "allow:\n  - { id: own, class: [profile.basic], target: granted, fields: [id, username], ids: 2 }\n";

#[test]
fn an_ask_is_granted_by_the_first_rule_that_fits() {
    let own = format!("GET /v21.0/{USER}?fields=username");
    check(OWN, &own, "by own");
    check(OWN, "GET /v21.0/me?fields=username", "by own");
    check(
        OWN,
        &format!("GET /v21.0/{OTHER}?fields=username"),
        "target_not_agreed (accounts that authorised you)",
    );
    check(OWN, &format!("GET /v21.0/{USER}/media"), "class_not_granted media.by_account -");
    check(OWN, "GET /v1/media/search?lat=1&lng=2", "class_not_granted legacy.media -");
    let two = "allow:\n  - { id: own, class: [profile.basic], target: granted, fields: [id, biography] }\n  - { id: rest, class: [profile.basic], target: any, fields: [id, username] }\n";
    check(two, &format!("GET /v21.0/{USER}?fields=biography"), "by own");
    check(two, &format!("GET /v21.0/{OTHER}?fields=username"), "by rest");
    check(two, &format!("GET /v21.0/{USER}?fields=username"), "by rest");
    // The nearest of the rules says what is missing.
    check(two, &format!("GET /v21.0/{USER}?fields=website"), "field_not_agreed website");
}

#[test]
fn every_ask_of_a_call_must_be_granted() {
    check(
        OWN,
        &format!("GET /v21.0/{USER}?fields=username,media%7Bcaption%7D"),
        "class_not_granted media.by_account media",
    );
    check(
        OWN,
        &format!("GET /v21.0/{USER}?fields=username,media.as(x)%7Bowner%7Bstories%7D%7D"),
        "class_not_granted media.by_account media",
    );
    let ids = |all: &str| format!("GET /v21.0?ids={all}&fields=username");
    check(OWN, &ids(&format!("{USER},me")), "by own+own");
    check(
        OWN,
        &ids(&format!("{USER},{OTHER}")),
        "target_not_agreed (accounts that authorised you)",
    );
    check(OWN, &ids(&format!("{USER},me,{OTHER}")), "too_many_ids 2");
}

#[test]
fn fields_are_those_of_the_rule_and_defaults_are_cut_to_them() {
    let get = |fields: &str| format!("GET /v21.0/{USER}?fields={fields}");
    check(OWN, &get("id,username,biography"), "field_not_agreed biography");
    check(OWN, &get("id"), "by own");
    // Called without `fields`, it gets at most what is granted.
    let id = "allow:\n  - { id: few, class: [profile.basic], target: granted, fields: [name] }\n";
    check(id, &format!("GET /v21.0/{USER}"), "by few fields id");
    check(OWN, &format!("GET /v21.0/{USER}"), "by own");
    let none = "allow:\n  - { id: bare, class: [profile.basic], target: granted, fields: [] }\n";
    check(none, &format!("GET /v21.0/{USER}"), "field_not_agreed id");
    check(none, &get("username"), "field_not_agreed username");
    // An object inside a node is made of fields; an edge inside it is an ask.
    let post = "allow:\n  - { id: post, class: [media.single], target: any, fields: [id, owner.id, owner.username] }\n";
    let bare = "allow:\n  - { id: post, class: [media.single], target: any, fields: [id, owner.username] }\n";
    let get = |fields: &str| format!("GET /v21.0/17900100000000001?fields={fields}");
    check(post, &get("owner%7Busername%7D"), "by post");
    // The platform gives the id of whatever it gives anything of.
    check(bare, &get("owner%7Busername%7D"), "field_not_agreed owner.id");
    check(post, &get("owner%7Busername,biography%7D"), "field_not_agreed owner.biography");
    check(post, &get("owner%7Bmedia%7Bid%7D%7D"), "class_not_granted media.by_account media");
    // What is nested without braces gives its defaults, and can't be cut.
    let places = "allow:\n  - { id: own, class: [profile.basic], target: granted, fields: [id] }\n  - { id: disc, class: [discovery.by_username], target: any, fields: [name] }\n";
    check(
        places,
        "GET /v21.0/me?fields=business_discovery.username(x)",
        "field_not_agreed business_discovery.username",
    );
}

#[test]
fn pages_are_clamped_where_they_can_be_and_refused_where_not() {
    let rules = "limits:\n  - { id: rows, count: rows, each: target, max: 100, window: 24h }\nallow:\n  - { id: own, class: [profile.basic], target: granted, fields: [id] }\n  - { id: media, class: [media.by_account], target: granted, fields: [id], rows: 10, limits: [rows] }\n";
    let media = |query: &str| format!("GET /v21.0/{USER}/media?fields=id{query}");
    check(rules, &media("&limit=5"), "by media rows#0=5/100");
    check(rules, &media("&limit=10"), "by media rows#0=10/100");
    check(rules, &media("&limit=11"), "by media rows#0=10/100 page 10");
    check(rules, &media(""), "by media rows#0=10/100 page 10");
    let nested = |page: &str| format!("GET /v21.0/{USER}?fields=media{page}%7Bid%7D");
    check(rules, &nested(".limit(10)"), "by own+media rows#1=10/100");
    check(rules, &nested(".limit(11)"), "terms_not_met (at most 10 rows a page)");
    check(rules, &nested(""), "terms_not_met (at most 10 rows a page)");
}

#[test]
fn limits_are_debited_by_what_is_asked() {
    let rules = "limits:\n  - { id: posts, count: targets, max: { for_each: grants, times: 20 }, window: 30d }\n  - { id: declared, count: targets, max: { for_each: locations, times: 3 }, window: 30d }\n  - { id: figure, count: rows, max: { figure: posts }, window: 30d }\n  - { id: none, count: rows, max: { figure: nothing }, window: 30d }\n  - { id: calls, count: calls, max: 9, window: 1h }\nallow:\n  - { id: at-places, class: [place.posts], target: any, fields: [id], ids: 50, limits: [declared, calls] }\n  - { id: place, class: [place.single], target: any, fields: [id], ids: 50, limits: [calls] }\n  - { id: comments, class: [comment.list], target: any, fields: [text], limits: [posts, figure, none, calls] }\n  - { id: replies, class: [comment.replies], target: { found_by: [comment.list] }, fields: [text], limits: [calls] }\n";
    check(
        rules,
        "GET /v21.0/17900100000000001/comments?fields=text&limit=3",
        "by comments posts#0=1/20 figure#0=3/7 none#0=3/0 calls#0=1/9",
    );
    // Comments of a page of posts are comments of as many posts.
    check(
        rules,
        "GET /v21.0/200300014810/posts?limit=8&fields=id,comments.limit(5)%7Btext,replies.limit(2)%7Btext%7D%7D",
        "by at-places+comments+replies declared#0=1/3 calls#0=1/9 posts#1=8/20 figure#1=40/7 none#1=40/0 calls#1=1/9 calls#2=1/9",
    );
    // Several ids are one call, and as many targets.
    check(
        rules,
        "GET /v21.0?ids=200300014810,200300014811&fields=id,posts%7Bid%7D",
        "by place+at-places+place+at-places calls#0=1/9 declared#1=1/3 calls#1=1/9 declared#3=1/3 calls#3=1/9",
    );
    // Replies stand only inside comments.
    check(
        rules,
        "GET /v21.0/17870300000000001/replies?fields=text",
        "target_not_agreed (what is asked inside `comment.list`)",
    );
}

#[test]
fn whoever_misses_a_rule_reads_what_its_author_wrote() {
    let rules = "allow:\n  - { id: own, class: [profile.basic], target: granted, fields: [id], tell: Ask your user. }\n  - { id: media, class: [media.by_account], target: granted, fields: [id], rows: 10, tell: Ten a page. }\n";
    check(
        rules,
        &format!("GET /v21.0/{OTHER}?fields=id"),
        "target_not_agreed (accounts that authorised you) “Ask your user.”",
    );
    let own = format!("GET /v21.0/{USER}?fields=");
    check(rules, &format!("{own}biography"), "field_not_agreed biography “Ask your user.”");
    check(
        rules,
        &format!("{own}media.limit(11)%7Bid%7D"),
        "terms_not_met (at most 10 rows a page) “Ten a page.”",
    );
}

#[test]
fn a_write_that_reads_back_is_debited_once() {
    let rules = "limits:\n  - { id: made, count: calls, each: target, max: 50, window: 24h }\n  - { id: accounts, count: targets, max: 5, window: 24h }\nallow:\n  - { id: publish, class: [publish.post], target: granted, fields: [id, permalink], limits: [made, accounts] }\n";
    let call = format!("POST /v21.0/{USER}/media_publish?creation_id=1&fields=id,permalink");
    check(rules, &call, "by publish+publish made#0=1/50 accounts#0=1/5 accounts#1=1/5");
    let call = format!("POST /v21.0/{USER}/media_publish?creation_id=1&fields=id,caption");
    check(rules, &call, "field_not_agreed caption");
}

#[test]
fn a_denial_wins_over_what_is_allowed_and_all_of_them_are_named() {
    let rules = "allow:\n  - { id: posts, class: [media.single], target: any, fields: [id, caption, username] }\ndeny:\n  - { id: no-names, class: any, fields: [username], tell: No names. }\n  - { id: no-morning, class: [media.single], when: { hour: { from: 10, to: 12 } }, fields: [username, caption] }\n  - { id: trial, class: [media.single], shadow: true }\n";
    let get = |fields: &str| format!("GET /v21.0/17900100000000001?fields={fields}");
    check(rules, &get("id"), "by posts shadow trial");
    check(rules, &get("caption"), "rule_denied t/no-morning shadow trial");
    check(rules, &get("username"), "rule_denied t/no-names,t/no-morning shadow trial");
    // A denial is told even where nothing would have granted it.
    check(rules, &get("username,like_count"), "rule_denied t/no-names,t/no-morning shadow trial");
}

#[test]
fn a_shadowed_rule_grants_nothing_and_is_noted() {
    let rules = "allow:\n  - { id: trial, class: [media.single], target: any, fields: [id, caption], shadow: true }\n  - { id: now, class: [media.single], target: any, fields: [id] }\n";
    let get = |fields: &str| format!("GET /v21.0/17900100000000001?fields={fields}");
    check(rules, &get("id"), "by now");
    check(rules, &get("caption"), "field_not_agreed caption shadow trial");
    let only = "allow:\n  - { id: trial, class: [media.single], target: any, fields: [id], shadow: true }\n  - { id: x, class: [media.oembed], target: any }\n";
    check(only, &get("id"), "class_not_granted media.single - shadow trial");
}

#[test]
fn filters_concern_their_classes_but_not_excepted_rules() {
    let rules = "allow:\n  - { id: own, class: [story.by_account], target: granted, fields: [id] }\n  - { id: posts, class: [media.by_account], target: any, fields: [id] }\nfilter:\n  - { id: a, class: [story.by_account, media.by_account], drop_items: { expired: true } }\n  - { id: b, class: any, drop_items: { product_type: [STORY] }, except: [own] }\n  - { id: c, class: [media.by_account], drop_fields: [caption], shadow: true }\n";
    check(rules, &format!("GET /v21.0/{USER}/stories?fields=id"), "by own filters 1");
    check(rules, &format!("GET /v21.0/{OTHER}/media?fields=id"), "by posts filters 111");
}

#[test]
fn scopes_grant_without_condition_and_a_key_narrows_all() {
    let rules = "scopes: [media:read]\nallow:\n  - { id: here, class: [place.posts], target: { declared: locations }, fields: [id, like_count] }\n";
    let set = set(rules);
    let mut media = ScopeSet::EMPTY;
    media.insert(ScopeIx(0));
    let mut places = ScopeSet::EMPTY;
    places.insert(ScopeIx(1));
    let posts = format!("GET /v21.0/{OTHER}/media?fields=id,caption");
    let place = "GET /v21.0/200300014810/posts?fields=id,like_count";
    let facts = facts();
    check_with(&set, ScopeSet::ALL, &facts, &posts, "by scopes");
    check_with(&set, media, &facts, &posts, "by scopes");
    check_with(&set, places, &facts, &posts, "class_not_granted media.by_account -");
    check_with(&set, ScopeSet::ALL, &facts, place, "by here");
    check_with(&set, places, &facts, place, "by here");
    check_with(&set, media, &facts, place, "class_not_granted place.posts -");
    let counts = format!("GET /v21.0/{USER}/media?fields=id,like_count");
    check_with(&set, ScopeSet::ALL, &facts, &counts, "class_not_granted post.counts like_count");
}

#[test]
fn what_hangs_on_a_declaration_closes_with_its_review() {
    let rules = "allow:\n  - { id: here, class: [place.posts], target: { declared: locations }, fields: [id] }\n  - { id: any, class: [place.posts], target: any, fields: [id] }\n";
    let set = set(rules);
    let lapsed = Facts { review_by: Some(Wall(1)), ..facts() };
    let check = |call: &str, want: &str| check_with(&set, ScopeSet::ALL, &lapsed, call, want);
    check("GET /v21.0/200300014810/posts?fields=id", "review_lapsed");
    check("GET /v21.0/200300014811/posts?fields=id", "by any");
}
