//! Random `fields` over Plaza's types, and a naive model of what they ask for.

use proptest::prelude::*;

use crate::plaza::plaza;

/// A name as it may be written in `fields`.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) name: String,
    pub(crate) alias: bool,
    pub(crate) limit: Option<u32>,
    pub(crate) username: Option<String>,
    pub(crate) inner: Vec<Name>,
}

/// A tree for nodes of a type: `seeds` decide everything, so that it shrinks.
pub(crate) fn tree(kind: &'static str) -> impl Strategy<Value = Vec<Name>> {
    prop::collection::vec(any::<u16>(), 1..40).prop_map(move |seeds| {
        let mut seeds = seeds.into_iter();
        names(kind, &mut seeds, 4)
    })
}

fn names(kind: &str, seeds: &mut dyn Iterator<Item = u16>, depth: usize) -> Vec<Name> {
    let known = plaza().node_type(plaza().type_named(kind).unwrap()).unwrap();
    let all: Vec<&str> = known.fields.keys().map(AsRef::as_ref).collect();
    let count = 1 + usize::from(seeds.next().unwrap_or(0) % 3);
    (0..count)
        .map(|_| {
            let seed = usize::from(seeds.next().unwrap_or(0));
            let name = all[seed % all.len()];
            let field = &known.fields[name];
            let takes = |modifier: &str| field.modifiers.iter().any(|known| **known == *modifier);
            let mut out = Name {
                name: name.to_owned(),
                alias: seed % 5 == 0,
                limit: (takes("limit") && seed % 3 == 0).then_some(1 + seed as u32 % 90),
                username: field.named_by.is_some().then(|| format!("User{}", seed % 7)),
                inner: Vec::new(),
            };
            if let Some(held) = field.holds.filter(|_| depth > 0 && seed % 4 != 0) {
                let held = plaza().node_type(held).unwrap().name.to_string();
                out.inner = names(&held, seeds, depth - 1);
            }
            out
        })
        .collect()
}

/// The tree as text; `spell` decides between spellings that mean the same.
pub(crate) fn text(names: &[Name], spell: u8) -> String {
    let one = |(at, name): (usize, &Name)| {
        let mut modifiers = Vec::new();
        modifiers.extend(name.limit.map(|limit| format!(".limit({limit})")));
        modifiers.extend(name.username.iter().map(|user| format!(".username({user})")));
        modifiers.extend(name.alias.then(|| format!(".as(alias_{at})")));
        if spell & 1 != 0 {
            modifiers.reverse();
        }
        let inner = match name.inner.as_slice() {
            [] => String::new(),
            inner => format!("{{{}}}", text(inner, spell)),
        };
        let modifiers = modifiers.concat();
        let (first, last) = if spell & 2 != 0 { (inner, modifiers) } else { (modifiers, inner) };
        format!("{}{first}{last}", name.name)
    };
    let separator = if spell & 4 != 0 { " , " } else { "," };
    names.iter().enumerate().map(one).collect::<Vec<_>>().join(separator)
}

/// What a tree asks for: `class target {fields} rows`, in the order of the text.
pub(crate) struct Model {
    pub(crate) asks: Vec<(String, String, Vec<String>, String)>,
}

impl Model {
    /// The asks of a node of a type.
    pub(crate) fn node(kind: &str, class: &str, id: &str, tree: &[Name]) -> Self {
        let mut model = Self { asks: Vec::new() };
        let carries = |name: &Name| name.username.is_some();
        if tree.iter().all(|name| carries(name) || name.name == "id") && tree.iter().any(carries) {
            for name in tree.iter().filter(|name| carries(name)) {
                model.edge(kind, name, "");
            }
            return model;
        }
        model.push(class, id, "");
        model.inside(kind, tree, 0, "", id);
        model
    }

    fn push(&mut self, class: &str, target: &str, rows: &str) -> usize {
        self.asks.push((class.to_owned(), target.to_owned(), Vec::new(), rows.to_owned()));
        self.asks.len() - 1
    }

    fn field(&mut self, at: usize, path: String) {
        if !self.asks[at].2.contains(&path) {
            self.asks[at].2.push(path);
        }
    }

    fn inside(&mut self, kind: &str, tree: &[Name], at: usize, prefix: &str, owner: &str) {
        let known = plaza().node_type(plaza().type_named(kind).unwrap()).unwrap();
        for name in tree {
            let field = &known.fields[name.name.as_str()];
            let path = format!("{prefix}{}", name.name);
            let held = field.holds.and_then(|ix| plaza().node_type(ix));
            match held {
                Some(held) if field.inline => {
                    let inner = format!("{path}.");
                    if name.inner.is_empty() {
                        for default in plaza().field_defaults(field) {
                            self.field(at, format!("{inner}{default}"));
                        }
                    }
                    if !name.inner.is_empty() && held.fields.contains_key("id") {
                        self.field(at, format!("{inner}id"));
                    }
                    let found = format!("{}@{at}", held.name);
                    self.inside(held.name.as_str(), &name.inner, at, &inner, &found);
                }
                None if field.modifiers.is_empty() => self.field(at, path),
                _ => self.edge(kind, name, owner),
            }
        }
    }

    fn edge(&mut self, kind: &str, name: &Name, owner: &str) {
        let known = plaza().node_type(plaza().type_named(kind).unwrap()).unwrap();
        let field = &known.fields[name.name.as_str()];
        let rows = match (name.limit, field.rows_default) {
            (Some(rows), _) => rows.to_string(),
            (None, Some(rows)) => format!("{rows}?"),
            (None, None) => String::new(),
        };
        let named = name.username.as_ref().map(|user| format!("user={}", user.to_lowercase()));
        let target = named.clone().unwrap_or_else(|| owner.to_owned());
        let at = self.push(plaza().class_name(field.class), &target, &rows);
        let Some(held) = field.holds.and_then(|ix| plaza().node_type(ix)) else { return };
        let owner = named.unwrap_or_else(|| format!("{}@{at}", held.name));
        if name.inner.is_empty() {
            let defaults: Vec<Name> =
                plaza().field_defaults(field).iter().map(|name| plain(name)).collect();
            self.inside(held.name.as_str(), &defaults, at, "", &owner);
        }
        self.inside(held.name.as_str(), &name.inner, at, "", &owner);
    }
}

fn plain(name: &str) -> Name {
    let name = name.to_owned();
    Name { name, alias: false, limit: None, username: None, inner: Vec::new() }
}
