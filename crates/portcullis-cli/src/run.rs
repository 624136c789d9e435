//! Carries a command out, says what failed, and gives the exit code.
//!
//! Must not know what single commands do.

use std::process::ExitCode;

use owo_colors::OwoColorize as _;

use crate::args::{Command, Common};
use crate::failure::{Failure, Refusal};
use crate::host::Host;
use crate::out::{Out, clean};
use crate::spoken::spoken;
use crate::{
    answers, apply, audit, case, cases, catalogue, check, clients, diff, explain, grants, hooks,
    keys, ledger, partners, people, replay, scheduled, signals, statement, status, token, usage,
};

/// Carries a command out. A reader that went away (`| head`) is no failure.
pub fn run(command: &Command, common: &Common, host: &dyn Host, out: &mut Out) -> ExitCode {
    let result = carry_out(command, common, host, out);
    let result = result.and_then(|()| out.finish());
    let code = match result {
        Ok(()) => out.left(),
        Err(failure) => {
            tell(command, &failure, out);
            let _ = out.finish();
            failure.exit()
        }
    };
    ExitCode::from(code)
}

/// The same without telling of a failure, for whoever wants to look at it.
pub(crate) fn carry_out(
    command: &Command,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    out.reach(common);
    if common.if_revision.is_some() && matches!(command, Command::Grant(_)) {
        let told = "grants have versions of their own: name `--if-version VERSION`, as `portcullis grant import` does, and no `--if-revision`";
        return Err(Failure::Usage(told.to_owned()));
    }
    match command {
        Command::Check(args) => check::run(args, common, host, out),
        Command::Replay(args) => replay::run(args, host, out),
        Command::Test(args) => cases::run(args, host, out),
        Command::Explain(args) => explain::run(args, common, host, out),
        Command::Diff(args) => diff::run(args, host, out),
        Command::Catalogue(command) => catalogue::run(command, host, out),
        Command::Apply(args) => apply::run(args, common, host, out),
        Command::Partner(command) => partners::run(command, common, host, out),
        Command::Client(command) => clients::run(command, common, host, out),
        Command::Key(command) => keys::run(command, common, host, out),
        Command::Grant(command) => grants::run(command, common, host, out),
        Command::Answer(command) => answers::run(command, common, host, out),
        Command::Notice(command) => answers::notices(command, common, host, out),
        Command::Hook(command) => hooks::run(command, common, host, out),
        Command::Usage(args) => usage::run(args, common, host, out),
        Command::Signal(command) => signals::run(command, common, host, out),
        Command::Statement(command) => statement::run(command, common, host, out),
        Command::Case(command) => case::run(command, common, host, out),
        Command::Audit(command) => audit::run(command, common, host, out),
        Command::Ledger(command) => ledger::run(command, common, host, out),
        Command::Person(command) => people::run(command, common, host, out),
        Command::Proposal(command) => people::proposals(command, common, host, out),
        Command::Change(command) => scheduled::run(command, common, host, out),
        Command::Login => token::login(common, host, out),
        Command::Logout => token::logout(common, host, out),
        Command::Whoami => people::whoami(common, host, out),
        Command::Status => status::run(common, host, out),
        Command::Version => version(out),
    }
}

fn version(out: &mut Out) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if out.is_json() {
        return out.json(&serde_json::json!({ "version": version }));
    }
    out.line(format!("portcullis {version}"))
}

fn tell(command: &Command, failure: &Failure, out: &mut Out) {
    match failure {
        Failure::Closed | Failure::Findings | Failure::Told(_) => {}
        Failure::Refused(refusal) if out.is_json() => {
            let text = serde_json::to_string_pretty(&refusal.document).unwrap_or_default();
            out.say(text);
        }
        Failure::Refused(refusal) => refused(command, refusal, out),
        other => {
            let text = other.to_string();
            out.say(format!("{} {text}", "error:".red().bold()));
        }
    }
}

fn refused(command: &Command, refusal: &Refusal, out: &mut Out) {
    for fault in &refusal.faults {
        // Lines stay, everything else that steers a terminal goes.
        let lines: Vec<String> = fault.text.lines().map(clean).collect();
        out.say(lines.join("\n"));
        out.say("");
    }
    for entry in &refusal.entries {
        out.say(format!("line {}: {}", entry.line, clean(&entry.message)));
    }
    let detail = clean(&spoken(&refusal.detail, &refusal.code, command));
    out.say(format!("{} {detail}", "error:".red().bold()));
}
