//! The text as a tree of nodes that know where they stand, and the faults of its spelling.
//!
//! Everything of YAML that a rule file has no use for is a fault here: anchors, aliases, tags,
//! merge keys, several documents. Must not know types.

use std::collections::BTreeSet;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};

use crate::{Fault, Faults, Source, codes};

const BYTES_MAX: usize = 1 << 20;
const NODES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text, number or word.
    Scalar {
        text: String,
        /// Written without quotes: may be a number or `true`.
        plain: bool,
    },
    List(Vec<usize>),
    /// Key and value nodes in the order of the file.
    Map(Vec<(usize, usize)>),
    /// Already reported; whatever asks for it is not told again.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// All nodes of a document; the last one is the root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Option<usize>,
}

impl Tree {
    pub(crate) fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// The text of a scalar.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        match &self.node(at)?.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) | Kind::Broken => None,
        }
    }
}

/// Reads the text as far as it can be read, with every fault of its spelling.
pub(crate) fn grow(source: &Source) -> (Tree, Vec<Fault>) {
    let mut grower = Grower { source, tree: Tree::default(), faults: Vec::new(), open: Vec::new() };
    if source.text.len() > BYTES_MAX {
        let message =
            format!("the file has {} bytes, at most {BYTES_MAX} are read", source.text.len());
        let fault = source.fault_at(codes::TOO_LARGE, 1, 1, message);
        return (grower.tree, vec![fault.with_help("split it into several files")]);
    }
    grower.control_characters();
    grower.events();
    if grower.tree.root.is_none() && grower.faults.is_empty() {
        let fault = source.fault_at(codes::DOCUMENTS, 1, 1, "the file is empty");
        grower.faults.push(fault);
    }
    (grower.tree, grower.faults)
}

/// A collection whose end was not reached yet.
struct Open {
    at: usize,
    /// The key that waits for its value.
    key: Option<usize>,
    seen: BTreeSet<String>,
}

struct Grower<'a> {
    source: &'a Source,
    tree: Tree,
    faults: Vec<Fault>,
    open: Vec<Open>,
}

