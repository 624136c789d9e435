//! A fault in a file: what, where, and what to do about it.
//!
//! A person reads these, and programs read the codes. Must not know any file format.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::near::near;

/// One fault of one file.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Fault {
    /// Stable code, such as `PC0103`.
    pub code: &'static str,
    /// The file, as its source is named.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The line's text.
    pub excerpt: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Fault {
    /// The same, saying what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, naming the nearest of the known names where one is near.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match near(word, known) {
            Some(name) => {
                let help = format!("did you mean `{name}`?");
                self.with_help(help)
            }
            None => self,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, file, line, column, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {code}: {message}")?;
        let margin = line.to_string().len().max(4);
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{line:>margin$} | {excerpt}")?;
            let before = usize::try_from(*column).unwrap_or(1).saturating_sub(1);
            if before <= excerpt.chars().count() {
                // A tab stays a tab, so that the caret stands under its character.
                let keep_tab = |c| if c == '\t' { '\t' } else { ' ' };
                let pad: String = excerpt.chars().take(before).map(keep_tab).collect();
                write!(f, "\n{:>margin$} | {pad}^", "")?;
            }
        }
        if let Some(help) = &self.help {
            write!(f, "\n{:>margin$} = help: {help}", "")?;
        }
        Ok(())
    }
}

/// Faults of several files, as `check` prints them.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Most faults listed at once.
    pub const LISTED_MAX: usize = 200;

    /// By file, line and column: the order a person goes through them. Beyond
    /// [`Self::LISTED_MAX`] the others are only said to be there.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let place = |fault: &Fault| (fault.file.clone(), fault.line, fault.column);
        self.0.sort_by_cached_key(place);
        if self.0.len() > Self::LISTED_MAX {
            self.0.truncate(Self::LISTED_MAX);
            if let Some(last) = self.0.last_mut() {
                *last = Fault { code: crate::codes::MANY, help: None, ..last.clone() };
                "more faults than are listed".clone_into(&mut last.message);
            }
        }
        self
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            write!(f, "{fault}\n\n")?;
        }
        let files: BTreeSet<&str> = self.0.iter().map(|fault| fault.file.as_str()).collect();
        write!(f, "{} in {}", count(self.0.len(), "fault"), count(files.len(), "file"))
    }
}

fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
