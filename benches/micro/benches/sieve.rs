//! What the sieve costs on a page of 1.2 MB: nothing matches, two fields go, items are judged.
//!
//! The page looks like an edge of posts. Must not measure sockets or content codings.
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
use portcullis_sieve::{
    Check, Effect, Fate, Gate, Item, ItemDuty, Place, Plan, Program, Sieve, Test, Where,
};

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
    let owner = duty.read(Place::parse("owner.id"));
    let test = Test::OneOf { read: kind, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty.ask = true;
    duty.distinct.push(owner);
    plan.items(duty);
    plan.take_back(Place::parse("data.owner"));
    plan
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
