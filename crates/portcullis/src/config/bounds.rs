//! Sizes, counts and waits: each within its range, or its default.
//!
//! Zero never means unlimited. Must not know addresses or secrets.

use portcullis_types::Span;
use portcullis_yaml::At;

use super::settle::{Limits, Settling, Timeouts};
use super::shape::ConfigFile;

impl Settling<'_> {
    pub(super) fn bound(
        &mut self,
        at: Option<&At<usize>>,
        default: usize,
        range: (usize, usize),
    ) -> usize {
        match at {
            Some(at) if at.value < range.0 || at.value > range.1 => {
                let message = format!("{} is outside {} to {}", at.value, range.0, range.1);
                self.fault(
                    "PC0012",
                    at,
                    message,
                    "zero never means unlimited; leave the line out for the default",
                );
                default
            }
            Some(at) => at.value,
            None => default,
        }
    }

    pub(super) fn limits(&mut self, file: &ConfigFile) -> Limits {
        let limits = &file.limits;
        Limits {
            connections: self.bound(limits.connections.as_ref(), 10_000, (1, 1_000_000)),
            connections_per_address: self.bound(
                limits.connections_per_address.as_ref(),
                1_024,
                (1, 1_000_000),
            ),
            calls: self.bound(limits.calls.as_ref(), 4_096, (1, 1_000_000)),
            memory_bytes: limits
                .memory_bytes
                .as_ref()
                .map(|at| self.bound(Some(at), 1 << 30, (64 << 20, 1 << 50)) as u64),
            head_bytes: self.bound(limits.head_bytes.as_ref(), 32 << 10, (8 << 10, 1 << 20)),
            judged_body_bytes: self.bound(
                limits.judged_body_bytes.as_ref(),
                1 << 20,
                (1, 64 << 20),
            ),
            opaque_body_bytes: self.bound(limits.opaque_body_bytes.as_ref(), 1 << 30, (1, 1 << 40)),
            checked_answer_bytes: self.bound(
                limits.checked_answer_bytes.as_ref(),
                8 << 20,
                (1 << 10, 256 << 20),
            ),
        }
    }

    /// Zero is none here, as everywhere.
    pub(super) fn holds_per_day(&mut self, file: &ConfigFile) -> usize {
        self.bound(file.signals.holds_per_day.as_ref(), 3, (0, 1_000_000))
    }

    pub(super) fn narrow_alone(&mut self, at: Option<&At<usize>>) -> usize {
        self.bound(at, 10, (1, 1_000_000))
    }

    pub(super) fn explain_calls(&mut self, file: &ConfigFile) -> usize {
        self.bound(file.explain.calls.as_ref(), 10_000, (0, 1_000_000))
    }

    /// Where the partners' own API begins.
    pub(super) fn partner_api(&mut self, at: Option<&At<String>>) -> String {
        const USUAL: &str = "/partner/v1";
        let Some(at) = at else { return USUAL.to_owned() };
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if at.value.len() > 64
            || !at.value.strip_prefix('/').is_some_and(|p| p.split('/').all(part))
        {
            let message = format!("`{}` can't be where the partners' API begins", at.value);
            self.fault("PC0018", at, message, "write a path of letters, digits, `-` and `_`, such as /partner/v1, without a slash at its end");
        }
        at.value.clone()
    }

    pub(super) fn threads(&mut self, at: Option<&At<usize>>) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match at {
            None => cores,
            Some(at) if at.value == 0 => cores,
            Some(at) if at.value <= 256 => at.value,
            Some(at) => {
                self.fault("PC0007", at, "more than 256 threads", "write 0 for one per core");
                cores
            }
        }
    }

    pub(super) fn wait(&mut self, at: Option<&At<Span>>, default_seconds: u64) -> Span {
        match at {
            Some(at) if !(10..=86_400_000).contains(&at.value.milliseconds()) => {
                self.fault(
                    "PC0013",
                    at,
                    format!("{} is outside 10ms to 1d", at.value),
                    "zero never means for ever; leave the line out for the default",
                );
                Span::from_seconds(default_seconds)
            }
            Some(at) => at.value,
            None => Span::from_seconds(default_seconds),
        }
    }

    pub(super) fn timeouts(&mut self, file: &ConfigFile) -> Timeouts {
        let waits = &file.timeouts;
        Timeouts {
            head: self.wait(waits.head.as_ref(), 10),
            body: self.wait(waits.body.as_ref(), 4),
            idle: self.wait(waits.idle.as_ref(), 75),
            connect: self.wait(waits.connect.as_ref(), 3),
            first_byte: self.wait(waits.first_byte.as_ref(), 30),
            answer_idle: self.wait(waits.answer_idle.as_ref(), 30),
            total: self.wait(waits.total.as_ref(), 3600),
            stream: waits.stream.as_ref().map(|at| self.wait(Some(at), 3600)),
            drain: self.wait(waits.drain.as_ref(), 30),
        }
    }
}
