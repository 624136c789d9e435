//! `check`: compiles files as the server does, without one.
//!
//! Must not know the admin API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use owo_colors::OwoColorize as _;
use portcullis_yaml::Fault;
use serde::Serialize;

use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::files::{Holds, read_paths};
use crate::host::Host;
use crate::out::Out;

#[derive(Serialize)]
struct Report {
    ok: bool,
    files: Vec<String>,
    faults: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<Holds>,
}

pub(crate) fn run(args: &CheckArgs, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let (configs, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|p| is_config(p));
    let configs = configs.into_iter().chain(paths.iter().filter_map(|dir| config_in(dir, host)));
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for config in configs {
        files.push(config.display().to_string());
        if let Err(more) = host.deployment(&config) {
            faults.extend(more);
        }
    }
    let mut holds = None;
    if !paths.is_empty() {
        let set = read_paths(&paths, host)?;
        files.extend(set.routes.iter().chain(&set.policies).map(|source| source.name.clone()));
        files.extend(set.faults.iter().map(|fault| fault.file.clone()));
        match set.compile() {
            Ok(compiled) => holds = Some(compiled.holds()),
            Err(more) => faults.extend(more),
        }
    }
    report(Report { ok: faults.is_empty(), files, faults, holds }, out)
}

fn report(report: Report, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        out.json(&report)?;
    } else {
        for fault in &report.faults {
            out.line(format!("{fault}\n"))?;
        }
    }
    let read = count(report.files.len(), "file");
    if !report.ok {
        let places: BTreeSet<&str> = report.faults.iter().map(|f| f.file.as_str()).collect();
        let found = count(report.faults.len(), "fault");
        let places = count(places.len(), "file");
        out.say(format!("{} {found} in {places}; {read} read", "error:".red().bold()));
        return Err(Failure::Findings);
    }
    let Some(Holds { operations, unclassified, classes, scopes, tiers }) = report.holds else {
        out.say(format!("no faults; {read} read"));
        return Ok(());
    };
    let held = [(operations, "operation"), (classes, "class"), (scopes, "scope"), (tiers, "tier")];
    let held = held.map(|(n, word)| count(n, word)).join(", ");
    out.say(format!("no faults; {read} read: {held}"));
    if unclassified > 0 {
        out.say(format!(
            "{} of {operations} operations have no class yet and are CLOSED",
            unclassified.bold()
        ));
    }
    Ok(())
}

fn is_config(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "portcullis.yaml")
}

fn config_in(dir: &Path, host: &dyn Host) -> Option<PathBuf> {
    let config = if dir == Path::new(".") { PathBuf::new() } else { dir.to_path_buf() };
    let config = config.join("portcullis.yaml");
    (host.is_dir(dir) && host.read(&config).is_ok()).then_some(config)
}

pub(crate) fn count(n: usize, word: &str) -> String {
    match (n, word) {
        (1, _) => format!("1 {word}"),
        (n, "class") => format!("{n} classes"),
        (n, _) => format!("{n} {word}s"),
    }
}
