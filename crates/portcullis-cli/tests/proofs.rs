//! Tiles, receipts and proofs from the command line.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_audit::{Checkpoint, LogKey, Tile, sign};
use portcullis_registry::{Actor, ActorKind, Command};

/// One more event.
fn add(gate: &Gate, n: u64) {
    let files = vec![("a.yaml".to_owned(), format!("tier: basic\ntier: t{n}\n").into())];
    let actor = Actor { kind: ActorKind::Gate, id: "boot".to_owned() };
    gate.office.carry_out(actor, Command::PublishPolicy { files }).unwrap();
}

fn grown(size: u64) -> (Gate, Machine) {
    let gate = Gate::open();
    (2..size).for_each(|n| add(&gate, n));
    let machine = Machine::at(&gate.url, TOKEN);
    (gate, machine)
}

#[test]
fn a_tree_of_tiles_is_written_and_only_what_is_new_is_added() {
    let (gate, machine) = grown(270);
    let said = machine.types("audit tiles public");
    insta::assert_snapshot!(said.whole(), @r"
        published: 270 events in 5 tiles, 5 of them new, and the checkpoint over them in public
        signed by gate.test+088fe270+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
        [exit 0]
        ");
    let there = |path: String| machine.dir.path().join("public").join(path).exists();
    assert!(Tile::all(270).all(|tile| there(tile.to_string())));
    add(&gate, 1000);
    insta::assert_snapshot!(machine.types("audit tiles public").data.lines().next().unwrap(), @"published: 271 events in 5 tiles, 2 of them new, and the checkpoint over them in public");
    assert!(Tile::all(271).chain(Tile::all(270)).all(|tile| there(tile.to_string())));
    insta::assert_snapshot!(machine.types("audit tiles hashes --no-entries").data.lines().next().unwrap(), @"published: 271 events in 3 tiles, 3 of them new, and the checkpoint over them in hashes");
    assert!(!machine.dir.path().join("hashes/tile/entries").exists());
}

#[test]
fn nothing_is_published_over_another_log_or_a_changed_file() {
    let (_gate, machine) = grown(20);
    assert_eq!(machine.types("audit tiles public").code, 0);
    let checkpoint = std::fs::read(machine.dir.path().join("public/checkpoint")).unwrap();
    machine.write("public/tile/0/000.p/20", [7; 640]);
    insta::assert_snapshot!(machine.types("audit tiles public").whole(), @r"
        error: public/tile/0/000.p/20 holds something else than the log: it was changed, or is of another log; nothing was replaced. Publish into an empty directory, and compare both with `portcullis audit verify --against`
        [exit 1]
        ");
    // Another history with the genuine key, and longer.
    let other = Gate::open();
    (1..40).for_each(|n| add(&other, n + 5000));
    let elsewhere = Machine::at(&other.url, TOKEN);
    elsewhere.write("public/checkpoint", &checkpoint);
    let said = elsewhere.types("audit tiles public");
    assert_eq!(said.code, 1);
    assert!(
        said.talk.contains("the log was rewritten: its own key once signed"),
        "{}",
        said.whole()
    );
    let kept = std::fs::read(elsewhere.dir.path().join("public/checkpoint")).unwrap();
    assert_eq!(kept, checkpoint, "the published one stays");
}

#[test]
fn a_receipt_goes_to_somebody_who_has_only_the_key() {
    let (gate, machine) = grown(12);
    let key = gate.office.log_key();
    let said = machine.types("audit receipt 3 --out event-3.tlog-proof");
    assert_eq!(said.code, 0, "{}", said.whole());
    insta::assert_snapshot!(said.talk, @"receipt written to event-3.tlog-proof; anybody can check it with `portcullis audit verify-receipt event-3.tlog-proof --log-key VKEY`");
    let offline = Machine::new();
    let receipt = std::fs::read(machine.dir.path().join("event-3.tlog-proof")).unwrap();
    offline.write("r", &receipt);
    insta::assert_snapshot!(offline.types(&format!("audit verify-receipt r --log-key {key}")).whole(), @r#"
        shown: revision 3 is in the log gate.test of 12 events
        leaf hash  8XR+OAtCNTk/vWrK0tjYx99MuOA5PiGlgeIPhEvbEG4=
        root       Z8uBlYkRHZUuIC1bDaqDdnAnlZBJPQw98wyJJwiz80U=
        proof      4 hashes lead from one to the other
        {
          "actor": {
            "id": "boot",
            "kind": "gate"
          },
          "event": {
            "files": [
              {
                "name": "a.yaml",
                "sha256": "9f28cb38aed39d891663441d9e230b6b28aa024d17d75cebadef6bebf9f72890"
              }
            ],
            "set": "ccb79d8bd44c3248",
            "type": "policy.published"
          },
          "rev": 3,
          "ts": "2024-03-31T12:00:00.000Z",
          "v": 1
        }
        [exit 0]
        "#);
    let told = offline.types(&format!("audit verify-receipt r --key {key} -o json")).json();
    assert_eq!(
        (&told["revision"], &told["size"], &told["trusted_key"]),
        (&3.into(), &12.into(), &true.into())
    );
    let foreign = LogKey::from_seed("gate.test", &[9; 32]).unwrap();
    insta::assert_snapshot!(offline.types(&format!("audit verify-receipt r --log-key {}", foreign.public())).whole(), @r"
        error: it is not shown: its checkpoint can't be believed: it is not signed by gate.test+8699f84a
        [exit 1]
        ");
    let bent = String::from_utf8(receipt.clone()).unwrap().replace("index 3", "index 4");
    offline.write("bent", bent);
    insta::assert_snapshot!(offline.types(&format!("audit verify-receipt bent --log-key {key}")).whole(), @r"
        error: it is not shown: the event does not belong to its checkpoint: the proof leads to another root
        [exit 1]
        ");
    offline.write("none", "hello\n");
    insta::assert_snapshot!(offline.types(&format!("audit verify-receipt none --log-key {key}")).whole(), @r"
        error: none can't be used: it is not a receipt; the first line of one is `c2sp.org/tlog-proof@v1`
        [exit 1]
        ");
    assert_eq!(machine.types("audit receipt 3").data.as_bytes(), receipt);
    insta::assert_snapshot!(machine.types("audit receipt 99").whole(), @r"
        error: there is no event 99 yet; the newest is 11
        [exit 1]
        ");
}

#[test]
fn proofs_of_the_gate_are_followed_and_not_believed() {
    let (gate, machine) = grown(6);
    let key = gate.office.log_key();
    insta::assert_snapshot!(machine.types(&format!("audit prove 1 --log-key {key}")).whole(), @r#"
        shown: revision 1 is in the log gate.test of 6 events
        leaf hash  kEcgy6geN8XIJWHKJXWjudLurKUO1+/eclr8/z2p1KY=
        root       qYMWxiT6jobOePBYvyNQs4LX17cjNn/HNFhl1A4tG5M=
        proof      3 hashes lead from one to the other
        {
          "actor": {
            "id": "boot",
            "kind": "gate"
          },
          "event": {
            "files": [
              {
                "name": "policies/basic.yaml",
                "sha256": "189b773e8c9f36b0d88956aab712c38f8bca2632bc53656b451985c9278271ee"
              },
              {
                "name": "policies/plus.yaml",
                "sha256": "dca6d7192ce3003ae35f9d97bdfe662a1dd88b47d79d0a912fc2defda525979f"
              },
              {
                "name": "routes/plaza.yaml",
                "sha256": "d64f850c4f089e5e6d2bf6ee7dbe96c508adae54ce169fd4a5f28a95d5863358"
              }
            ],
            "set": "e3f4b3e483b03f6a",
            "type": "policy.published"
          },
          "rev": 1,
          "ts": "2024-03-31T12:00:00.000Z",
          "v": 1
        }
        [exit 0]
        "#);
    assert_eq!(
        machine.types("audit prove 1 -o json").json()["hashes"].as_array().unwrap().len(),
        3
    );
    machine.write("then", machine.types("audit receipt 2").data);
    (100..104).for_each(|n| add(&gate, n));
    insta::assert_snapshot!(machine.types(&format!("audit prove --since then --log-key {key}")).whole(), @r"
        shown: the 6 events of then are the first of the 10 that the log gate.test has now
        [exit 0]
        ");
    assert_eq!(machine.types("audit prove --since then -o json").json()["to"], 10);
    // A checkpoint that the genuine key signed for another history.
    let claimed = Checkpoint {
        origin: "gate.test".to_owned(),
        size: 5,
        root: portcullis_audit::leaf_hash(b"x"),
    };
    machine.write("other", sign(&claimed, &[&gate.office.secret()]));
    insta::assert_snapshot!(machine.types(&format!("audit prove --since other --log-key {key}")).whole(), @r"
        DAMAGED: the log was rewritten: its first 5 events are not those of other: the proof leads to another root
        [exit 1]
        ");
    insta::assert_snapshot!(machine.types("audit verify --against then --against other").whole(), @r"
        DAMAGED: the log was rewritten: its own key once signed another root for its first 5 events, PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs= where it is NephpGbqOuUrFXw2M8bCPwUJAdpehX+JX/UL5+mFRlM= now
        log       gate.test
        root      NephpGbqOuUrFXw2M8bCPwUJAdpehX+JX/UL5+mFRlM=
        signed by gate.test+088fe270+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
        [exit 1]
        ");
    insta::assert_snapshot!(machine.types("audit verify --against then").whole(), @r"
        clean: 10 events and 10 signed checkpoints are as they were written, and agree with what was kept elsewhere
        log       gate.test
        root      9iSg9y8EhKDDZZR5nOB/YTXLMOE0oerSPI1t7CkiT5w=
        signed by gate.test+088fe270+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
        [exit 0]
        ");
    let later = Checkpoint { size: 50, ..claimed };
    machine.write("later", sign(&later, &[&gate.office.secret()]));
    insta::assert_snapshot!(machine.types("audit prove --since later").whole(), @r"
        DAMAGED: later covers 50 events of gate.test, and the log gate.test has 10: it was cut, or is another one
        [exit 1]
        ");
    assert_eq!(machine.types("audit export --out log.jsonl").code, 0);
    for (against, code) in [("then", 0), ("other", 1), ("later", 1)] {
        let said = machine.types(&format!("audit verify --export log.jsonl --against {against}"));
        assert_eq!(said.code, code, "{against}: {}", said.whole());
    }
}
