//! `check --coverage`: what nobody thought of is found, what is closed on purpose is named.

use crate::hand::Machine;

const ROUTES: &str = r##"version: 1
versions: { known: [v1], missing: v1 }
classes:
  profile.basic: Names
  profile.bio: Biographies
  place.posts: Posts at a place
  post.basic: Posts
ledger: { digests: [post.*], none: [profile.basic] }
continuity: [place.posts]
types:
  user:
    ids: ["1###"]
    default: [id]
    fields: { profile.basic: [id, username], profile.bio: [biography] }
  post:
    ids: ["2###"]
    default: [id]
    fields: { post.basic: [id, caption] }
  place:
    ids: ["3###"]
    default: [id]
    fields: { post.basic: [id] }
operations:
  getUser:
    method: GET
    path: /{version}/{id}
    target: id
    class_by_type: { user: profile.basic }
    answer: target
    params: { fields: fields }
  listPosts:
    method: GET
    path: /{version}/{id}/posts
    target: id
    class_by_type: { place: place.posts }
    answer: post
    params: { fields: fields, limit: page_size }
  forgotten:
    method: GET
    path: /{version}/forgotten
    class: unclassified
"##;

const TIER: &str = r#"version: 1
tier: standard
about: For tests
rates: []
limits:
  - { id: posts, count: rows, each: target, max: 100, window: 24h }
allow:
  - { id: posts, class: [place.posts], target: any, fields: [id, caption], limits: [posts] }
  - { id: posts-again, class: [place.posts], target: { declared: locations }, fields: [id] }
  - { id: profiles, class: [profile.basic], target: any, fields: [id, username] }
deny:
  - { id: soon, class: [place.posts], target: any, reason: no-bulk, shadow: true }
"#;

const OPENAPI: &str = r##"openapi: 3.1.0
paths:
  /{version}/{node-id}: { get: { operationId: getUser } }
  /{version}/{node-id}/posts:
    get:
      operationId: listPosts
      responses:
        '200':
          content:
            application/json:
              schema:
                properties: { data: { items: { $ref: '#/components/schemas/Media' } } }
    delete: { operationId: sweep }
components:
  schemas:
    User: { properties: { id: {}, username: {}, home: {} } }
    Media: { properties: { id: {}, caption: {}, place: {} } }
"##;

