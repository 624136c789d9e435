//! What is asked, in words.
//!
//! Must not know rules.

use portcullis_types::asked::{Ask, Rows, Target};

use super::Path;
use crate::judge::refuse::path;

impl Path<'_, '_> {
    pub(super) fn target(&self, ask: &Ask<'_>) -> String {
        let kind = |ix| {
            let kind = self.call.catalogue.node_type(ix);
            kind.map_or("node", |kind| kind.name.as_str())
        };
        let cut = |text: &str| text.chars().take(64).collect::<String>();
        match ask.target {
            Target::None => "no target".to_owned(),
            Target::Node(of, id) => format!("{} `{}`", kind(of), cut(id)),
            Target::Named(of, name) => format!("{} named `{}`", kind(of), cut(name)),
            Target::Found(of, _) => format!("each {} that is found", kind(of)),
        }
    }

    pub(super) fn asked(&self, ask: &Ask<'_>) -> String {
        let class = self.call.catalogue.class_name(ask.class);
        let verb = match ask.effect {
            portcullis_types::Effect::Read => "asks for",
            portcullis_types::Effect::Write => "writes",
        };
        let place = path(ask, &self.call).map(|path| format!(" as `{path}`")).unwrap_or_default();
        let rows = match ask.rows {
            Rows::One => String::new(),
            Rows::Default(rows) => format!(", {rows} rows by default"),
            Rows::Asked(rows) => format!(", {rows} rows"),
        };
        let fields = if ask.gives.is_none() || ask.fields.is_empty() {
            String::new()
        } else if ask.fields_named {
            format!(", fields {}", self.names(&ask.fields))
        } else {
            format!(", fields by default {}", self.names(&ask.fields))
        };
        format!("{verb} `{class}` of {}{place}{rows}{fields}", self.target(ask))
    }
}
