//! Fields have numbers, objects of a node are opened into it, and what does not fit is a fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use portcullis_catalogue::{Catalogue, ClassUse, What};
use portcullis_types::{ClassSet, Effect, FieldIx, FieldSet};
use portcullis_yaml::{Faults, Source};

fn plaza() -> Catalogue {
    let text = include_str!("../../../policies/plaza/routes/plaza.yaml");
    Catalogue::compile(&[Source::new("routes/plaza.yaml", text)])
        .unwrap_or_else(|all| panic!("{}", Faults(all)))
}

#[test]
fn every_field_has_one_number_and_is_found_by_it_and_by_its_path() {
    let catalogue = plaza();
    let all: Vec<_> = catalogue.fields().collect();
    assert!(all.len() > 150, "{}", all.len());
    for (at, field) in all.iter().enumerate() {
        assert_eq!(field.ix, FieldIx(u16::try_from(at).unwrap()));
        assert_eq!(catalogue.field_of(field.kind, field.path), Some(field.ix));
        assert_eq!(catalogue.field_ref(field.ix), Some(*field));
    }
    assert_eq!(catalogue.field_ref(FieldIx(u16::try_from(all.len()).unwrap())), None);
    let post = catalogue.type_named("post").unwrap();
    for path in ["caption", "owner.id", "owner.username", "location.name", "owner.home_location.id"]
    {
        assert!(catalogue.field_of(post, path).is_some(), "{path}");
    }
    for path in ["owner", "children", "owner.media", "comments.text", "", "owner."] {
        assert_eq!(catalogue.field_of(post, path), None, "{path}");
    }
}

#[test]
fn a_field_of_an_object_needs_the_class_of_the_object_too() {
    let catalogue = plaza();
    let post = catalogue.type_named("post").unwrap();
    let field = catalogue.field_ref(catalogue.field_of(post, "owner.username").unwrap()).unwrap();
    let mut set = ClassSet::EMPTY;
    set.insert(catalogue.class("profile.basic").unwrap());
    assert!(!field.is_within(&set), "an author's name is more than a name");
    set.insert(catalogue.class("post.author").unwrap());
    assert!(field.is_within(&set));
}

#[test]
fn shapes_hold_what_the_types_list() {
    let catalogue = plaza();
    for name in ["user", "post", "story", "place", "hashtag", "comment", "container"] {
        let ix = catalogue.type_named(name).unwrap();
        let (kind, shape) = (catalogue.node_type(ix).unwrap(), catalogue.shape_of(ix).unwrap());
        let names: Vec<&str> = shape.entries().map(|(name, _)| name).collect();
        assert_eq!(names, kind.fields.keys().map(AsRef::as_ref).collect::<Vec<_>>());
        for (name, field) in &kind.fields {
            match &shape.entry(name).unwrap().what {
                What::Plain(number) => assert_eq!(field.ix, Some(*number), "{name}"),
                What::Inline { .. } => assert!(field.inline && !field.is_edge(), "{name}"),
                What::Edge => assert!(field.is_edge(), "{name}"),
            }
        }
        assert!(shape.entry("nothing").is_none() && shape.entry("").is_none());
    }
}

#[test]
fn lists_say_how_many_rows_they_give_unasked() {
    let catalogue = plaza();
    let rows = |name: &str| catalogue.operation_named(name).unwrap().rows_default;
    assert_eq!(rows("listUserMedia"), Some(25));
    assert_eq!(rows("listChildren"), Some(10));
    assert_eq!(rows("getInsights"), None);
    let user = catalogue.node_type(catalogue.type_named("user").unwrap()).unwrap();
    assert_eq!(user.fields["stories"].rows_default, Some(25));
    assert_eq!(user.fields["insights"].rows_default, None);
}

#[test]
fn a_class_tells_all_the_ways_to_ask_for_it() {
    let catalogue = plaza();
    let kind = |name: &str| catalogue.type_named(name);
    let uses = |name: &str| catalogue.uses(catalogue.class(name).unwrap());
    let list = |operation: Option<&str>| ClassUse {
        operation: operation.map(|name| catalogue.operation_named(name).unwrap().ix),
        effect: Effect::Read,
        target: kind("place"),
        gives: kind("post"),
        list: true,
    };
    assert_eq!(uses("place.posts"), [list(Some("listLocationPosts")), list(None)]);
    let discovered = uses("discovery.by_username");
    assert_eq!((discovered[0].target, discovered[0].gives), (kind("user"), kind("user")));
    assert_eq!(uses("place.search")[0].target, None);
    assert_eq!(uses("hashtag.search")[0].target, kind("hashtag"));
    assert_eq!(uses("profile.basic").len(), 2, "one node, and many by `ids`");
    assert_eq!(uses("post.counts"), []);
}

const HEAD: &str = "version: 1\nclasses: { a: A }\n";

#[track_caller]
fn faulty(yaml: &str, code: &str, part: &str) {
    let text = format!("{HEAD}{yaml}");
    let faults = Catalogue::compile(&[Source::new("routes/x.yaml", text)]).unwrap_err();
    let found = faults.iter().any(|fault| fault.code == code && fault.message.contains(part));
    assert!(found, "{yaml}\n{}", Faults(faults));
}

