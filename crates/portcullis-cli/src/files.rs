//! The route and policy files of a deployment, found, read and compiled.
//!
//! Nothing is guessed: `routes/` and `policies/` of a directory, files that end in `.yaml` or
//! `.yml`. Must not know what a command does with them.

use std::path::Path;

use portcullis_catalogue::{Catalogue, OperationClass, UNCLASSIFIED_IX};
use portcullis_policy::PolicySet;
use portcullis_yaml::{Fault, Source};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::host::Host;

/// Route and policy files.
#[derive(Debug, Clone, Default)]
pub struct FileSet {
    /// Route files, by name.
    pub routes: Vec<Source>,
    /// Policy files, by name.
    pub policies: Vec<Source>,
    /// Files that are no text.
    pub faults: Vec<Fault>,
    /// Whether whole folders were read, so that what is missing is a fault.
    whole: bool,
}

/// A set without faults.
#[derive(Debug)]
pub struct Compiled {
    /// What operations and fields are.
    pub catalogue: Catalogue,
    /// Scopes and tiers.
    pub policies: PolicySet,
}

/// What a set holds.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Holds {
    pub(crate) operations: usize,
    pub(crate) unclassified: usize,
    pub(crate) classes: usize,
    pub(crate) scopes: usize,
    pub(crate) tiers: usize,
}

/// The fault code for a class that no route file defines.
const NO_CLASS: &str = "PC0304";

/// The least catalogue there can be, for finding the policies' own faults beside faulty routes.
const STAND_IN: &str =
    "version: 1\noperations:\n  none: { method: GET, path: /none, class: unclassified }\n";

/// Compiles a whole set as the server does; what passes here loads there.
///
/// # Errors
/// All faults of all files: those of policies too when routes are faulty, except that classes
/// can't be looked up then.
pub fn compile(routes: &[Source], policies: &[Source]) -> Result<Compiled, Vec<Fault>> {
    match Catalogue::compile(routes) {
        Ok(catalogue) => {
            let policies = PolicySet::compile(policies, &catalogue)?;
            Ok(Compiled { catalogue, policies })
        }
        Err(mut faults) => {
            let stand_in = Catalogue::compile(&[Source::new("routes", STAND_IN)]);
            let more = stand_in.map(|stand_in| PolicySet::compile(policies, &stand_in));
            if let Ok(Err(more)) = more {
                faults.extend(more.into_iter().filter(|fault| fault.code != NO_CLASS));
            }
            Err(faults)
        }
    }
}

impl Compiled {
    pub(crate) fn holds(&self) -> Holds {
        let closed = |class: &OperationClass| matches!(class, OperationClass::Fixed(class) if *class == UNCLASSIFIED_IX);
        let operations = self.catalogue.operations();
        Holds {
            operations: self.catalogue.operations().count(),
            unclassified: operations.filter(|operation| closed(&operation.class)).count(),
            classes: self.catalogue.classes().count(),
            scopes: self.policies.scopes().count(),
            tiers: self.policies.tiers().count(),
        }
    }
}

/// Reads the files of a deployment: of the folders that its configuration names, else of `routes/`
/// and `policies/` in its directory. They are named as the server names them.
///
/// # Errors
/// [`Failure::Local`] when there is nothing to read or a file can't be read.
pub fn read_set(dir: &Path, host: &dyn Host) -> Result<FileSet, Failure> {
    let mut set = FileSet::default();
    let config = dir.join("portcullis.yaml");
    let deployment = if host.read(&config).is_ok() { host.deployment(&config).ok() } else { None };
    let (routes, policies) = match deployment {
        Some(deployment) => (deployment.routes, deployment.policies),
        None => (dir.join("routes"), dir.join("policies")),
    };
    set.read([(&routes, "routes"), (&policies, "policies")], dir, host)?;
    Ok(set)
}

impl FileSet {
    /// Reads a directory or a single file; what is read is named as it was typed.
    pub(crate) fn add(&mut self, path: &Path, host: &dyn Host) -> Result<(), Failure> {
        if !host.is_dir(path) {
            return self.file(path, slashed(path), host);
        }
        let dir = if path == Path::new(".") { Path::new("") } else { path };
        self.folders(&dir.join("routes"), &dir.join("policies"), host)
    }

    /// Reads the two folders of a deployment, named by their paths.
    pub(crate) fn folders(
        &mut self,
        routes: &Path,
        policies: &Path,
        host: &dyn Host,
    ) -> Result<(), Failure> {
        let (shown_routes, shown_policies) = (slashed(routes), slashed(policies));
        let dir = routes.parent().unwrap_or(routes);
        self.read([(routes, &shown_routes), (policies, &shown_policies)], dir, host)
    }

