//! What the sieve costs on a page of 1.2 MB: nothing matches, two fields go, items are judged; and what it
//! takes on a page of 25 items that the ledger looks at them.
//!
//! The pages look like an edge of posts. Must not measure sockets or content codings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench may stop at the first surprise"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use portcullis_keys::DayKey;
use portcullis_sieve::{
    Check, Effect, Fate, Gate, Item, ItemDuty, Place, Plan, Program, Sieve, Test, Undecided, Where,
};
use portcullis_types::{ClassIx, LedgerDigest, LedgerKind, LedgerRecord, LedgerRecords};

const PAGE: usize = 1_200_000;
/// As a body arrives from a socket.
const CHUNK: usize = 64 * 1024;
const NOW: i64 = 1_709_287_200;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion) {
    let page = page();
    let mut group = criterion.benchmark_group("sieve");
    group.throughput(Throughput::Bytes(page.len() as u64));
    for (name, plan) in [
        ("nothing matches", nothing()),
        ("links only", links()),
        ("two fields go", fields()),
        ("two names go anywhere", names()),
        ("items are judged", items()),
    ] {
        let program = Arc::new(plan.compile().unwrap());
        let gate =
            Arc::new(Gate::new("https://gate.example").secret(b"a credential that is not in it"));
        let mut out = Vec::with_capacity(page.len());
        group.bench_function(name, |b| {
            b.iter(|| sift(black_box(&page), &program, &gate, &mut out));
        });
    }
    group.finish();
    criterion.bench_function("sieve/compile items", |b| b.iter(|| items().compile().is_ok()));
    bench_ledger(criterion);
}

/// A page of 25 items: no story among them; each looked at, too; and digested, too.
fn bench_ledger(criterion: &mut Criterion) {
    let page = few();
    let key = DayKey::new(19_800, &[7; DayKey::BYTES]);
    let owner = key.digest(LedgerKind::Owner, "17841400008460056");
    let gate =
        Arc::new(Gate::new("https://gate.example").secret(b"a credential that is not in it"));
    let mut out = Vec::with_capacity(page.len());
    let mut group = criterion.benchmark_group("ledger/page of 25");
    for (name, plan) in [("judged", judged()), ("seen", seen())] {
        let program = Arc::new(plan.compile().unwrap());
        group.bench_function(name, |b| {
            b.iter(|| sift(black_box(&page), &program, &gate, &mut out));
        });
    }
    let program = Arc::new(seen().compile().unwrap());
    group.bench_function("digested", |b| {
        b.iter(|| digested(black_box(&page), &program, &gate, &mut out, &key, owner).len());
    });
    group.bench_function("digests alone", |b| {
        b.iter(|| {
            let ids = (0..25_u64).map(|number| 17_900_000_000_000_000 + number * 7919);
            let mut buffer = [0; 17];
            for mut id in ids {
                for digit in buffer.iter_mut().rev() {
                    *digit = b'0' + u8::try_from(id % 10).unwrap();
                    id /= 10;
                }
                let id = std::str::from_utf8(&buffer).unwrap();
                black_box(key.digest(LedgerKind::Record, black_box(id)));
            }
        });
    });
    group.finish();
}

fn digested(
    page: &[u8],
    program: &Arc<Program>,
    gate: &Arc<Gate>,
    out: &mut Vec<u8>,
    key: &DayKey,
    owner: LedgerDigest,
) -> LedgerRecords {
    out.clear();
    let mut records = LedgerRecords::new(key.day(), 26);
    let keep = |item: &Item<'_>| {
        let id = item.text(0).map(|id| key.digest(LedgerKind::Record, id));
        let (class, owner) = (ClassIx(1), Some(owner));
        records.push(&LedgerRecord { class, id, owner, place: None, cell: None });
        Fate::Keep
    };
    let mut sieve = Sieve::new(program.clone(), gate.clone(), NOW, keep);
    for chunk in page.chunks(CHUNK) {
        sieve.push(chunk, out).unwrap();
    }
    sieve.finish().unwrap();
    records
}

fn sift(page: &[u8], program: &Arc<Program>, gate: &Arc<Gate>, out: &mut Vec<u8>) -> u64 {
    out.clear();
    let keep = |_: &Item<'_>| Fate::Keep;
    let mut sieve = Sieve::new(program.clone(), gate.clone(), NOW, keep);
    for chunk in page.chunks(CHUNK) {
        sieve.push(chunk, out).unwrap();
    }
    sieve.finish().unwrap();
    sieve.written()
}

fn nothing() -> Plan {
    let mut plan = Plan::default();
    plan.drop_field(Place::parse("data.home_location"));
    plan.drop_name("biography");
    plan
}

