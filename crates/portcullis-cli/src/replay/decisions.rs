//! The decisions file: one JSON object for each judged line, in their order.
//!
//! Must not know why something was decided.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::tally::Word;
use crate::failure::Failure;
use crate::files::unwritable;
use crate::host::Host;

#[derive(Serialize)]
struct Decision<'a> {
    line: u64,
    verdict: &'static str,
    rule: Option<&'a str>,
    signal: Option<&'a str>,
}

/// Where decisions go, if anywhere.
pub(crate) struct Decisions<'a>(Option<(&'a Path, Box<dyn Write>)>);

impl<'a> Decisions<'a> {
    pub(crate) fn to(path: Option<&'a Path>, host: &dyn Host) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = host.replace(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self(Some((path, Box::new(io::BufWriter::with_capacity(64 * 1024, file))))))
    }

    /// Writes one; `line` is counted from 0.
    pub(crate) fn write(
        &mut self,
        line: u64,
        word: Word,
        rule: Option<&str>,
        signal: Option<&str>,
    ) -> Result<(), Failure> {
        let Some((path, to)) = &mut self.0 else { return Ok(()) };
        let decision = Decision { line, verdict: word.text(), rule, signal };
        let written = serde_json::to_writer(&mut *to, &decision).map_err(io::Error::from);
        written.and_then(|()| to.write_all(b"\n")).map_err(|error| unwritable(path, &error))
    }

    /// Everything written reaches the file.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Some((path, mut to)) = self.0 else { return Ok(()) };
        to.flush().map_err(|error| unwritable(path, &error))
    }
}
