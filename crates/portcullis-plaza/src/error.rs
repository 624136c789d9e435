//! The Graph error envelope: which code, status and text each fault gets.
//!
//! Knows the codes of the Graph family only; must not know sockets, fixtures or partners.

use serde_json::{Value, json};

/// One refusal as the Graph API words it.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    /// HTTP status.
    pub(crate) status: u16,
    kind: &'static str,
    code: i32,
    subcode: Option<i32>,
    message: String,
    transient: bool,
}

/// What every handler answers.
pub(crate) type Answer<T> = Result<T, GraphError>;

impl GraphError {
    fn new(status: u16, kind: &'static str, code: i32, message: impl Into<String>) -> Self {
        Self { status, kind, code, subcode: None, message: message.into(), transient: false }
    }

    fn sub(mut self, subcode: i32) -> Self {
        self.subcode = Some(subcode);
        self
    }

    /// The token is not the one this platform believes.
    pub(crate) fn bad_token() -> Self {
        Self::new(
            401,
            "OAuthException",
            190,
            "Invalid OAuth access token - Cannot parse access token",
        )
    }

    /// No token at all.
    pub(crate) fn no_token() -> Self {
        let text = "An access token is required to request this resource.";
        Self::new(401, "OAuthException", 104, text)
    }

    /// No node has this id.
    pub(crate) fn unknown_id(verb: &str, id: &str) -> Self {
        let text = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation"
        );
        Self::new(400, "GraphMethodException", 100, text).sub(33)
    }

    /// The text is no id, and no user is called so.
    pub(crate) fn unknown_alias(names: &str) -> Self {
        let text = format!("(#803) Some of the aliases you requested do not exist: {names}");
        Self::new(404, "OAuthException", 803, text)
    }

    /// A parameter is missing or wrong.
    pub(crate) fn parameter(text: impl AsRef<str>) -> Self {
        let text = format!("(#100) {}", text.as_ref());
        Self::new(400, "OAuthException", 100, text)
    }

    /// The node type has no such field or edge.
    pub(crate) fn no_field(field: &str, kind: &str) -> Self {
        Self::parameter(format!(
            "Tried accessing nonexisting field ({field}) on node type ({kind})"
        ))
    }

    /// The `fields` text cannot be read.
    pub(crate) fn syntax(at: usize, text: &str) -> Self {
        let text = format!("Syntax error \"{text}\" at character {at}");
        Self::new(400, "OAuthException", 2500, text)
    }

    /// No operation has this path.
    pub(crate) fn unknown_path(path: &str) -> Self {
        let text = format!("Unknown path components: {path}");
        Self::new(404, "OAuthException", 2500, text)
    }

    /// The method makes no sense here.
    pub(crate) fn method(verb: &str) -> Self {
        Self::new(405, "GraphMethodException", 100, format!("Unsupported {verb} request."))
    }

    /// The nested read would touch more nodes than one answer may hold.
    pub(crate) fn too_much() -> Self {
        let text = "Please reduce the amount of data you're asking for, then retry your request";
        Self::new(500, "OAuthException", 1, text)
    }

    /// The body is larger than the platform takes.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "OAuthException", 100, "(#100) The request body is too large")
    }

    /// No BUSINESS or CREATOR account is called so.
    pub(crate) fn no_business(name: &str) -> Self {
        let text = format!("Invalid user id: no professional account is called '{name}'");
        Self::new(400, "OAuthException", 110, text).sub(2_207_013)
    }

    /// A hashtag or permalink that does not exist.
    pub(crate) fn no_resource(text: &str) -> Self {
        let text = format!("(#24) The requested resource does not exist: {text}");
        Self::new(400, "OAuthException", 24, text).sub(2_207_024)
    }

    /// The container is still being worked on.
    pub(crate) fn not_ready() -> Self {
        let text = "Media ID is not available: the media is not ready for publishing, please wait for a moment";
        let mut error = Self::new(400, "OAuthException", 9007, text).sub(2_207_027);
        error.transient = true;
        error
    }

    /// The account has published all it may in 24 hours.
    pub(crate) fn publishing_limit() -> Self {
        let text =
            "Application request limit reached: the account has published 50 posts in 24 hours";
        Self::new(403, "OAuthException", 9, text).sub(2_207_042)
    }

    /// A batch entry that this one depends on did not succeed.
    pub(crate) fn dependency(name: &str) -> Self {
        let text = format!("The entry `{name}` that this one depends on did not succeed");
        Self::new(424, "GraphMethodException", 2, text)
    }

    /// The body of the answer; `trace` names the call.
    pub(crate) fn envelope(&self, trace: &str) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(map) = error.as_object_mut() {
            if let Some(subcode) = self.subcode {
                map.insert("error_subcode".into(), subcode.into());
            }
            if self.transient {
                map.insert("is_transient".into(), true.into());
            }
        }
        json!({ "error": error })
    }

    /// True for a fault of the token, which is answered with a challenge.
    pub(crate) fn is_token(&self) -> bool {
        self.status == 401
    }
}