#[test]
fn what_nobody_thought_of_is_found_and_what_is_closed_is_named() {
    let machine = Machine::new();
    machine.write("routes/r.yaml", ROUTES);
    machine.write("policies/standard.yaml", TIER);
    machine.write("openapi.yaml", OPENAPI);
    let dir = machine.dir.path().display().to_string();
    let said = machine.types(&format!("check --coverage --openapi {dir}/openapi.yaml {dir}"));
    insta::assert_snapshot!(said.whole(), @r"
        3 operations listed, 3 described
          not listed: DELETE /{version}/{node-id}/posts (sweep): every call of it is refused
          not listed: post.place, of `Media` in the document: a call that names it is refused
          not listed: user.home, of `User` in the document: a call that names it is refused
          UNCLASSIFIED: forgotten (GET /{version}/forgotten)
        6 fields and edges
          given to nobody: user.biography (profile.bio)
          given to nobody: place.id (post.basic)
        in the ledger, of what is given
          counts and digests: post.basic
          counts only: place.posts
          nothing: profile.basic
        without effect
          standard/posts-again: `standard/posts` stands before it and gives all that it gives of `place.posts`
          standard/soon: in shadow: judged and recorded, but not enforced
        no faults; 2 files read: 3 operations, 5 classes, 0 scopes, 1 tier
        1 of 3 operations have no class yet and are CLOSED
        error: something was left to chance: see above
        [exit 1]
        ");
    let json = machine.types(&format!("check --coverage -o json {dir}")).json();
    assert_eq!(json["coverage"]["ok"], false);
    assert_eq!(json["coverage"]["described"], serde_json::Value::Null);
    assert_eq!(json["coverage"]["operations"][0]["tiers"][0], "standard");
    assert_eq!(json["coverage"]["operations"][0]["ledger"], "off");
    assert_eq!(json["coverage"]["fields"][4]["ledger"], "digests");
    let bio = serde_json::json!({ "class": "profile.bio", "ledger": "counts", "owned": false, "given": false });
    assert_eq!(json["coverage"]["classes"][3], bio);
}

#[test]
fn a_condition_denies_some_and_a_scope_that_only_narrows_is_no_fault() {
    let machine = Machine::new();
    machine.write("routes/r.yaml", ROUTES.replace("class: unclassified", "class: place.posts"));
    let scopes = "version: 1\nscopes:\n  read: { about: Names, classes: [profile.basic] }\n";
    machine.write("policies/scopes.yaml", scopes);
    let tier = |condition: &str| {
        format!(
            r#"version: 1
tier: standard
about: For tests
rates: []
allow:
  - {{ id: posts, class: [place.posts], target: any, fields: [id, caption] }}
  - {{ id: profiles, class: [profile.basic], target: any, fields: [id, username] }}
deny:
  - {{ id: nights, class: [place.posts], deny_when: "{condition}" }}
"#
        )
    };
    let dir = machine.dir.path().display().to_string();
    machine.write("policies/standard.yaml", tier("context.hour < 6"));
    let said = machine.types(&format!("check --coverage {dir}")).whole();
    let told: Vec<&str> = said.lines().skip_while(|line| !line.contains("denied by")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
        denied by a condition: standard/nights (place.posts)
        to narrow keys with, and no tier grants by them: read
        no faults; 3 files read: 3 operations, 5 classes, 1 scope, 1 tier
        [exit 0]
        ");
    machine.write("policies/standard.yaml", tier("true"));
    let said = machine.types(&format!("check --coverage {dir}")).whole();
    let told: Vec<&str> = said.lines().filter(|line| line.contains("posts")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
          given to nobody: listPosts (GET /{version}/{id}/posts) on a place
          standard/posts: `standard/nights` denies `place.posts` whatever is asked
        ");
}

#[test]
fn classes_are_listed_with_what_is_of_them_and_how_much_the_ledger_writes_down() {
    let machine = Machine::new();
    let edges = "fields: { post.basic: [id, caption] }\n    edges: { by: { class: profile.bio, holds: user } }";
    machine.write("routes/r.yaml", ROUTES.replace("fields: { post.basic: [id, caption] }", edges));
    machine.write("policies/standard.yaml", TIER);
    let dir = machine.dir.path().display().to_string();
    let said = machine.types(&format!("catalogue classes {dir}"));
    insta::assert_snapshot!(said.whole(), @r"
        CLASS          LEDGER   ON HOLD  OPERATIONS AND EDGES  FIELDS
        place.posts    counts   open     listPosts
        post.basic     digests                                 3
        profile.basic  off               getUser               2
        profile.bio    counts            post.by               1
        [exit 0]
        ");
    let json = machine.types(&format!("catalogue classes -o json {dir}")).json();
    let basic = serde_json::json!({
        "class": "post.basic",
        "ledger": "digests",
        "owned": false,
        "continuity": false,
        "operations": [],
        "edges": [],
        "fields": ["place.id", "post.caption", "post.id"],
    });
    assert_eq!(json["classes"][1], basic);
    machine.write("routes/r.yaml", ROUTES.replace("digests: [post.*]", "digests: [pst.*]"));
    let faulty = machine.types(&format!("catalogue classes {dir}"));
    assert_eq!(faulty.code, 1, "{}", faulty.whole());
}

#[test]
fn what_is_taken_for_the_accounts_own_is_told_wherever_levels_are() {
    let machine = Machine::new();
    let owner = "fields: { post.basic: [id, caption] }\n    edges: { owner: { class: profile.bio, holds: user, inline: true } }";
    let routes = ROUTES
        .replace("fields: { post.basic: [id, caption] }", owner)
        .replace("class_by_type: { place: place.posts }", "class_by_type: { user: place.posts }")
        .replace("digests: [post.*]", "digests: [post.*, place.posts], owned: [place.posts]");
    machine.write("routes/r.yaml", routes);
    machine.write("policies/standard.yaml", TIER);
    let dir = machine.dir.path().display().to_string();
    let said = machine.types(&format!("catalogue classes {dir}")).whole();
    let line = |text: &str, begin: &str| {
        let found = text.lines().find(|line| line.trim_start().starts_with(begin));
        found.unwrap_or(text).to_owned()
    };
    insta::assert_snapshot!(line(&said, "place.posts"), @"place.posts    digests, owned  open     listPosts");
    let json = machine.types(&format!("catalogue classes -o json {dir}")).json();
    assert_eq!(
        (&json["classes"][0]["ledger"], &json["classes"][0]["owned"]),
        (&"digests".into(), &true.into())
    );
    let said = machine.types(&format!("check --coverage {dir}")).whole();
    insta::assert_snapshot!(line(&said, "taken for"), @"  taken for the account's that a call names: place.posts");
}
