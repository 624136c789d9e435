//! Plaza's route file: which path leads to which operation, and what it gives by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;

use portcullis_catalogue::{Catalogue, Found, ParamRole};
use portcullis_types::{FieldSet, LedgerLevel, Method};
use portcullis_yaml::{Faults, Source};

fn plaza() -> Catalogue {
    let text = include_str!("../../../policies/plaza/routes/plaza.yaml");
    Catalogue::compile(&[Source::new("routes/plaza.yaml", text)])
        .unwrap_or_else(|all| panic!("{}", Faults(all)))
}

#[test]
fn a_canonical_path_leads_to_its_operation_and_target() {
    let catalogue = plaza();
    let check = |method: Method, path: &str, want: &str| {
        let got = match catalogue.find(method, path) {
            Found::Operation { operation, target } => {
                format!("{} {}", operation.name, target.unwrap_or("-"))
            }
            other => format!("{other:?}"),
        };
        assert_eq!(got, want, "{path}");
    };
    use Method::{Delete, Get, Head, Post, Put};
    check(Get, "/v21.0/17841400000000001", "getNode 17841400000000001");
    check(Head, "/v21.0/17841400000000001", "getNode 17841400000000001");
    check(Delete, "/v18.0/17870400000000001", "deleteNode 17870400000000001");
    check(Get, "/v21.0/me/media", "listUserMedia me");
    check(Post, "/v21.0/me/media", "createMediaContainer me");
    check(Get, "/v21.0/search", "searchPlaces -");
    check(Get, "/v21.0/pages/search", "searchPages -");
    check(Get, "/v21.0/pages/media", "listUserMedia pages");
    check(Get, "/v21.0/ig_hashtag_search", "searchHashtag -");
    check(Get, "/v25.0", "getNodes -");
    check(Post, "/v25.0", "batch -");
    check(Post, "/", "batchRoot -");
    check(Put, "/v21.0/me/media", "OtherMethod");
    check(Get, "/v17.0/me/media", "UnknownVersion");
    check(Get, "/v26.0/me", "UnknownVersion");
    check(Get, "/", "getNodes -");
    check(Post, "/", "batchRoot -");
    check(Delete, "/", "OtherMethod");
    check(Get, "/v1/locations/search", "legacyLocationSearch -");
    check(Get, "/v1/locations/212345678901", "legacyLocation -");
    check(Get, "/v1/locations/212345678901/media/recent", "legacyLocationMediaRecent -");
    check(Get, "/v1/geographies/1/media/recent", "UnknownVersion");
    check(Get, "/explore/tags/cats", "exploreTagJson -");
    check(Get, "/explore/locations/212345678901", "exploreLocationJson -");
    check(Get, "/api/v1/feed/reels_media", "backchannelReels -");
    check(Get, "/api/v1/users/1/full", "Unlisted");
    check(Get, "/graphql/query", "Unlisted");
    check(Get, "/v21.0/me/unheard_of", "Unlisted");
    check(Get, "/v21.0/me/media/more", "Unlisted");
    assert!(catalogue.has_unversioned("/") && catalogue.has_unversioned("/explore/tags/cats"));
    assert!(!catalogue.has_unversioned("/me/media"));
}

#[test]
fn an_id_tells_its_type() {
    let catalogue = plaza();
    let check = |id: &str, want: &str| {
        let kind = catalogue.type_of(id).and_then(|ix| catalogue.node_type(ix));
        assert_eq!(kind.map_or("-", |kind| kind.name.as_str()), want, "{id}");
    };
    check("17841400000806730", "user");
    check("me", "user");
    check("17900400000806730", "post");
    check("17999400000806730", "post");
    check("179994000008067301", "post");
    check("18012345678901234", "story");
    check("18912345678901234", "story");
    check("17843400000806730", "hashtag");
    check("17870400000806730", "comment");
    check("17890400000806730", "container");
    check("112345678901", "place");
    check("212345678901", "place");
    check("312345678901", "-");
    check("Me", "-");
    check("", "-");
    check("1784140000080673", "-");
    check("178414000008067301", "-");
    check("1801234567890123x", "-");
    check("١٨٠١٢٣٤٥٦٧٨٩٠١٢٣٤", "-");
}

/// The marked fields of the tables in Plaza's own page, by type.
fn documented() -> BTreeMap<String, Vec<(String, bool)>> {
    let page = include_str!("../../portcullis-plaza/DEFAULTS.md");
    let mut types: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    let mut of = None;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let name = title.split([' ', '(']).next().unwrap();
            of = Some(if name == "media" { "post" } else { name }.to_owned());
        }
        let Some(of) = of.clone().filter(|_| line.starts_with("| ")) else { continue };
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells.len() < 4 || matches!(cells[1], "field" | "---") {
            continue;
        }
        for name in cells[1].split(',') {
            let name = name.trim().split(' ').next().unwrap().to_owned();
            let default = cells[3] == "yes" || (cells[3].starts_with("id only") && name == "id");
            types.entry(of.clone()).or_default().push((name, default));
        }
    }
    types
}

