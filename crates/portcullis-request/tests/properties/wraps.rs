//! Laws of the unfolding: a wrap changes nothing, and what is sent is what was judged.

use std::fmt::Write as _;

use portcullis_request::{
    Amendments, Bounds, Texts, ask, batch, canonicalise, resolve, with_members,
};
use portcullis_types::Refusal;
use portcullis_types::asked::{Asks, Rows, Target, Via};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::calls::call;
use crate::common::{Call, refused};
use crate::plaza::{PLACE, POST, STORY, USER, entries, entry_asked, lines, plaza};
use crate::tree::{Model, text, tree};

const NODES: [(&str, &str, &str); 4] = [
    ("user", "profile.basic", USER),
    ("post", "media.single", POST),
    ("story", "story.single", STORY),
    ("place", "place.single", PLACE),
];

/// Looks at the asks of a call, or says why there are none.
fn asks<T>(call: &Call, look: impl FnOnce(&Asks<'_>) -> T) -> Result<T, String> {
    let found = call.read_in(plaza(), |canonical| {
        let texts = Texts::default();
        ask(canonical, plaza(), &Bounds::default(), &texts).map(|asks| look(&asks))
    });
    found.and_then(|found| found).map_err(|refusal| refused(&refusal))
}

fn asked(call: &Call) -> Result<String, String> {
    asks(call, lines)
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

/// The asks in the words of the model.
fn modelled(asks: &Asks<'_>) -> Vec<(String, String, Vec<String>, String)> {
    let kind = |ix| plaza().node_type(ix).unwrap().name.to_string();
    let one = |ask: &portcullis_types::asked::Ask<'_>| {
        let target = match ask.target {
            Target::None => "-".to_owned(),
            Target::Node(_, id) => id.to_owned(),
            Target::Named(of, name) => format!("{}={name}", kind(of)),
            Target::Found(of, at) => format!("{}@{at}", kind(of)),
        };
        let rows = match ask.rows {
            Rows::One => String::new(),
            Rows::Default(rows) => format!("{rows}?"),
            Rows::Asked(rows) => rows.to_string(),
        };
        let path = |ix| plaza().field_ref(ix).unwrap().path.to_owned();
        let fields: Vec<String> = ask.fields.iter().map(path).collect();
        (plaza().class_name(ask.class).to_owned(), target, fields, rows)
    };
    asks.asks.iter().map(one).collect()
}

fn any_node()
-> impl Strategy<Value = (&'static str, &'static str, &'static str, Vec<crate::tree::Name>)> {
    select(NODES.to_vec())
        .prop_flat_map(|(kind, class, id)| (Just(kind), Just(class), Just(id), tree(kind)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fields_ask_for_what_a_naive_reader_finds((kind, class, id, names) in any_node(), spell in 0_u8..8) {
        let call = Call::get(&format!("/{id}?fields={}", escaped(&text(&names, spell))));
        let mut want = Model::node(kind, class, id, &names).asks;
        want.iter_mut().for_each(|ask| ask.2.sort());
        prop_assert_eq!(asks(&call, modelled), Ok(want), "{}", text(&names, 0));
    }

    #[test]
    fn a_wrap_asks_for_what_the_call_alone_asks((_, _, id, names) in any_node(), spell in 0_u8..8) {
        let fields = text(&names, 0);
        let alone = asked(&Call::get(&format!("/{id}?fields={}", escaped(&fields)))).unwrap();
        let again = text(&names, spell);
        let once = escaped(&again);
        let batch = |url: &str| {
            let entry = json!([{ "method": "GET", "relative_url": url }]).to_string();
            let found = entries(&Call::post("/v21.0").form(&format!("batch={}", escaped(&entry)))).unwrap();
            entry_asked(&found[0], None)
        };
        let wrapped = [
            asked(&Call::post(&format!("/{id}?method=get")).form(&format!("fields={once}"))).unwrap(),
            asked(&Call::post(&format!("/v20.0//{id}/?method=GET")).json(&json!({ "fields": again }).to_string())).unwrap(),
            asked(&Call::get(&format!("/v21.0?ids={id},{id}&fields={once}"))).unwrap().replace(" | ids=1", ""),
            batch(&format!("{id}?fields={once}")),
            batch(&format!("v21.0/{id}?fields={again}")),
            batch(&escaped(&format!("{id}?fields={again}"))),
            batch(&escaped(&format!("/{id}?fields={once}"))),
        ];
        for said in wrapped {
            prop_assert_eq!(&said, &alone, "{}", again);
        }
    }

    #[test]
    fn an_edge_in_fields_is_what_it_is_alone(names in tree("post"), limit in proptest::option::of(1_u32..99)) {
        let fields = escaped(&text(&names, 0));
        let rows = limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        let size = limit.map(|limit| format!(".limit({limit})")).unwrap_or_default();
        let alone = asks(&Call::get(&format!("/{USER}/media?fields={fields}{rows}")), |asks| format!("{:?}", asks.asks));
        let nested = asks(&Call::get(&format!("/{USER}?fields=media{size}%7B{fields}%7D")), |asks| {
            let mut inner = asks.asks.clone();
            inner.remove(0);
            for ask in &mut inner {
                if let Target::Found(kind, at) = ask.target { ask.target = Target::Found(kind, at - 1); }
                ask.via = match ask.via {
                    Via::Edge("media", 0) => Via::Operation,
                    Via::Edge(name, at) => Via::Edge(name, at - 1),
                    Via::Operation => Via::Operation,
                };
            }
            format!("{inner:?}")
        });
        prop_assert_eq!(nested, alone, "{}", text(&names, 0));
    }

    #[test]
    fn what_is_sent_asks_for_what_was_judged(call in call()) {
        if let (Ok(judged), Ok(sent)) = (asked(&call), call.sent_in(plaza(), &Amendments::default())) {
            prop_assert_eq!(asked(&sent), Ok(judged), "{}", sent.text());
        }
    }

    #[test]
    fn what_is_amended_asks_for_the_amendment_and_nothing_else(
        names in tree("post"), at in 0_usize..6, asked_for in proptest::option::of(1_u32..99), most in 1_u32..99,
    ) {
        let rows = asked_for.map(|rows| format!("&limit={rows}")).unwrap_or_default();
        let call = Call::get(&format!("/{USER}/media?fields={}{rows}", escaped(&text(&names, 0))));
        let clamp = Amendments { query: vec![("limit".into(), most.to_string())] };
        let clamped = asks(&call.sent_in(plaza(), &clamp).unwrap(), modelled).unwrap();
        let mut want = asks(&call, modelled).unwrap();
        want[0].3 = most.to_string();
        prop_assert_eq!(&clamped, &want);

        let of = at % want.len();
        let gives = asks(&call, |asks| asks.asks[of].gives).unwrap();
        let Some(kind) = gives.and_then(|ix| plaza().node_type(ix)) else { return Ok(()) };
        let id = if kind.fields.contains_key("id") { "id" } else { "city" };
        let wanted = [(of, "timestamp"), (of, id)];
        let members = call.read_in(plaza(), |c| with_members(c, plaza(), &Bounds::default(), &wanted)).unwrap();
        let Ok(members) = members else {
            prop_assert!(!kind.fields.contains_key("timestamp"));
            return Ok(());
        };
        let mut want = asks(&call, modelled).unwrap();
        for (_, field) in wanted {
            if !want[of].2.iter().any(|known| known == field) { want[of].2.push(field.to_owned()); }
        }
        want.iter_mut().for_each(|ask| ask.2.sort());
        let fields = members.map_or_else(|| text(&names, 0), |members| members.fields);
        let more = Amendments { query: vec![("fields".into(), fields)] };
        prop_assert_eq!(asks(&call.sent_in(plaza(), &more).unwrap(), modelled).unwrap(), want);
    }

    #[test]
    fn no_bytes_make_it_panic(
        path in "\\PC{0,30}", query in "\\PC{0,60}", body in prop::collection::vec(any::<u8>(), 0..200),
        media in select(vec![None, Some("application/json"), Some("multipart/form-data; boundary=XX")]),
        texts in prop::collection::vec(select(vec!["[", "]", "{", "}", "\"", ":", ",", "method", "relative_url", "GET", "me",
            "?", "{result=", "$", ".data", "[*]", "[0]", "body", "name", "a", "depends_on", "%7B", "%", "é", "null", "\\u007b"]), 0..40),
    ) {
        let call = Call { query: Some(query), ..Call::post(&format!("/{path}")) }.body(media, &body);
        let _ = asked(&call);
        let text = texts.concat();
        let _ = resolve(&text, &|_| None);
        let answer = json!({ "data": [1, "x", { "a": 5 }], "a": "b" });
        let _ = resolve(&text, &|_| Some(&answer));
        let mut call = Call::post("/v21.0").form(&format!("batch={}", escaped(&text)));
        call.query = None;
        let _ = call.read_in(plaza(), |canonical| batch(canonical, plaza(), &Bounds::default()));
        let entry = json!([{ "method": "POST", "relative_url": text, "body": text }]).to_string();
        let found: Result<_, Refusal> = entries(&Call::post("/v21.0").form(&format!("batch={}", escaped(&entry))));
        for entry in found.unwrap() {
            let _ = entry_asked(&entry, Some("key_of_the_caller"));
            if let Ok(entry) = entry.resolved(&|_| Some(&answer)) {
                let _ = canonicalise(&entry.arrival(&[]), plaza(), &Bounds::default());
            }
        }
    }
}
