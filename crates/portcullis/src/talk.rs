//! What the gate says about itself while it runs: one line each on standard error.
//!
//! Must never be given a secret, a query or a body.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_types::Clock;

use crate::clock::SystemClock;

/// How loud a line is.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

/// Whether only warnings and errors are said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only warnings and errors are said: the demo has its own voice.
pub(crate) fn hush() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Says a line. A closed standard error is not a reason to stop serving.
pub(crate) fn say(level: Level, line: &str) {
    if level == Level::Info && QUIET.load(Ordering::Relaxed) {
        return;
    }
    let word = match level {
        Level::Info => "info ",
        Level::Warn => "WARN ",
        Level::Error => "ERROR",
    };
    let stamp = SystemClock::start().now().wall.rfc3339();
    let mut out = std::io::stderr().lock();
    for part in line.lines() {
        let _gone = writeln!(out, "{stamp} {word} {part}");
    }
}

/// Says that something went as it should.
pub(crate) fn info(line: &str) {
    say(Level::Info, line);
}

/// Says that somebody should look at something.
pub(crate) fn warn(line: &str) {
    say(Level::Warn, line);
}

/// Says that something failed.
pub(crate) fn error(line: &str) {
    say(Level::Error, line);
}
