//! Route files to the compiled catalogue, or to all their faults.
//!
//! Must not know policies, or where the files came from.

mod lasting;
mod ledger;
mod operations;
mod owned;
mod params;
mod shapes;
mod types;
mod vanishing;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{CLASSES_MAX, ClassIx, ClassName, ClassSet, TypeIx};
use portcullis_yaml::{At, Fault, Faults, Source, read_partly};

use crate::file::{RouteFile, VersionsFile};
use crate::model::{Catalogue, Versions};
use crate::routes::Routes;
use crate::{UNCLASSIFIED, UNCLASSIFIED_IX};

/// Codes of the faults found here; `policies/README.md` explains each.
pub(crate) mod codes {
    pub(crate) const FORMAT: &str = "PC0201";
    pub(crate) const TWICE: &str = "PC0202";
    pub(crate) const NO_CLASS: &str = "PC0203";
    pub(crate) const NO_TYPE: &str = "PC0204";
    pub(crate) const ID_PATTERN: &str = "PC0205";
    pub(crate) const ID_OVERLAP: &str = "PC0206";
    pub(crate) const PATH: &str = "PC0207";
    pub(crate) const SAME_ROUTE: &str = "PC0208";
    pub(crate) const ONE_CLASS: &str = "PC0209";
    pub(crate) const TARGET: &str = "PC0210";
    pub(crate) const NO_FIELD: &str = "PC0211";
    pub(crate) const PARAMETER: &str = "PC0212";
    pub(crate) const TOO_MANY: &str = "PC0213";
    pub(crate) const VERSIONS: &str = "PC0214";
    pub(crate) const NAME: &str = "PC0215";
    pub(crate) const NOTHING: &str = "PC0216";
    pub(crate) const VANISHING: &str = "PC0217";
    pub(crate) const OWNED: &str = "PC0218";
    pub(crate) const OPENAPI: &str = "PC0220";
}

/// A file and what could be read of it.
struct Read<'a> {
    source: &'a Source,
    file: RouteFile,
}

struct Compiler {
    faults: Vec<Fault>,
    classes: Vec<ClassName>,
    class_ix: BTreeMap<String, ClassIx>,
    type_ix: BTreeMap<String, TypeIx>,
    /// What faulty parts would have named: no second fault for what refers to them.
    dropped: BTreeSet<String>,
}

impl Catalogue {
    /// Compiles route files into one catalogue.
    ///
    /// # Errors
    /// All faults of all files.
    pub fn compile(sources: &[Source]) -> Result<Self, Vec<Fault>> {
        let mut compiler = Compiler {
            faults: Vec::new(),
            classes: Vec::new(),
            class_ix: BTreeMap::new(),
            type_ix: BTreeMap::new(),
            dropped: BTreeSet::new(),
        };
        let files = compiler.read(sources);
        compiler.collect_classes(&files);
        let continuity = compiler.continuity(&files);
        let versions = compiler.versions(&files);
        let mut types = compiler.types(&files);
        let numbered = compiler.shapes(&files, &mut types);
        let media = compiler.media(&files, &types, &numbered);
        let levels = compiler.levels(&files, &numbered);
        let vanishing = compiler.vanishing(&files, &levels);
        let mut catalogue = Self {
            classes: compiler.classes.clone(),
            continuity,
            types,
            operations: Vec::new(),
            versions,
            routes: Routes::default(),
            fields: numbered.fields,
            shapes: numbered.shapes,
            media,
            levels,
            vanishing,
        };
        compiler.operations(&files, &mut catalogue);
        catalogue.levels.owned = compiler.owned(&files, &catalogue);
        if compiler.faults.is_empty() {
            Ok(catalogue)
        } else {
            Err(Faults(compiler.faults).in_order().0)
        }
    }

    /// The JSON Schema of a route file, for editors.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(RouteFile).to_value()
    }
}

