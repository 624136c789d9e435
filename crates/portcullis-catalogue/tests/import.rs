//! A route file drawn up from an OpenAPI description is closed, and compiles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use portcullis_catalogue::{Catalogue, OperationClass, UNCLASSIFIED_IX, import_openapi};
use portcullis_yaml::{Faults, Source};

const SMALL: &str = r##"
openapi: 3.1.0
info: { title: Small, version: "1" }
paths:
  /{version}/{node_id}:
    get:
      operationId: getNode
      summary: Read one node
      tags: [nodes]
      parameters:
        - &id { name: node_id, in: path }
        - { $ref: "#/components/parameters/fields" }
    delete:
      operationId: getNode
      parameters: [*id]
  /{version}:
    post:
      operationId: batch
      requestBody:
        content:
          application/json: { schema: { properties: { batch: {}, access_token: {} } } }
  /{version}/{id}/posts/:
    get:
      parameters:
        - { name: limit, in: query }
        - { name: after, in: query }
        - { name: q, in: query }
        - { name: y, in: query }
  /files/{name}.{ext}:
    get: { operationId: odd }
components:
  parameters:
    fields: { name: fields, in: query }
"##;

#[test]
fn a_description_becomes_a_closed_route_file() {
    let imported = import_openapi(&Source::new("small.yaml", SMALL)).unwrap();
    insta::assert_snapshot!(imported.yaml, @r#"
        # yaml-language-server: $schema=../schema/routes.schema.json
        #
        # Drawn up from an OpenAPI description. Everything is closed: `unclassified` is never granted.
        # For each operation:
        #   1. replace `class: unclassified` by what it is (define the class under `classes:` first);
        #      where that depends on the node behind the id, use `class_by_type: { story: …, post: … }`
        #   2. check `target`, `answer` and the roles of its parameters
        #      (plain, fields, page_size, cursor, ids, batch, secret)
        #   3. add `links: true` where answers hold absolute paging links
        # Then run `portcullis check`.
        version: 1

        # Fill in the versions that are open, and what a call without one gets.
        versions: { known: [v1], missing: v1 }

        # classes:
        #   profile.basic: Who an account is
        #
        # types:
        #   user:
        #     ids: [17841############]        # `#` stands for a digit
        #     default: [id, username]         # given when no `fields` is sent
        #     fields:
        #       profile.basic: [id, username]
        #     edges:
        #       media: { class: media.by_account, holds: post, modifiers: [limit, after] }

        operations:
          # Read one node [nodes]
          getNode:
            method: GET
            path: "/{version}/{node_id}"
            class: unclassified
            target: node_id
            # `fields` was found: set `answer` to a type, then its role to `fields`
            # answer: target
            params:
              fields: plain
          getNode-2:
            method: DELETE
            path: "/{version}/{node_id}"
            class: unclassified
            target: node_id
          batch:
            method: POST
            path: "/{version}"
            not_judged: batch
            params:
              batch: batch
          get-id-posts:
            method: GET
            path: "/{version}/{id}/posts"
            class: unclassified
            target: id
            params:
              after: cursor
              limit: page_size
              q: plain
              "y": plain
          # left out: /files/{name}.{ext}: the segment `{name}.{ext}` is neither plain text nor one `{name}`
        "#);
    assert_eq!((imported.operations, imported.unclassified), (4, 3));
    let catalogue = Catalogue::compile(&[Source::new("routes/small.yaml", imported.yaml)])
        .unwrap_or_else(|all| panic!("{}", Faults(all)));
    for operation in catalogue.operations() {
        let closed = match &operation.class {
            OperationClass::Fixed(class) => *class == UNCLASSIFIED_IX,
            OperationClass::NotJudged(_) => true,
            OperationClass::ByTarget(_) => false,
        };
        assert!(closed, "{}", operation.name);
    }
}

#[test]
fn what_is_no_description_is_said_to_be_none() {
    let check = |text: &str, want: &str| {
        let faults = import_openapi(&Source::new("x.yaml", text)).unwrap_err();
        assert_eq!(faults[0].code, want, "{text}");
    };
    check("a: 1", "PC0220");
    check("openapi: 3.1.0\npaths: []", "PC0220");
    check("openapi: 3.1.0\npaths: {}", "PC0220");
    check("openapi: [", "PC0101");
    check("", "PC0220");
    check("\0", "PC0101");
}
