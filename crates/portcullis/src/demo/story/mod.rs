//! `portcullis demo --story`: what becomes of a partner that sweeps places, from the first signal to a
//! bundle that anybody can verify. Every step goes over real sockets and says how long it took.
//!
//! Must not know how a command is carried out.

mod office;

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::script::Expect;
use office::{Customer, Office, PARTNER};

const CASE: &str = "sweep";
/// Most calls until something must have been seen.
const CALLS_MAX: u64 = 500;
/// Places are numbered from here on.
const FIRST: u64 = 200_300_000_010;
const HELD: Expect = Expect::Refused("partner_held");
const TELL: &str = "Posts of places were read one after the other, by their numbers.";
const THANKS: &str = "You showed that the copies are gone. Thank you.";

/// Tells it; exit code 0 only if all went as it must.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let mut office = Office::open()?;
    let signal = sweep(&mut office)?;
    case_and_preview(&mut office, &signal)?;
    hold(&mut office, &signal)?;
    answer(&mut office)?;
    stages(&mut office)?;
    breach(&mut office)?;
    restore(&mut office)?;
    export(&mut office)?;
    let (shown, unexpected) = (office.stage.shown, office.stage.unexpected);
    office.stage.heading(&format!("{shown} checks, {unexpected} unexpected"));
    Ok(ExitCode::from(u8::from(office.close() > 0)))
}

/// The posts of a place that nobody declared.
fn posts(place: impl std::fmt::Display) -> String {
    format!("/v21.0/{place}/posts?fields=id&limit=5")
}

fn a_place(office: &Office) -> String {
    posts(office.ids().places.first().map_or("", String::as_str))
}

fn publish(office: &Office) -> String {
    format!("/v21.0/{}/media", office.ids().paging_user)
}

fn sweep(office: &mut Office) -> anyhow::Result<String> {
    let place = a_place(office);
    office.stage.heading("A partner that publishes for hotels reads the posts of places, in order");
    office.call(|o| &o.hillside, ("reads the posts of a place", &place), Expect::Pass)?;
    for number in 1..CALLS_MAX {
        office.send(|o| &o.hillside, &posts(FIRST + 10 * number))?;
        let signals = office.read("ana", &["signal", "list"])?;
        if let Some(signal) = signals.get(0) {
            office.stage.line(&format!("  … and {number} more, until the gate has seen enough"));
            office.typed("ana", &["signal", "list"])?;
            let revision = signal.get("revision").and_then(serde_json::Value::as_u64);
            return Ok(revision.context("a signal has a revision")?.to_string());
        }
    }
    anyhow::bail!("{CALLS_MAX} places in order, and no signal")
}

fn case_and_preview(office: &mut Office, signal: &str) -> anyhow::Result<()> {
    let place = a_place(office);
    office.stage.heading("Ana opens a case, and looks at what a hold would do before she makes it");
    let title = "Places read in order";
    office.typed("ana", &["case", "open", CASE, "--title", title, "--signal", signal])?;
    let held = hold_words(signal);
    office.typed("ana", &[&held[..], &["--dry-run"]].concat())?;
    office.call(|o| &o.hillside, ("reads on, since nothing is done yet", &place), Expect::Pass)?;
    Ok(())
}

fn hold_words(signal: &str) -> Vec<&str> {
    let note = "Pictures of places are not shown at the moment. Your own posts are not affected.";
    let (hold, reason) = (["partner", "hold", PARTNER], ["--shape", "reads", "--reason"]);
    let told = ["bulk-location", "--tell", TELL, "--case", CASE, "--facts-from", signal];
    [&hold[..], &reason, &told, &["--impact-note", note]].concat()
}

fn hold(office: &mut Office, signal: &str) -> anyhow::Result<()> {
    let place = a_place(office);
    office.stage.heading("Reads are held, with the reasons; publishing goes on");
    office.typed("ana", &hold_words(signal))?;
    office.call(|o| &o.hillside, ("reads the posts of a place", &place), HELD)?;
    let publish = publish(office);
    office.call(|o| &o.harbour, ("prepares a post", &publish), Expect::Pass)?;
    let me = office.call(|o| &o.harbour, ("asks how it stands", "/partner/v1/me"), Expect::Pass)?;
    let me = me.body.context("`me` is JSON")?;
    let text = |at: &str| me.pointer(at).and_then(serde_json::Value::as_str).map(str::to_owned);
    for (name, at) in [
        ("state", "/state"),
        ("reason", "/measures/0/reason"),
        ("found", "/measures/0/statement/facts/0/statement"),
        ("next", "/clocks/0/at"),
    ] {
        let said = text(at);
        office.stage.line(&format!("      {name}: {}", said.as_deref().unwrap_or("nothing")));
        office.stage.count(said.is_some(), || format!("that `me` tells `{at}`"));
    }
    office.typed("ben", &["partner", "ratify", PARTNER, "--why", "The signal shows it."])?;
    Ok(())
}

