//! `test`: runs the calls written in policies, and shows the path of a decision that is not as
//! written.
//!
//! Must not know how a call is judged.

mod run;
mod used;

use std::path::PathBuf;

use owo_colors::OwoColorize as _;
use serde::Serialize;

use crate::args::TestArgs;
use crate::check::count;
use crate::diff::compiled;
use crate::explain::steps;
use crate::failure::Failure;
use crate::host::Host;
use crate::out::{Out, clean};
use run::{Bed, Tried};

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    cases: usize,
    failed: Vec<&'a Tried>,
}

pub(crate) fn run(args: &TestArgs, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    if !args.watch {
        return once(args, &dir, host, out);
    }
    // Before the first run, so that no change between two runs is missed.
    let dirs = [dir.join("routes"), dir.join("policies")];
    let mut changes = host
        .watch(&dirs)
        .map_err(|error| Failure::Local(format!("{} can't be watched: {error}", dir.display())))?;
    loop {
        match once(args, &dir, host, out) {
            // A half-written file is what the next change mends.
            Ok(()) | Err(Failure::Findings) => {}
            Err(Failure::Local(why)) => out.say(why),
            Err(other) => return Err(other),
        }
        out.say("waiting for a change");
        out.flush()?;
        if !changes() {
            return Ok(());
        }
    }
}

fn once(
    args: &TestArgs,
    dir: &std::path::Path,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut bed = Bed::new(compiled(dir, host, out)?)?;
    let only = args.only.as_deref();
    let tried =
        bed.run(&|tier, case| only.is_none_or(|only| tier.contains(only) || case.contains(only)));
    let failed: Vec<&Tried> = tried.iter().filter(|tried| !tried.ok).collect();
    let report = Report { ok: failed.is_empty(), cases: tried.len(), failed };
    if out.is_json() {
        out.json(&report)?;
    } else {
        for tried in &report.failed {
            show(tried, out)?;
        }
    }
    let all = count(report.cases, "case");
    match report.failed.len() {
        0 if report.cases == 0 => {
            out.say("no case is written in these policies; see `tests:` in policies/README.md")
        }
        0 => out.say(format!("{} {all}, each as written", "ok:".green().bold())),
        failed => {
            out.say(format!("{} {failed} of {all} not as written", "error:".red().bold()));
            return Err(Failure::Findings);
        }
    }
    Ok(())
}

fn show(tried: &Tried, out: &mut Out) -> Result<(), Failure> {
    out.line(format!("{}:{}: {}", tried.file, tried.line, clean(&tried.name).bold()))?;
    out.line(format!("  {} {}", tried.method, clean(&tried.target)))?;
    out.line(format!("  written  {}", tried.expected))?;
    out.line(format!("  came     {}", tried.got.red()))?;
    for note in &tried.notes {
        out.line(format!("           {}", clean(note)))?;
    }
    out.line("  how it was decided:")?;
    steps(&tried.steps, "    ", out)?;
    out.line("")
}
