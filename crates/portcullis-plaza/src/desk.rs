//! One call as the handlers see it, and what they work with.
//!
//! Everything here is past HTTP: a verb, a decoded path and merged parameters. Must not know sockets.

use crate::error::{Answer, GraphError};
use crate::fields::{self, Field};
use crate::model::Node;
use crate::page::Linker;
use crate::params::Params;
use crate::render::Render;
use crate::world::World;

/// The version that a call without one gets, and the newest there is.
pub(crate) const CURRENT: &str = "v21.0";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    /// The verb of a method; HEAD is a GET whose body the server leaves out.
    pub(crate) fn of(method: &str) -> Option<Self> {
        match method.to_ascii_uppercase().as_str() {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

/// One call, or one entry of a batch.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    /// Percent-decoded once, as a whole: an encoded slash parts segments like any other. A bad habit.
    pub(crate) path: String,
    pub(crate) params: Params,
    /// Every token given, wherever it stood.
    pub(crate) tokens: Vec<String>,
}

impl Call {
    /// The segments of the path; empty ones are folded.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The `fields` asked for.
    ///
    /// # Errors
    /// Code 2500 if they cannot be read.
    pub(crate) fn fields(&self) -> Answer<Option<Vec<Field>>> {
        self.params.filled("fields").map(fields::parse).transpose()
    }
}

/// What the handlers work with.
pub(crate) struct Desk<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: i64,
    /// The token that is believed.
    pub(crate) token: &'a str,
    /// What links start with.
    pub(crate) base: &'a str,
}

impl Desk<'_> {
    /// Holds every token given against the one believed.
    ///
    /// # Errors
    /// None given, or any one that is another.
    pub(crate) fn believe(&self, tokens: &[String]) -> Answer<()> {
        if tokens.is_empty() {
            return Err(GraphError::no_token());
        }
        if tokens.iter().all(|token| token == self.token) {
            Ok(())
        } else {
            Err(GraphError::bad_token())
        }
    }

    /// Renders with links to paths that begin with `version` (`v21.0/`, or empty).
    pub(crate) fn render<'b>(&'b self, version: &'b str) -> Render<'b> {
        let linker = Linker { base: self.base, version, token: self.token };
        Render::new(self.world, self.now, linker)
    }

    /// The node of an id in a path or in `ids`.
    ///
    /// # Errors
    /// Code 100/33 for an unknown id, 803 for what is no id.
    pub(crate) fn resolve(&self, id: &str, verb: Verb) -> Answer<Node> {
        let id = match (id, &self.world.me) {
            ("me", Some(me)) => me,
            _ => id,
        };
        if let Some(node) = self.world.node(id) {
            return Ok(node.clone());
        }
        let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        Err(if is_number {
            GraphError::unknown_id(verb.name(), id)
        } else {
            GraphError::unknown_alias(id)
        })
    }
}
