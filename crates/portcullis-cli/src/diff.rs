//! `diff`: who gains and who loses by a change of routes and policies, before it comes into force.
//!
//! Must not know the admin API, nor which partner has which tier.

use std::path::Path;

use owo_colors::OwoColorize as _;
use portcullis_policy::{Effect, Side, Way, diff};
use serde::Serialize;

use crate::args::DiffArgs;
use crate::check::count;
use crate::failure::{Failure, exit};
use crate::files::{Compiled, read_set};
use crate::host::Host;
use crate::out::Out;

#[derive(Serialize)]
struct Report {
    /// `same`, `narrower` or `wider`: the exit code in a word.
    way: &'static str,
    effects: Vec<Effect>,
}

pub(crate) fn run(args: &DiffArgs, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let old = compiled(&args.old, host, out)?;
    let new = compiled(&args.new, host, out)?;
    let effects = diff(side(&old), side(&new));
    let wider = effects.iter().filter(|effect| effect.way == Way::Wider).count();
    let (way, code) = match (effects.len(), wider) {
        (0, _) => ("same", exit::OK),
        (_, 0) => ("narrower", exit::NARROWER),
        _ => ("wider", exit::WIDER),
    };
    let report = Report { way, effects };
    if out.is_json() {
        out.json(&report)?;
    } else {
        show(&report, wider, out)?;
    }
    if code == exit::OK { Ok(()) } else { Err(Failure::Told(code)) }
}

fn side(of: &Compiled) -> Side<'_> {
    Side { policies: &of.policies, catalogue: &of.catalogue }
}

fn show(report: &Report, wider: usize, out: &mut Out) -> Result<(), Failure> {
    for effect in &report.effects {
        let way = match effect.way {
            Way::Wider => "wider".red().bold().to_string(),
            Way::Narrower => "narrower".green().to_string(),
        };
        out.line(format!("{way}: {} {}.", effect.who, effect.text))?;
    }
    let all = count(report.effects.len(), "effect");
    out.say(match report.way {
        "same" => "no partner gains or loses anything".to_owned(),
        "narrower" => format!("{all}: nobody gains anything"),
        _ => format!("{all}, {wider} of them wider: look at each before you apply it"),
    });
    Ok(())
}

/// A directory's set, or all of its faults.
pub(crate) fn compiled(dir: &Path, host: &dyn Host, out: &mut Out) -> Result<Compiled, Failure> {
    read_set(dir, host)?.compile().map_err(|faults| {
        for fault in faults {
            out.say(format!("{fault}\n"));
        }
        let dir = dir.display();
        Failure::Local(format!("the files of {dir} have faults; `portcullis check` names them too"))
    })
}