    fn read(
        &mut self,
        folders: [(&Path, &str); 2],
        dir: &Path,
        host: &dyn Host,
    ) -> Result<(), Failure> {
        if !folders.iter().any(|(folder, _)| host.is_dir(folder)) {
            let dir = if dir == Path::new("") { Path::new(".") } else { dir };
            return Err(Failure::Local(format!(
                "{} holds neither `routes/` nor `policies/`: name the deployment's directory, or make one with `portcullis init`",
                dir.display()
            )));
        }
        for (at, (folder, shown)) in folders.into_iter().enumerate() {
            self.whole = true;
            if !host.is_dir(folder) {
                continue;
            }
            let entries = host.list(folder).map_err(|error| unreadable(folder, &error))?;
            for path in entries.iter().filter(|path| is_yaml(path)) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.take(path, format!("{shown}/{name}"), Some(at == 0), host)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String, host: &dyn Host) -> Result<(), Failure> {
        self.take(path, name, None, host)
    }

    /// `routes` is told by the folder; a file named on its own shows it by its path or its text.
    fn take(
        &mut self,
        path: &Path,
        name: String,
        routes: Option<bool>,
        host: &dyn Host,
    ) -> Result<(), Failure> {
        let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let bytes = error.as_bytes();
                let before = bytes.get(..error.utf8_error().valid_up_to()).unwrap_or_default();
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                let source = Source::new(name, "");
                let fault = source.fault_at("PC0101", line, 1, "the file is not UTF-8 text");
                self.faults.push(fault.with_help("save it as UTF-8"));
                return Ok(());
            }
        };
        let source = Source::new(name, text);
        if routes.unwrap_or_else(|| is_routes(path, &source.text)) {
            &mut self.routes
        } else {
            &mut self.policies
        }
        .push(source);
        Ok(())
    }

    /// How many files were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes.len() + self.policies.len() + self.faults.len()
    }

    /// Whether no file was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Compiles the set.
    ///
    /// # Errors
    /// All faults of all files.
    pub fn compile(&self) -> Result<Compiled, Vec<Fault>> {
        let mut faults = self.faults.clone();
        if !self.whole && self.policies.is_empty() {
            // Route files alone: there is no tier to miss.
            let catalogue = Catalogue::compile(&self.routes).map_err(|more| {
                faults.extend(more);
                faults
            })?;
            return Ok(Compiled { catalogue, policies: PolicySet::default() });
        }
        if !self.whole && self.routes.is_empty() {
            // A tier can't be judged without the classes and scopes it names.
            let alone = self.policies.first().map(|source| {
                source.fault_at("PC0216", 1, 1, "policy files are compiled against their route files").with_help(
                    "name the deployment's directory, or its route files and scopes beside this one",
                )
            });
            faults.extend(alone);
            return Err(faults);
        }
        match compile(&self.routes, &self.policies) {
            Ok(compiled) if faults.is_empty() => return Ok(compiled),
            Ok(_) => {}
            Err(more) => faults.extend(more),
        }
        Err(faults)
    }
}

/// By its directory; a file named on its own elsewhere by the keys that only routes have.
fn is_routes(path: &Path, text: &str) -> bool {
    match path.parent().and_then(Path::file_name).and_then(|name| name.to_str()) {
        Some("routes") => true,
        Some("policies") => false,
        _ => ["operations:", "classes:", "types:", "versions:"]
            .iter()
            .any(|key| text.lines().any(|line| line.starts_with(key))),
    }
}

fn is_yaml(path: &Path) -> bool {
    // An editor's hidden swap file is nobody's policy.
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().trim_end_matches('/').replace('\\', "/")
}

/// A file that somebody wrote by hand, with the place of each fault; `done` is what was not done then.
pub(crate) fn by_hand<T: DeserializeOwned>(
    path: &Path,
    done: &str,
    host: &dyn Host,
) -> Result<T, Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Local(format!("{} is not UTF-8 text", path.display())))?;
    portcullis_yaml::read(&Source::new(path.display().to_string(), text)).map_err(|faults| {
        let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Local(format!("{}\nnothing was {done}", listed.join("\n")))
    })
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Local(format!("{} can't be read: {error}", path.display()))
}

pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return Failure::Local(format!(
            "{path} exists already and is not overwritten: name another file, or move that one away"
        ));
    }
    Failure::Local(format!("{path} can't be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_has_no_fault_of_its_own() {
        assert!(Catalogue::compile(&[Source::new("routes", STAND_IN)]).is_ok());
    }
}