fn links() -> Plan {
    let mut plan = Plan::default();
    plan.links();
    plan
}

fn fields() -> Plan {
    let mut plan = links();
    plan.drop_field(Place::parse("data.media_url"));
    plan.drop_field(Place::parse("data.owner"));
    plan
}

fn names() -> Plan {
    let mut plan = links();
    plan.drop_name("media_url");
    plan.drop_name("like_count");
    plan
}

fn items() -> Plan {
    let mut plan = links();
    let mut duty = ItemDuty::new(1, Where::At(Place::parse("data")));
    let kind = duty.read(Place::parse("media_product_type"));
    duty.read(Place::parse("owner.id"));
    let test = Test::OneOf { read: kind, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty.ask = true;
    plan.items(duty);
    plan.take_back(Place::parse("data.owner"));
    plan
}

/// What a filter for stories does.
fn judged() -> Plan {
    let mut plan = links();
    let mut duty = ItemDuty::new(2, Where::At(Place::parse("data")));
    let kind = duty.read(Place::parse("media_product_type"));
    let test = Test::OneOf { read: kind, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    plan.items(duty);
    plan
}

/// The same, and what the ledger reads of a post.
fn seen() -> Plan {
    let mut plan = judged();
    let mut duty = ItemDuty::new(1, Where::At(Place::parse("data")));
    (duty.ask, duty.looks, duty.undecided) = (true, true, Undecided::Keep);
    for path in ["id", "owner.id", "location.id", "location.latitude", "location.longitude"] {
        duty.read(Place::parse(path));
    }
    plan.items(duty);
    plan
}

/// Twenty-five posts of one account, with what a partner mostly asks for.
fn few() -> Vec<u8> {
    let caption = "Sunset over the harbour, with the whole family and far too much ice cream";
    let item = |number: u64| {
        let id = 17_900_000_000_000_000 + number * 7919;
        let permalink = format!("https://plaza.example/p/{id:x}/");
        format!(
            "{{\"id\":\"{id}\",\"caption\":\"{caption} #{number}\",\
             \"timestamp\":\"2024-03-01T10:{number:02}:00+0000\",\"permalink\":\"{permalink}\",\
             \"media_product_type\":\"FEED\"}}"
        )
    };
    let items: Vec<String> = (0..25).map(item).collect();
    let after = "http://plaza/v21.0/1/media?access_token=plaza-credential-of-tests&after=QVFI";
    format!("{{\"data\":[{}],\"paging\":{{\"next\":\"{after}\"}}}}", items.join(",")).into_bytes()
}

/// Posts as Plaza writes them, with captions in several scripts.
fn page() -> Vec<u8> {
    let captions = [
        "Sunset over the harbour, with the whole family and far too much ice cream #holiday",
        "Café au lait, s'il vous plaît. Déjà vu à la terrasse ☕ #paris #morning",
        "Line one\\nline two \\\"quoted\\\"\\n\\u2728 escaped \\ud83d\\ude00 and so on, until the text is long enough to count as an ordinary caption of two or three sentences.",
        "ok",
    ];
    let mut page = String::from("{\"data\":[");
    let mut number = 0_u64;
    while page.len() < PAGE {
        if number > 0 {
            page.push(',');
        }
        let id = 17_900_000_000_000_000 + number * 7919;
        let caption = captions[usize::try_from(number % 4).unwrap()];
        page.push_str(&format!(
            "{{\"caption\":\"{caption}\",\"comments_count\":{},\"id\":\"{id}\",\"like_count\":{},\"location\":{{\"id\":\"10{number:011}\",\"name\":\"Harbour {number}\"}},\"media_product_type\":\"FEED\",\"media_type\":\"IMAGE\",\"media_url\":\"https://cdn.plaza.example/v/t51/{id}_n.jpg?stp=dst-jpg_e35&_nc_cat=10{}&oe=65E9{number:04X}&oh=00_AfB{id:032x}\",\"owner\":{{\"account_type\":\"BUSINESS\",\"id\":\"17841{:012}\"}},\"permalink\":\"https://plaza.example/p/{id:x}/\",\"timestamp\":\"2024-03-{:02}T10:{:02}:00+0000\",\"username\":\"user.{}\"}}",
            number % 90, number % 4000, number % 10, number % 800, number % 28 + 1, number % 60, number % 800,
        ));
        number += 1;
    }
    page.push_str("],\"paging\":{\"cursors\":{\"after\":\"QVFI\",\"before\":\"QVFJ\"},\"next\":\"http://plaza/v21.0/1/media?access_token=plaza-credential-of-tests&after=QVFI\"}}");
    page.into_bytes()
}
