//! The bypass table: every way around the gate that is known, tried against the sample platform over
//! real sockets, and each tried again with its rule removed, to see that the platform would have told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod case;
mod gate;
mod pack;
mod partners;
mod platform;
mod talk;
mod ways;
mod wire;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use case::Case;
use gate::{Gate, Partner};
use pack::Bent;
use platform::{Platform, TOKEN};
use portcullis_judge::Names;
use serde_json::Value;
use talk::{Answer, Talk};
use world::World;

const LEGEND: &str = "
rule | who asks: what -> how it was stopped; with everything granted it leaks through the same gate
gate | the gate refuses it whatever is granted; without the gate it leaks
200 with the names of rules: answered without what they take out
";

/// Everything that a case is tried on.
struct Ground {
    platform: Platform,
    world: World,
    partners: Vec<Partner>,
    /// Under the shipped set.
    gate: Gate,
    /// With its rules removed.
    open: Gate,
}

impl Ground {
    fn lay() -> Self {
        let platform = Platform::start();
        let world = World::at(&platform);
        let partners = partners::all(&world);
        let names = || {
            let mut names = Names::default();
            names.insert("hashtag", &world.tag_name, &world.tag);
            for account in [&world.me, &world.baker, &world.person, &world.brand] {
                names.insert("user", &account.username, &account.id);
            }
            names
        };
        let gate = Gate::start(platform.addr, &gate::shipped(), None, &partners, names());
        let open = Gate::start(platform.addr, &gate::open(), Some("open"), &partners, names());
        Self { platform, world, partners, gate, open }
    }

    fn keys(&self, by: &str) -> [String; 2] {
        let partner = self.partners.iter().find(|partner| partner.name == by);
        partner.unwrap_or_else(|| panic!("no partner {by}")).keys()
    }

    fn through(&self, by: &str) -> Talk {
        Talk::new(self.gate.addr, self.keys(by))
    }

    /// Tries a case through the gate.
    fn tried(&self, case: &Case) -> Talk {
        self.said(case, self.through(case.by))
    }

    /// Tries it with its rule removed: with everything granted by the same gate and catalogue, or,
    /// where the gate refuses it whatever is granted, without the gate.
    fn freed(&self, case: &Case) -> Result<&'static str, Talk> {
        if leaks(case, &self.said(case, Talk::new(self.open.addr, self.keys(case.by)))) {
            return Ok("rule");
        }
        let token = || [TOKEN.to_owned(), TOKEN.to_owned()];
        let freed = self.said(case, Talk::new(self.platform.addr, token()));
        if leaks(case, &freed) { Ok("gate") } else { Err(freed) }
    }

    fn said(&self, case: &Case, mut talk: Talk) -> Talk {
        self.platform.bend(case.bent);
        (case.says)(&mut talk);
        self.platform.bend(Bent::Not);
        talk
    }
}

/// Whether any of what must not leave stands in any of the answers, heads included.
fn leaks(case: &Case, talk: &Talk) -> bool {
    let texts = talk.answers.iter().map(|answer| answer.message.head.clone() + &answer.text());
    texts.into_iter().any(|text| case.marks.iter().any(|mark| mark.stands_in(&text)))
}

/// How an answer refuses, in a few words.
fn told(answer: &Answer) -> String {
    let body = answer.json();
    if let Value::Array(entries) = &body
        && answer.status == 200
    {
        let each = |entry: &Value| {
            let inner: Value =
                serde_json::from_str(entry["body"].as_str().unwrap_or("")).unwrap_or_default();
            format!("{} {}", entry["code"], refusal(&inner)).trim_end().to_owned()
        };
        return format!("[{}]", runs(entries.iter().map(each)));
    }
    let thinned = answer.message.header("x-portcullis-thinned").unwrap_or_default();
    let status = if answer.status == 0 { "closed".to_owned() } else { answer.status.to_string() };
    format!("{status} {}{thinned}", refusal(&body)).trim_end().to_owned()
}

/// Texts in a row; equal ones once, with their count.
fn runs(texts: impl Iterator<Item = String>) -> String {
    let mut runs: Vec<(String, usize)> = Vec::new();
    for text in texts {
        match runs.last_mut() {
            Some((last, count)) if *last == text => *count += 1,
            _ => runs.push((text, 1)),
        }
    }
    let each = |(text, count)| if count == 1 { text } else { format!("{count} x {text}") };
    runs.into_iter().map(each).collect::<Vec<_>>().join(", ")
}

fn refusal(body: &Value) -> String {
    let code = body["code"].as_str().unwrap_or_default();
    match body["rule"].as_str() {
        Some(rule) => format!("{code} ({rule})"),
        None => code.to_owned(),
    }
}

