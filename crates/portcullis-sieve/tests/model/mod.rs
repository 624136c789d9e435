//! What a sieve does, said once more on whole trees: slow, short, obviously so.

use portcullis_sieve::{
    Check, Effect, Embedded, ItemDuty, Place, Plan, Program, Test, Undecided, Where,
};
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::common::NOW;

pub(crate) const LINKS: [(&str, &str); 3] = [
    ("http://up/a?access_token=x&b=1", "https://gate.example/graph/a?b=1"),
    ("https://up:9/v1/c?after=\"é\"", "https://gate.example/graph/v1/c?after=\"é\""),
    ("/d", "https://gate.example/graph/d"),
];

/// Duties as plain data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Duties {
    pub(crate) links: bool,
    pub(crate) dropped: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) replaced: Vec<String>,
    pub(crate) items: Vec<Items>,
    pub(crate) embedded: Option<Box<Duties>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Items {
    /// None: any list.
    pub(crate) at: Option<String>,
    pub(crate) reads: Vec<String>,
    /// Read, kind of test, and whether it strips instead of dropping.
    pub(crate) checks: Vec<(usize, u8, bool)>,
    pub(crate) ask: bool,
    pub(crate) cuts: bool,
}

/// What a check of that kind strips.
fn stripped(kind: u8) -> &'static [&'static str] {
    match kind {
        0 => &["a", "owner"],
        1 => &["b", "owner", "id"],
        2 => &["a", "b", "data"],
        3 => &["kind", "comments"],
        _ => &["id"],
    }
}

const BODY: &str = "data.body";

impl Duties {
    pub(crate) fn program(&self) -> Arc<Program> {
        let mut plan = Plan::default();
        if self.links {
            plan.links();
        }
        self.dropped.iter().for_each(|place| plan.drop_field(Place::parse(place)));
        self.names.iter().for_each(|name| plan.drop_name(name));
        self.replaced.iter().for_each(|place| plan.replace(Place::parse(place), "[0]"));
        self.items.iter().for_each(|items| plan.items(items.duty()));
        if let Some(inner) = &self.embedded {
            plan.embed(Place::parse(BODY), Embedded::Same(inner.program()));
        }
        Arc::new(plan.compile().unwrap())
    }

    /// The answer as it may leave; none: it may not.
    pub(crate) fn sift(&self, answer: &Value) -> Option<Value> {
        self.value(answer, &Spot::default())
    }

    fn value(&self, value: &Value, spot: &Spot) -> Option<Value> {
        match value {
            Value::Array(list) => {
                let spot = Spot { listed: true, ..spot.clone() };
                Some(Value::Array(list.iter().filter_map(|row| self.value(row, &spot)).collect()))
            }
            Value::Object(object) => self.object(object, spot),
            Value::String(text) if self.embedded.is_some() && matches(BODY, &spot.path) => {
                let inner: Value = serde_json::from_str(text).unwrap();
                let inner = self.embedded.as_ref()?.sift(&inner)?;
                Some(Value::String(inner.to_string()))
            }
            other => Some(other.clone()),
        }
    }

    fn object(&self, object: &Map<String, Value>, spot: &Spot) -> Option<Value> {
        let mut stripped_names = Vec::new();
        for items in &self.items {
            let is_item = match &items.at {
                Some(place) => matches(place, &spot.path),
                None => spot.listed,
            };
            if is_item {
                if items.goes(object) {
                    return None;
                }
                let strips = items.checks.iter().filter(|check| check.2);
                let strips = strips.filter(|check| items.holds(check, object));
                stripped_names.extend(strips.flat_map(|check| stripped(check.1)).copied());
            }
        }
        let mut out = Map::new();
        for (name, value) in object {
            let mut below =
                Spot { listed: false, paging: name == "paging", path: spot.path.clone() };
            below.path.push(name.clone());
            let at = |places: &[String]| places.iter().any(|place| matches(place, &below.path));
            if stripped_names.contains(&name.as_str())
                || self.names.contains(name)
                || at(&self.dropped)
            {
                continue;
            }
            let is_link = self.links && spot.paging && (name == "next" || name == "previous");
            let kept = match value {
                _ if at(&self.replaced) => {
                    // Only an item that goes takes its replacement along.
                    let shown = self.value(value, &below);
                    shown
                        .or(Some(Value::Null).filter(|_| !value.is_object()))
                        .map(|_| serde_json::json!([0]))
                }
                Value::String(link) if is_link => {
                    let known = LINKS.iter().find(|(from, _)| from == link).unwrap();
                    Some(Value::String(known.1.to_owned()))
                }
                value => self.value(value, &below),
            };
            out.extend(kept.map(|value| (name.clone(), value)));
        }
        Some(Value::Object(out))
    }
}

