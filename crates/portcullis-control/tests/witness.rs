//! The listener of a witness over real sockets: each answer of the specification, by its number and
//! kind; and what a gate serves of what witnesses signed.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::gate::Gate;
use portcullis_audit::{
    AddCheckpoint, Checkpoint, LogKey, Nodes as _, Tree, Witness, WitnessKey, leaf_hash, sign,
};
use portcullis_control::{ControlSettings, CosignError, Cosigner, Witnessed, serve_witness};

const SEED: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// Keeps its checkpoints in memory, or nowhere.
struct Memory {
    witness: Witness,
    last: Mutex<Option<Checkpoint>>,
    full: bool,
}

impl Cosigner for Memory {
    fn add(&self, request: &str) -> Result<String, CosignError> {
        let request: AddCheckpoint = request.parse()?;
        let now = self.witness.opened(&request.note)?;
        let mut last = self.last.lock().unwrap();
        Witness::grew(&request, &now, last.as_ref())?;
        if self.full {
            return Err(CosignError::NotKept("the disk is full".to_owned()));
        }
        *last = Some(now.clone());
        Ok(self.witness.sign(&now, 1))
    }
}

fn log_key(byte: u8) -> LogKey {
    LogKey::from_seed("gate.example/log", &[byte; 32]).unwrap()
}

fn start(full: bool) -> String {
    let key = WitnessKey::from_text("witness.example/w1", SEED).unwrap();
    let witness = Witness::new(key, vec![log_key(1).public().clone()]);
    let memory = Arc::new(Memory { witness, last: Mutex::default(), full });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve_witness(memory, listener, std::future::pending())).unwrap();
    });
    url
}

fn request(size: u64, old: u64, story: &str, key: &LogKey) -> String {
    let mut tree = Tree::default();
    (0..size).for_each(|at| tree.append(leaf_hash(format!("{story}{at}").as_bytes())));
    let proof = tree.consistency(old, size).unwrap_or_default();
    let origin = key.public().name().to_owned();
    let note = sign(&Checkpoint { origin, size, root: tree.root() }, &[key]);
    AddCheckpoint { old, proof, note }.to_string()
}

fn post(url: &str, body: &str) -> String {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut answer = agent.post(url).send(body).unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let said = answer.body_mut().read_to_string().unwrap();
    let said = if said.starts_with('\u{2014}') { "a cosignature\n".to_owned() } else { said };
    format!("{} {}: {said}", answer.status().as_u16(), kind.unwrap_or_default())
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    let url = format!("{}/add-checkpoint", start(false));
    let (ours, other) = (log_key(1), log_key(2));
    let foreign = LogKey::from_seed("other.example/log", &[1; 32]).unwrap();
    let mut table = String::new();
    for (what, body) in [
        ("the first checkpoint", request(5, 0, "a", &ours)),
        ("one that follows", request(9, 5, "a", &ours)),
        ("the same again", request(9, 9, "a", &ours)),
        ("from another size", request(12, 5, "a", &ours)),
        ("another history", request(12, 9, "b", &ours)),
        ("another history of the same size", request(9, 9, "b", &ours)),
        ("backwards", request(8, 9, "a", &ours)),
        ("another key", request(12, 9, "a", &other)),
        ("another log", request(12, 9, "a", &foreign)),
        ("something else", "old nine\n\n".to_owned()),
        ("what is far too long", "x".repeat(64 << 10)),
        ("and still one that follows", request(12, 9, "a", &ours)),
    ] {
        table.push_str(&format!("{what}\n  {}", post(&url, &body)));
        if !table.ends_with('\n') {
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
    let elsewhere = url.replace("/add-checkpoint", "/checkpoint");
    assert!(post(&elsewhere, "").starts_with("404"));
}

#[test]
fn what_a_witness_cannot_keep_it_does_not_sign() {
    let url = format!("{}/add-checkpoint", start(true));
    let said = post(&url, &request(5, 0, "a", &log_key(1)));
    assert_eq!(
        said,
        "500 text/plain; charset=utf-8: the witness can't keep the checkpoint and signs nothing: the disk is full\n"
    );
}

#[derive(Debug)]
struct Signed(Option<String>);

impl Witnessed for Signed {
    fn under(&self, note: String) -> String {
        note + "\u{2014} witness.example/w1 AAAA\n"
    }
    fn newest(&self) -> Option<String> {
        self.0.clone()
    }
}

#[test]
fn checkpoints_and_receipts_carry_what_witnesses_signed() {
    let get = |gate: &Gate, path: &str| {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let token = format!("Bearer {}", crate::gate::TOKEN);
        let answer = agent.get(format!("{}{path}", gate.url)).header("authorization", token).call();
        answer.unwrap().body_mut().read_to_string().unwrap()
    };
    let witnessed = |newest: Option<&str>| {
        let witnessed: Arc<dyn Witnessed> = Arc::new(Signed(newest.map(str::to_owned)));
        Gate::with(ControlSettings { witnessed: Some(witnessed), ..ControlSettings::default() })
    };
    let gate = witnessed(Some("the newest\n"));
    assert!(get(&gate, "/log/checkpoint").ends_with("\u{2014} witness.example/w1 AAAA\n"));
    assert!(get(&gate, "/v1/audit/0/receipt").ends_with("\u{2014} witness.example/w1 AAAA\n"));
    assert_eq!(get(&gate, "/log/cosigned"), "the newest\n");
    for (gate, detail) in [
        (witnessed(None), "not enough witnesses have signed yet; `/readyz` says"),
        (Gate::open(), "no witness is asked; `witnesses:` in the configuration names some"),
    ] {
        let said = get(&gate, "/log/cosigned");
        assert!(said.contains("not_cosigned") && said.contains(detail), "{said}");
    }
}
