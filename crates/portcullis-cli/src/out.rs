//! Where results and talk go: data to standard output, everything else to standard error.
//!
//! Writes through handles, so that a closed pipe ends the program quietly. Must not know commands.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use comfy_table::{Table, presets};
use owo_colors::OwoColorize as _;
use serde::Serialize;
use serde_json::Value;

use crate::args::Common;
use crate::failure::{Failure, exit};
use crate::files::unwritable;
use crate::host::Host;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    #[value(alias = "text")]
    Table,
    /// For programs: the admin API's own members
    Json,
}

/// The two streams of a command.
pub struct Out {
    /// How results are written.
    pub format: Format,
    data: Box<dyn Write>,
    talk: Box<dyn Write>,
    again: String,
    elsewhere: String,
    code: u8,
}

impl std::fmt::Debug for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Out {
    /// Writes to the given streams.
    #[must_use]
    pub fn new(format: Format, data: Box<dyn Write>, talk: Box<dyn Write>) -> Self {
        Self { format, data, talk, again: String::new(), elsewhere: String::new(), code: exit::OK }
    }

    /// Writes to standard output and standard error, in colour where they are terminals and
    /// `NO_COLOR` is not set.
    #[must_use]
    pub fn terminal(format: Format) -> Self {
        Self::new(format, Box::new(anstream::stdout()), Box::new(anstream::stderr()))
    }

    /// Whether results are for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// What must stand behind a command so that it finds the same gate again.
    pub(crate) fn again(&self) -> &str {
        &self.again
    }

    /// The same for another person, who signs in with a token of its own.
    pub(crate) fn elsewhere(&self) -> &str {
        &self.elsewhere
    }

    /// Takes it from what was typed.
    pub(crate) fn reach(&mut self, common: &Common) {
        self.again.clear();
        self.elsewhere.clear();
        let file = |path: &std::path::PathBuf| path.display().to_string();
        for (option, value) in [
            ("admin", common.admin.clone()),
            ("token-file", common.token_file.as_ref().map(file)),
            ("config", common.config.as_ref().map(file)),
        ] {
            let Some(value) = value else { continue };
            let told = format!(" --{option} {}", quoted(&value));
            self.again.push_str(&told);
            if option != "token-file" {
                self.elsewhere.push_str(&told);
            }
        }
    }

    /// Ends with that code where nothing fails.
    pub(crate) fn leave(&mut self, code: u8) {
        self.code = code;
    }

    /// The exit code of what did not fail.
    pub(crate) fn left(&self) -> u8 {
        self.code
    }

    /// One line of results.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        Ok(writeln!(self.data, "{}", text.as_ref())?)
    }

    /// Bytes of results as they are.
    pub(crate) fn bytes(&mut self) -> &mut dyn Write {
        &mut *self.data
    }

    /// One line of talk. A closed standard error is no reason to stop.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.talk, "{}", text.as_ref());
    }

    /// Results as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        self.line(text)
    }

    /// Rows of results. `empty` is said instead where there are none; it shows the command that
    /// would make some.
    pub(crate) fn table(
        &mut self,
        header: &[&str],
        rows: Vec<Vec<String>>,
        empty: &str,
    ) -> Result<(), Failure> {
        if rows.is_empty() {
            self.say(empty);
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header);
        for row in rows {
            table.add_row(row.iter().map(|cell| clean(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for (at, line) in table.trim_fmt().lines().enumerate() {
            if at == 0 { self.line(line.bold().to_string())? } else { self.line(line)? }
        }
        Ok(())
    }

    /// Name and value, one to a line.
    pub(crate) fn card(&mut self, members: &[(&str, String)]) -> Result<(), Failure> {
        let width = members.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
        for (name, value) in members {
            let name = format!("{name:<width$}");
            self.line(format!("{}{}", name.bold(), clean(value)))?;
        }
        Ok(())
    }

    /// Bytes of results to a new file, or to standard output.
    pub(crate) fn put(
        &mut self,
        bytes: &[u8],
        to: Option<&PathBuf>,
        host: &dyn Host,
    ) -> Result<(), Failure> {
        let Some(path) = to else { return Ok(self.data.write_all(bytes)?) };
        let mut file = host.create(path).map_err(|error| unwritable(path, &error))?;
        let written = file.write_all(bytes).and_then(|()| file.flush());
        written.map_err(|error| unwritable(path, &error))
    }

    /// What was written so far can be read.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let _ = self.talk.flush();
        Ok(self.data.flush()?)
    }

    /// Everything written reaches its stream.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        let _ = self.talk.flush();
        Ok(self.data.flush()?)
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Control characters of others' texts must not steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A member as text: strings bare, nothing for null and missing, lists joined.
pub(crate) fn text(value: &Value, member: &str) -> String {
    match value.get(member) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let words =
                items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned));
            words.collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}
