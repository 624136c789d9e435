//! Traces: who is told of them, and of which calls.
//!
//! Must not speak to a collector.

use portcullis_yaml::At;

use super::settle::Settling;
use super::shape::Telemetry as Shape;

/// The part of the calls that is traced unless it is said otherwise.
const PART: f64 = 0.01;
/// Longest name of the gate.
const NAME_MAX: usize = 64;

/// Who is told of calls, and of which.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    /// Where spans are posted to.
    pub url: String,
    pub part: f64,
    pub service: String,
}

impl Settling<'_> {
    pub(super) fn telemetry(&mut self, shape: &Shape) -> Option<Telemetry> {
        let part = self.part(shape.sample.as_ref(), shape.traces.is_some());
        let service = self.service(shape.service.as_ref());
        let at = shape.traces.as_ref()?;
        let base = at.value.trim_end_matches('/');
        if !is_collector(base) {
            let message = format!("`{}` is not the address of a collector", at.value);
            let help =
                "write scheme, host and port, such as http://127.0.0.1:4318; /v1/traces is added";
            self.fault("PC0095", at, message, help);
        }
        Some(Telemetry { url: format!("{base}/v1/traces"), part, service })
    }

    fn part(&mut self, at: Option<&At<f64>>, is_told: bool) -> f64 {
        let Some(at) = at else { return PART };
        if !(0.0..=1.0).contains(&at.value) {
            let message = format!("{} is no part of the calls", at.value);
            self.fault(
                "PC0096",
                at,
                message,
                "write a number from 0 to 1: 0.01 is one call in a hundred",
            );
        } else if !is_told {
            let help = "add `traces:` with the address of a collector, or leave `sample` out";
            self.fault("PC0096", at, "nobody is told of the calls that are traced", help);
        }
        at.value
    }

    fn service(&mut self, at: Option<&At<String>>) -> String {
        let Some(at) = at else { return "portcullis".to_owned() };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=NAME_MAX).contains(&at.value.len()) || !at.value.bytes().all(legal) {
            let message = format!("`{}` is no name of a service", at.value);
            let help = "write up to 64 letters, digits, `-`, `_` and `.`";
            self.fault("PC0097", at, message, help);
        }
        at.value.clone()
    }
}

fn is_collector(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte);
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.bytes().all(plain)
    })
}
