//! `check`: compiles files as the server does, without one.
//!
//! Must not know the admin API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use owo_colors::OwoColorize as _;
use portcullis_yaml::Fault;
use serde::Serialize;

use crate::args::{CheckArgs, Common};
use crate::coverage::{self, Coverage};
use crate::failure::Failure;
use crate::files::{FileSet, Holds};
use crate::host::Host;
use crate::out::Out;

#[derive(Serialize)]
struct Report {
    ok: bool,
    files: Vec<String>,
    faults: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<Holds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
}

pub(crate) fn run(
    args: &CheckArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let named = match (&common.config, args.paths.is_empty()) {
        (Some(config), true) => vec![config.clone()],
        (None, true) => vec![PathBuf::from(".")],
        _ => args.paths.clone(),
    };
    let mut files = Vec::new();
    let mut faults = Vec::new();
    let mut set = FileSet::default();
    // A configuration named alone stands for its deployment; beside other paths, for itself.
    let whole = common.config.is_some() && args.paths.is_empty();
    for path in &named {
        let config = if host.is_dir(path) { path.join("portcullis.yaml") } else { path.clone() };
        let config = tidy(&config);
        let is_config = whole || is_config(&config);
        if !is_config || (host.is_dir(path) && host.read(&config).is_err()) {
            set.add(path, host)?;
            continue;
        }
        files.push(config.display().to_string());
        let dir = config.parent().unwrap_or(Path::new(""));
        let (routes, policies) = match host.deployment(&config) {
            Ok(deployment) => (deployment.routes, deployment.policies),
            Err(more) => {
                faults.extend(more);
                (dir.join("routes"), dir.join("policies"))
            }
        };
        if whole || host.is_dir(path) {
            set.folders(&routes, &policies, host)?;
        }
    }
    let mut holds = None;
    let mut coverage = None;
    if !set.is_empty() {
        files.extend(set.routes.iter().chain(&set.policies).map(|source| source.name.clone()));
        files.extend(set.faults.iter().map(|fault| fault.file.clone()));
        match set.compile() {
            Ok(compiled) => {
                holds = Some(compiled.holds());
                if args.coverage && faults.is_empty() {
                    coverage = Some(coverage::run(&compiled, args.openapi.as_deref(), host)?);
                }
            }
            Err(more) => faults.extend(more),
        }
    }
    report(Report { ok: faults.is_empty(), files, faults, holds, coverage }, out)
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
    let covered = report.coverage.as_ref().is_none_or(|coverage| coverage.ok);
    if let Some(coverage) = report.coverage.filter(|_| !out.is_json()) {
        coverage::show(&coverage, out)?;
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
    if !covered {
        out.say(format!("{} something was left to chance: see above", "error:".red().bold()));
        return Err(Failure::Findings);
    }
    Ok(())
}

fn is_config(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "portcullis.yaml")
}

/// `./portcullis.yaml` is shown as people type it.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_path_buf()
}

pub(crate) fn count(n: usize, word: &str) -> String {
    match (n, word) {
        (1, _) => format!("1 {word}"),
        (n, "class") => format!("{n} classes"),
        (n, _) => format!("{n} {word}s"),
    }
}