/// Fields that the platform's description gives a story, as to every post, and the server does not have.
const DESCRIBED: [(&str, &str); 2] = [("story", "caption"), ("story", "comments_count")];

#[test]
fn every_field_plaza_has_is_classified_and_its_defaults_agree() {
    let catalogue = plaza();
    let documented = documented();
    for name in ["user", "post", "story", "place", "hashtag", "comment", "container"] {
        let kind = catalogue.node_type(catalogue.type_named(name).unwrap()).unwrap();
        let fields = &documented[name];
        for (field, _) in fields {
            assert!(kind.fields.contains_key(field.as_str()), "{name}.{field} is not classified");
        }
        let only_described = DESCRIBED.iter().filter(|(kind, _)| *kind == name).count();
        let listed = fields.len() + only_described;
        assert_eq!(kind.fields.len(), listed, "{name} lists a field Plaza has not");
        for (_, field) in DESCRIBED.iter().filter(|(kind, _)| *kind == name) {
            assert!(kind.fields.contains_key(*field), "{name}.{field} is not classified");
        }
        let mut want: Vec<&str> =
            fields.iter().filter(|(_, default)| *default).map(|(field, _)| &**field).collect();
        let mut got: Vec<&str> = kind.default_fields.iter().map(AsRef::as_ref).collect();
        want.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn defaults_of_an_operation_or_a_field_go_before_those_of_the_type() {
    let catalogue = plaza();
    let user = catalogue.type_named("user");
    let check = |operation: &str, want: &[&str]| {
        let operation = catalogue.operation_named(operation).unwrap();
        let got: Vec<&str> =
            catalogue.answer_defaults(operation, user).iter().map(AsRef::as_ref).collect();
        assert_eq!(got, want, "{}", operation.name);
    };
    check("getNode", &["id", "username"]);
    check("updateNode", &[]);
    check("searchPlaces", &["id", "name", "location"]);
    check("listUserMedia", &["id"]);
    check("getInsights", &[]);
    let post = catalogue.node_type(catalogue.type_named("post").unwrap()).unwrap();
    let of = |name: &str| catalogue.field_defaults(&post.fields[name]).len();
    assert_eq!((of("owner"), of("location"), of("caption")), (1, 2, 0));
    let comment = catalogue.node_type(catalogue.type_named("comment").unwrap()).unwrap();
    assert_eq!(catalogue.field_defaults(&comment.fields["from"]).len(), 2);
}

#[test]
fn what_a_hold_leaves_open_is_named_and_nothing_else_is() {
    let catalogue = plaza();
    let open = |class: &&str| catalogue.continuity().contains(catalogue.class(class).unwrap());
    let classes = catalogue.classes().map(|class| class.as_str());
    assert_eq!(classes.filter(open).collect::<Vec<_>>(), ["publish.status", "publish.limit"]);
}

#[test]
fn posts_and_stories_of_an_account_belong_to_it_and_nothing_else_is_said_to() {
    let catalogue = plaza();
    let owned = |class: &&str| catalogue.is_owned(catalogue.class(class).unwrap());
    let classes = catalogue.classes().map(|class| class.as_str());
    assert_eq!(classes.filter(owned).collect::<Vec<_>>(), ["media.by_account", "story.by_account"]);
}

#[test]
fn what_tells_of_people_and_of_places_is_written_down_as_digests() {
    let catalogue = plaza();
    let level = |class: &str| catalogue.level(catalogue.class(class).unwrap());
    for class in ["story.by_place", "place.posts", "profile.bio", "comment.list", "hashtag.media"] {
        assert_eq!(level(class), LedgerLevel::Digests, "{class}");
    }
    for class in ["hashtag.search", "insight.account", "publish.limit", "unclassified"] {
        assert_eq!(level(class), LedgerLevel::Counts, "{class}");
    }
    let post = catalogue.type_named("post").unwrap();
    let quota = catalogue.type_named("quota").unwrap();
    let field = |kind, path| {
        let mut fields = FieldSet::EMPTY;
        fields.insert(catalogue.field_of(kind, path).unwrap());
        fields
    };
    let tags = catalogue.class("hashtag.search").unwrap();
    assert_eq!(catalogue.level_of(tags, &field(post, "owner.id")), LedgerLevel::Digests);
    assert_eq!(catalogue.level_of(tags, &field(quota, "quota_usage")), LedgerLevel::Counts);
}

#[test]
fn a_token_as_an_argument_is_never_forwarded() {
    let catalogue = plaza();
    let params = &catalogue.operation_named("debugToken").unwrap().params;
    assert_eq!(params["input_token"], ParamRole::Secret);
}

#[test]
fn the_editor_schema_names_every_part_of_a_file() {
    let schema = Catalogue::schema();
    let properties = schema["properties"].as_object().unwrap();
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "version",
            "versions",
            "classes",
            "continuity",
            "ledger",
            "vanishing",
            "types",
            "operations"
        ]
    );
    assert_eq!(schema["additionalProperties"], false);
}
