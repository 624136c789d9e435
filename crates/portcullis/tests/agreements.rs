//! Changes of an agreement over a whole gate: whom they leave less is told, or nothing changes.

use crate::common::http::once;
use crate::common::{FOUND, House, Platform, text};

const PARTNER: &str = "first-partner";
const POLICY: &str = "policies/publishing.yaml";
const TELL: [&str; 4] = [
    "--reason",
    "agreement-changed",
    "--tell",
    "Fewer posts a day from today on; write to us if you need more.",
];

/// A step that must be refused, and what is said.
#[track_caller]
fn refused(house: &House, args: &[&str]) -> String {
    let output = house.cli(args);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}", text(&output));
    text(&output)
}

fn told<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(&TELL).chain(&FOUND).copied().collect()
}

fn notices(house: &House) -> serde_json::Value {
    let answer = once(house.public, "/partner/v1/notices", &house.key);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn a_set_that_leaves_a_partner_less_names_it_and_comes_into_force_with_a_reason_only() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let partner = PARTNER;
    house.edit(POLICY, "each: target, max: 50, window: 24h", "each: target, max: 5, window: 24h");
    let shown = house.ok(&["apply", "--dry-run"]);
    assert!(shown.contains(&format!("less for {PARTNER}: ")), "{shown}");
    assert!(shown.contains("published-per-account"), "{shown}");
    let said = refused(&house, &["apply"]);
    assert!(said.contains(&format!("`{partner}`")) && said.contains("--reason"), "{said}");
    assert_eq!(house.ok(&["audit", "list"]).matches("policy.published").count(), 1, "{said}");

    house.ok(&told(&["apply"]));
    let all = notices(&house);
    let last = all["data"].as_array().unwrap().last().unwrap();
    assert_eq!(last["type"], "agreement.narrowed", "{all}");
    assert_eq!(last["change"]["reason"], "agreement-changed");
    assert!(!last.to_string().contains("published-per-account"), "rules stay inside: {last}");
    let digest = last["change"]["statement"].as_str().expect("a statement of reasons");
    assert!(house.ok(&["statement", "show", digest]).contains("41 towns"));

    // What gives more needs no words.
    house.edit(POLICY, "each: target, max: 5, window: 24h", "each: target, max: 50, window: 24h");
    house.ok(&["apply"]);
    drop(gate);
}

#[test]
fn a_stricter_watch_leaves_nobody_less_and_tips_off_nobody() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let file = house.dir().join(POLICY);
    let policy = std::fs::read_to_string(&file).unwrap();
    let walk = "watch:\n  - { id: walk, signal: id_walk, over: 20, per: 24h, then: [open_case] }\n";
    let (head, tail) = policy.split_once("watch:\n").expect("watches");
    std::fs::write(&file, format!("{head}{walk}{tail}")).unwrap();
    let count = notices(&house)["data"].as_array().unwrap().len();
    let shown = house.ok(&["apply"]);
    assert!(!shown.contains("less for"), "{shown}");
    assert_eq!(notices(&house)["data"].as_array().unwrap().len(), count);
    drop(gate);
}

#[test]
fn a_set_by_which_the_ledger_keeps_less_says_so_before_and_when_it_is_applied() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let candidate = house.copied("candidate");
    let (routes, candidate) = (candidate.join("routes/plaza.yaml"), candidate.to_str().unwrap());
    let before = std::fs::read_to_string(&routes).unwrap();
    let (head, vanishing) = before.split_once("vanishing:\n").unwrap();
    let rest: String =
        vanishing.split_inclusive('\n').skip_while(|line| line.starts_with(' ')).collect();
    std::fs::write(
        &routes,
        head.replacen("    - story.*\n", "", 1).replacen(", story.by_account]", "]", 1) + &rest,
    )
    .unwrap();
    let untold =
        "wider: the ledger no longer tells partners by when what they received of `story.single` ";
    let less =
        "wider: the ledger no longer digests what leaves of `story.single`, and only counts it: ";
    let shown = house.ok(&["apply", candidate, "--dry-run"]);
    assert!(shown.contains(less) && shown.contains(untold), "{shown}");
    assert!(!shown.contains("less for"), "no partner loses anything: {shown}");
    let done = house.ok(&["apply", candidate]);
    assert!(done.contains(less), "{done}");
    let again = house.ok(&["apply", candidate]);
    assert!(!again.contains("ledger"), "nothing changes: {again}");
    std::fs::write(&routes, before).unwrap();
    let back = house.ok(&["apply", candidate, "-o", "json"]);
    let back: serde_json::Value = serde_json::from_str(&back).unwrap();
    assert_eq!(back["ledger"][0]["way"], "narrower", "{back}");
    drop(gate);
}

