//! Plaza's catalogue, and asks as a line of text.
#![allow(dead_code, reason = "each table uses a part of it")]

use std::sync::LazyLock;

use portcullis_catalogue::Catalogue;
use portcullis_request::{Bounds, Canonical, Entry, Texts, ask, batch};
use portcullis_types::asked::{Ask, Asks, Rows, Target, Via};
use portcullis_types::{Effect, Refusal, TypeIx};
use portcullis_yaml::{Faults, Source};

use crate::common::{Call, refused};

static PLAZA: LazyLock<Catalogue> = LazyLock::new(|| {
    let text = include_str!("../../../../policies/plaza/routes/plaza.yaml");
    Catalogue::compile(&[Source::new("routes/plaza.yaml", text)])
        .unwrap_or_else(|all| panic!("{}", Faults(all)))
});

pub(crate) fn plaza() -> &'static Catalogue {
    &PLAZA
}

pub(crate) const USER: &str = "17841400000000001";
pub(crate) const OTHER: &str = "17841400000000002";
pub(crate) const POST: &str = "17900400000000001";
pub(crate) const STORY: &str = "18012345678901234";
pub(crate) const PLACE: &str = "212345678901";
pub(crate) const TAG: &str = "17843400000000001";
pub(crate) const COMMENT: &str = "17870400000000001";
pub(crate) const CONTAINER: &str = "17890400000000001";

/// Ids by short names, so that a table can be read.
pub(crate) fn filled(text: &str) -> String {
    [
        ("USER", USER),
        ("OTHER", OTHER),
        ("POST", POST),
        ("STORY", STORY),
        ("PLACE", PLACE),
        ("TAG", TAG),
        ("COMMENT", COMMENT),
        ("CONTAINER", CONTAINER),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (short, id)| text.replace(short, id))
}

fn short(text: &str) -> String {
    [
        (USER, "USER"),
        (OTHER, "OTHER"),
        (POST, "POST"),
        (STORY, "STORY"),
        (PLACE, "PLACE"),
        (TAG, "TAG"),
        (COMMENT, "COMMENT"),
        (CONTAINER, "CONTAINER"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (id, short)| text.replace(id, short))
}

/// What a call asks for, as a line.
pub(crate) fn asked(call: &Call) -> String {
    asked_within(call, &Bounds::default())
}

pub(crate) fn asked_within(call: &Call, bounds: &Bounds) -> String {
    let shown = call.read_in(plaza(), |canonical| shown(canonical, bounds));
    shown.unwrap_or_else(|refusal| refused(&refusal))
}

fn shown(canonical: &Canonical<'_>, bounds: &Bounds) -> String {
    let texts = Texts::default();
    match ask(canonical, plaza(), bounds, &texts) {
        Ok(asks) => lines(&asks),
        Err(refusal) => refused(&refusal),
    }
}

/// The asks, with what they say beside targets.
pub(crate) fn lines(asks: &Asks<'_>) -> String {
    let mut parts: Vec<String> = asks.asks.iter().map(one).collect();
    if asks.ids > 0 {
        parts.push(format!("ids={}", asks.ids));
    }
    let params = asks.params;
    if params.cursor {
        parts.push("further page".to_owned());
    }
    parts.extend(params.words.map(|words| format!("words={words}")));
    parts.extend(params.point.map(|(lat, lng)| format!("point={lat}/{lng}")));
    parts.extend(params.distance_m.map(|metres| format!("within={metres}")));
    short(&parts.join(" | "))
}

fn kind(ix: TypeIx) -> String {
    plaza().node_type(ix).map_or_else(|| "?".to_owned(), |kind| kind.name.to_string())
}

/// `class target {fields} rows <edge@parent`; `?` marks what comes by default.
fn one(ask: &Ask<'_>) -> String {
    let mut out = String::new();
    if ask.effect == Effect::Write {
        out.push_str("write ");
    }
    out.push_str(plaza().class_name(ask.class));
    out.push(' ');
    out.push_str(&match ask.target {
        Target::None => "-".to_owned(),
        Target::Node(_, id) => id.to_owned(),
        Target::Named(of, name) => format!("{}={name}", kind(of)),
        Target::Found(of, at) => format!("{}@{at}", kind(of)),
    });
    let mut fields: Vec<&str> = ask
        .fields
        .iter()
        .map(|ix| {
            let field = plaza().field_ref(ix).unwrap();
            assert_eq!(Some(field.kind), ask.gives, "a field of what is given");
            field.path
        })
        .collect();
    fields.sort_unstable();
    if ask.gives.is_some() {
        let mark = if ask.fields_named { "" } else { "?" };
        out.push_str(&format!(" {{{}}}{mark}", fields.join(",")));
    }
    match ask.rows {
        Rows::One => {}
        Rows::Default(rows) => out.push_str(&format!(" {rows}?")),
        Rows::Asked(rows) => out.push_str(&format!(" {rows}")),
    }
    if let Via::Edge(name, at) = ask.via {
        out.push_str(&format!(" <{name}@{at}"));
    }
    out
}

/// The entries of a batch.
pub(crate) fn entries(call: &Call) -> Result<Vec<Entry>, Refusal> {
    call.read_in(plaza(), |canonical| batch(canonical, plaza(), &Bounds::default()))?
}

/// What an entry asks for if the caller's key is `key`.
pub(crate) fn entry_asked(entry: &Entry, key: Option<&str>) -> String {
    if let Some(refusal) = entry.refusal() {
        return refused(refusal);
    }
    if entry.refs {
        return format!("waits for {}", entry.needs.join(","));
    }
    let keys: Vec<&[u8]> = key.map(str::as_bytes).into_iter().chain(entry.credential()).collect();
    let bounds = Bounds::default();
    portcullis_request::canonicalise(&entry.arrival(&keys), plaza(), &bounds)
        .map_or_else(|refusal| refused(&refusal), |canonical| shown(&canonical, &bounds))
}
