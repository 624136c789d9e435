//! `audit tiles`: the log as a tree of static files that any web server can hand out.
//!
//! Files are written whole or not at all, the checkpoint last: whoever reads while this runs, or after
//! it was stopped, finds all that the checkpoint covers. What stands there is never replaced by
//! something else, and a checkpoint that was published must be the beginning of the new one.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::Path;

use owo_colors::OwoColorize as _;
use portcullis_audit::{Checkpoint, Fault, Kept, LogCheck, Tile, TileKind, Tiler};
use serde_json::json;

use crate::args::{Common, TilesArgs};
use crate::failure::Failure;
use crate::files::{unreadable, unwritable};
use crate::gate::Gate;
use crate::host::Host;
use crate::offline::{Row, read};
use crate::out::Out;

/// The publishing under way.
struct Publishing<'a> {
    dir: &'a Path,
    host: &'a dyn Host,
    entries: bool,
    check: LogCheck,
    tiler: Tiler,
    note: Option<String>,
    lines: u64,
    tiles: u64,
    new: u64,
}

pub(super) fn run(
    args: &TilesArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut publishing = Publishing {
        dir: &args.dir,
        host,
        entries: !args.no_entries,
        check: LogCheck::default().against(published(&args.dir, host)?),
        tiler: Tiler::default(),
        note: None,
        lines: 0,
        tiles: 0,
        new: 0,
    };
    if let Some(db) = &args.db {
        let mut taken = Ok(());
        let exported = host.export(db, &mut |line| {
            taken = publishing.take(line.trim_end());
            taken.is_ok()
        });
        taken?;
        exported.map_err(Failure::Local)?;
    } else {
        let log = Gate::find(common, host)?.stream("/v1/audit/export")?;
        for line in BufReader::new(log).lines() {
            let line = line.map_err(|error| {
                Failure::Local(format!("the gate stopped before the end of its log: {error}"))
            })?;
            publishing.take(&line)?;
        }
    }
    publishing.finish(out)
}

/// The checkpoint that was published before.
fn published(dir: &Path, host: &dyn Host) -> Result<Vec<Kept>, Failure> {
    let path = dir.join("checkpoint");
    match host.read(&path) {
        Ok(bytes) => Kept::read(&String::from_utf8_lossy(&bytes))
            .map(|kept| vec![kept])
            .map_err(|error| Failure::Local(format!("{} can't be used: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unreadable(&path, &error)),
    }
}

impl Publishing<'_> {
    fn take(&mut self, line: &str) -> Result<(), Failure> {
        self.lines += 1;
        let row = read(line).map_err(|why| {
            Failure::Local(format!("line {} of the log is not one: {why}", self.lines))
        })?;
        match row {
            Row::Event { rev, leaf, hash } => {
                self.check
                    .event(rev, leaf.as_bytes(), &hash)
                    .map_err(|fault| self.damaged(&fault))?;
                for (tile, content) in self.tiler.append(leaf.as_bytes()) {
                    self.put(tile, &content)?;
                }
                Ok(())
            }
            Row::Checkpoint { size, note } => {
                // The newest signature vouches for all; it is looked at in the end.
                let taken = self.check.checkpoint(size, &note, false);
                taken.map_err(|fault| self.damaged(&fault))?;
                self.note = Some(note);
                Ok(())
            }
        }
    }

    fn finish(mut self, out: &mut Out) -> Result<(), Failure> {
        let nothing = || Failure::Local("the log holds no checkpoint".to_owned());
        let note = self.note.take().ok_or_else(nothing)?;
        let key = self.check.key().cloned().ok_or_else(nothing)?;
        let signed = Checkpoint::signed_by(&note, &key).map_err(|error| {
            Failure::Local(format!("the newest checkpoint can't be believed: {error}"))
        })?;
        for (tile, content) in self.tiler.rest() {
            self.put(tile, &content)?;
        }
        let check = std::mem::take(&mut self.check);
        if let Some(fault) = check.finish(None).fault {
            return Err(self.damaged(&fault));
        }
        let path = self.dir.join("checkpoint");
        self.host.publish(&path, note.as_bytes()).map_err(|error| unwritable(&path, &error))?;
        let (tiles, new, size) = (self.tiles, self.new, signed.size);
        if out.is_json() {
            return out.json(
                &json!({ "size": size, "tiles": tiles, "new": new, "log_key": key.to_string() }),
            );
        }
        out.line(format!(
            "{} {size} events in {tiles} tiles, {new} of them new, and the checkpoint over them in {}",
            "published:".green(), self.dir.display()
        ))?;
        out.line(format!("signed by {key}"))
    }

    fn put(&mut self, tile: Tile, content: &[u8]) -> Result<(), Failure> {
        if tile.kind == TileKind::Entries && !self.entries {
            return Ok(());
        }
        self.tiles += 1;
        let path = self.dir.join(tile.to_string());
        match self.host.read(&path) {
            Ok(there) if there == content => return Ok(()),
            Ok(_) => {
                return Err(Failure::Local(format!(
                    "{} holds something else than the log: it was changed, or is of another log; nothing was replaced. Publish into an empty directory, and compare both with `portcullis audit verify --against`",
                    path.display()
                )));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, &error)),
        }
        self.new += 1;
        self.host.publish(&path, content).map_err(|error| unwritable(&path, &error))
    }

    fn damaged(&self, fault: &Fault) -> Failure {
        Failure::Local(format!(
            "the log is damaged, and its checkpoint is not published in {}: {fault}",
            self.dir.display()
        ))
    }
}
