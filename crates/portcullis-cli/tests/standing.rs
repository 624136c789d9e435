//! Standings and keys over time, as a person types and reads them.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;

const WHY: &str = "--reason investigation --tell 'We look into unusual calls.'";
const FOUND: &str = "--fact '12,304 places were read in one night.' --period 9h --indefinite-because 'nobody knows when the calls are explained'";

fn transcript(commands: &[String]) -> String {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    for words in [
        "partner add acme --tier basic --use travel_search",
        "client add board --partner acme --purpose 'dashboards for brands' --category agency",
    ] {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    let told = commands.iter().map(|words| {
        let typed = words.replace("WHY", WHY).replace("FOUND", FOUND);
        format!("$ portcullis {words}\n{}", machine.types(&typed).whole())
    });
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_standing_goes_through_its_steps_and_says_what_else_can_be_done() {
    insta::assert_snapshot!(transcript(
        &[
            "partner hold acme --shape reads --dry-run WHY FOUND",
            "partner show acme",
            "partner hold acme --shape reads-of --class place.posts --even profile.bio WHY FOUND",
            "partner show acme",
            "partner extend acme --review-by 15d WHY",
            "partner ratify acme",
            "partner restrict acme --class place.post WHY FOUND",
            "partner restrict acme --class place.posts --factor 50 WHY FOUND",
            "partner show acme",
            "partner end acme WHY FOUND",
            "partner terminate acme --notice-until 7d WHY FOUND",
            "partner terminate acme WHY FOUND",
            "partner end acme WHY FOUND",
            "partner restore acme WHY",
            "partner probation acme --stage 1 WHY",
            "client hold board --shape writes WHY FOUND",
            "client show board",
            "client warn board WHY FOUND",
        ]
        .map(str::to_owned)
    ));
}

#[test]
fn a_key_is_rotated_given_up_and_never_comes_back() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.types("partner add acme --tier basic --use travel_search");
    let issue = |words: &str| {
        let issued = machine.types(&format!("{words} -o json")).json();
        issued["id"].as_str().unwrap().to_owned()
    };
    let old = issue("key issue --partner acme --start activated");
    let shown = |id: &str| machine.types(&format!("key show {id} -o json")).json();
    assert_eq!(shown(&old)["state"], "pending");
    assert_eq!(machine.types(&format!("key rotate {old}")).code, 5, "it does not work yet");
    assert_eq!(machine.types(&format!("key activate {old}")).code, 0);
    let dry = machine.types(&format!("key rotate {old} --dry-run"));
    assert!(dry.whole().contains("nothing was done; it would be: key `"), "{}", dry.whole());
    let new = issue(&format!("key rotate {old} --overlap 3d"));
    assert_eq!(
        (&shown(&old)["state"], &shown(&new)["state"]),
        (&"rotating".into(), &"active".into())
    );
    assert_eq!(shown(&old)["successor"], new.as_str());
    let third = issue(&format!("key compromised {new} --reissue {WHY} {FOUND}"));
    assert_eq!(
        (&shown(&new)["state"], &shown(&third)["state"]),
        (&"compromised".into(), &"active".into())
    );
    for verb in ["restore", "hold", "revoke"] {
        let said = machine.types(&format!("key {verb} {new} {WHY}"));
        assert_ne!(said.code, 0, "{verb}: {}", said.whole());
    }
    assert_ne!(machine.types(&format!("key activate {new}")).code, 0);
}

#[test]
fn a_key_is_bound_to_places_and_unbound_as_its_undo_says() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.types("partner add acme --tier basic --use travel_search");
    let issued = machine.types("key issue --partner acme --network 203.0.113.0/24 -o json").json();
    let id = issued["id"].as_str().unwrap().to_owned();
    let shown = || {
        let key = machine.types(&format!("key show {id} -o json")).json();
        (key["networks"].clone(), key["certificates"].clone())
    };
    assert_eq!(shown(), (serde_json::json!(["203.0.113.0/24"]), serde_json::Value::Null));
    let bound = machine.types(&format!(
        "key bind {id} --certificate dns:app.acme --tell 'Calls come with your certificate.'"
    ));
    let told = bound.whole();
    assert!(told.contains("accepted with the certificate of dns:app.acme only"), "{told}");
    assert_eq!(shown(), (serde_json::Value::Null, serde_json::json!(["dns:app.acme"])));
    let undo = told.split("portcullis key bind ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(machine.types(&format!("key bind {undo}")).code, 0, "{undo}");
    assert_eq!(shown().0, serde_json::json!(["203.0.113.0/24"]));
    let tell = "--tell 'From anywhere again.'";
    assert_eq!(machine.types(&format!("key bind {id} --anywhere {tell}")).code, 0);
    assert_eq!(shown().0, serde_json::Value::Null);
    for places in ["", "--anywhere --network 203.0.113.9", "--anywhere --certificate dns:a"] {
        assert!(
            crate::hand::parses(&format!("key bind {id} {places} {tell}")).is_err(),
            "{places}"
        );
    }
}
