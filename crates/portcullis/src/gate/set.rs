//! A set of route and policy files: read from disk, compiled, compared with the one in force.
//!
//! Must not put anything in force.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use portcullis_cli::Compiled;
use portcullis_judge::Rules;
use portcullis_registry::PublishedFile;
use portcullis_types::Revision;
use portcullis_yaml::{Fault, Source};
use sha2::{Digest, Sha256};

/// Files by relative name, such as `routes/plaza.yaml`, in order of name.
pub(crate) type Files = Vec<(String, Arc<str>)>;

/// Longest file of a set, in bytes; ten times the shipped example.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most files in a set.
const FILES_MAX: usize = 200;

/// Reads the set from its two folders.
///
/// # Errors
/// Every file that can't be read, each as a fault that names it.
pub(crate) fn read(routes: &Path, policies: &Path) -> Result<Files, Vec<Fault>> {
    let mut files = Files::new();
    let mut faults = Vec::new();
    for (folder, under) in [(routes, "routes"), (policies, "policies")] {
        match read_folder(folder, under) {
            Ok(found) if found.is_empty() => faults.push(unreadable(
                under,
                format!("`{}` holds no .yaml file", folder.display()),
                "write one, or name another folder in portcullis.yaml",
            )),
            Ok(found) => files.extend(found),
            Err(found) => faults.extend(found),
        }
    }
    if files.len() > FILES_MAX {
        faults.push(unreadable(
            "routes",
            format!("{} files, at most {FILES_MAX}", files.len()),
            "join some",
        ));
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

fn read_folder(folder: &Path, under: &str) -> Result<Files, Vec<Fault>> {
    let listing = std::fs::read_dir(folder).map_err(|why| {
        vec![unreadable(
            under,
            format!("the folder `{}` can't be read: {why}", folder.display()),
            "name it in portcullis.yaml",
        )]
    })?;
    let mut paths: Vec<_> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // As `check` does: an editor's hidden swap file is nobody's policy.
    paths.retain(|path| {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
    });
    paths.sort();
    let (mut files, mut faults) = (Files::new(), Vec::new());
    for path in paths {
        let name =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("{under}/{name}");
        match read_file(&path) {
            Ok(text) => files.push((name, Arc::from(text))),
            Err(why) => faults.push(unreadable(&name, why, "a set is loaded whole or not at all")),
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

fn read_file(path: &Path) -> Result<String, String> {
    let meta = std::fs::metadata(path).map_err(|why| format!("can't be read: {why}"))?;
    if meta.len() > FILE_BYTES_MAX {
        return Err(format!("is {} bytes long, at most {FILE_BYTES_MAX}", meta.len()));
    }
    let bytes = std::fs::read(path).map_err(|why| format!("can't be read: {why}"))?;
    String::from_utf8(bytes)
        .map_err(|why| format!("is not UTF-8 from byte {}", why.utf8_error().valid_up_to()))
}

fn unreadable(name: &str, message: String, help: &str) -> Fault {
    let source = Source { name: name.to_owned(), text: Arc::from("") };
    source.fault_at("PC0101", 1, 1, message).with_help(help)
}

/// Compiles a set.
///
/// # Errors
/// Every fault of every file.
pub(crate) fn compile(files: &Files, revision: Revision) -> Result<Rules, Vec<Fault>> {
    let of = |under: &str| -> Vec<Source> {
        files
            .iter()
            .filter(|(name, _)| name.starts_with(under))
            .map(|(name, text)| Source { name: name.clone(), text: Arc::clone(text) })
            .collect()
    };
    let Compiled { catalogue, policies } =
        portcullis_cli::compile(&of("routes/"), &of("policies/"))?;
    Ok(Rules { catalogue, policies, revision, set: digest(files) })
}

/// The digest of a whole set: over the names and digests of its files, in order of name.
pub(crate) fn digest(files: &Files) -> String {
    let mut all = Sha256::new();
    for (name, text) in files {
        all.update(format!("{} {name}\n", hex(&Sha256::digest(text.as_bytes()))));
    }
    hex(&all.finalize())
}

/// The files of a set as the log names them.
pub(crate) fn published(files: &Files) -> Vec<PublishedFile> {
    let file = |(name, text): &(String, Arc<str>)| PublishedFile {
        name: name.clone(),
        sha256: hex(&Sha256::digest(text.as_bytes())),
    };
    files.iter().map(file).collect()
}

/// Names of files that differ between the disk and the set in force, with how they differ.
pub(crate) fn drift(disk: &Files, in_force: &[PublishedFile]) -> Vec<(String, &'static str)> {
    let disk = published(disk);
    let on_disk: BTreeMap<&str, &str> =
        disk.iter().map(|file| (file.name.as_str(), file.sha256.as_str())).collect();
    let logged: BTreeMap<&str, &str> =
        in_force.iter().map(|file| (file.name.as_str(), file.sha256.as_str())).collect();
    let mut out = Vec::new();
    for (name, sha256) in &on_disk {
        match logged.get(name) {
            Some(known) if known == sha256 => {}
            Some(_) => out.push(((*name).to_owned(), "changed")),
            None => out.push(((*name).to_owned(), "new")),
        }
    }
    let gone = logged.keys().filter(|name| !on_disk.contains_key(*name));
    out.extend(gone.map(|name| ((*name).to_owned(), "missing")));
    out
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
