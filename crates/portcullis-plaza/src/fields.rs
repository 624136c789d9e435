//! Reads `fields`: names with modifiers and braces, to any depth.
//!
//! `media.limit(5).after(X){id,owner{username}}`. Must not know which names exist.

use std::fmt;

use crate::error::{Answer, GraphError};

/// Deeper trees are refused, so that no text overruns the stack.
const DEPTH_MAX: usize = 64;

/// One named field, object or edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) modifiers: Vec<(String, String)>,
    /// What stands in braces; none where there are no braces.
    pub(crate) sub: Option<Vec<Field>>,
}

impl Field {
    pub(crate) fn modifier(&self, name: &str) -> Option<&str> {
        self.modifiers.iter().rev().find(|m| m.0 == name).map(|m| m.1.as_str())
    }

    /// The member of the answer: the alias if there is one.
    pub(crate) fn key(&self) -> &str {
        self.modifier("as").unwrap_or(&self.name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.modifiers {
            write!(f, ".{name}({value})")?;
        }
        match &self.sub {
            Some(sub) => write!(f, "{{{}}}", text(sub)),
            None => Ok(()),
        }
    }
}

/// The tree written again, as it goes into paging links.
pub(crate) fn text(fields: &[Field]) -> String {
    let parts: Vec<String> = fields.iter().map(Field::to_string).collect();
    parts.join(",")
}

/// Plain names without modifiers, for default fields.
pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Field> {
    let field = |name: &str| Field { name: name.to_owned(), ..Field::default() };
    names.into_iter().map(field).collect()
}

/// Reads the whole text.
///
/// # Errors
/// Code 2500 with the character where reading stopped.
pub(crate) fn parse(text: &str) -> Answer<Vec<Field>> {
    let mut reader = Reader { rest: text, len: text.len() };
    let fields = reader.list(0)?;
    if reader.rest.is_empty() { Ok(fields) } else { reader.fail("Expected end of string.") }
}

struct Reader<'a> {
    rest: &'a str,
    len: usize,
}

impl Reader<'_> {
    fn list(&mut self, depth: usize) -> Answer<Vec<Field>> {
        if depth > DEPTH_MAX {
            return self.fail("Nested too deeply.");
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.item(depth)?);
            if !self.eat(',') {
                return Ok(fields);
            }
        }
    }

    fn item(&mut self, depth: usize) -> Answer<Field> {
        let mut field = Field { name: self.name()?, ..Field::default() };
        loop {
            if self.eat('.') {
                field.modifiers.push(self.modifier()?);
            } else if field.sub.is_none() && self.eat('{') {
                field.sub = Some(self.list(depth + 1)?);
                if !self.eat('}') {
                    return self.fail("Expected '}'.");
                }
            } else {
                return Ok(field);
            }
        }
    }

    fn modifier(&mut self) -> Answer<(String, String)> {
        let name = self.name()?;
        if !self.eat('(') {
            return self.fail("Expected '('.");
        }
        let Some((value, rest)) = self.rest.split_once(')') else {
            return self.fail("Expected ')'.");
        };
        self.rest = rest;
        Ok((name, value.trim().to_owned()))
    }

    fn name(&mut self) -> Answer<String> {
        self.rest = self.rest.trim_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c: char| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return self.fail("Expected name.");
        }
        self.rest = rest;
        Ok(name.to_owned())
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn fail<T>(&self, text: &str) -> Answer<T> {
        Err(GraphError::syntax(self.len - self.rest.len(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: Option<&str>) {
        let read = parse(input).ok().map(|tree| text(&tree));
        assert_eq!(read.as_deref(), expected, "{input}");
    }

    #[test]
    fn a_tree_is_read_with_its_modifiers_and_written_again() {
        check("id", Some("id"));
        check(" id , media . limit(5) { id } ", Some("id,media.limit(5){id}"));
        check("media{id}.limit(3).as(m)", Some("media.limit(3).as(m){id}"));
        check("a{b{c{d{e.as(x)}}}}", Some("a{b{c{d{e.as(x)}}}}"));
        check("insights.metric(reach,likes)", Some("insights.metric(reach,likes)"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "",
            ",",
            "id,",
            "id,,name",
            "media{",
            "media{}",
            "media{id",
            "media}",
            "media.limit",
            "media.limit(5",
            "id name",
            "a{b}{c}",
        ] {
            check(bad, None);
        }
        check(&"a{".repeat(100_000), None);
    }
}
