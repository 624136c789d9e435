//! `replay`: judges recorded calls by their own clock, and reports who is stopped, when and why.
//!
//! Must not know the admin API.

mod against;
mod bench;
mod call;
mod clock;
mod decisions;
mod declared;
mod lines;
mod names;
mod pages;
mod plain;
mod render;
mod report;
mod sentence;
mod signals;
mod tally;
mod targets;
mod wanted;

use std::path::Path;

use portcullis_judge::Names;
use portcullis_types::ClassIx;

pub(crate) use self::declared::{Declared, Granted, moment, read as declared};
use crate::args::ReplayArgs;
use crate::check::count;
use crate::diff::compiled;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::memory::Memory;
use crate::out::Out;
use against::Before;
use bench::Bench;
use call::Call;
use clock::Clock;
use decisions::Decisions;
use lines::Lines;
use report::{Fault, Known, Partner, Report, Speed, Traffic};
use tally::Spot;

/// Faults that are named; all are counted.
const FAULTS_NAMED: usize = 1000;

pub(crate) fn run(args: &ReplayArgs, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let mut notes = vec![
        "the recording holds what was asked, not what was answered: calls are judged by what they ask for, and rows are estimated from the page sizes asked for".to_owned(),
    ];
    let partners = partners(&args.partners, host, &mut notes, out)?;
    for wanted in &args.partner {
        if !partners.iter().any(|partner| partner.id.as_str() == wanted) {
            let file = args.partners.display();
            return Err(Failure::Usage(format!("{file} has no partner `{wanted}`")));
        }
    }
    let names = match &args.names {
        Some(dir) => names::read(dir, host)?,
        None => Names::default(),
    };
    notes.extend(by_name(&partners).filter(|_| args.names.is_none()));
    let mut now = bench(&args.policies, &partners, names.clone(), host, out)?;
    let against = args.against.as_deref();
    let against = against.map(|dir| bench(dir, &partners, names, host, out)).transpose()?;
    let mut before = against.map(|bench| Before::new(bench, partners.len()));
    let mut decisions = Decisions::to(args.decisions.as_deref(), host)?;
    let started = host.elapsed();
    let traffic = judge(args, host, (&mut now, before.as_mut()), &partners, &mut decisions)?;
    decisions.finish()?;
    let seconds = started.and_then(|from| Some((host.elapsed()? - from).as_secs_f64()));
    let speed = seconds.map(|seconds| Speed {
        seconds,
        requests_per_second: (traffic.requests as f64 / seconds.max(1e-9)) as u64,
    });
    notes.extend(remarks(&traffic, now.unknown));
    let shown = |partner: &Declared| {
        args.partner.is_empty() || args.partner.iter().any(|id| id == partner.id.as_str())
    };
    let report = Report {
        partners: reports(&now, &partners, &shown),
        against: before.map(|before| before.finish(args, &now, &partners)),
        traffic,
        notes,
        speed,
    };
    if out.is_json() {
        out.json(&report)?;
    } else {
        render::render(&report, out)?;
    }
    if report.traffic.unreadable > 0 {
        out.say(format!("{} not judged", are(report.traffic.unreadable, "line")));
        return Err(Failure::Findings);
    }
    Ok(())
}

