//! Renders a node with the fields asked for, to any depth.
//!
//! Reads the world only. Must not know HTTP or which operation asks.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use crate::error::{Answer, GraphError};
use crate::fields::{self, Field};
use crate::insights;
use crate::model::{Node, Place};
use crate::page::{Linker, Window};
use crate::schema::{self, Edge, Kind, Type};
use crate::world::{Rel, World};

pub(crate) mod plain;

/// How many nodes one answer may hold.
const NODES_MAX: usize = 20_000;
const DAY: i64 = 86_400;
/// What one account may publish in 24 hours.
pub(crate) const PUBLISH_MAX: usize = 50;

/// What rendering looks at.
pub(crate) struct Render<'a> {
    pub(crate) world: &'a World,
    pub(crate) now: i64,
    pub(crate) linker: Linker<'a>,
    left: Cell<usize>,
}

impl<'a> Render<'a> {
    pub(crate) fn new(world: &'a World, now: i64, linker: Linker<'a>) -> Self {
        Self { world, now, linker, left: Cell::new(NODES_MAX) }
    }

    /// One node; `id` always comes along.
    ///
    /// # Errors
    /// A field that the type does not have, or an answer that grows too large.
    pub(crate) fn node(&self, node: &Node, wanted: Option<&[Field]>) -> Answer<Value> {
        let left = self.left.get().checked_sub(1).ok_or_else(GraphError::too_much)?;
        self.left.set(left);
        let kind = node.kind();
        let defaults;
        let wanted = match wanted {
            Some(wanted) => wanted,
            None => {
                defaults = fields::named(schema::defaults(kind));
                &defaults
            }
        };
        let mut out = Map::new();
        for field in wanted {
            let what = schema::field(kind, &field.name)
                .ok_or_else(|| GraphError::no_field(&field.name, kind.name()))?;
            if let Some(value) = self.field(node, what, field)? {
                out.insert(field.key().to_owned(), value);
            }
        }
        out.insert("id".into(), Value::from(&**node.id()));
        Ok(Value::Object(out))
    }

    fn field(&self, node: &Node, what: Kind, field: &Field) -> Answer<Option<Value>> {
        match what {
            Kind::Plain if field.sub.is_some() => {
                Err(GraphError::parameter(format!("Subfields are not supported by {}", field.name)))
            }
            Kind::Plain => Ok(plain::value(node, &field.name, self.now)),
            Kind::Object(_, shown) => self.object(node, shown, field),
            Kind::Geo => geo(node, self.world, field),
            Kind::Discovery => self.discovery(field).map(Some),
            Kind::Edge(edge) => self.nested(node, edge, field).map(Some),
        }
    }

    fn object(&self, node: &Node, shown: &'static str, field: &Field) -> Answer<Option<Value>> {
        let Some(target) = target(node, &field.name).and_then(|id| self.world.node(id)) else {
            return Ok(None);
        };
        let default = fields::named(shown.split(','));
        self.node(target, Some(field.sub.as_deref().unwrap_or(&default))).map(Some)
    }

    fn discovery(&self, field: &Field) -> Answer<Value> {
        let need = || GraphError::parameter("The parameter username is required");
        let name = field.modifier("username").ok_or_else(need)?;
        let user = self.world.user_called(name).filter(|u| u.is_professional());
        let user = user.ok_or_else(|| GraphError::no_business(name))?;
        let default = fields::named(["id", "username"]);
        self.node(&Node::User(user.clone()), Some(field.sub.as_deref().unwrap_or(&default)))
    }

    /// An edge named in `fields`: a page of its own, with links to the edge's own path.
    fn nested(&self, node: &Node, edge: Edge, field: &Field) -> Answer<Value> {
        let mut carried = Vec::new();
        if let Some(sub) = &field.sub {
            carried.push(("fields".to_owned(), fields::text(sub)));
        }
        for name in ["since", "until", "metric", "period"] {
            carried.extend(field.modifier(name).map(|value| (name.to_owned(), value.to_owned())));
        }
        let ask = EdgeAsk {
            window: Window::of_modifiers(field)?,
            metric: field.modifier("metric"),
            period: field.modifier("period"),
            name: &field.name,
        };
        self.edge(node, edge, &ask, field.sub.as_deref(), &carried)
    }

    /// A page of an edge.
    ///
    /// # Errors
    /// As [`Self::node`], and what the window says.
    pub(crate) fn edge(
        &self,
        node: &Node,
        edge: Edge,
        ask: &EdgeAsk<'_>,
        wanted: Option<&[Field]>,
        carried: &[(String, String)],
    ) -> Answer<Value> {
        match edge {
            Edge::Insights => insights::page(self, node, ask),
            Edge::Quota => self.quota(node, wanted),
            _ => {
                let cut = ask.window.cut(edge, self.rows(node, edge))?;
                let rendered = cut
                    .rows
                    .iter()
                    .map(|row| self.node(row, wanted))
                    .collect::<Answer<Vec<_>>>()?;
                let path = format!("{}/{}", node.id(), ask.name);
                Ok(cut.page(rendered, &self.linker, &path, carried))
            }
        }
    }

