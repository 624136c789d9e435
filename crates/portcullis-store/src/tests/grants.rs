//! Grants: given, withdrawn, fed whole, told to the judge in time, and there after a kill.

use std::collections::BTreeMap;

use portcullis_registry::{
    Event, GRANTS_BATCH_MAX, Grant, GrantLine, GrantName, GrantsBatch, GrantsDone, GrantsPart,
    GrantsWanted, Office, SnapshotFeed, Term,
};
use portcullis_types::ClientId;

use super::crash::after_a_kill;
use super::*;
use crate::writer::Ask;

fn name(account: &str, partner: &str, client: Option<&str>) -> GrantName {
    let client = client.map(|id| ClientId::new(id).unwrap());
    GrantName { account: account.to_owned(), partner: PartnerId::new(partner).unwrap(), client }
}

/// `178 acme` grants, `178 acme shop` for a client, `178 acme @5` until then, `-178 acme` withdraws.
fn line(text: &str) -> GrantLine {
    let (withdrawn, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let mut words = text.split(' ');
    let (account, partner) = (words.next().unwrap(), words.next().unwrap());
    let (mut client, mut until) = (None, None);
    for word in words {
        match word.strip_prefix('@') {
            Some(ms) => until = Some(Wall(ms.parse().unwrap())),
            None => client = Some(word),
        }
    }
    let name = name(account, partner, client);
    match withdrawn {
        true => GrantLine::Withdraw(name),
        false => GrantLine::Grant(Grant { name, term: Term { from: None, until } }),
    }
}

fn lines(texts: &[&str]) -> Vec<GrantLine> {
    texts.iter().map(|text| line(text)).collect()
}

async fn change(office: &OfficeHandle, texts: &[&str]) -> Result<GrantsDone, OfficeError> {
    feed(office, texts, GrantsPart::Changes).await
}

async fn feed(
    office: &OfficeHandle,
    texts: &[&str],
    part: GrantsPart,
) -> Result<GrantsDone, OfficeError> {
    let batch = GrantsBatch { lines: lines(texts), on: None, part };
    office.change_grants(ops(), batch).await
}

/// All grants in order, a line each.
async fn listed(office: &OfficeHandle) -> String {
    let (mut wanted, mut out) = (GrantsWanted { count: 2, ..GrantsWanted::default() }, Vec::new());
    loop {
        let page = office.grants(wanted.clone()).await.unwrap();
        for Grant { name: GrantName { account, partner, client }, term } in &page.grants {
            let client = client.as_ref().map_or_else(String::new, |id| format!(" {id}"));
            let until = term.until.map_or_else(String::new, |until| format!(" @{}", until.0));
            out.push(format!("{account} {partner}{client}{until}"));
        }
        wanted.after = page.grants.last().map(|grant| grant.name.clone());
        if !page.more {
            return out.join(", ");
        }
    }
}

fn add_client(id: &str, partner: &str) -> Command {
    Command::AddClient {
        id: ClientId::new(id).unwrap(),
        partner: PartnerId::new(partner).unwrap(),
        name: id.to_owned(),
        purpose: String::new(),
        category: None,
        scopes: None,
    }
}

async fn people(office: &OfficeHandle) {
    for command in [add_partner("acme"), add_partner("zenith"), add_client("shop", "acme")] {
        ask(office, command).await.unwrap();
    }
}

fn counts(done: GrantsDone) -> [u64; 5] {
    [done.granted, done.renewed, done.withdrawn, done.unchanged, done.total]
}

#[tokio::test]
async fn the_judge_hears_of_grants_at_the_start_and_before_each_answer() {
    let (_dir, path) = place();
    let told = Arc::new(Told::default());
    let start = |opened| Writer::start(opened, told.clone(), Arc::new(Turned::default()));
    let office = start(open(&path).await.unwrap()).await.unwrap();
    people(&office).await;
    told.take();
    let done = change(&office, &["1 acme", "1 acme shop @9", "2 zenith"]).await.unwrap();
    assert_eq!((counts(done), done.version), ([3, 0, 0, 0, 3], Some(Revision(4))));
    let done = change(&office, &["1 acme shop @8", "-2 zenith", "2 acme", "1 acme"]).await.unwrap();
    assert_eq!(counts(done), [1, 1, 1, 1, 3]);
    let done = change(&office, &["-1 acme", "-7 acme"]).await.unwrap();
    assert_eq!(counts(done), [0, 0, 2, 0, 1], "without a client all of the account's end");
    let same = change(&office, &["2 acme"]).await.unwrap();
    assert_eq!(
        (counts(same), same.version),
        ([0, 0, 0, 1, 1], done.version),
        "no event for nothing"
    );
    insta::assert_snapshot!(told.take().join("\n"), @r"
        publish 4
        grant 1 partner 0: Some(0)
        grant 1 partner 0 client 0: Some(9)
        grant 2 partner 1: Some(0)
        publish 5
        grant 1 partner 0 client 0: Some(8)
        grant 1 partner 0: Some(0)
        grant 2 partner 1: None
        grant 2 partner 0: Some(0)
        publish 6
        grant 1 partner 0: None
        grant 7 partner 0: None
        grant 2 partner 0: Some(0)
        ");
    assert_eq!(listed(&office).await, "2 acme");
    let event = office.event(Revision(5)).await.unwrap();
    assert!(matches!(
        event.event,
        Event::GrantsChanged { granted: 1, renewed: 1, withdrawn: 1, total: 3, .. }
    ));
    assert!(!event.leaf.contains("zenith") && event.actor.id == "ops", "{}", event.leaf);
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    office.close().await;
    drop(start(open(&path).await.unwrap()).await.unwrap());
    insta::assert_snapshot!(told.take().join("\n"), @r"
        publish 6
        grant 2 partner 0: Some(0)
        ");
}

#[tokio::test]
async fn a_line_that_cannot_be_taken_stops_its_whole_batch() {
    let (_dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    let told = change(&office, &["1 acme", "2 acmo"]).await.unwrap_err().to_string();
    insta::assert_snapshot!(told, @"nothing of this batch was taken: line 2: unknown partner `acmo`; did you mean `acme`?");
    let told = change(&office, &["1 zenith shop"]).await.unwrap_err().to_string();
    insta::assert_snapshot!(told, @"nothing of this batch was taken: line 1: client `shop` belongs to partner `acme`, not to `zenith`; name a client of that partner");
    assert_eq!(listed(&office).await, "");
    let first = change(&office, &["1 acme"]).await.unwrap().version;
    let batch = |on| GrantsBatch { lines: lines(&["2 acme"]), on, part: GrantsPart::Changes };
    let told = office.change_grants(ops(), batch(Some(Revision(0)))).await.unwrap_err();
    insta::assert_snapshot!(told, @"the grants are at version 4, the change builds on 0; read them again, then repeat it");
    office.change_grants(ops(), batch(first)).await.unwrap();
    assert_eq!(listed(&office).await, "1 acme, 2 acme");
}

#[tokio::test]
async fn a_snapshot_withdraws_what_it_does_not_name_and_later_changes_win() {
    let (_dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    change(&office, &["1 acme", "2 acme", "3 acme", "3 acme shop", "4 acme", "5 acme"])
        .await
        .unwrap();
    let whole = SnapshotFeed::new();
    feed(&office, &["1 acme", "3 acme shop"], GrantsPart::SnapshotBegins(whole.clone()))
        .await
        .unwrap();
    assert!(
        listed(&office).await.starts_with("1 acme, 2 acme"),
        "nothing is withdrawn before its end"
    );
    let second = GrantsPart::SnapshotBegins(SnapshotFeed::new());
    insta::assert_snapshot!(feed(&office, &[], second.clone()).await.unwrap_err(), @"another snapshot of the grants is being fed; wait for its end, or send changes instead");
    change(&office, &["-4 acme", "6 zenith"]).await.unwrap();
    let done = feed(&office, &["4 acme", "7 zenith @5"], GrantsPart::SnapshotGoesOn(whole.clone()));
    assert_eq!(counts(done.await.unwrap())[..2], [1, 0], "what was withdrawn meanwhile stays so");
    let end = |feed: &SnapshotFeed, thin| GrantsPart::SnapshotEnds { feed: feed.clone(), thin };
    let done = feed(&office, &[], end(&whole, false)).await.unwrap();
    assert!(!done.more);
    assert_eq!(listed(&office).await, "1 acme, 3 acme shop, 6 zenith, 7 zenith @5");
    insta::assert_snapshot!(feed(&office, &[], end(&whole, false)).await.unwrap_err(), @"this snapshot of the grants was given up; nothing more of it was taken, begin it again");

    let cut = SnapshotFeed::new();
    feed(&office, &["1 acme"], GrantsPart::SnapshotBegins(cut.clone())).await.unwrap();
    insta::assert_snapshot!(feed(&office, &[], end(&cut, false)).await.unwrap_err(), @"the snapshot names 1 of 4 grants and looks cut short: the others were not withdrawn; if it is whole, say that it may be thin");
    drop(cut);
    feed(&office, &["1 acme"], second).await.expect("what was given up makes room");
    let short = SnapshotFeed::new();
    feed(&office, &["1 acme"], GrantsPart::SnapshotBegins(short.clone())).await.unwrap();
    feed(&office, &[], end(&short, true)).await.unwrap();
    assert_eq!(listed(&office).await, "1 acme");
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_long_snapshot_ends_in_parts() {
    let (_dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    let many: Vec<String> = (0..GRANTS_BATCH_MAX).map(|n| format!("{n:05} acme")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    change(&office, &many).await.unwrap();
    let whole = SnapshotFeed::new();
    let begins = GrantsPart::SnapshotBegins(whole.clone());
    feed(&office, &["00000 acme", "99999 acme"], begins).await.unwrap();
    let ends = GrantsPart::SnapshotEnds { feed: whole, thin: true };
    let mut withdrawn = Vec::new();
    loop {
        let done = feed(&office, &[], ends.clone()).await.unwrap();
        withdrawn.push(done.withdrawn);
        if !done.more {
            break;
        }
    }
    assert_eq!(withdrawn.iter().sum::<u64>(), GRANTS_BATCH_MAX as u64 - 1, "{withdrawn:?}");
    assert!(withdrawn.len() > 1);
    assert_eq!(listed(&office).await, "00000 acme, 99999 acme");
}

#[tokio::test]
async fn on_a_full_disk_a_withdrawal_bites_and_a_grant_does_not() {
    let (_dir, path) = place();
    let told = Arc::new(Told::default());
    let opened = open(&path).await.unwrap();
    let office = Writer::start(opened, told.clone(), Arc::new(Turned::default())).await.unwrap();
    people(&office).await;
    change(&office, &["1 acme", "1 acme shop", "2 acme"]).await.unwrap();
    let limit = async |pages| {
        let (reply, done) = tokio::sync::oneshot::channel();
        office.sender().send(Ask::LimitPages(pages, reply)).await.unwrap();
        done.await.unwrap();
    };
    limit(1).await;
    told.take();
    // Enough of them to need pages that are not there.
    let many: Vec<String> = (100..2000).map(|n| format!("{n} acme")).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("-2 acme");
    let refused = change(&office, &many).await.unwrap_err().to_string();
    insta::assert_snapshot!(refused, @"the store can't be written, nothing was changed: there is no space left for the file (disk full, quota or size limit); what was to be withdrawn is refused all the same until a restart: send it again once there is room");
    assert_eq!(told.take(), ["grant 2 partner 0: None"]);
    assert_eq!(listed(&office).await, "1 acme, 1 acme shop, 2 acme");
    limit(1_000_000).await;
    change(&office, &["-2 acme"]).await.unwrap();
    assert_eq!(listed(&office).await, "1 acme, 1 acme shop");
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_after_a_kill_and_matches_the_log() {
    let (dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    let copy = dir.path().join("copy.db");
    for round in 0u64..20 {
        let texts = [
            format!("{} acme @{}", round % 5, round + 1),
            format!("-{} acme", (round + 2) % 5),
            format!("{} zenith", round % 3),
        ];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        change(&office, &texts).await.unwrap();
        let before = listed(&office).await;
        let opened = after_a_kill(&path, &copy).await;
        let again = Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap();
        assert_eq!(listed(&again).await, before, "round {round}");
        again.close().await;
    }
}

#[tokio::test]
async fn grants_changed_beside_the_log_are_found_at_the_start() {
    let (_dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    change(&office, &["1 acme", "2 acme"]).await.unwrap();
    office.close().await;
    for sql in [
        "UPDATE grants SET until = 5 WHERE account = '1'",
        "UPDATE grants SET until = NULL; DELETE FROM grants WHERE account = '2'",
        "INSERT INTO grants VALUES ('3', 'acme', '', NULL, NULL)",
    ] {
        let mut beside = crate::database::writer(&path).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut beside).await.unwrap();
        crate::database::close(beside).await;
        let opened = open(&path).await.unwrap();
        let started = Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await;
        let told = started.err().unwrap().to_string().replace(&*path.to_string_lossy(), "STORE");
        insta::allow_duplicates! {
            assert!(told.contains("changed beside it"), "{told}");
        }
    }
}

#[tokio::test]
async fn rows_are_found_by_the_key_of_the_table() {
    let (_dir, path) = place();
    office(&path).await.close().await;
    let mut connection = crate::database::writer(&path).await.unwrap();
    for sql in [
        "WITH asked (a, p) AS (VALUES ('1','2'),('3','4')) SELECT * FROM asked CROSS JOIN grants ON account = a AND partner = p",
        "DELETE FROM grants WHERE (account, partner, client) IN (VALUES ('1','2',''),('3','4',''))",
        "SELECT * FROM grants WHERE 1 = 1 AND (account, partner, client) > ('1','2','') ORDER BY account, partner, client LIMIT 5",
    ] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let rows = plan.fetch_all(&mut connection).await.unwrap();
        let steps: Vec<String> =
            rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 3)).collect();
        let steps = steps.join("; ");
        assert!(steps.contains("SEARCH grants USING PRIMARY KEY"), "{sql}: {steps}");
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A line about one of few grants.
    fn line(&mut self, withdrawals: bool) -> String {
        let (account, whose) = (self.below(6), self.below(3));
        let whose = ["acme", "acme shop", "zenith"][usize::try_from(whose).unwrap()];
        match self.below(4) {
            0 if withdrawals => format!("-{account} {whose}"),
            1 => format!("{account} {whose} @{}", self.below(3) + 1),
            _ => format!("{account} {whose}"),
        }
    }
}

/// What a person would keep on paper: grants by name, their ends.
fn noted(paper: &mut BTreeMap<GrantName, Term>, text: &str) {
    match line(text) {
        GrantLine::Grant(Grant { name, term }) => drop(paper.insert(name, term)),
        GrantLine::Withdraw(name) => paper.retain(|have, _| {
            (&have.account, &have.partner) != (&name.account, &name.partner)
                || (name.client.is_some() && have.client != name.client)
        }),
    }
}

fn written(paper: &BTreeMap<GrantName, Term>) -> String {
    let lines = paper.iter().map(|(GrantName { account, partner, client }, term)| {
        let client = client.as_ref().map_or_else(String::new, |id| format!(" {id}"));
        let until = term.until.map_or_else(String::new, |until| format!(" @{}", until.0));
        format!("{account} {partner}{client}{until}")
    });
    lines.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn feeds_in_any_order_come_to_what_a_person_would_note() {
    for seed in 0..12 {
        let (_dir, path) = place();
        let mut office = office(&path).await;
        people(&office).await;
        let (mut dice, mut paper) = (Dice(seed), BTreeMap::new());
        for step in 0..40 {
            match dice.below(8) {
                0 => {
                    office.close().await;
                    office = super::office(&path).await;
                }
                1 | 2 => {
                    // A snapshot, with changes beside it that win.
                    let whole = SnapshotFeed::new();
                    let mut part = GrantsPart::SnapshotBegins(whole.clone());
                    let (mut named, mut beside) = (BTreeMap::new(), Vec::new());
                    for _ in 0..dice.below(3) + 1 {
                        let own: Vec<_> = (0..dice.below(5)).map(|_| dice.line(false)).collect();
                        feed(&office, &texts(&own), part).await.unwrap();
                        own.iter().for_each(|text| noted(&mut named, text));
                        part = GrantsPart::SnapshotGoesOn(whole.clone());
                        let other: Vec<_> = (0..dice.below(2)).map(|_| dice.line(true)).collect();
                        change(&office, &texts(&other)).await.unwrap();
                        other.iter().for_each(|text| noted(&mut paper, text));
                        beside.extend(other);
                    }
                    let thin = GrantsPart::SnapshotEnds { feed: whole, thin: true };
                    while feed(&office, &[], thin.clone()).await.unwrap().more {}
                    let touched = |name: &GrantName| {
                        beside.iter().map(|text| line(text)).any(|other| {
                            let gone = other.term().is_none();
                            let whose = other.name();
                            whose == name
                                || (gone
                                    && whose.client.is_none()
                                    && (&whose.account, &whose.partner)
                                        == (&name.account, &name.partner))
                        })
                    };
                    paper.retain(|name, _| touched(name));
                    for (name, term) in named {
                        if !touched(&name) {
                            paper.insert(name, term);
                        }
                    }
                }
                _ => {
                    let some: Vec<_> = (0..dice.below(6)).map(|_| dice.line(true)).collect();
                    change(&office, &texts(&some)).await.unwrap();
                    some.iter().for_each(|text| noted(&mut paper, text));
                }
            }
            assert_eq!(listed(&office).await, written(&paper), "seed {seed}, step {step}");
        }
        assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    }
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// `cargo test --release -p portcullis-store a_million -- --ignored --nocapture`
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
#[ignore = "takes a minute without optimisation; run it to measure"]
async fn a_million_grants_are_fed_kept_and_loaded() {
    let (_dir, path) = place();
    let office = office(&path).await;
    people(&office).await;
    let start = std::time::Instant::now();
    let whole = SnapshotFeed::new();
    let mut longest = std::time::Duration::ZERO;
    for part in 0..200u64 {
        let accounts = part * 5000..(part + 1) * 5000;
        // As accounts come from a platform: in no order.
        let texts: Vec<String> = accounts
            .map(|n| {
                format!("178{:014} acme @{}", n.wrapping_mul(2_654_435_761) % 99_999_999_977, n + 1)
            })
            .collect();
        let lines = texts.iter().map(|text| line(text)).collect();
        let part = match part {
            0 => GrantsPart::SnapshotBegins(whole.clone()),
            _ => GrantsPart::SnapshotGoesOn(whole.clone()),
        };
        let begin = std::time::Instant::now();
        office.change_grants(ops(), GrantsBatch { lines, on: None, part }).await.unwrap();
        longest = longest.max(begin.elapsed());
    }
    let fed = start.elapsed();
    let ends = GrantsPart::SnapshotEnds { feed: whole, thin: false };
    let mut done = feed(&office, &[], ends.clone()).await.unwrap();
    while done.more {
        done = feed(&office, &[], ends.clone()).await.unwrap();
    }
    let ended = start.elapsed();
    assert_eq!(done.total, 1_000_000);
    office.close().await;
    let start = std::time::Instant::now();
    let opened = open(&path).await.unwrap();
    let opened_in = start.elapsed();
    Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap();
    let size = std::fs::metadata(&path).unwrap().len() >> 20;
    eprintln!(
        "fed in {fed:?} (longest batch {longest:?}), ended after {ended:?}, opened in {opened_in:?}, loaded after {:?}, {size} MiB",
        start.elapsed()
    );
}