/// The gate is no wall: what the agreements give is given.
fn given(ground: &Ground) {
    let w = &ground.world;
    let place = |place: &str| format!("/v21.0/{place}/posts?fields=id&limit=5");
    let tag = format!("/v21.0/{}/recent_media?user_id={}&fields=id,caption", w.tag, w.me.id);
    let found = |name: &str| {
        format!("/v21.0/me?fields=business_discovery.username({name}){{username,followers_count}}")
    };
    for (by, target) in [
        ("publishing", "/v21.0/me?fields=id,username".to_owned()),
        ("comment_care", format!("/v21.0/{}/comments?fields=id,text,username", w.baker_post)),
        ("brand_analytics", found(&w.brand.username)),
        ("creator_marketplace", "/v21.0/me?fields=biography,followers_count".to_owned()),
        ("story_insights", format!("/v21.0/{}/stories?fields=id,permalink", w.me.id)),
        ("own_property_monitoring", place(&w.hotel.id)),
        ("social_wall", place(&w.hotel.id)),
        ("travel_search", format!("/v21.0/{}?fields=id,name", w.square.id)),
        ("newsroom", place(&w.square.id)),
        ("research", tag),
        ("audience_insights", found(&w.baker.username)),
        ("campaign_reports", "/v21.0/me?fields=followers_count,stories{id}".to_owned()),
        ("location_marketing", place(&w.square.id)),
        (
            "market_statistics",
            format!("/v21.0?ids={},{}&fields=name,posts{{id}}", w.hotel.id, w.museum.id),
        ),
        ("review_digest", place(&w.square.id)),
    ] {
        let mut talk = ground.through(by);
        let answer = talk.get(&target);
        assert_eq!(answer.status, 200, "{by} {target}: {}", answer.text());
        let answer = answer.text();
        assert!(!answer.contains("\"data\":[]"), "{by} {target}: {answer}");
    }
}

/// What may be looked into on its way comes as the platform gives it, links aside.
fn unchanged(ground: &Ground) {
    let w = &ground.world;
    let tag = format!("/v21.0/{}/recent_media?user_id={}", w.tag, w.me.id);
    for (by, target) in [
        ("audience_insights", "/v21.0/me/media?limit=25".to_owned()),
        ("audience_insights", "/me?fields=id,username,media".to_owned()),
        (
            "audience_insights",
            "/v21.0/me?fields=media.limit(3).as(mine){permalink,caption}".to_owned(),
        ),
        ("audience_insights", format!("/v21.0?ids={}&fields=id,media.limit(2){{id}}", w.me.id)),
        ("campaign_reports", format!("/v21.0/{}", w.post)),
        ("campaign_reports", format!("/v21.0?ids={},{}&fields=id,caption", w.post, w.baker_post)),
        ("own_property_monitoring", format!("/v21.0/{}?fields=id,name,posts", w.hotel.id)),
        (
            "own_property_monitoring",
            format!("/v21.0/{}/posts?fields=media_product_type,id&limit=50", w.hotel.id),
        ),
        (
            "newsroom",
            format!("/v21.0/{}?fields=caption,owner{{id,username}},comments{{text}}", w.baker_post),
        ),
        ("research", format!("{tag}&limit=50")),
        ("brand_analytics", format!("{tag}&fields=username,permalink&limit=50")),
        (
            "brand_analytics",
            format!(
                "/v21.0/me?fields=business_discovery.username({}){{username,media.limit(5){{id,username}}}}",
                w.brand.username
            ),
        ),
    ] {
        let token = || [TOKEN.to_owned(), TOKEN.to_owned()];
        let theirs = linkless(Talk::new(ground.platform.addr, token()).get(&target).json());
        let ours = ground.through(by).get(&target).clone();
        assert_eq!(linkless(ours.json()), theirs, "{by} {target}: {}", ours.message.head);
        assert_eq!(ours.message.header("x-portcullis-thinned"), None, "{by} {target}");
    }
}

/// Without the links of pages, which each writes in its own way.
fn linkless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.remove("paging");
            members.values_mut().for_each(|inner| *inner = linkless(inner.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = linkless(item.take())),
        _ => {}
    }
    value
}

/// Of many who ask at the same moment for the last page, one gets it.
fn raced(ground: &Ground) {
    let page = format!("/v21.0/{}/posts?fields=id&limit=50", ground.world.hotel.id);
    let ask = || ground.through("spent_but_a_page").get(&page).status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let got = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((got(200), got(429)), (1, 15), "{statuses:?}");
}

#[test]
fn nothing_leaves_by_a_way_around_that_would_leave_without_the_rule() {
    let ground = Ground::lay();
    given(&ground);
    unchanged(&ground);
    partners::spend(|name| ground.through(name), &ground.world);
    raced(&ground);
    let cases = ways::all(&ground.world);
    let (mut faults, mut table, mut way) = (Vec::new(), String::new(), "");
    let mut stopped: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        let tried = ground.tried(case);
        let answers = runs(tried.answers.iter().map(told));
        if leaks(case, &tried) {
            faults.push(format!("LEAKS: {} / {} / {}: {answers}", case.way, case.by, case.name));
        }
        for answer in &tried.answers {
            let text = answer.message.head.clone() + &answer.text();
            let ours = [TOKEN.to_owned(), ground.platform.addr.to_string()];
            if ours.iter().any(|secret| text.contains(secret)) || text.contains("partner_held") {
                faults.push(format!("NAMES THE PLATFORM: {} / {}: {text}", case.way, case.name));
            }
        }
        let by = ground.freed(case).unwrap_or_else(|freed| {
            let got = freed.answers.last().map(|answer| (answer.status, answer.text()));
            faults.push(format!("PROVES NOTHING: {} / {}: {got:?}", case.way, case.name));
            "nothing"
        });
        *stopped.entry(by).or_default() += 1;
        if way != case.way {
            way = case.way;
            writeln!(table, "\n{way}").unwrap();
        }
        writeln!(table, "  {by} | {}: {} -> {answers}", case.by, case.name).unwrap();
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    let mut names = BTreeSet::new();
    for case in &cases {
        assert!(names.insert((case.way, &case.name)), "two cases are {} / {}", case.way, case.name);
    }
    let head = format!("{} ways; stopped by {stopped:?}\n{LEGEND}", cases.len());
    assert!(cases.len() >= 150, "{} cases", cases.len());
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("ways", head + &table);
    });
}