impl Grower<'_> {
    fn control_characters(&mut self) {
        for (at, line) in (1..).zip(self.source.text.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let found = (1..).zip(line.chars()).find(|(_, c)| c.is_control() && *c != '\t');
            if let Some((column, c)) = found {
                let message = format!("a control character, U+{:04X}", u32::from(c));
                let fault = self.source.fault_at(codes::CONTROL, at, column, message);
                self.faults.push(fault.with_help("remove it; the file may be cut or not be text"));
                return;
            }
        }
    }

    fn events(&mut self) {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.emit_unresolved_aliases = true;
        options.disallow_directives = true;
        options.flow_nesting_limit = DEPTH_MAX;
        options.block_nesting_limit = DEPTH_MAX;
        let source = self.source;
        let mut documents = 0_usize;
        for step in Parser::new_from_str_with_options(&source.text, options) {
            match step {
                Ok((Event::DocumentStart(..), span)) => {
                    documents += 1;
                    if documents == 2 {
                        let message = "a second document begins here";
                        self.fault(codes::DOCUMENTS, span, message, "keep one document a file");
                        return;
                    }
                }
                Ok((event, span)) => self.event(event, span),
                Err(error) => return self.syntax(&error),
            }
            if self.tree.nodes.len() > NODES_MAX {
                let message = format!("more than {NODES_MAX} values in one file");
                self.faults.push(self.source.fault_at(codes::TOO_LARGE, 1, 1, message));
                return;
            }
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        self.tree.root = None;
        if self.faults.iter().any(|fault| fault.code == codes::CONTROL) {
            return; // what follows from the control character
        }
        let mark = error.marker();
        let fault = match self.source.tab_near(mark.line()) {
            Some((line, column)) => {
                let message = "a tab in the indentation";
                let fault = self.source.fault_at(codes::SYNTAX, line, column, message);
                fault.with_help("indent with spaces")
            }
            None => {
                let (line, column) = (number(mark.line()), number(mark.col() + 1));
                self.source.fault_at(codes::SYNTAX, line, column, error.kind().to_string())
            }
        };
        self.faults.push(fault);
    }

    fn fault(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        if self.faults.len() > Faults::LISTED_MAX {
            return; // nobody reads on, and each excerpt has to be looked for
        }
        let (line, column) = (number(span.start.line()), number(span.start.col() + 1));
        self.faults.push(self.source.fault_at(code, line, column, message).with_help(help));
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plainness(span, anchor != 0, tag.is_some());
                self.scalar(&text, style, span);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plainness(span, anchor != 0, tag.is_some());
                self.start(Kind::List(Vec::new()), span);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plainness(span, anchor != 0, tag.is_some());
                self.start(Kind::Map(Vec::new()), span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.fault(codes::FANCY, span, "an alias (`*name`)", "write the value out");
                let at = self.push(Kind::Broken, span);
                self.place(at, span);
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::Comment(..) => {}
            _ => self.fault(codes::FANCY, span, "a part of YAML not known here", "remove it"),
        }
    }

    fn plainness(&mut self, span: Span, anchor: bool, tag: bool) {
        if anchor {
            self.fault(codes::FANCY, span, "an anchor (`&name`)", "remove it");
        }
        if tag {
            self.fault(codes::FANCY, span, "a tag (`!name`)", "remove it");
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) {
        let plain = style == ScalarStyle::Plain;
        let control = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        let kind = if let Some(c) = control {
            let message = format!("an escaped control character, U+{:04X}", u32::from(c));
            self.fault(codes::CONTROL, span, message, "remove it");
            Kind::Broken
        } else if plain && yes_no(text) {
            let message =
                format!("`{text}` without quotes: some read it as a text, some as yes or no");
            let help = format!("write `true` or `false` for a choice, \"{text}\" for the text");
            self.fault(codes::YES_NO, span, message, &help);
            Kind::Broken
        } else {
            Kind::Scalar { text: text.to_owned(), plain }
        };
        let at = self.push(kind, span);
        self.place(at, span);
    }

    fn start(&mut self, kind: Kind, span: Span) {
        let at = self.push(kind, span);
        self.place(at, span);
        self.open.push(Open { at, key: None, seen: BTreeSet::new() });
    }

    fn end(&mut self) {
        if let Some(closed) = self.open.pop()
            && self.open.is_empty()
        {
            self.tree.root = Some(closed.at);
        }
    }

    fn push(&mut self, kind: Kind, span: Span) -> usize {
        let (line, column) = (number(span.start.line()), number(span.start.col() + 1));
        self.tree.nodes.push(Node { kind, line, column });
        self.tree.nodes.len() - 1
    }

    /// Puts a finished or begun node into the collection that is open.
    fn place(&mut self, at: usize, span: Span) {
        let Some(mut open) = self.open.pop() else {
            self.tree.root = Some(at);
            return;
        };
        let is_map = matches!(self.tree.node(open.at), Some(Node { kind: Kind::Map(_), .. }));
        let key = if is_map { open.key.take() } else { Some(at) };
        match key {
            None => {
                self.key(at, span, &mut open.seen);
                open.key = Some(at);
            }
            Some(key) => match self.tree.nodes.get_mut(open.at).map(|node| &mut node.kind) {
                Some(Kind::Map(entries)) => entries.push((key, at)),
                Some(Kind::List(items)) => items.push(at),
                Some(Kind::Scalar { .. } | Kind::Broken) | None => {}
            },
        }
        self.open.push(open);
    }

    /// Checks a key; a broken one takes its value with it.
    fn key(&mut self, at: usize, span: Span, seen: &mut BTreeSet<String>) {
        let Some(node) = self.tree.nodes.get_mut(at) else { return };
        let (message, code, help) = match &node.kind {
            Kind::Broken => return,
            Kind::Scalar { text, plain: true } if text == "<<" => {
                ("a merge key (`<<`)".to_owned(), codes::FANCY, "write the fields out")
            }
            Kind::Scalar { text, .. } if !seen.insert(text.clone()) => {
                (format!("`{text}` is given twice"), codes::REPEATED, "keep one of them")
            }
            Kind::Scalar { .. } => return,
            Kind::List(_) | Kind::Map(_) => (
                "a key that is not a text".to_owned(),
                codes::WRONG_KIND,
                "write a name before the colon",
            ),
        };
        node.kind = Kind::Broken;
        self.fault(code, span, message, help);
    }
}

/// The words YAML 1.1 reads as a choice besides `true` and `false`.
fn yes_no(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "y" | "n")
        && (text == lower || text.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