fn judge(
    args: &ReplayArgs,
    host: &dyn Host,
    (now, mut before): (&mut Bench, Option<&mut Before>),
    partners: &[Declared],
    decisions: &mut Decisions<'_>,
) -> Result<Traffic, Failure> {
    let path = &args.traffic;
    let mut traffic = Traffic::default();
    let file = host.open(path).map_err(|error| unreadable(path, &error))?;
    let mut lines = Lines::new(file).map_err(|error| unreadable(path, &error))?;
    let mut clock = Clock::default();
    loop {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                let why = format!(
                    "the file breaks off or is damaged here ({error}); what follows was not judged: fetch it anew"
                );
                traffic.fault(why);
                break;
            }
        };
        let number = traffic.lines;
        traffic.lines += 1;
        if line.is_blank() {
            continue;
        }
        let call = match Call::read(&line) {
            Ok(call) => call,
            Err(why) => {
                traffic.fault_at(number, why);
                continue;
            }
        };
        let mono = clock.at(call.at);
        let spot = Spot { line: number, at: call.at };
        if clock.new_day() {
            now.compare(spot, mono);
            if let Some(before) = &mut before {
                before.bench.compare(spot, mono);
            }
        }
        let outcome = now.line(spot, &call, mono);
        if let Some(before) = &mut before {
            before.line(spot, &call, mono, &outcome);
        }
        decisions.write(
            number,
            outcome.word,
            outcome.rule.as_deref(),
            outcome.signal.as_deref(),
        )?;
        traffic.judged += 1;
        traffic.requests += outcome.requests;
        match outcome.seat.and_then(|seat| partners.get(seat)) {
            None => traffic.unknown_keys += 1,
            Some(partner) if call.partner.is_empty() || *call.partner == *partner.id.as_str() => {}
            Some(_) => traffic.foreign_keys += 1,
        }
    }
    traffic.out_of_order = clock.back();
    [traffic.from, traffic.until] = clock.span();
    Ok(traffic)
}

impl Traffic {
    fn fault(&mut self, why: String) {
        self.fault_at(self.lines, why);
    }

    fn fault_at(&mut self, line: u64, why: String) {
        self.unreadable += 1;
        if self.faults.len() < FAULTS_NAMED {
            self.faults.push(Fault { line, why });
        }
    }
}

fn remarks(traffic: &Traffic, unknown: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if unknown > 0 {
        notes.push(format!(
            "{unknown} entries of batches take values from other entries' answers, which were not recorded: what they ask for is not known, so they count as refused"
        ));
    }
    if traffic.out_of_order > 0 {
        notes.push(format!(
            "{} earlier than a line before it; each line is judged by its own time, but no budget or rate goes back",
            are(traffic.out_of_order, "line")
        ));
    }
    if traffic.unknown_keys > 0 {
        notes.push(format!(
            "{} made with a key that no partner of the file has: refused, and in no partner's figures",
            are(traffic.unknown_keys, "call")
        ));
    }
    if traffic.foreign_keys > 0 {
        notes.push(format!(
            "{} of another partner than the one whose key came with it; the key counts",
            are(traffic.foreign_keys, "call")
        ));
    }
    notes
}

/// Said where something is declared by name and nothing tells what the names stand for.
fn by_name(partners: &[Declared]) -> impl Iterator<Item = String> {
    let lists = ["hashtags", "brands"]
        .into_iter()
        .filter(|list| partners.iter().any(|partner| partner.facts.lists.contains_key(*list)));
    let lists = lists.map(|list| {
        format!("{list} are declared by name; without --names a call that asks for one by its id finds it undeclared")
    });
    lists.collect::<Vec<_>>().into_iter()
}

/// `1 line is`, `2 lines are`.
fn are(number: u64, word: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", count(usize::try_from(number).unwrap_or(usize::MAX), word))
}

fn reports(
    bench: &Bench,
    partners: &[Declared],
    shown: &dyn Fn(&Declared) -> bool,
) -> Vec<Partner> {
    let catalogue = &bench.rules().catalogue;
    let class = |ix: ClassIx| catalogue.class_name(ix).to_string();
    let both = partners.iter().zip(&bench.seats).filter(|(partner, _)| shown(partner));
    let reports = both.map(|(declared, seat)| {
        let known = Known { declared, tier: seat.tier.clone(), class: &class };
        Partner::new(&known, &seat.tally)
    });
    reports.collect()
}

fn partners(
    path: &Path,
    host: &dyn Host,
    notes: &mut Vec<String>,
    out: &mut Out,
) -> Result<Vec<Declared>, Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Local(format!("{} is not UTF-8 text", path.display())))?;
    declared(&text, notes).map_err(|faults| {
        for fault in &faults {
            out.say(format!("{}: {fault}", path.display()));
        }
        Failure::Local(format!("{} can't be taken", path.display()))
    })
}

fn bench(
    dir: &Path,
    partners: &[Declared],
    names: Names,
    host: &dyn Host,
    out: &mut Out,
) -> Result<Bench, Failure> {
    let compiled = compiled(dir, host, out)?;
    Bench::new(Memory::new(compiled, names, &dir.display().to_string())?, partners)
}
