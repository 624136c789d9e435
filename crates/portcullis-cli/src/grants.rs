//! `grant`: parse, call, render.
//!
//! Must not know the rules about grants: the gate has them.

mod feed;

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Common, GrantCommand, GrantTo};
use crate::change::{segment, set};
use crate::failure::Failure;
use crate::files::{unreadable, unwritable};
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use feed::Feed;

/// Where changes go.
const CHANGES: &str = "/v1/grants/changes";

pub(crate) fn run(
    command: &GrantCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        GrantCommand::Import { file, whole, thin, if_version } => {
            let (method, path) = match (whole, thin) {
                (false, _) => (Method::POST, CHANGES),
                (true, false) => (Method::PUT, "/v1/grants"),
                (true, true) => (Method::PUT, "/v1/grants?thin=true"),
            };
            // Whether it is signed in is found out before a long file is sent.
            gate.get("/v1/me")?;
            let feed = Feed::new(open(file, host)?);
            let fed = send(&gate, (method, path), *if_version, feed)?;
            show(&fed, out)
        }
        GrantCommand::Add { account, to, from, until } => {
            let line = |account: &String| {
                let mut line = named(account, to);
                set(&mut line, "from", from.as_deref());
                set(&mut line, "until", until.as_deref());
                line
            };
            change(&gate, account.iter().map(line), out)
        }
        GrantCommand::Withdraw { account, to } => {
            let line = |account: &String| {
                let mut line = named(account, to);
                set(&mut line, "withdrawn", Some(true));
                line
            };
            change(&gate, account.iter().map(line), out)
        }
        GrantCommand::List { account, partner, client, limit } => {
            let filters = [("account", account), ("partner", partner), ("client", client)];
            list(&gate, &filters, *limit, out)
        }
        GrantCommand::Export { out: file } => export(&gate, file.as_deref(), host, out),
    }
}

fn named(account: &str, to: &GrantTo) -> Value {
    let mut line = json!({ "account": account, "partner": to.partner });
    set(&mut line, "client", to.client.as_deref());
    line
}

fn change(gate: &Gate, lines: impl Iterator<Item = Value>, out: &mut Out) -> Result<(), Failure> {
    let body: String = lines.map(|line| format!("{line}\n")).collect();
    let feed = Feed::new(Box::new(io::Cursor::new(body.into_bytes())));
    show(&send(gate, (Method::POST, CHANGES), None, feed)?, out)
}

fn send(
    gate: &Gate,
    (method, path): (Method, &str),
    on: Option<u64>,
    mut feed: Feed,
) -> Result<Value, Failure> {
    let headers: Vec<_> = on.map(|on| ("if-match", format!("\"{on}\""))).into_iter().collect();
    let sent = gate.feed(method, path, &headers, &mut feed);
    // What stopped the file stopped the call, too, and says more.
    match feed.fault() {
        Some(fault) => Err(Failure::Local(fault)),
        None => sent,
    }
}

fn open(file: &Path, host: &dyn Host) -> Result<Box<dyn Read>, Failure> {
    if file == Path::new("-") {
        return host
            .stream()
            .map_err(|error| Failure::Local(format!("standard input can't be read: {error}")));
    }
    host.open(file).map_err(|error| unreadable(file, &error))
}

fn show(fed: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(fed);
    }
    out.line(format!("{} (version {})", text(fed, "what"), text(fed, "version")))
}

fn list(
    gate: &Gate,
    filters: &[(&str, &Option<String>)],
    limit: u64,
    out: &mut Out,
) -> Result<(), Failure> {
    if limit == 0 {
        return Err(Failure::Usage("`--limit 0` lists nothing: name 1 or more".to_owned()));
    }
    let named = filters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let query: String = named.map(|(name, value)| format!("&{name}={}", segment(value))).collect();
    let more = limit.saturating_add(1);
    let answer = gate.stream(&format!("/v1/grants?limit={more}{query}"))?;
    let mut grants: Vec<Value> = Vec::new();
    for line in BufReader::new(answer).lines() {
        let line = line.map_err(|error| cut(&error))?;
        grants.push(serde_json::from_str(&line).map_err(|error| cut(&error))?);
    }
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let longer = grants.len() > shown;
    grants.truncate(shown);
    if longer {
        out.say(format!(
            "these are the first {limit}; name more with `--limit N`, or write all with `portcullis grant export`"
        ));
    }
    if out.is_json() {
        return out.json(&grants);
    }
    let members = ["account", "partner", "client", "from", "until"];
    let rows = grants.iter().map(|grant| members.map(|member| text(grant, member)).to_vec());
    let empty = "no such grant: feed them with `portcullis grant import FILE`, or give one with `portcullis grant add ACCOUNT --partner PARTNER`";
    out.table(&["ACCOUNT", "PARTNER", "CLIENT", "FROM", "UNTIL"], rows.collect(), empty)
}

fn export(gate: &Gate, file: Option<&Path>, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let mut answer = gate.stream("/v1/grants")?;
    let Some(file) = file else {
        io::copy(&mut answer, out.bytes())?;
        return Ok(());
    };
    let mut target = host.create(file).map_err(|error| unwritable(file, &error))?;
    io::copy(&mut answer, &mut target).map_err(|error| cut(&error))?;
    target.flush().map_err(|error| unwritable(file, &error))
}

fn cut(error: &dyn std::fmt::Display) -> Failure {
    Failure::Unreachable(format!("the answer ended before its end: {error}; ask again"))
}