    fn rows(&self, node: &Node, edge: Edge) -> Vec<&'a Node> {
        let id = node.id();
        let list = |rel| self.world.list(rel, id);
        let is_live =
            |row: &&Node| matches!(row, Node::Story(story) if story.expires_at > self.now);
        match edge {
            Edge::Media => list(Rel::Media).collect(),
            Edge::Tags => list(Rel::Tagged).collect(),
            Edge::Mentioned => list(Rel::Mentioned).collect(),
            Edge::Stories => list(Rel::Stories).filter(is_live).collect(),
            Edge::Searched => list(Rel::Searched).collect(),
            Edge::Comments => list(Rel::Comments).collect(),
            Edge::Replies => list(Rel::Replies).collect(),
            Edge::Posts => list(Rel::Posts).collect(),
            Edge::Recent => {
                list(Rel::Tag).filter(|row| row.timestamp() >= self.now - DAY).collect()
            }
            Edge::Top => {
                let mut rows: Vec<&Node> = list(Rel::Tag).collect();
                rows.sort_by_key(|row| std::cmp::Reverse(likes(row)));
                rows
            }
            Edge::Children => match node {
                Node::Media(media) => {
                    media.children.iter().filter_map(|id| self.world.node(id)).collect()
                }
                _ => Vec::new(),
            },
            Edge::Insights | Edge::Quota => Vec::new(),
        }
    }

    fn quota(&self, node: &Node, wanted: Option<&[Field]>) -> Answer<Value> {
        let used = self.used(node.id());
        let mut row = Map::new();
        let default = fields::named(schema::QUOTA.first().copied());
        for field in wanted.unwrap_or(&default) {
            let value = match field.name.as_str() {
                "quota_usage" => json!(used),
                "config" => json!({ "quota_total": PUBLISH_MAX, "quota_duration": DAY }),
                "quota_duration" => json!(DAY),
                other => return Err(GraphError::no_field(other, "ContentPublishingLimit")),
            };
            row.insert(field.key().to_owned(), value);
        }
        Ok(json!({ "data": [row] }))
    }

    /// What the account has published in 24 hours.
    pub(crate) fn used(&self, user: &str) -> usize {
        let times = self.world.published.get(user);
        times.map_or(0, |times| times.iter().filter(|at| **at > self.now - DAY).count())
    }
}

/// How an edge is asked for, in the path or in `fields`.
pub(crate) struct EdgeAsk<'a> {
    pub(crate) window: Window,
    pub(crate) metric: Option<&'a str>,
    pub(crate) period: Option<&'a str>,
    pub(crate) name: &'a str,
}

fn likes(node: &Node) -> u64 {
    if let Node::Media(media) = node { media.like_count } else { 0 }
}

/// The id of the node that an object field shows.
fn target<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    let id = match (node, name) {
        (Node::Media(media), "owner") => Some(&media.owner_id),
        (Node::Media(media), "location") => media.location_id.as_ref(),
        (Node::Story(story), "owner") => Some(&story.owner_id),
        (Node::Story(story), "location") => story.location_id.as_ref(),
        (Node::User(user), "home_location") => user.home_location_id.as_ref(),
        (Node::Comment(comment), "from" | "user") => Some(&comment.from_id),
        (Node::Comment(comment), "media") => Some(&comment.media_id),
        _ => None,
    };
    id.map(|id| &**id)
}

fn geo(node: &Node, world: &World, field: &Field) -> Answer<Option<Value>> {
    let Node::Place(place) = node else { return Ok(None) };
    let default = fields::named(schema::GEO.iter().copied());
    let mut out = Map::new();
    for member in field.sub.as_deref().unwrap_or(&default) {
        let value = match member.name.as_str() {
            "city" => city(place, world).map(Value::from),
            "latitude" | "longitude" | "country_code" | "timezone" => {
                plain::value(node, &member.name, 0)
            }
            other => return Err(GraphError::no_field(other, "Location")),
        };
        out.extend(value.map(|value| (member.key().to_owned(), value)));
    }
    Ok(Some(Value::Object(out)))
}

fn city(place: &Place, world: &World) -> Option<String> {
    match &place.city_id {
        Some(city) => world.place(city).map(|city| city.name.clone()),
        None => (place.category == "city").then(|| place.name.clone()),
    }
}

/// What `metadata=1` adds to a node.
pub(crate) fn metadata(kind: Type) -> Value {
    let (edges, plain): (Vec<_>, Vec<_>) =
        schema::fields(kind).iter().partition(|f| matches!(f.1, Kind::Edge(_)));
    let names = |list: Vec<&schema::Field>| list.into_iter().map(|f| f.0).collect::<Vec<_>>();
    json!({ "type": kind.name().to_lowercase(), "fields": names(plain), "connections": names(edges) })
}