impl Compiler {
    fn read<'a>(&mut self, sources: &'a [Source]) -> Vec<Read<'a>> {
        let mut files = Vec::new();
        for source in sources {
            let partial = read_partly::<RouteFile>(source);
            self.faults.extend(partial.faults);
            self.dropped.extend(partial.dropped);
            let Some(file) = partial.value else { continue };
            if file.version.value != 1 {
                let message = format!("unknown version `{}` of the file format", *file.version);
                let fault = source.fault(codes::FORMAT, &file.version, message);
                self.faults.push(fault.with_help("write `version: 1`"));
            }
            files.push(Read { source, file });
        }
        if sources.is_empty() {
            let none = Source::new("routes", "");
            let fault = none.fault_at(codes::NOTHING, 1, 1, "no route file");
            self.faults.push(fault.with_help("name at least one `.yaml` file"));
        }
        files
    }

    /// Whether more faults than are listed were found: nobody reads on.
    fn full(&self) -> bool {
        self.faults.len() > Faults::LISTED_MAX
    }

    fn collect_classes(&mut self, files: &[Read<'_>]) {
        if let Ok(name) = ClassName::new(UNCLASSIFIED) {
            self.class_ix.insert(UNCLASSIFIED.to_owned(), ClassIx(0));
            self.classes.push(name);
        }
        for Read { source, file } in files {
            for (name, _about) in file.classes.iter().filter(|(name, _)| ***name != *UNCLASSIFIED) {
                if !self.full() {
                    self.add_class(source, name);
                }
            }
        }
    }

    fn add_class(&mut self, source: &Source, name: &At<String>) {
        let class = match ClassName::new(name) {
            Ok(class) => class,
            Err(error) => {
                self.faults.push(source.fault(codes::NAME, name, error.to_string()));
                return;
            }
        };
        let ix = match u16::try_from(self.classes.len()) {
            Ok(ix) if self.classes.len() < CLASSES_MAX => ClassIx(ix),
            _ => {
                // Said once, at the first that is too many.
                if self.dropped.insert("\0classes".to_owned()) {
                    let message = format!("more than {} classes", CLASSES_MAX - 1);
                    let fault = source.fault(codes::TOO_MANY, name, message);
                    self.faults.push(fault.with_help("merge classes no tier tells apart"));
                }
                self.dropped.insert(name.value.clone());
                return;
            }
        };
        if self.class_ix.contains_key(name.as_str()) {
            let message = format!("the class `{}` is defined twice", **name);
            self.faults.push(source.fault(codes::TWICE, name, message));
            return;
        }
        self.class_ix.insert(name.value.clone(), ix);
        self.classes.push(class);
    }

    fn continuity(&mut self, files: &[Read<'_>]) -> ClassSet {
        let mut open = ClassSet::EMPTY;
        for Read { source, file } in files {
            for name in &file.continuity {
                let Some(class) = self.class(source, name) else { continue };
                let (code, why, help) = if class == UNCLASSIFIED_IX {
                    (codes::NO_CLASS, "is closed to everybody", "classify what is to stay open")
                } else if open.contains(class) {
                    (codes::TWICE, "is named twice in `continuity`", "name it once")
                } else {
                    open.insert(class);
                    continue;
                };
                let fault = source.fault(code, name, format!("the class `{}` {why}", cut(name)));
                self.faults.push(fault.with_help(help));
            }
        }
        open
    }

    fn versions(&mut self, files: &[Read<'_>]) -> Option<Versions> {
        let mut given: Option<Versions> = None;
        for Read { source, file } in files {
            let Some(versions) = &file.versions else { continue };
            if given.is_some() {
                let message = "`versions` is given in two files";
                let fault = source.fault(codes::VERSIONS, &versions.missing, message);
                self.faults.push(fault.with_help("keep one of them"));
                continue;
            }
            given = Some(self.one_versions(source, versions));
        }
        given
    }

    fn one_versions(&mut self, source: &Source, file: &VersionsFile) -> Versions {
        let mut known: Vec<Box<str>> = Vec::new();
        for version in file.known.iter() {
            if self.full() {
                break;
            }
            let canonical = !version.is_empty()
                && version
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b));
            let message = if !canonical || version.starts_with('.') {
                format!("`{}` is no version segment", **version)
            } else if known.iter().any(|other| **other == *version.value) {
                format!("`{}` is given twice", **version)
            } else {
                known.push(version.as_str().into());
                continue;
            };
            let fault = source.fault(codes::VERSIONS, version, message);
            self.faults.push(fault.with_help("write each once, in lower case, such as `v21.0`"));
        }
        let missing = &file.missing;
        if !known.iter().any(|version| **version == *missing.value) {
            let message = format!("`{}` is not among the known versions", **missing);
            let fault = source.fault(codes::VERSIONS, missing, message);
            let names = known.iter().map(AsRef::as_ref);
            self.faults.push(fault.did_you_mean(missing, names));
        }
        Versions { known, missing: missing.as_str().into() }
    }

    /// The class of that name; a fault where there is none.
    fn class(&mut self, source: &Source, name: &At<String>) -> Option<ClassIx> {
        let found = self.class_ix.get(name.as_str()).copied();
        if found.is_none() && !self.full() && !self.dropped.contains(name.as_str()) {
            let message = format!("unknown class `{}`", cut(name));
            let fault = source
                .fault(codes::NO_CLASS, name, message)
                .with_help("define it under `classes:`")
                .did_you_mean(name, self.class_ix.keys().map(String::as_str));
            self.faults.push(fault);
        }
        found
    }

    /// The type of that name; a fault where there is none.
    fn type_named(&mut self, source: &Source, name: &At<String>) -> Option<TypeIx> {
        let found = self.type_ix.get(name.as_str()).copied();
        if found.is_none() && !self.full() && !self.dropped.contains(name.as_str()) {
            let message = format!("unknown node type `{}`", cut(name));
            let fault = source
                .fault(codes::NO_TYPE, name, message)
                .with_help("define it under `types:`")
                .did_you_mean(name, self.type_ix.keys().map(String::as_str));
            self.faults.push(fault);
        }
        found
    }
}

/// A text fit for a message.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
