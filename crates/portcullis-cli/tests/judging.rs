//! The tools that judge without a gate: `replay`, `test`, `explain`, `diff`.

use std::io::Write as _;

use crate::hand::{Machine, Said};

const ROUTES: &str = r##"version: 1
versions: { known: [v1], missing: v1 }
classes:
  profile.basic: Names
  place.posts: Posts at a place
  post.basic: Posts
types:
  user:
    ids: ["1###"]
    default: [id]
    fields: { profile.basic: [id, username] }
  place:
    ids: ["3###"]
    default: [id]
    fields: { post.basic: [id] }
  post:
    ids: ["2###"]
    default: [id]
    fields: { post.basic: [id, caption] }
operations:
  getUser:
    method: GET
    path: /{version}/{id}
    target: id
    class_by_type: { user: profile.basic }
    answer: target
    params: { fields: fields }
  batch:
    method: POST
    path: /{version}
    batch: true
    params: { batch: batch }
  listPosts:
    method: GET
    path: /{version}/{id}/posts
    target: id
    class_by_type: { place: place.posts }
    answer: post
    rows: 25
    params: { fields: fields, limit: page_size }
"##;

const TIER: &str = r#"version: 1
tier: guests
about: Guest posts at the partner's own houses.
use: guests
batch: true
rates:
  - { id: calls, per: key, max: { figure: calls_per_hour }, window: 1h, rolling: true }
limits:
  - { id: others, count: targets, max: 1, window: 24h }
allow:
  - { id: own, class: [place.posts], target: { declared: locations }, fields: [id, caption], rows: 50 }
  - { id: samples, class: [place.posts], target: any, fields: [id], rows: 50, limits: [others] }
watch:
  - { id: refusals, signal: refused, over: 2, per: 24h, then: [open_case] }
tests:
  - name: posts at an own house
    call: "GET /v1/3001/posts"
    facts: { lists: { locations: ["3001"] } }
    expect: allow own
  - name: a second house in a day
    call: "GET /v1/3002/posts"
    used: { others: 1 }
    expect: limit others
  - name: nobody's name
    call: "GET /v1/1001"
    expect: deny class_not_granted
"#;

const STRICTEST: &str = "version: 1\ntier: strictest\nabout: Nothing.\nframe: true\nrates: []\n";

const PARTNERS: &str = r#"{"partner":"acme","use":"guests","declared_use":"looks after its own houses","rate_per_key_per_hour":3,"keys":["kid_a"],"declared_locations":["3001"]}
{"partner":"zenith","use":"guests","declared_use":"looks after its own houses too","rate_per_key_per_hour":9,"keys":["kid_z"],"declared_locations":["3009"]}
{"partner":"idle","use":"something","keys":["kid_i"]}
"#;

fn call(minute: u32, key: &str, path: &str) -> String {
    let partner = if key == "kid_z" { "zenith" } else { "acme" };
    format!(
        r#"{{"ts":"2024-03-01T10:{minute:02}:00.000Z","key":"{key}","partner":"{partner}","method":"GET","path":"{path}","status":200,"bytes":100}}"#
    )
}

/// A month of eleven lines: one partner that keeps to its houses and calls too fast, one that walks.
fn traffic() -> String {
    let lines = [
        call(0, "kid_a", "/v1/3001/posts"),
        call(1, "kid_a", "/v1/3001/posts?limit=50"),
        call(2, "kid_a", "/v1/3001/posts"),
        call(3, "kid_a", "/v1/3001/posts"),
        call(4, "kid_z", "/v1/3010/posts?fields=id"),
        call(5, "kid_z", "/v1/3011/posts?fields=id"),
        "{\"ts\":\"2024-03-01T10:06:00.000Z\",".to_owned(),
        call(7, "kid_z", "/v1/3012/posts?fields=id"),
        call(6, "kid_z", "/v1/1001?fields=username"),
        call(8, "kid_x", "/v1/3001/posts"),
        call(9, "kid_z", "/private/3013/sweep"),
    ];
    lines.join("\n")
}

