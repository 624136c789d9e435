//! `answer` and `notice`: parse, call, render.
//!
//! Must not know who may decide an appeal: the gate does.

use serde_json::{Value, json};

use crate::args::{AnswerCommand, Common, NoticeCommand, ReplyArgs};
use crate::change::{self, set};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};

pub(crate) fn run(
    command: &AnswerCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        AnswerCommand::List { partner, open, limit } => {
            let empty = if *open { "nothing waits" } else { "no partner has answered yet" };
            let filters = [("partner", partner.as_deref()), ("open", open.then_some("true"))];
            let answers = change::list(&gate, "/v1/answers", &filters, *limit, out)?;
            if out.is_json() {
                return out.json(&answers);
            }
            let heads = ["ANSWER", "CAME", "PARTNER", "KIND", "ABOUT", "STATE", "REPLY BY"];
            out.table(&heads, answers.iter().map(row).collect(), empty)
        }
        AnswerCommand::Show { id } => show(&gate.get(&format!("/v1/answers/{id}"))?, out),
        AnswerCommand::Reply(args) => reply(args, &gate, out),
    }
}

fn row(answer: &Value) -> Vec<String> {
    let overdue = answer.get("overdue").and_then(Value::as_bool).unwrap_or_default();
    let late = overdue && text(answer, "state") == "open";
    let due = if late { format!("{} OVERDUE", text(answer, "due")) } else { text(answer, "due") };
    let members = ["id", "at", "partner", "kind", "about", "state"];
    members.iter().map(|member| text(answer, member)).chain([due]).collect()
}

fn show(answer: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(answer);
    }
    let subject = answer.get("subject").cloned().unwrap_or_default();
    let subject = format!("{} {}", text(&subject, "kind"), text(&subject, "id"));
    let about = format!("event {} (`portcullis notice show {0}`)", text(answer, "about"));
    let reply_by = row(answer).pop().unwrap_or_default();
    out.card(&[
        ("answer", text(answer, "id")),
        ("kind", text(answer, "kind")),
        ("partner", text(answer, "partner")),
        ("about", about),
        ("of", subject),
        ("came", text(answer, "at")),
        ("state", text(answer, "state")),
        ("reply by", reply_by),
    ])?;
    let list = |member: &str| answer.get(member).and_then(Value::as_array).into_iter().flatten();
    out.line("")?;
    match answer.get("text").and_then(Value::as_str) {
        Some(written) => written.lines().try_for_each(|line| out.line(clean(line)))?,
        None => out.line("what the partner wrote was erased")?,
    }
    for one in list("attachments") {
        let (name, bytes) = (text(one, "name"), text(one, "bytes"));
        out.line(format!("attached: {name}, {bytes} bytes, sha256 {}", text(one, "sha256")))?;
    }
    for one in list("replies") {
        let (at, by) = (text(one, "at"), text(one, "by"));
        let (outcome, tell) = (text(one, "outcome"), text(one, "tell"));
        out.line(format!("{at} {by}, {outcome}: {tell}"))?;
    }
    match answer.get("followed").and_then(Value::as_u64) {
        Some(event) => out.line(format!("followed by event {event}")),
        None => Ok(()),
    }
}

fn reply(args: &ReplyArgs, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let outcome = match (args.outcome.uphold, args.outcome.deny) {
        (true, _) => "upheld",
        (false, true) => "denied",
        (false, false) => "noted",
    };
    let mut body = json!({ "outcome": outcome, "tell": args.tell });
    set(&mut body, "case", args.case.as_deref());
    change::show(&gate.post(&format!("/v1/answers/{}/reply", args.id), &body)?, out)
}

pub(crate) fn notices(
    command: &NoticeCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        NoticeCommand::List { partner, limit } => {
            let filters = [("partner", Some(partner.as_str()))];
            let told = change::list(&gate, "/v1/notices", &filters, *limit, out)?;
            if out.is_json() {
                return out.json(&told);
            }
            let rows = told.iter().map(|notice| {
                let change = notice.get("change").cloned().unwrap_or_default();
                let members = ["revision", "at", "type"].map(|member| text(notice, member));
                members.into_iter().chain([text(&change, "tell")]).collect()
            });
            let empty = "this partner was told nothing yet";
            out.table(&["EVENT", "AT", "ABOUT", "TOLD"], rows.collect(), empty)
        }
        NoticeCommand::Show { revision } => {
            notice(&gate.get(&format!("/v1/notices/{revision}"))?, out)
        }
    }
}

fn notice(told: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(told);
    }
    out.card(&[
        ("notice", text(told, "id")),
        ("event", text(told, "revision")),
        ("partner", text(told, "partner")),
        ("about", text(told, "type")),
        ("at", text(told, "at")),
    ])?;
    let read = json!({ "change": told.get("change"), "statement": told.get("statement") });
    let read = serde_json::to_string_pretty(&read).unwrap_or_default();
    out.line("")?;
    read.lines().try_for_each(|line| out.line(clean(line)))?;
    let deliveries = told.get("deliveries").and_then(Value::as_array).into_iter().flatten();
    let rows = deliveries.map(|one| {
        let members = ["hook", "state", "status", "failures", "next", "said"];
        members.iter().map(|member| text(one, member)).collect()
    });
    out.line("")?;
    let heads = ["HOOK", "STATE", "STATUS", "FAILED", "NEXT TRY", "WHY"];
    out.table(&heads, rows.collect(), "it was sent to no hook; the partner can poll it")
}
