//! The command line against a running gate: what a person types and reads.

use std::sync::atomic::Ordering;

use crate::gate::{Gate, STARTER, TOKEN};
use crate::hand::Machine;

const WHY: &str = "--reason investigation --tell 'Too many places were read at once.'";
const FOUND: &str = "--fact '12,304 places were read in one night.' --period 9h";

fn acme(gate: &Gate) -> Machine {
    let machine = Machine::at(&gate.url, TOKEN);
    let said = machine.types("partner add acme-travel --name 'Acme Travel' --tier basic --use travel_search --location 77 --scope media:read");
    assert_eq!(said.code, 0, "{}", said.whole());
    machine
}

fn issue(machine: &Machine) -> String {
    machine.types("key issue --partner acme-travel --label night-job -o json").json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_partner_is_declared_listed_shown_and_edited() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    let mut told = Vec::new();
    for words in [
        "partner list",
        "partner add acme-travel --name 'Acme Travel' --tier basic --use travel_search --location 77 --declared-use 'finds hotels' --review-by 2025-01-31",
        "partner add globex --tier plus --use research --scope media:read --scope profile:read",
        "partner list",
        "partner list --tier plus",
        "partner edit acme-travel --tier plus --scope media:read",
        "partner edit acme-travel --all-scopes --if-revision 2",
        "partner edit acme-travel",
        "partner show acme-travel",
        "partner show acme-travle",
        "client add hotel --partner acme-travel",
        "client list",
    ] {
        told.push(format!("$ portcullis {words}\n{}", machine.types(words).whole()));
    }
    insta::assert_snapshot!(told.join("\n\n"), @r"
        $ portcullis partner list
        no partner yet: declare one with `portcullis partner add ID --use USE`
        [exit 0]

        $ portcullis partner add acme-travel --name 'Acme Travel' --tier basic --use travel_search --location 77 --declared-use 'finds hotels' --review-by 2025-01-31
        partner `acme-travel` added on tier `basic` (revision 3)
        [exit 0]

        $ portcullis partner add globex --tier plus --use research --scope media:read --scope profile:read
        partner `globex` added on tier `plus` (revision 4)
        [exit 0]

        $ portcullis partner list
        PARTNER      NAME         TIER   USE            MODE     STATE  SCOPES
        acme-travel  Acme Travel  basic  travel_search  enforce  good   all
        globex       globex       plus   research       enforce  good   media:read, profile:read
        [exit 0]

        $ portcullis partner list --tier plus
        PARTNER  NAME    TIER  USE       MODE     STATE  SCOPES
        globex   globex  plus  research  enforce  good   media:read, profile:read
        [exit 0]

        $ portcullis partner edit acme-travel --tier plus --scope media:read
        partner `acme-travel` changed (revision 5)
        undo: portcullis partner edit acme-travel --tier basic --all-scopes --reason mistake --tell 'The edit of the agreement was our mistake and is taken back.' --fact 'The edit of the agreement was our mistake and is taken back.' --period now
        [exit 0]

        $ portcullis partner edit acme-travel --all-scopes --if-revision 2
        error: partner `acme-travel` is at revision 5, the edit builds on 2: look at it again, then repeat the edit
        [exit 5]

        $ portcullis partner edit acme-travel
        error: name what to change, such as `--tier TIER`; see `portcullis partner edit --help`
        [exit 2]

        $ portcullis partner show acme-travel
        partner       acme-travel
        name          Acme Travel
        tier          plus
        use           travel_search
        scopes        media:read
        mode          enforce
        state         good
        declared use  finds hotels
        locations     77
        review by     2025-01-31T00:00:00.000Z
        added         2024-03-31T12:00:00.000Z
        revision      5
        [exit 0]

        $ portcullis partner show acme-travle
        error: there is no partner `acme-travle`; did you mean `acme-travel`? `portcullis partner list` shows them
        [exit 1]

        $ portcullis client add hotel --partner acme-travel
        client `hotel` of partner `acme-travel` added (revision 6)
        [exit 0]

        $ portcullis client list
        CLIENT  PARTNER      NAME   STATE  SCOPES
        hotel   acme-travel  hotel  good   all
        [exit 0]
        ");
}

#[test]
fn a_key_is_shown_once_held_restored_and_revoked() {
    let gate = Gate::open();
    let machine = acme(&gate);
    let issued = machine.types("key issue --partner acme-travel --expires 90d");
    insta::assert_snapshot!(issued.whole(), @r"
        ptc_test_000000000000_000000000000000000000000000000001Xx3Nc
        key `000000000000` issued to partner `acme-travel` (revision 4)
        undo: portcullis key revoke 000000000000 --reason mistake --tell 'This key was issued by mistake.' --fact 'This key was issued by mistake.' --period now
        this is the only time the key is shown: the gate keeps a digest of it
        [exit 0]
        ");
    let secret = issued.data.trim().to_owned();
    assert_eq!(issued.data.lines().count(), 1, "the key alone is on standard output");
    let id = issue(&machine);
    let mut told = Vec::new();
    for words in [
        format!("key hold {id} {WHY} {FOUND} --review-by 7d"),
        format!("key hold {id} {WHY} {FOUND} --review-by 7d"),
        format!("key show {id}"),
        format!("key restore {id} {WHY}"),
        format!("key revoke {id} {WHY} {FOUND}"),
        format!("key restore {id} {WHY}"),
        format!("key hold {secret} {WHY} {FOUND} --review-by 7d"),
        format!("partner hold acme-travel {WHY} {FOUND} --case c-7"),
        "partner list --suspended".to_owned(),
        "key list".to_owned(),
        "key list --state active".to_owned(),
    ] {
        let said = machine.types(&words).whole();
        assert!(!said.contains(&secret), "{said}");
        told.push(format!("$ portcullis {}\n{said}", words.replace(&secret, "THE-KEY")));
    }
    insta::assert_snapshot!(told.join("\n\n"), @r"
        $ portcullis key hold 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h --review-by 7d
        key `0000004gfFC4` on hold: refused from the next call on; to be looked at again by 2024-04-07T12:00:00.000Z (revision 6)
        undo: portcullis key restore 0000004gfFC4 --reason mistake --tell 'The hold was our mistake and is lifted.'
        [exit 0]

        $ portcullis key hold 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h --review-by 7d
        error: key `0000004gfFC4` is already on hold since 2024-03-31T12:00:00.000Z (investigation); restore it first to hold it for another reason
        [exit 5]

        $ portcullis key show 0000004gfFC4
        key        0000004gfFC4
        partner    acme-travel
        scopes     all
        state      suspended (the key)
        since      2024-03-31T12:00:00.000Z
        reason     investigation
        told       Too many places were read at once.
        review by  2024-04-07T12:00:00.000Z
        label      night-job
        issued     2024-03-31T12:00:00.000Z
        pepper     e25be181
        revision   5
        [exit 0]

        $ portcullis key restore 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.'
        key `0000004gfFC4` restored: the hold is lifted (revision 7)
        undo: portcullis key hold 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.' --facts-from 6 --review-by 7d
        [exit 0]

        $ portcullis key revoke 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h
        key `0000004gfFC4` revoked for ever: refused from the next call on (revision 8)
        [exit 0]

        $ portcullis key restore 0000004gfFC4 --reason investigation --tell 'Too many places were read at once.'
        error: key `0000004gfFC4` is revoked since 2024-03-31T12:00:00.000Z and never returns; issue a new key instead
        [exit 5]

        $ portcullis key hold THE-KEY --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h --review-by 7d
        key `000000000000` on hold: refused from the next call on; to be looked at again by 2024-04-07T12:00:00.000Z (revision 9)
        undo: portcullis key restore 000000000000 --reason mistake --tell 'The hold was our mistake and is lifted.'
        [exit 0]

        $ portcullis partner hold acme-travel --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h --case c-7
        error: unknown case `c-7`; open it first: `portcullis case open c-7`
        [exit 1]

        $ portcullis partner list --suspended
        no such partner; `portcullis partner list` shows all
        [exit 0]

        $ portcullis key list
        KEY           PARTNER      CLIENT  STATE      SCOPES  ISSUED                    EXPIRES                   LABEL
        000000000000  acme-travel          suspended  all     2024-03-31T12:00:00.000Z  2024-06-29T12:00:00.000Z
        0000004gfFC4  acme-travel          revoked    all     2024-03-31T12:00:00.000Z                            night-job
        [exit 0]

        $ portcullis key list --state active
        no such key: issue one with `portcullis key issue --partner PARTNER`, or bring those of another gateway with `portcullis key import FILE`
        [exit 0]
        ");
}

#[test]
fn a_hold_that_is_not_durable_says_so_loudly() {
    let gate = Gate::open();
    let machine = acme(&gate);
    gate.office.full.store(true, Ordering::Relaxed);
    insta::assert_snapshot!(machine.types(&format!("partner hold acme-travel {WHY} {FOUND}")).whole(), @r"
        partner `acme-travel` and all its keys on hold: refused from the next call on; to be looked at again by 2024-04-14T12:00:00.000Z
        undo: portcullis partner restore acme-travel --reason mistake --tell 'The hold was our mistake and is lifted.'
        warning: NOT DURABLE: it is in force now but only in memory, because the store can't be written; it is lost if the gate stops before it is. Free space for the store; writing is retried every second and /readyz is red until it succeeds
        [exit 0]
        ");
    let other = machine.types("key issue --partner acme-travel");
    insta::assert_snapshot!(other.whole(), @r"
        error: the store can't be written, nothing was changed: no space left on device
        [exit 1]
        ");
}

#[test]
fn programs_get_json_and_the_talk_beside_it() {
    let gate = Gate::open();
    let machine = acme(&gate);
    let held = machine.types(&format!("partner hold acme-travel {WHY} {FOUND} -o json"));
    assert_eq!(held.json()["durable"], true);
    assert!(held.talk.contains("undo: "), "{}", held.talk);
    assert_eq!(machine.types("partner list -o json").json()[0]["id"], "acme-travel");
    assert_eq!(machine.types("key list -o json").data, "[]\n");
    let unknown = machine.types("partner show nobody -o json");
    assert_eq!((unknown.code, unknown.data.as_str()), (1, ""));
    let problem: serde_json::Value = serde_json::from_str(&unknown.talk).unwrap();
    assert_eq!(problem["code"], "unknown_partner");
}

#[test]
fn an_import_names_every_bad_line_whoever_finds_it() {
    let gate = Gate::open();
    let machine = acme(&gate);
    let mut told = Vec::new();
    machine
        .write("keys", "# old gateway\nold-key-one acme-travel\nold-key-two\nshort acme-travel\n");
    told.push(machine.types("key import keys").whole());
    machine.write("keys", "# old gateway\nold-key-one acme-trave\n\nold-key-two globex revoked\n");
    told.push(machine.types("key import keys").whole());
    told.push(
        machine.types("key import keys --create-partners --tier plus --use research").whole(),
    );
    told.push(machine.types("key import keys").whole());
    assert_eq!(machine.types("key list -o json").json().as_array().unwrap().len(), 2);
    let told = told.join("\n\n");
    assert!(!told.contains("old-key"), "{told}");
    insta::assert_snapshot!(told, @r"
        line 3: there is no partner after the key
        line 4: the key is not 8 to 512 visible ASCII characters
        error: 2 lines can't be taken, so nothing was imported: correct or remove them, then import again
        [exit 1]

        2 keys read
        line 2: there is no such partner; did you mean `acme-travel`?
        line 4: there is no such partner: declare it with `portcullis partner add`, or import with `--create-partners`
        error: 2 entries can't be taken, so nothing was imported: correct or remove them, then import again
        [exit 1]

        2 keys imported, 2 partners added (revision 4)
        2 keys read
        [exit 0]

        2 keys read
        line 2: the key is known already as `imp_f4ebc9188943cffc9e0f`: remove the line
        line 4: the key is known already as `imp_8b62315bb1feefd97b3f`: remove the line
        error: 2 entries can't be taken, so nothing was imported: correct or remove them, then import again
        [exit 1]
        ");
}

#[test]
fn a_set_is_applied_whole_or_not_at_all() {
    let gate = Gate::open();
    let machine = acme(&gate);
    for (name, text) in STARTER {
        machine.write(&format!("here/{name}"), text);
    }
    let mut told = vec![machine.types("apply here").whole()];
    machine.write("here/policies/new.yaml", "tier: new\n");
    told.push(machine.types("apply here --dry-run").whole());
    told.push(machine.types("apply here").whole());
    machine.write("here/policies/new.yaml", "teir: new\n");
    machine.write("here/policies/plus.yaml", "tier: plus\nmore: x\n");
    told.push(machine.types("apply here").whole());
    told.push(machine.types("apply nowhere").whole());
    insta::assert_snapshot!(told.join("\n\n"), @r"
        this very set is in force already, since revision 1 (revision 1)
        3 files read from here
        [exit 0]

        added    policies/new.yaml
        no faults; nothing was changed, since this was a dry run
        4 files read from here
        [exit 0]

        added    policies/new.yaml
        policy set 977ecf8d71caa7e1 of 4 files in force (revision 4)
        4 files read from here
        [exit 0]

        4 files read from here
        policies/new.yaml:1:1: PC0103: unknown field `teir: new`

        policies/plus.yaml:2:1: PC0103: unknown field `more: x`

        error: there are 2 faults in these files, so the set in force stays: correct them, then apply again; `portcullis check` shows the same faults without a server
        [exit 1]

        error: nowhere holds neither `routes/` nor `policies/`: name the deployment's directory, or make one with `portcullis init`
        [exit 1]
        ");
}

#[test]
fn the_log_is_listed_verified_exported_and_verified_again_without_the_gate() {
    let gate = Gate::open();
    let machine = acme(&gate);
    issue(&machine);
    machine.types(&format!("partner hold acme-travel {WHY} {FOUND}"));
    insta::assert_snapshot!(machine.types("audit list").whole(), @r"
        REVISION  TIME                      ACTOR  EVENT             SUBJECT              DETAIL
        0         2024-03-31T12:00:00.000Z  boot   log.opened                             origin gate.test
        1         2024-03-31T12:00:00.000Z  boot   policy.published                       set e3f4b3e483b03f6a
        2         2024-03-31T12:00:00.000Z  ops    partner.added     partner acme-travel  tier basic
        3         2024-03-31T12:00:00.000Z  ops    facts.declared    partner acme-travel  use travel_search, locations 1
        4         2024-03-31T12:00:00.000Z  ops    key.issued        key 000000000000     label night-job
        5         2024-03-31T12:00:00.000Z  ops    standing.held     partner acme-travel  investigation: Too many places were read at once.
        [exit 0]
        ");
    assert_eq!(machine.types("audit list --count 2 -o json").json()[1]["revision"], 5);
    assert_eq!(machine.types("audit list --from 1 --count 1 -o json").json()[0]["revision"], 1);
    assert_eq!(machine.types("audit show 2").json()["event"]["tier"], "basic");
    let clean = machine.types("audit verify");
    assert!(clean.whole().starts_with("clean: 6 events"), "{}", clean.whole());

    assert_eq!(machine.types("audit export --out log.jsonl").code, 0);
    let key = gate.office.log_key();
    let again = machine.types(&format!("audit verify --export log.jsonl --log-key {key}"));
    assert_eq!((again.code, again.talk.as_str()), (0, ""), "{}", again.whole());
    let over = machine.types("audit export --out log.jsonl");
    assert_eq!(over.code, 1, "an existing file stays as it is");
    let text = std::fs::read_to_string(machine.dir.path().join("log.jsonl")).unwrap();
    assert_eq!(machine.types("audit export").data, text);
    machine.write("cut.jsonl", text.lines().take(8).map(|l| format!("{l}\n")).collect::<String>());
    let cut = machine.types("audit verify --export cut.jsonl");
    assert_eq!(cut.code, 0, "a shorter log with its own root is whole in itself");
    gate.office.damaged.store(true, Ordering::Relaxed);
    insta::assert_snapshot!(machine.types("audit verify").whole(), @r"
        DAMAGED at revision 1: the event does not match its stored hash: one of them was changed
        log       gate.test
        root      qHAX6EkLMS4dwg4DNodM7+jmdEPbKCnY5byFQGXvL/A=
        signed by gate.test+088fe270+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
        [exit 1]
        ");
}

#[test]
fn any_changed_byte_of_an_export_is_found() {
    let gate = Gate::open();
    let machine = acme(&gate);
    assert_eq!(machine.types("audit export --out log.jsonl").code, 0);
    let text = std::fs::read(machine.dir.path().join("log.jsonl")).unwrap();
    let key = gate.office.log_key();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1;
        machine.write("changed.jsonl", &changed);
        let said = machine.types(&format!("audit verify --export changed.jsonl --log-key {key}"));
        assert_eq!(
            said.code,
            1,
            "byte {at} of {}: {}",
            String::from_utf8_lossy(&text),
            said.whole()
        );
    }
}

#[test]
fn status_tells_what_is_in_force_and_what_differs() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    let shown = |said: crate::hand::Said| said.whole().replace(&gate.url, "URL");
    let ready = shown(machine.types("status"));
    gate.probe.broken.store(true, Ordering::Relaxed);
    insta::assert_snapshot!(format!("{ready}\n\n{}", shown(machine.types("status"))), @r"
        gate       ready, version 0.1.0, at URL
          log      takes writes
        token      ops
        policies   3 files, in force since 2024-03-31T12:00:00.000Z (revision 1)
        [exit 0]

        gate       NOT READY, version 0.1.0, at URL
        ! log      no space left on device: free some
        token      ops
        policies   3 files, in force since 2024-03-31T12:00:00.000Z (revision 1)
        ! changed  policies/basic.yaml on disk
        what differs on disk is not in force: put it in force with `portcullis apply`
        [exit 1]
        ");
}

#[test]
fn a_gate_that_cannot_be_reached_or_does_not_know_the_token_is_told_apart() {
    let gate = Gate::open();
    let mut machine = Machine::at(&gate.url, "wrong-token");
    insta::assert_snapshot!(machine.types("partner list").whole().replace(&gate.url, "URL"), @r"
        error: not signed in: the gate at URL does not know the token in `PORTCULLIS_ADMIN_TOKEN`; name the file of one it knows with `--token-file FILE`, or put the token into `PORTCULLIS_ADMIN_TOKEN`
        [exit 4]
        ");
    machine.variables.remove("PORTCULLIS_ADMIN_TOKEN");
    let told = machine.types("partner list").whole();
    insta::assert_snapshot!(told, @r"
        error: not signed in: the admin token can't be read from secrets/admin-token: No such file or directory (os error 2)
        sign in by `portcullis login`, name its file with `--token-file FILE`, put the token into `PORTCULLIS_ADMIN_TOKEN`, or run this in the deployment's directory
        [exit 4]
        ");
    machine.write("secrets/admin-token", format!("{TOKEN}\n"));
    assert_eq!(machine.types("partner list").code, 0, "the file of the current directory");
    machine.write("there/portcullis.yaml", format!("admin: {}\n", gate.url));
    machine.write("there/secrets/admin-token", TOKEN);
    machine.variables.remove("PORTCULLIS_ADMIN");
    assert_eq!(machine.types("partner list -c there/portcullis.yaml").code, 0);
    machine.write("there/portcullis.yaml", "admn: x\n");
    insta::assert_snapshot!(machine.types("partner list -c there/portcullis.yaml").whole(), @r"
        error: there/portcullis.yaml:1:1: PC0103: unknown field
           1 | admn: x
             | ^
        the configuration can't be read; a gate that runs is reached without it: name both `--admin URL --token-file FILE`, and no `--config`
        [exit 1]
        ");
    // A port that nobody is given by chance.
    let closed = "http://127.0.0.1:9";
    let told = machine.types(&format!("partner list --admin {closed}"));
    insta::assert_snapshot!(told.whole().replace(closed, "URL"), @r"
        error: the gate's admin API can't be reached at URL: io: Connection refused (os error 111)
        is `portcullis serve` running? name its address with `--admin URL` or `PORTCULLIS_ADMIN`, or the deployment with `--config FILE`
        [exit 3]
        ");
    insta::assert_snapshot!(machine.types("partner list --admin https://gate").whole(), @r"
        error: `https://gate`: the admin API speaks plain HTTP on a loopback address; reach it by a tunnel, such as `ssh -L 9901:127.0.0.1:9901 HOST`, and name `http://127.0.0.1:9901`
        [exit 2]
        ");
    insta::assert_snapshot!(machine.types("partner list --admin 9901").whole(), @r"
        error: `9901` is no address of an admin API: write a URL such as `http://127.0.0.1:9901`
        [exit 2]
        ");
}