fn machine() -> (Machine, String) {
    let machine = Machine::new();
    machine.write("set/routes/r.yaml", ROUTES);
    machine.write("set/policies/guests.yaml", TIER);
    machine.write("set/policies/strictest.yaml", STRICTEST);
    machine.write("partners.jsonl", PARTNERS);
    machine.write("month.jsonl", traffic());
    let dir = machine.dir.path().display().to_string();
    (machine, dir)
}

fn replay(machine: &Machine, dir: &str, more: &str) -> Said {
    machine.types(&format!(
        "replay --traffic {dir}/month.jsonl --partners {dir}/partners.jsonl --policies {dir}/set {more}"
    ))
}

#[test]
fn a_replay_says_who_is_stopped_when_and_why_and_loses_no_line() {
    let (machine, dir) = machine();
    let said = replay(&machine, &dir, &format!("--decisions {dir}/decisions.jsonl"));
    insta::assert_snapshot!(said.whole().replace(&dir, "DIR"));
    let decisions = std::fs::read_to_string(machine.dir.path().join("decisions.jsonl")).unwrap();
    insta::assert_snapshot!(decisions);
}

#[test]
fn a_gzipped_month_is_the_same_and_one_that_breaks_off_is_said_to() {
    let (machine, dir) = machine();
    let plain = replay(&machine, &dir, "-o json").json();
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(traffic().as_bytes()).unwrap();
    let whole = to.finish().unwrap();
    machine.write("month.jsonl", &whole);
    assert_eq!(replay(&machine, &dir, "-o json").json(), plain);
    machine.write("month.jsonl", &whole[..whole.len() - 12]);
    let broken = replay(&machine, &dir, "-o json");
    assert_eq!(broken.code, 1);
    let faults = broken.json()["traffic"]["faults"].to_string();
    assert!(faults.contains("breaks off or is damaged here"), "{faults}");
}

#[test]
fn a_line_with_any_refused_entry_is_a_deny_and_one_with_limits_only_a_limit() {
    let (machine, dir) = machine();
    let batch = |minute: u32, places: [&str; 2]| {
        let entries = places.map(|place| {
            format!(
                "%7B%22method%22:%22GET%22,%22relative_url%22:%22v1/{place}/posts?fields=id%22%7D"
            )
        });
        let path = format!("/v1?batch=%5B{}%5D", entries.join(","));
        call(minute, "kid_z", &path).replace("GET\",\"path", "POST\",\"path")
    };
    let lines = [
        batch(0, ["3009", "3010"]),
        batch(1, ["3009", "3011"]),
        batch(2, ["3011", "1001"]),
        batch(3, ["3009", "3010"]),
    ];
    machine.write("month.jsonl", lines.join("\n"));
    let said = replay(&machine, &dir, &format!("-o json --decisions {dir}/decisions.jsonl"));
    let decisions = std::fs::read_to_string(machine.dir.path().join("decisions.jsonl")).unwrap();
    insta::assert_snapshot!(decisions);
    let report = said.json();
    assert_eq!(report["traffic"]["requests"], 8);
    let zenith = &report["partners"][1];
    assert_eq!(zenith["calls"], 4);
    assert_eq!(zenith["verdicts"]["allow"], 2);
    assert_eq!(zenith["first_stop"]["line"], 1);
}

#[test]
fn a_replay_against_another_set_says_who_fares_differently() {
    let (machine, dir) = machine();
    machine.write("other/routes/r.yaml", ROUTES);
    machine.write("other/policies/strictest.yaml", STRICTEST);
    machine.write("other/policies/guests.yaml", TIER.replace("max: 1,", "max: 3,"));
    let said = replay(&machine, &dir, &format!("--against {dir}/other --partner zenith"));
    let text = said.whole().replace(&dir, "DIR");
    let from = text.find("against").unwrap();
    insta::assert_snapshot!(&text[from..text.find("note:").unwrap()]);
    let unknown = replay(&machine, &dir, "--partner nobody");
    assert_eq!(unknown.code, 2, "{}", unknown.whole());
}

#[test]
fn access_records_without_a_path_say_what_is_missing() {
    let (machine, dir) = machine();
    let record = r#"{"ts":"2024-03-01T10:00:00Z","request_id":"r","key_id":"kid_a","verdict":"permit","status":200,"bytes_out":1}"#;
    machine.write("month.jsonl", record);
    let said = replay(&machine, &dir, "");
    assert_eq!(said.code, 1);
    assert!(said.data.contains("access record without `method` and `path`"), "{}", said.whole());
}