fn answer(office: &mut Office) -> anyhow::Result<()> {
    office.stage.heading("The partner answers, and is answered");
    let me = office.send(|o| &o.own, "/partner/v1/me")?.body.context("`me` is JSON")?;
    let about = me.pointer("/measures/0/revision").cloned().context("a measure has a revision")?;
    let text = "Hillside's crawler ran without a list. It is switched off, its copies are deleted.";
    let body = json!({ "kind": "answer", "about": about, "text": text });
    office.tells(|o| &o.own, ("answers", "/partner/v1/answers"), &body)?;
    let listed = office.read("ana", &["answer", "list"])?;
    let id = listed.pointer("/0/id").and_then(serde_json::Value::as_u64);
    let id = id.context("an answer has a number")?.to_string();
    office.typed("ana", &["answer", "show", &id])?;
    office.typed(
        "ana",
        &["answer", "reply", &id, "--note", "--tell", "Attest it for each client."],
    )?;
    Ok(())
}

fn stages(office: &mut Office) -> anyhow::Result<()> {
    let place = a_place(office);
    office.stage.heading("The way back in stages: who attested first, and each by two persons");
    let plan = office.file("way-back.yaml").display().to_string();
    office.by_two(&["case", "restore", CASE, "--plan", &plan])?;
    let told = ["--reason", "investigation-closed", "--tell", "Access comes back in stages."];
    let stage = [&["case", "stage", CASE][..], &told].concat();
    office.refused("ana", &stage, "attest")?;
    attest(office, |o| &o.harbour)?;
    office.by_two(&stage)?;
    office.call(|o| &o.harbour, ("reads again, as stage 1", &place), Expect::Pass)?;
    let outside = Expect::Refused("client_held");
    office.call(|o| &o.hillside, ("waits for its stage", &place), outside)?;
    office.refused("ana", &stage, "attest")?;
    attest(office, |o| &o.hillside)?;
    office.by_two(&stage)?;
    office.call(|o| &o.hillside, ("reads again, as stage 2", &place), Expect::Pass)?;
    Ok(())
}

fn attest(office: &mut Office, who: fn(&Office) -> &Customer) -> anyhow::Result<()> {
    let client = who(office).name;
    let text = format!("All copies that were made for {client} are deleted.");
    let body = json!({ "client": client, "text": text });
    office.tells(who, ("attests", "/partner/v1/attestations"), &body)
}

fn breach(office: &mut Office) -> anyhow::Result<()> {
    let place = a_place(office);
    office
        .stage
        .heading("It probes for what it was never given: the stages fall back by themselves");
    let profile = format!("/v21.0/{}?fields=username", office.ids().personal_user);
    let started = office.now();
    for number in 1..CALLS_MAX {
        office.send(|o| &o.hillside, &profile)?;
        // Somebody looks on meanwhile: calls alone would be through before the signal is written.
        office.read("ana", &["signal", "list"])?;
        if office.send(|o| &o.harbour, &place)?.code.is_some() {
            let told = format!("  … {number} calls for an account that never agreed, and then");
            office.stage.line(&format!("{told}: {}", office.since(started)));
            office.call(|o| &o.harbour, ("reads the posts of a place", &place), HELD)?;
            let publish = publish(office);
            office.call(|o| &o.harbour, ("prepares a post", &publish), Expect::Pass)?;
            return fell_back(office);
        }
    }
    anyhow::bail!("{CALLS_MAX} refusals, and nothing fell back")
}

/// Shows that it did, once that is written: a hold bites before.
fn fell_back(office: &mut Office) -> anyhow::Result<()> {
    let show = ["case", "show", CASE];
    for _ in 0..CALLS_MAX {
        if office.read("ana", &show)?.to_string().contains("restore.fell_back") {
            return office.typed("ana", &show).map(drop);
        }
    }
    anyhow::bail!("the stages fell back, and the log does not say so")
}

fn restore(office: &mut Office) -> anyhow::Result<()> {
    let place = a_place(office);
    office.stage.heading("The inquiry ends: two persons give all of it back");
    let told = ["--reason", "investigation-closed", "--tell", THANKS, "--case", CASE];
    office.by_two(&[&["partner", "restore", PARTNER][..], &told].concat())?;
    office.call(|o| &o.hillside, ("reads the posts of a place", &place), Expect::Pass)?;
    office.typed("ana", &["case", "close", CASE, "--why", "The partner mended it."])?;
    Ok(())
}

fn export(office: &mut Office) -> anyhow::Result<()> {
    office.stage.heading("What happened is one file, which anybody can verify without the gate");
    let bundle = office.file("sweep.bundle").display().to_string();
    office.typed("ana", &["case", "export", CASE, "--out", &bundle])?;
    let opened = office.read("ana", &["audit", "show", "0"])?;
    let key = opened.pointer("/event/log_key").and_then(serde_json::Value::as_str);
    let key = key.context("the first event names the log's key")?.to_owned();
    office.typed("ana", &["audit", "verify", &bundle, "--log-key", &key])?;
    Ok(())
}