#[test]
fn an_object_that_cannot_be_opened_is_a_fault() {
    let types = |edge: &str| {
        format!(
            "types:\n  t:\n    ids: ['#']\n    default: [id]\n    fields: {{ a: [id] }}\n    edges:\n      {edge}\noperations: {{}}\n"
        )
    };
    faulty(&types("o: { class: a, holds: t, inline: true }"), "PC0211", "more than 4 deep");
    faulty(&types("o: { class: a, inline: true }"), "PC0204", "holds one type");
    faulty(
        &types("o: { class: a, holds: t, modifiers: [limit], inline: true }"),
        "PC0204",
        "takes no modifiers",
    );
    faulty(&types("o: { class: a, holds: t, named_by: name }"), "PC0210", "can't name");
    faulty(&types("o: { class: a, modifiers: [name], named_by: name }"), "PC0210", "can't name");
    faulty(&types("o: { class: a, holds: t, rows: 0 }"), "PC0212", "no rows");
    let by_edge = "types:\n  t:\n    default: [id]\n    fields: { a: [id] }\n    edges:\n      o: { class: a, holds: u, inline: true }\n  u:\n    default: [e]\n    fields: {}\n    edges:\n      e: { class: a, holds: t }\n";
    faulty(by_edge, "PC0211", "`o.e` gives an edge by default");
}

#[test]
fn more_fields_than_a_set_holds_are_a_fault() {
    let names: Vec<String> = (0..300).map(|n| format!("f{n}")).collect();
    let names = names.join(",");
    let types = format!(
        "types:\n  t:\n    default: [f0]\n    fields: {{ a: [{names}] }}\n  u:\n    default: []\n    fields: {{ a: [id] }}\n    edges:\n      o: {{ class: a, holds: t, inline: true }}\n"
    );
    faulty(&types, "PC0213", "more than 512 fields");
}

#[test]
fn an_operation_that_says_two_things_is_a_fault() {
    let operation = |rest: &str| {
        format!(
            "types:\n  t: {{ ids: ['#'], default: [] }}\noperations:\n  o:\n    method: POST\n    path: /x/{{id}}\n{rest}"
        )
    };
    let check = |rest: &str, code: &str, part: &str| faulty(&operation(rest), code, part);
    check("    batch: true\n    class: a\n    params: { b: batch }\n", "PC0209", "is a batch");
    check("    batch: true\n", "PC0209", "is a batch");
    check("    class: a\n    targets: ids\n", "PC0210", "can't hold");
    check("    class: a\n    targets: ids\n    params: { ids: plain }\n", "PC0210", "can't hold");
    check(
        "    class: a\n    target: id\n    targets: ids\n    params: { ids: ids }\n",
        "PC0210",
        "can't hold",
    );
    check("    class: a\n    params: { q: target_name }\n", "PC0212", "of no type");
    check("    class: a\n    params: { q: same_as_target }\n", "PC0212", "there is none");
    check("    class: a\n    params: { q: words, r: words }\n", "PC0212", "second parameter");
    check("    class: a\n    params: { q: page_size, r: page_size }\n", "PC0212", "second");
    check("    class: a\n    rows: 0\n", "PC0212", "no rows");
    check("    class: a\n    target_type: nothing\n", "PC0204", "unknown node type");
}

#[test]
fn the_longest_address_of_media_counts_and_an_object_of_a_node_brings_its_own() {
    let catalogue = plaza();
    let works = |kind: &str, paths: &[&str]| {
        let kind = catalogue.type_named(kind).unwrap();
        let mut fields = FieldSet::EMPTY;
        paths.iter().for_each(|path| fields.insert(catalogue.field_of(kind, path).unwrap()));
        catalogue.media_works(&fields).map(|works| works.to_string())
    };
    assert_eq!(works("post", &["id", "caption"]), None);
    assert_eq!(works("post", &["id", "media_url"]).as_deref(), Some("36h"));
    assert_eq!(works("story", &["media_url", "thumbnail_url"]).as_deref(), Some("1d"));
    assert_eq!(works("story", &["media_url", "owner.profile_picture_url"]).as_deref(), Some("36h"));
    assert_eq!(catalogue.media_longest().unwrap().to_string(), "36h");
    let subscribes = catalogue.operations().filter(|operation| operation.subscribes);
    assert_eq!(subscribes.map(|o| o.name.as_str()).collect::<Vec<_>>(), ["subscribeWebhooks"]);
}

#[test]
fn what_can_not_last_is_a_fault() {
    let media = |media: &str| {
        format!(
            "types:\n  t:\n    default: [id]\n    fields: {{ a: [id, url] }}\n    media: {{ {media} }}\n    edges:\n      e: {{ class: a, holds: t }}\noperations: {{}}\n"
        )
    };
    faulty(&media("urls: 24h"), "PC0211", "`urls` is no plain field of `t`");
    faulty(&media("e: 24h"), "PC0211", "`e` is no plain field of `t`");
    faulty(&media("url: 0s"), "PC0212", "works for no time");
    let read = "operations:\n  o: { method: GET, path: /x, class: a, subscribes: true }\n";
    faulty(read, "PC0212", "a read that makes a subscription");
}

#[test]
fn what_is_read_whole_is_no_stream() {
    let with =
        |rest: &str| format!("operations:\n  o: {{ method: GET, path: /x, class: a, {rest} }}\n");
    faulty(&with("stream: 0s"), "PC0212", "a stream that may say nothing for 0s");
    faulty(&with("stream: 25h"), "PC0212", "a stream that may say nothing for 25h");
    faulty(&with("stream: 1m, links: true"), "PC0212", "a stream with `links`");
    faulty(&with("upgrade: websocket, links: true"), "PC0212", "a WebSocket with `links`");
    faulty(&with("upgrade: h2c"), "PC0111", "unknown word `h2c`");
    let write = "operations:\n  o: { method: POST, path: /x, class: a, upgrade: websocket }\n";
    faulty(write, "PC0212", "an upgrade of another method than GET");
}