#[derive(Debug, Clone, Default)]
struct Spot {
    path: Vec<String>,
    /// Whether the value is an element of a list.
    listed: bool,
    paging: bool,
}

fn matches(place: &str, path: &[String]) -> bool {
    let steps: Vec<&str> = place.split('.').filter(|step| !step.is_empty()).collect();
    steps.len() == path.len() && steps.iter().zip(path).all(|(s, name)| *s == "*" || s == name)
}

/// What a read finds.
enum Found {
    Nothing,
    Text(String),
    Unreadable,
}

fn read(place: &str, object: &Map<String, Value>) -> Found {
    let (name, rest) = place.split_once('.').map_or((place, None), |(n, rest)| (n, Some(rest)));
    match (object.get(name), rest) {
        (None | Some(Value::Null), _) => Found::Nothing,
        (Some(Value::Object(below)), Some(rest)) => read(rest, below),
        (Some(Value::Object(_) | Value::Array(_)), _) => Found::Unreadable,
        (Some(_), Some(_)) => Found::Nothing,
        (Some(Value::String(text)), None) => Found::Text(text.clone()),
        (Some(scalar), None) => Found::Text(scalar.to_string()),
    }
}

impl Items {
    fn duty(&self) -> ItemDuty {
        let at = match &self.at {
            Some(place) => Where::At(Place::parse(place)),
            None => Where::AnyList,
        };
        let mut duty = ItemDuty::new(1, at);
        duty.reads = self.reads.iter().map(|read| Place::parse(read)).collect();
        duty.ask = self.ask;
        duty.undecided = if self.cuts { Undecided::Cut } else { Undecided::Drop };
        duty.checks = self.checks.iter().map(check).collect();
        duty
    }

    fn goes(&self, object: &Map<String, Value>) -> bool {
        let dropped = self.checks.iter().any(|check| !check.2 && self.holds(check, object));
        let found = || self.reads.first().map_or(Found::Nothing, |place| read(place, object));
        dropped || (self.ask && !matches!(found(), Found::Text(text) if text != "drop"))
    }

    fn holds(&self, (place, kind, _): &(usize, u8, bool), object: &Map<String, Value>) -> bool {
        let found = self.reads.get(*place).map_or(Found::Nothing, |place| read(place, object));
        match (kind, found) {
            (_, Found::Unreadable) => true,
            (0, Found::Text(text)) => text.eq_ignore_ascii_case("STORY"),
            (1 | 2, Found::Text(text)) => text != "FEED",
            (1, Found::Nothing) => true,
            (3, Found::Text(text)) => text.parse::<u64>().map_or(true, |at| at <= NOW as u64),
            (3, Found::Nothing) => true,
            (_, Found::Text(_)) => true,
            (_, Found::Nothing) => false,
        }
    }
}

fn check((read, kind, strips): &(usize, u8, bool)) -> Check {
    let read = *read;
    let one = |text: &str| vec![Box::from(text)];
    let test = match kind {
        0 => Test::OneOf { read, values: one("STORY") },
        1 => Test::NotOneOf { read, values: one("FEED"), missing: true },
        2 => Test::NotOneOf { read, values: one("FEED"), missing: false },
        3 => Test::Expired { read },
        _ => Test::Present { read },
    };
    let then = if *strips {
        Effect::Strip(stripped(*kind).iter().map(|name| Box::from(*name)).collect())
    } else {
        Effect::Drop
    };
    Check { test, then }
}