#[test]
fn cases_run_and_one_that_is_not_as_written_shows_its_path() {
    let (machine, dir) = machine();
    let said = machine.types(&format!("test {dir}/set"));
    assert_eq!(said.whole(), "ok: 3 cases, each as written\n[exit 0]");
    machine
        .write("set/policies/guests.yaml", TIER.replace("expect: allow own", "expect: deny own"));
    let said = machine.types(&format!("test {dir}/set"));
    insta::assert_snapshot!(said.whole());
    let said = machine.types(&format!("test --watch --only house {dir}/set"));
    assert!(said.talk.contains("waiting for a change"), "{}", said.whole());
}

#[test]
fn an_answer_is_cut_down_as_the_gate_would_cut_it() {
    let (machine, dir) = machine();
    let filter =
        "filter:\n  - { id: no-captions, class: [place.posts], drop_fields: [caption] }\nwatch:";
    let case = r#"
  - name: captions are taken out
    call: "GET /v1/3001/posts?fields=id,caption"
    facts: { lists: { locations: ["3001"] } }
    answer: { data: [{ id: "2001", caption: "here" }] }
    filtered: { data: [{ id: "2001" }] }
    expect: allow own
"#;
    let tier = format!("{}{case}", TIER.replace("watch:", filter).trim_end());
    machine.write("set/policies/guests.yaml", &tier);
    let said = machine.types(&format!("test {dir}/set"));
    assert_eq!(said.whole(), "ok: 4 cases, each as written\n[exit 0]");
    machine.write(
        "set/policies/guests.yaml",
        tier.replace("filtered: { data: [{", "filtered: { data: [{ place: x,"),
    );
    let said = machine.types(&format!("test {dir}/set"));
    assert!(
        said.data.contains(r#"of the answer leaves {"data":[{"id":"2001"}]}"#),
        "{}",
        said.whole()
    );
    machine.write("answer.json", r#"{"data":[{"id":"2001","caption":"here"}]}"#);
    let said = machine.types(&format!(
        "explain GET /v1/3001/posts?fields=id,caption --partner acme --partners {dir}/partners.jsonl --policies {dir}/set --answer {dir}/answer.json"
    ));
    insta::assert_snapshot!(said.whole());
}

#[test]
fn a_call_is_explained_offline() {
    let (machine, dir) = machine();
    let explain = |call: &str, who: &str| {
        let at = "--at 2024-03-01T10:00:00Z";
        machine.types(&format!("explain {call} {who} {at} --policies {dir}/set")).whole()
    };
    let who = format!("--partner acme --partners {dir}/partners.jsonl");
    insta::assert_snapshot!(explain("GET https://platform.example/v1/3001/posts?limit=80", &who));
    machine.write("facts.yaml", "lists: { locations: ['3002'] }\n");
    let who = format!("--partner new --use guests --facts {dir}/facts.yaml");
    insta::assert_snapshot!(explain("GET /v1/1001", &who));
    let said = machine.types(&format!("explain GET v1 --partner new --policies {dir}/set"));
    assert_eq!(said.code, 2, "{}", said.whole());
}

#[test]
fn a_change_is_told_by_its_effects_and_by_the_exit_code() {
    let (machine, dir) = machine();
    machine.write("new/routes/r.yaml", ROUTES);
    machine.write("new/policies/strictest.yaml", STRICTEST);
    machine.write("new/policies/guests.yaml", TIER.replace("max: 1,", "max: 3,"));
    let diff = |old: &str, new: &str| machine.types(&format!("diff {dir}/{old} {dir}/{new}"));
    insta::assert_snapshot!(diff("set", "new").whole());
    assert_eq!(diff("new", "set").code, 6);
    assert_eq!(diff("set", "set").whole(), "no partner gains or loses anything\n[exit 0]");
    let json = machine.types(&format!("diff -o json {dir}/set {dir}/new")).json();
    assert_eq!(json["way"], "wider");
    machine.write("new/policies/guests.yaml", "version: 1\ntier: guests\n");
    let faulty = diff("set", "new");
    assert_eq!(faulty.code, 1, "{}", faulty.whole());
}
