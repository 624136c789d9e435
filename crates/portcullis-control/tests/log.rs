//! The log as tiles and proofs, over real sockets: what anybody may have and what only an auditor.

use crate::gate::{Gate, TOKEN};
use portcullis_audit::{
    Checkpoint, Hash, LogVerifier, Receipt, Tile, TileKind, Tree, leaf_hash, unbundle, unhash,
    verify_consistency,
};
use portcullis_registry::{Actor, ActorKind, Command};
use serde_json::{Value, json};

struct Answer {
    status: u16,
    kind: String,
    cached: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// `STATUS CODE: detail` of a problem.
    fn problem(&self) -> String {
        let document: Value = serde_json::from_slice(&self.body).unwrap();
        let member = |name: &str| document[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", self.status, member("code"), member("detail"))
    }
}

fn get(gate: &Gate, path: &str, token: Option<&str>) -> Answer {
    let mut request = ureq::get(format!("{}{path}", gate.url)).config();
    request = request.http_status_as_error(false);
    let mut request = request.build();
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.call().unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let (kind, cached) = (header("content-type"), header("cache-control"));
    let body = answer.body_mut().read_to_vec().unwrap();
    Answer { status: answer.status().as_u16(), kind, cached, body }
}

/// A gate whose log has this many events.
fn grown(size: u64) -> Gate {
    let gate = Gate::open();
    for n in 2..size {
        let files = vec![("a.yaml".to_owned(), format!("tier: basic\ntier: t{n}\n").into())];
        let actor = Actor { kind: ActorKind::Gate, id: "boot".to_owned() };
        gate.office.carry_out(actor, Command::PublishPolicy { files }).unwrap();
    }
    gate
}

fn newest(gate: &Gate) -> Checkpoint {
    let key: LogVerifier = gate.office.log_key().parse().unwrap();
    Checkpoint::signed_by(&get(gate, "/log/checkpoint", None).text(), &key).unwrap()
}

#[test]
fn anybody_gets_the_checkpoint_and_hashes_and_only_who_is_signed_in_gets_entries() {
    let gate = grown(300);
    let checkpoint = get(&gate, "/log/checkpoint", None);
    assert_eq!(
        (checkpoint.kind.as_str(), checkpoint.cached.as_str()),
        ("text/plain; charset=utf-8", "no-cache")
    );
    let newest = newest(&gate);
    assert_eq!(newest.size, 300);
    let (mut hashes, mut entries) = (Vec::new(), Vec::new());
    for tile in Tile::all(newest.size) {
        let path = format!("/log/{tile}");
        let stranger = get(&gate, &path, None);
        let answer = get(&gate, &path, Some(TOKEN));
        assert_eq!((answer.status, answer.kind.as_str()), (200, "application/octet-stream"));
        match tile.kind {
            TileKind::Entries => {
                assert_eq!(stranger.status, 401, "{tile}");
                assert_eq!(answer.cached, "private, max-age=31536000, immutable");
                entries.extend(unbundle(&answer.body).unwrap().into_iter().map(leaf_hash));
            }
            TileKind::Hashes(level) => {
                assert_eq!((stranger.status, &stranger.body), (200, &answer.body), "{tile}");
                assert_eq!(answer.cached, "public, max-age=31536000, immutable");
                if level == 0 {
                    hashes.extend(unhash(&answer.body).unwrap());
                }
            }
        }
    }
    assert_eq!(hashes, entries);
    let mut tree = Tree::default();
    hashes.into_iter().for_each(|hash| tree.append(hash));
    assert_eq!(tree.root(), newest.root);
}

#[test]
fn no_spelling_of_a_path_leads_around_the_sign_in_or_beyond_the_log() {
    let gate = grown(5);
    for path in [
        "/log/tile/%65ntries/000.p/5",
        "/log/tile/entries%2F000.p/5",
        "/log/tile//entries/000.p/5",
        "/log/tile/0/../entries/000.p/5",
        "/log//tile/entries/000.p/5",
        "/log/tile/entries/000.p/5/",
        "/log/tile/entries/",
    ] {
        let stranger = get(&gate, path, None);
        assert!(matches!(stranger.status, 400 | 401 | 404), "{path}: {}", stranger.status);
    }
    insta::assert_snapshot!(get(&gate, "/log/tile/%65ntries/000.p/5", None).problem(), @"404 no_such_tile: the log has no `tile/entries/000.p/5`; its size stands in the second line of `/log/checkpoint`");
    insta::assert_snapshot!(get(&gate, "/log/tile/0/000", None).problem(), @"404 no_such_tile: the log has no `tile/0/000`; its size stands in the second line of `/log/checkpoint`");
    insta::assert_snapshot!(get(&gate, "/log/tile/0/000.p/6", None).problem(), @"404 no_such_tile: the log has no `tile/0/000.p/6`; its size stands in the second line of `/log/checkpoint`");
    insta::assert_snapshot!(get(&gate, "/log/tile/0/0", None).problem(), @"400 request_unreadable: `tile/0/0` is no path of a tile: it has the form `tile/LEVEL/NUMBER` or `tile/entries/NUMBER`, and ends with `.p/WIDTH` where it is not full");
    assert_eq!(get(&gate, "/log/tile/0/000.p/3", None).status, 200, "an older end is still there");
}

#[test]
fn receipts_and_proofs_hold_and_what_is_not_there_is_said_so() {
    let gate = grown(9);
    let key: LogVerifier = gate.office.log_key().parse().unwrap();
    let answer = get(&gate, "/v1/audit/4/receipt", Some(TOKEN));
    assert_eq!(answer.kind, "text/plain; charset=utf-8");
    let receipt: Receipt = answer.text().parse().unwrap();
    assert_eq!(receipt.verify(&key), Ok(newest(&gate)));
    assert_eq!(get(&gate, "/v1/audit/4/receipt", None).status, 401);
    insta::assert_snapshot!(get(&gate, "/v1/audit/9/receipt", Some(TOKEN)).problem(), @"404 no_such_event: there is no event 9 yet; the newest is 8");
    insta::assert_snapshot!(get(&gate, "/v1/audit/-1/receipt", Some(TOKEN)).problem(), @"400 request_unreadable: a revision is a whole number; `portcullis audit list` shows them");

    let then = Checkpoint::claimed(&receipt.note).unwrap();
    let files = vec![("a.yaml".to_owned(), "tier: basic\n".into())];
    let actor = Actor { kind: ActorKind::Gate, id: "boot".to_owned() };
    gate.office.carry_out(actor, Command::PublishPolicy { files }).unwrap();
    let now = newest(&gate);
    let proof = get(&gate, &format!("/v1/audit/consistency?from={}", then.size), Some(TOKEN));
    let proof: Value = serde_json::from_slice(&proof.body).unwrap();
    assert_eq!((&proof["from"], &proof["to"]), (&json!(9), &json!(10)));
    let hashes = proof["hashes"].as_array().unwrap();
    let hashes: Vec<_> =
        hashes.iter().map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap()).collect();
    assert_eq!(verify_consistency((then.size, &then.root), (now.size, &now.root), &hashes), Ok(()));
    for bad in ["from=0", "from=11", "from=3&to=2", "from=3&to=11"] {
        let path = format!("/v1/audit/consistency?{bad}");
        assert_eq!(get(&gate, &path, Some(TOKEN)).status, 400, "{bad}");
    }
    insta::assert_snapshot!(get(&gate, "/v1/audit/consistency?from=11", Some(TOKEN)).problem(), @"400 request_unreadable: nothing leads from size 11 to size 10: sizes go from 1 to 10, the older first");
}

