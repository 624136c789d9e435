//! The text of a file and the name it goes by in messages.
//!
//! Must not know where the text came from.

use std::sync::Arc;

use crate::{At, Fault};

/// Longest excerpt shown, in characters.
const EXCERPT_MAX: usize = 160;

/// One file's text.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Source {
    /// The relative path shown in messages.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// A fault at a value read from this source.
    pub fn fault<T>(&self, code: &'static str, at: &At<T>, message: impl Into<String>) -> Fault {
        self.fault_at(code, at.line, at.column, message)
    }

    /// A fault at a place, counted from 1.
    pub fn fault_at(
        &self,
        code: &'static str,
        line: u32,
        column: u32,
        message: impl Into<String>,
    ) -> Fault {
        Fault {
            code,
            file: self.name.clone(),
            line,
            column,
            message: message.into(),
            excerpt: self.excerpt(line),
            help: None,
        }
    }

    /// A tab in the indentation of a line or the next one: a text may go on before it is noticed.
    pub(crate) fn tab_near(&self, line: usize) -> Option<(u32, u32)> {
        let lines = (1..).zip(self.text.lines()).skip(line.saturating_sub(1)).take(2);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let tab = |line: &str| u32::try_from(line.get(..indent(line))?.find('\t')?).ok();
        lines.filter_map(|(at, line)| Some((at, tab(line)? + 1))).next()
    }

    fn excerpt(&self, line: u32) -> Option<String> {
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        let text = self.text.lines().nth(at)?.trim_end();
        let shown = text.chars().take(EXCERPT_MAX);
        Some(shown.map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect())
    }
}
