//! Node types: their id patterns, fields and edges.
//!
//! Must not know operations.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, TypeIx, TypeName};
use portcullis_yaml::{At, Source};

use super::{Compiler, Read, codes, cut};
use crate::file::{EdgeFile, TypeFile};
use crate::model::{Field, Given, IdPattern, NodeType};

const TYPES_MAX: usize = 256;
const FIELDS_MAX: usize = 1024;
const ID_MAX: usize = 128;
/// Rows a list gives when none is asked and the file says nothing.
pub(super) const ROWS_DEFAULT: u32 = 25;
/// What `answer:` uses for "the target itself".
const TARGET: &str = "target";

/// A pattern that was taken, to compare later ones with.
struct Taken {
    pattern: IdPattern,
    owner: String,
}

impl Compiler {
    pub(super) fn types(&mut self, files: &[Read<'_>]) -> Vec<NodeType> {
        let named = self.type_names(files);
        let mut taken: Vec<Taken> = Vec::new();
        let mut types = Vec::new();
        for (source, name, file) in named {
            let ids = self.ids(source, name.as_str(), file, &mut taken);
            let fields = self.fields(source, file);
            let default_fields = self.defaults(source, &file.default, &fields, name.as_str());
            let given = Given::default();
            types.push(NodeType { name, ids, fields, default_fields, given });
        }
        self.check_edge_defaults(files, &types);
        types
    }

    /// First the names, since edges may hold types that come later.
    fn type_names<'a>(
        &mut self,
        files: &'a [Read<'_>],
    ) -> Vec<(&'a Source, TypeName, &'a TypeFile)> {
        let mut named = Vec::new();
        for Read { source, file } in files {
            for (name, kind) in file.types.iter() {
                if self.full() {
                    break;
                }
                let fault = match TypeName::new(name) {
                    Err(error) => source.fault(codes::NAME, name, error.to_string()),
                    Ok(_) if name.as_str() == TARGET => source
                        .fault(codes::NAME, name, "`target` is no name for a type")
                        .with_help("`answer: target` means the target itself"),
                    Ok(_) if self.type_ix.contains_key(name.as_str()) => {
                        let message = format!("the node type `{}` is defined twice", **name);
                        source.fault(codes::TWICE, name, message)
                    }
                    Ok(_) if named.len() >= TYPES_MAX => {
                        let message = format!("more than {TYPES_MAX} node types");
                        source.fault(codes::TOO_MANY, name, message)
                    }
                    Ok(legal) => {
                        let ix = TypeIx(u16::try_from(named.len()).unwrap_or(u16::MAX));
                        self.type_ix.insert(name.value.clone(), ix);
                        named.push((*source, legal, kind));
                        continue;
                    }
                };
                self.faults.push(fault);
            }
        }
        named
    }

    fn ids(
        &mut self,
        source: &Source,
        owner: &str,
        file: &TypeFile,
        taken: &mut Vec<Taken>,
    ) -> Vec<IdPattern> {
        let mut ids = Vec::new();
        for text in &file.ids {
            if self.full() {
                break;
            }
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"#-_.:".contains(&b);
            if text.is_empty() || text.len() > ID_MAX || !text.bytes().all(legal) {
                let message = format!("`{}` is no id pattern", cut(text));
                let fault = source.fault(codes::ID_PATTERN, text, message);
                self.faults
                    .push(fault.with_help("use `#` for a digit, and letters, digits, `-_.:`"));
                continue;
            }
            let pattern = IdPattern(text.as_str().into());
            if let Some(other) = taken.iter().find(|other| other.pattern.overlaps(&pattern)) {
                let (of, with) = (&other.owner, &other.pattern.0);
                let message = format!("`{}` may also be an id of `{of}` (`{with}`)", **text);
                let fault = source.fault(codes::ID_OVERLAP, text, message);
                self.faults
                    .push(fault.with_help("an id must tell its type: narrow one of the two"));
            }
            taken.push(Taken { pattern: pattern.clone(), owner: owner.to_owned() });
            ids.push(pattern);
        }
        ids
    }

    fn fields(&mut self, source: &Source, file: &TypeFile) -> BTreeMap<Box<str>, Field> {
        let mut fields = BTreeMap::new();
        for (class, names) in file.fields.iter() {
            // An unknown class is one fault; its fields stay known, as closed.
            let class = self.class(source, class).unwrap_or(ClassIx(0));
            for name in names {
                let field = plain(class);
                self.add_field(source, name, field, &mut fields);
            }
        }
        for (name, edge) in file.edges.iter() {
            let field = self.edge(source, edge);
            self.add_field(source, name, field, &mut fields);
        }
        fields
    }

    fn edge(&mut self, source: &Source, edge: &EdgeFile) -> Field {
        let class = self.class(source, &edge.class).unwrap_or(ClassIx(0));
        let holds = edge.holds.as_ref().and_then(|name| self.type_named(source, name));
        let mut modifiers: Vec<Box<str>> = Vec::new();
        for name in &edge.modifiers {
            if self.full() {
                break;
            }
            if !is_field_name(name) || modifiers.iter().any(|other| **other == *name.value) {
                let message = format!("the modifier `{}` is no name or given twice", cut(name));
                self.faults.push(source.fault(codes::NAME, name, message));
                continue;
            }
            modifiers.push(name.as_str().into());
        }
        let default_fields = edge
            .default
            .as_ref()
            .map(|names| names.iter().map(|name| name.as_str().into()).collect());
        let inline = edge.inline.as_ref().is_some_and(|word| word.value);
        let named_by = edge.named_by.as_ref().map(|name| name.as_str().into());
        let listed = modifiers.iter().any(|name| **name == *"limit");
        let rows_default =
            edge.rows.as_ref().map(|rows| rows.value).or(listed.then_some(ROWS_DEFAULT));
        self.check_edge(source, edge, &modifiers);
        Field { holds, modifiers, default_fields, inline, named_by, rows_default, ..plain(class) }
    }

    /// Checks that what an edge says of itself goes together.
    fn check_edge(&mut self, source: &Source, edge: &EdgeFile, modifiers: &[Box<str>]) {
        let inline = edge.inline.as_ref().filter(|word| word.value);
        if let Some(word) = inline
            && (edge.holds.is_none() || !modifiers.is_empty() || edge.rows.is_some())
        {
            let message = "an object of the node itself holds one type and takes no modifiers";
            let fault = source.fault(codes::NO_TYPE, word, message);
            self.faults.push(fault.with_help("add `holds:`, or leave `inline` out"));
        }
        if let Some(name) = &edge.named_by
            && (edge.holds.is_none()
                || inline.is_some()
                || !modifiers.contains(&name.as_str().into()))
        {
            let message = format!("`{}` can't name whose this is", cut(name));
            let fault = source.fault(codes::TARGET, name, message);
            self.faults.push(fault.with_help("list it under `modifiers:`, and add `holds:`"));
        }
        if let Some(rows) = edge.rows.as_ref().filter(|rows| rows.value == 0) {
            let fault = source.fault(codes::PARAMETER, rows, "a list that gives no rows");
            self.faults.push(fault.with_help("give the platform's own default, such as 25"));
        }
    }

    fn add_field(
        &mut self,
        source: &Source,
        name: &At<String>,
        field: Field,
        fields: &mut BTreeMap<Box<str>, Field>,
    ) {
        if self.full() {
            return;
        }
        let fault = if !is_field_name(name) {
            let message = format!("`{}` is no field name", cut(name));
            source.fault(codes::NAME, name, message).with_help("use letters, digits and `_`")
        } else if fields.contains_key(name.as_str()) {
            let message = format!("the field `{}` is listed twice", **name);
            source.fault(codes::TWICE, name, message).with_help("a field has one class")
        } else if fields.len() >= FIELDS_MAX {
            let message = format!("more than {FIELDS_MAX} fields");
            source.fault(codes::TOO_MANY, name, message)
        } else {
            fields.insert(name.as_str().into(), field);
            return;
        };
        self.faults.push(fault);
    }

    /// Checks that default fields are listed, and takes them.
    pub(super) fn defaults(
        &mut self,
        source: &Source,
        names: &[At<String>],
        fields: &BTreeMap<Box<str>, Field>,
        owner: &str,
    ) -> Vec<Box<str>> {
        let mut defaults: Vec<Box<str>> = Vec::new();
        for name in names {
            if self.full() {
                break;
            }
            let fault = if !fields.contains_key(name.as_str()) {
                let message =
                    format!("the default field `{}` is not listed in `{owner}`", cut(name));
                let fault = source.fault(codes::NO_FIELD, name, message);
                fault.did_you_mean(name, fields.keys().map(AsRef::as_ref))
            } else if defaults.iter().any(|other| **other == *name.value) {
                let message = format!("the default field `{}` is given twice", **name);
                source.fault(codes::TWICE, name, message)
            } else {
                defaults.push(name.as_str().into());
                continue;
            };
            if !self.dropped.contains(name.as_str()) {
                self.faults.push(fault);
            }
        }
        defaults
    }

    fn check_edge_defaults(&mut self, files: &[Read<'_>], types: &[NodeType]) {
        for Read { source, file } in files {
            for (name, edge) in file.types.iter().flat_map(|(_, kind)| kind.edges.iter()) {
                let Some(names) = &edge.default else { continue };
                let held = edge.holds.as_ref().and_then(|of| self.type_ix.get(of.as_str()));
                match held.and_then(|ix| types.get(ix.at())) {
                    Some(kind) => {
                        self.defaults(source, names, &kind.fields, kind.name.as_str());
                    }
                    None if edge.holds.is_none() => {
                        let message = format!("`{}` holds no nodes, so it has no defaults", **name);
                        let fault = source.fault(codes::NO_FIELD, names, message);
                        self.faults.push(fault.with_help("add `holds:` or remove `default:`"));
                    }
                    None => {}
                }
            }
        }
    }
}

/// A plain field, not numbered yet.
fn plain(class: ClassIx) -> Field {
    Field {
        class,
        holds: None,
        modifiers: Vec::new(),
        default_fields: None,
        given: Given::default(),
        ix: None,
        inline: false,
        named_by: None,
        rows_default: None,
    }
}

impl IdPattern {
    /// Whether some id fits both.
    fn overlaps(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.bytes().zip(other.0.bytes()).all(|(a, b)| {
                a == b || (a == b'#' && b.is_ascii_digit()) || (b == b'#' && a.is_ascii_digit())
            })
    }
}

fn is_field_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
