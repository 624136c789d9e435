//! Faults and names that several parts of a tier share.
//!
//! Must not know what the parts mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{RateId, nearest};
use portcullis_yaml::{At, Source};

use super::{Compiler, codes};

/// A text fit for a message.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Names of one kind within a tier, each once.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u16>);

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<u16> {
        self.0.get(name).copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn put(&mut self, name: &str, at: usize) {
        if let Ok(at) = u16::try_from(at) {
            self.0.insert(name.to_owned(), at);
        }
    }
}

impl Compiler<'_> {
    /// The name of a part of a tier: well formed and not taken.
    pub(super) fn id(
        &mut self,
        source: &Source,
        at: &At<String>,
        what: &str,
        taken: &Names,
    ) -> Option<RateId> {
        if taken.get(at).is_some() {
            let message = format!("the {what} `{}` is defined twice", cut(at));
            let fault = source.fault(codes::TWICE, at, message);
            self.faults.push(fault.with_help("give one of them another name"));
            return None;
        }
        match RateId::new(at) {
            Ok(id) => Some(id),
            Err(error) => {
                self.faults.push(source.fault(codes::NAME, at, error.to_string()));
                None
            }
        }
    }

    /// Whether a name that is not known may be one of a part that was left out as faulty: nothing
    /// that is known is near it.
    pub(super) fn left_out<'n>(
        &self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> bool {
        self.dropped.contains(name) || (!self.whole && nearest(name, known).is_none())
    }

    /// Too many of something.
    pub(super) fn at_most<T>(
        &mut self,
        source: &Source,
        at: &At<T>,
        what: &str,
        n: (usize, usize),
    ) {
        let (count, most) = n;
        if count > most {
            let message = format!("{count} {what}, at most {most} are allowed");
            self.faults.push(source.fault(codes::TOO_MANY, at, message));
        }
    }

    /// What a partner reads: it must say something, and not too much.
    pub(super) fn tell(&mut self, source: &Source, tell: Option<&At<String>>) -> Option<Arc<str>> {
        let tell = tell?;
        if tell.trim().is_empty() || tell.chars().count() > 500 || tell.contains(char::is_control) {
            let message = "not a text for a partner";
            let fault = source.fault(codes::NAME, tell, message);
            self.faults.push(fault.with_help("write a sentence or two on one line"));
            return None;
        }
        Some(Arc::from(tell.trim()))
    }

    /// The name of a declared list or figure.
    pub(super) fn fact(&mut self, source: &Source, at: &At<String>) -> bool {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let ok = !at.is_empty() && at.len() <= 64 && at.chars().all(legal);
        if !ok {
            let message = format!("`{}` is not the name of a declared list or figure", cut(at));
            let fault = source.fault(codes::NAME, at, message);
            self.faults.push(fault.with_help("use a-z, 0-9, `_` and `-`, such as `locations`"));
        }
        ok
    }
}