#[test]
fn a_verification_compares_with_what_was_kept() {
    let gate = grown(5);
    let note = get(&gate, "/log/checkpoint", None).text();
    let receipt = get(&gate, "/v1/audit/2/receipt", Some(TOKEN)).text();
    let verify = |against: &[&str]| {
        let body = json!({ "against": against }).to_string();
        let request = ureq::post(format!("{}/v1/audit/verify", gate.url));
        let request = request.config().http_status_as_error(false).build();
        let request = request.header("authorization", format!("Bearer {TOKEN}"));
        let mut answer = request.content_type("application/json").send(body).unwrap();
        let body = answer.body_mut().read_to_vec().unwrap();
        Answer {
            status: answer.status().as_u16(),
            kind: String::new(),
            cached: String::new(),
            body,
        }
    };
    let found: Value = serde_json::from_slice(&verify(&[&note, &receipt]).body).unwrap();
    assert_eq!((&found["clean"], &found["kept"]), (&json!(true), &json!(2)));
    insta::assert_snapshot!(verify(&[&note, "{}"]).problem(), @"400 request_unreadable: number 2 of `against`: it is neither a checkpoint nor a receipt of a log: `/log/checkpoint` of a gate gives the one, `portcullis audit receipt` the other");
    insta::assert_snapshot!(verify(&["x"; 17]).problem(), @"400 request_unreadable: `against` names 17: send at most 16 at once");
    // Another gate with the same key: what was kept of the one is not in the other.
    let other = grown(7);
    let elsewhere = get(&other, "/log/checkpoint", None).text();
    let found: Value = serde_json::from_slice(&verify(&[&elsewhere]).body).unwrap();
    assert_eq!(found["clean"], false);
    insta::assert_snapshot!(found["what"].as_str().unwrap(), @"damaged at revision 5: the log was cut: the checkpoint that was kept covers 7 events and 5 are there");
}
