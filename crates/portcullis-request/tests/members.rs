//! Names that a duty needs are added to `fields`, and told from those that were asked for.

use crate::common::{Call, refused};
use crate::plaza::{asked, filled, plaza};
use portcullis_request::{Amendments, Bounds, Texts, stands, with_members};

/// Adds fields to asks of a call, and sends it; each that was added is marked with `+`, or with `*` where
/// an object was added for its sake; what was there already with `=`.
#[track_caller]
fn check(target: &str, wanted: &[(usize, &str)], expected: &str) {
    let call = Call::get(&filled(target));
    let members = call
        .read_in(plaza(), |canonical| with_members(canonical, plaza(), &Bounds::default(), wanted))
        .unwrap();
    let members = match members {
        Ok(members) => members,
        Err(refusal) => return assert_eq!(refused(&refusal), expected, "{target}"),
    };
    let Some(members) = members else { return assert_eq!("nothing", expected, "{target}") };
    let marks: String = members
        .added
        .iter()
        .zip(wanted)
        .map(|(added, (_, path))| match added {
            None => '=',
            Some(added) if added == path => '+',
            Some(added) => {
                assert!(path.starts_with(&format!("{added}.")), "{added} {path}");
                '*'
            }
        })
        .collect();
    assert_eq!(format!("{marks} {}", members.fields), expected, "{target}");
    // What is sent asks for what was asked, and for what was added.
    let amendments = Amendments { query: vec![("fields".into(), members.fields)] };
    let sent = call.read_in(plaza(), |canonical| {
        let portcullis_request::SentTarget::Written(target) =
            portcullis_request::write(canonical, &amendments).target
        else {
            panic!("amended, and sent as received")
        };
        Call::get(&target)
    });
    let again = asked(&sent.unwrap());
    for (_, path) in wanted {
        assert!(again.contains(path), "{again}");
    }
    assert_eq!(again.split('|').count(), asked(&call).split('|').count(), "{again}");
}

#[test]
fn a_field_is_added_where_its_ask_stands() {
    check("/STORY?fields=id", &[(0, "expires_at")], "+ expires_at,id");
    check("/STORY?fields=id,expires_at", &[(0, "expires_at")], "nothing");
    check("/STORY?fields=expires_at.as(x)", &[(0, "expires_at")], "+ expires_at,expires_at.as(x)");
    check(
        "/STORY?fields=id,expires_at",
        &[(0, "expires_at"), (0, "media_product_type")],
        "=+ media_product_type,id,expires_at",
    );
    check(
        "/USER?fields=username,media.limit(5){id},stories{id}",
        &[(1, "media_product_type"), (2, "expires_at"), (2, "like_count")],
        "+++ username,media.limit(5){media_product_type,id},stories{expires_at,like_count,id}",
    );
    check(
        "/?ids=USER".replace("/?", "/v21.0?").as_str(),
        &[(0, "account_type")],
        "+ id,username,account_type",
    );
    check(
        "/v21.0?ids=USER,OTHER&fields=media{id}",
        &[(1, "timestamp"), (3, "timestamp")],
        "++ media{timestamp,id}",
    );
}

#[test]
fn what_comes_by_default_is_named_when_something_is_added() {
    check("/USER/stories", &[(0, "expires_at")], "+ id,expires_at");
    check("/USER", &[(0, "username")], "nothing");
    check("/USER?fields=stories", &[(1, "expires_at")], "+ stories{id,expires_at}");
    check(
        "/USER?fields=stories.limit(3),username",
        &[(1, "expires_at"), (1, "timestamp")],
        "++ stories.limit(3){id,expires_at,timestamp},username",
    );
    check(
        "/search?q=bar",
        &[(0, "category"), (0, "location.city")],
        "+= id,name,location,category",
    );
}

#[test]
fn a_field_of_an_object_is_added_inside_of_it() {
    check("/POST?fields=id", &[(0, "owner.account_type")], "* owner{account_type},id");
    check(
        "/POST?fields=owner{username}",
        &[(0, "owner.account_type"), (0, "owner.username")],
        "+= owner{account_type,username}",
    );
    check("/POST?fields=owner", &[(0, "owner.account_type")], "+ owner{id,account_type}");
    check(
        "/POST?fields=owner.as(o){username}",
        &[(0, "owner.account_type")],
        "* owner{account_type},owner.as(o){username}",
    );
    check(
        "/COMMENT?fields=from",
        &[(0, "from.username"), (0, "from.name")],
        "=+ from{id,username,name}",
    );
}

#[test]
fn what_cannot_be_added_is_refused() {
    check("/STORY", &[(0, "nothing")], "answer_withheld");
    check("/STORY", &[(1, "expires_at")], "answer_withheld");
    check("/USER/insights?metric=reach", &[(0, "id")], "answer_withheld");
}

/// Says where asks of a call stand.
fn standing(target: &str) -> Vec<String> {
    let call = Call::get(&filled(target));
    let found = call.read_in(plaza(), |canonical| {
        let texts = Texts::default();
        let all = stands(canonical, plaza(), &Bounds::default(), &texts).unwrap();
        let one = |stand: &portcullis_request::Stand<'_>| {
            let names = stand.names.join(".");
            let list = if stand.list { "[]" } else { "" };
            let renamed = stand
                .renamed
                .iter()
                .map(|(ix, path)| format!(" {}={path}", plaza().field_ref(*ix).unwrap().path));
            let renamed: String = renamed.collect();
            format!("{names}{list} {}{renamed}", stand.fields.unwrap_or("-"))
        };
        all.iter().map(one).collect::<Vec<_>>()
    });
    found.unwrap()
}

#[test]
fn asks_are_found_in_the_answer_by_their_aliases() {
    let found = standing("/USER?fields=media.as(m){comments},stories,username.as(u)");
    assert_eq!(
        found,
        [
            " media.as(m){comments},stories,username.as(u) username=u",
            "m[] comments",
            "comments[] -",
            "stories[] -",
        ]
    );
}

#[test]
fn an_edge_inside_an_object_is_found_behind_the_name_of_the_object() {
    let found =
        standing("/POST?fields=owner.as(o){username,media{id,owner.as(p)}},location{name.as(n)}");
    assert_eq!(
        found,
        [
            " owner.as(o){username,media{id,owner.as(p)}},location{name.as(n)} owner.id=o.id \
             owner.username=o.username location.name=location.n",
            "o.media[] id,owner.as(p) owner.id=p.id",
        ]
    );
}

#[test]
fn what_is_carried_and_what_each_id_gives_is_found() {
    let found = standing("/USER?fields=business_discovery.username(x){media{id}}");
    assert_eq!(found, ["business_discovery media{id}", "media[] id"]);
    let found = standing("/v21.0?ids=USER,OTHER&fields=media{id}");
    assert_eq!(found, [" media{id}", "media[] id", " media{id}", "media[] id"]);
}
