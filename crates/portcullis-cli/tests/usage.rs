//! Usage as it is shown.

use std::sync::Arc;

use crate::gate::{Gate, NOON, TOKEN};
use crate::hand::Machine;
use portcullis_registry::{CallClient, UsageCells, UsageOf, UsageSink, UsageVerdict};
use portcullis_types::{ClassIx, ClientIx, KeyIx, Revision, Wall};

const HOUR: u64 = 3_600_000;

/// Two partners that call for two days.
fn calls(gate: &Gate) -> Machine {
    let machine = Machine::at(&gate.url, TOKEN);
    for partner in ["acme", "globex"] {
        machine.types(&format!("partner add {partner} --tier plus --use newsroom"));
        machine.types(&format!("key issue --partner {partner}"));
    }
    let set = Some(Revision(1));
    gate.usage.classes(Revision(1), ["place.posts", "profile.basic"].into_iter());
    let mut cells = UsageCells::new(Arc::clone(&gate.usage) as Arc<dyn UsageSink>);
    let (places, profiles) = (Some(ClassIx(0)), Some(ClassIx(1)));
    let rule = Arc::from("plus/posts-at-own-places");
    for hours_ago in (0..30).rev() {
        for _ in 0..4 {
            cells.count(set, (KeyIx(0), places), UsageVerdict::Permit, None);
        }
        cells.count(
            set,
            (KeyIx(0), places),
            UsageVerdict::Refused("target_not_agreed"),
            Some(&rule),
        );
        cells.count(set, (KeyIx(1), profiles), UsageVerdict::Observed("denied"), Some(&rule));
        cells.flush(Wall(NOON.0 - hours_ago * HOUR));
    }
    let stage = Arc::from("catalogue");
    let (key, verdict) = ((KeyIx(0), None), UsageVerdict::Refused("operation_unlisted"));
    cells.count(set, key, verdict, Some(&stage));
    cells.flush(NOON);
    machine
}

#[test]
fn usage_is_told_by_day_and_hour_with_the_rules_that_refused() {
    let gate = Gate::open();
    let machine = calls(&gate);
    let key = machine.types("key list --partner acme -o json").json()[0]["id"].clone();
    let mut told = Vec::new();
    for words in [
        "usage acme".to_owned(),
        "usage globex --from 2d".to_owned(),
        "usage acme --hourly --from 2024-03-31T11:00:00Z".to_owned(),
        format!("usage acme --key {} --from 2024-03-30 --to 2024-03-31", key.as_str().unwrap()),
        "usage acme --from 2024-03-01 --to 2024-03-02".to_owned(),
        "usage acme --hourly --from 8d".to_owned(),
        "usage acme --from 2024-03-31 --to 2024-03-30".to_owned(),
        "usage acme --from yesterday".to_owned(),
        "usage acmee".to_owned(),
        "usage acme --key nothing".to_owned(),
    ] {
        let said = machine.types(&words).whole();
        told.push(format!("$ portcullis {words}\n{said}").replace(key.as_str().unwrap(), "KEY"));
    }
    insta::assert_snapshot!(told.join("\n\n"));
    let json = machine.types("usage acme -o json").json();
    assert_eq!(json["total"]["calls"], 30 * 5 + 1);
    assert_eq!(json["total"]["refused"]["target_not_agreed"], 30);
    assert_eq!(json["keys"][0]["calls"], 30 * 5 + 1);
    assert_eq!(json["since"], "2024-03-30T07:00:00.000Z");
}

/// One partner with two clients: one with a key of its own, one told by grants alone.
fn calls_for_clients(gate: &Gate) -> Machine {
    let machine = Machine::at(&gate.url, TOKEN);
    machine.types("partner add acme --tier plus --use newsroom");
    machine.types("client add shop --partner acme");
    machine.types("client add mill --partner acme");
    machine.types("key issue --partner acme");
    machine.types("key issue --partner acme --client shop");
    machine.types("partner add globex --tier plus --use newsroom");
    machine.types("key issue --partner globex");
    let mut cells = UsageCells::new(Arc::clone(&gate.usage) as Arc<dyn UsageSink>);
    let (shop, mill) = (ClientIx(0), ClientIx(1));
    for (key, client, calls) in [
        (0, CallClient::OfKey, 5),
        (0, CallClient::Granted(mill), 4),
        (0, CallClient::Granted(shop), 3),
        (0, CallClient::Undeclared, 2),
        (0, CallClient::Several, 1),
        (1, CallClient::OfKey, 7),
        (2, CallClient::OfKey, 6),
    ] {
        for _ in 0..calls {
            let of = UsageOf { key: KeyIx(key), class: None, client };
            cells.count(None, of, UsageVerdict::Permit, None);
        }
    }
    cells.flush(NOON);
    machine
}

#[test]
fn coverage_names_the_calls_that_no_client_can_be_told_of() {
    let gate = Gate::open();
    let machine = calls_for_clients(&gate);
    let keys = machine.types("key list -o json").json();
    let hidden = |said: String| {
        let mut said = said;
        for (at, key) in keys.as_array().unwrap().iter().enumerate() {
            said = said.replace(key["id"].as_str().unwrap(), &format!("KEY{at}"));
        }
        said
    };
    let told: Vec<_> = ["", " --partner globex", " --partner acme --since 99d", " --partner acmee"]
        .into_iter()
        .map(|words| {
            let said = machine.types(&format!("client coverage{words}")).whole();
            hidden(format!("$ portcullis client coverage{words}\n{said}"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn nothing_counted_is_told_as_such() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.types("partner add acme --tier plus --use newsroom");
    insta::assert_snapshot!(machine.types("usage acme").whole(), @r"
    no call of partner `acme` from 2024-03-24T00:00:00.000Z to 2024-04-01T00:00:00.000Z was counted
    [exit 0]
    ");
}
