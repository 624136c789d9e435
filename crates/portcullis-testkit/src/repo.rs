//! Reads the repository itself: its crates, their sources and what they depend on.
//!
//! For the tests that hold the architecture. Must not know any crate by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate under `crates/` or `benches/`.
#[derive(Debug)]
pub struct Crate {
    /// Its package name.
    pub name: String,
    /// The text of its `Cargo.toml`.
    pub manifest: String,
    /// Its `.rs` files.
    pub sources: Vec<Source>,
}

/// One file of text.
#[derive(Debug)]
pub struct Source {
    /// Relative to the repository's root.
    pub path: String,
    /// As it stands on disk.
    pub text: String,
}

impl Source {
    /// The lines that are shipped, numbered from 1: not tests, not comments.
    ///
    /// By the house's habit, a file's own tests stand at its foot behind `#[cfg(test)]`, and bigger
    /// ones in `tests.rs` or under `tests/`, `benches/`, `examples/`.
    #[must_use]
    pub fn shipped_lines(&self) -> Vec<(usize, &str)> {
        let aside = ["/tests/", "/benches/", "/examples/", "/tests.rs", "build.rs"];
        if aside.iter().any(|part| self.path.contains(part)) {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let foot = lines
            .windows(2)
            .position(|pair| matches!(pair, [a, b] if *a == "#[cfg(test)]" && b.starts_with("mod ") && b.ends_with('{')))
            .unwrap_or(lines.len());
        let shipped = lines.into_iter().take(foot).enumerate();
        shipped
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
            .collect()
    }
}

/// The root of the repository.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate stands two folders below the root").to_path_buf()
}

/// Every crate of the workspace, sorted by name.
///
/// # Panics
/// When a folder or manifest can't be read.
#[must_use]
pub fn crates() -> Vec<Crate> {
    let root = workspace_root();
    let mut found = Vec::new();
    for storey in ["crates", "benches"] {
        for folder in entries(&root.join(storey)) {
            let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
            let name = manifest
                .lines()
                .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
                .unwrap_or_else(|| panic!("`{}` has no name in its manifest", folder.display()))
                .to_owned();
            let mut sources = Vec::new();
            collect(
                &folder,
                &root,
                &|path| path.extension().is_some_and(|e| e == "rs"),
                &mut sources,
            );
            found.push(Crate { name, manifest, sources });
        }
    }
    assert!(found.len() > 10, "found only {} crates: is the layout another one?", found.len());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Every text file that git tracks or would track, apart from lock files and licence texts.
///
/// # Panics
/// When git is absent or fails.
#[must_use]
pub fn text_files() -> Vec<Source> {
    let root = workspace_root();
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listing = run(Command::new("git").args(args).current_dir(&root));
    let mut found = Vec::new();
    for path in listing.split('\0').filter(|path| !path.is_empty()) {
        if path.ends_with("Cargo.lock") {
            continue;
        }
        // A file deleted but not yet committed is listed and unreadable; a binary one isn't UTF-8.
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        found.push(Source { path: path.to_owned(), text });
    }
    assert!(found.len() > 50, "git listed only {} files", found.len());
    found
}

/// The names of all packages that `krate` reaches through normal dependencies, itself left out.
///
/// # Panics
/// When `cargo tree` fails: a misspelt crate must not pass for one without dependencies.
#[must_use]
pub fn dependency_names(krate: &str) -> BTreeSet<String> {
    // The lock file must already be right, and no network is needed to read it.
    let args = ["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let mut command = Command::new(cargo);
    command.args(args).args(["--package", krate]).current_dir(workspace_root());
    let listing = run(&mut command);
    let mut names: BTreeSet<String> =
        listing.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(names.remove(krate), "`cargo tree` did not list `{krate}` itself:\n{listing}");
    names.remove("");
    names
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} can't start: {e}"));
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {fault}");
    String::from_utf8(output.stdout).expect("a listing in UTF-8")
}

fn collect(folder: &Path, root: &Path, wanted: &dyn Fn(&Path) -> bool, into: &mut Vec<Source>) {
    for path in entries(folder) {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, root, wanted, into);
            }
        } else if wanted(&path) {
            let text = fs::read_to_string(&path).expect("a source file is readable text");
            let relative = path.strip_prefix(root).unwrap_or(&path);
            into.push(Source { path: relative.display().to_string(), text });
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