#[test]
fn a_move_to_a_tier_that_gives_less_says_what_is_lost_and_is_undone_as_it_says() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let partner = PARTNER;
    let edit = ["partner", "edit", partner, "--tier", "newsroom"];
    let said = refused(&house, &edit);
    assert!(said.contains(&format!("`{partner}`: they ")) && said.contains("lose `"), "{said}");
    let tried = house.ok(&told(&[&edit[..], &["--dry-run"]].concat()));
    assert!(tried.contains("is told why"), "{tried}");
    assert!(!house.ok(&["partner", "show", partner]).contains("newsroom"), "only tried");
    let done = house.ok(&told(&edit));
    assert!(house.ok(&["partner", "show", partner]).contains("newsroom"));
    let undo = done.lines().find_map(|line| line.strip_prefix("undo: portcullis ")).unwrap();
    let words = shell(undo);
    house.ok(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!house.ok(&["partner", "show", partner]).contains("newsroom"));

    house.ok(&["partner", "facts", partner, "--set", "locations=1,2,3"]);
    let fewer = ["partner", "facts", partner, "--set", "locations-=2"];
    assert!(refused(&house, &fewer).contains("lose 1 of their 3 `locations`"));
    house.ok(&told(&fewer));
    drop(gate);
}

/// What `me` says is to come.
fn coming(house: &House) -> Vec<serde_json::Value> {
    let me: serde_json::Value =
        serde_json::from_str(&once(house.public, "/partner/v1/me", &house.key).body).unwrap();
    me["coming"].as_array().unwrap().clone()
}

#[test]
fn a_change_for_a_day_ahead_is_announced_and_can_be_called_off() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let edit = ["partner", "edit", PARTNER, "--tier", "newsroom", "--effective", "30d"];
    let done = house.ok(&told(&edit));
    assert!(done.contains(&format!("announced to partner `{PARTNER}`, for 20")), "{done}");
    assert!(!house.ok(&["partner", "show", PARTNER]).contains("newsroom"), "not yet");
    let announced = coming(&house);
    assert_eq!(announced[0]["tell"], TELL[3]);
    let last = |all: serde_json::Value| all["data"].as_array().unwrap().last().unwrap().clone();
    let notice = last(notices(&house));
    assert_eq!(notice["type"], "agreement.announced", "{notice}");
    assert_eq!(notice["revision"], announced[0]["revision"]);
    assert_eq!(notice["change"]["effective"], announced[0]["effective"]);
    let change = (announced[0]["revision"].as_u64().unwrap() + 1).to_string();
    let listed = house.ok(&["change", "list"]);
    assert!(listed.contains(&change) && listed.contains(PARTNER), "{listed}");
    assert!(house.ok(&["change", "show", &change]).contains("newsroom"));
    let again = house.cli(&told(&edit));
    assert!(text(&again).contains("the very same change waits already"), "{}", text(&again));

    house.ok(&["change", "cancel", &change, "--why", "agreed on something else"]);
    assert!(coming(&house).is_empty());
    let notice = last(notices(&house));
    assert_eq!(notice["type"], "agreement.called_off", "{notice}");
    assert_eq!(notice["change"]["announced"], announced[0]["revision"]);
    assert!(!notice.to_string().contains("something else"), "why is the platform's own: {notice}");
    drop(gate);
}

#[test]
fn a_change_comes_on_its_day_by_the_gates_own_clock() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let edit = ["partner", "edit", PARTNER, "--tier", "newsroom", "--effective", "1s"];
    house.ok(&told(&edit));
    while !house.ok(&["partner", "show", PARTNER]).contains("newsroom") {
        std::thread::yield_now();
    }
    assert!(coming(&house).is_empty());
    let log = house.ok(&["audit", "list", "--count", "3"]);
    for name in ["agreement.narrowed", "partner.edited", "change.carried_out"] {
        assert_eq!(log.matches(name).count(), 1, "{log}");
    }
    house.ok(&["audit", "verify"]);
    drop(gate);
}

/// The words of a line as a shell takes them; quotes don't nest here. The options of the connection at
/// its end are given anew.
fn shell(line: &str) -> Vec<String> {
    let pieces = line.split('\'').enumerate();
    let words = pieces.flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![piece.to_owned()],
    });
    words.take_while(|word| word != "--config").collect()
}
