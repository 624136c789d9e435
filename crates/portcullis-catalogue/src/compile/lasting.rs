//! What goes on for long: streams and WebSockets, and after a call is over addresses of media in its answer
//! and subscriptions it made.
//!
//! Must not know who is told of them.

use std::collections::BTreeMap;

use portcullis_types::{Effect, FieldIx, Span, TypeIx};
use portcullis_yaml::{At, Source};

use super::shapes::Numbered;
use super::{Compiler, Read, codes, cut};
use crate::file::{MethodWord, OperationFile};
use crate::model::{NodeType, What};

/// Longest silence of a stream.
const SILENT_MAX: Span = Span::from_seconds(24 * 60 * 60);

impl Compiler {
    /// The fields that hold addresses of media, and how long each address works; in objects of a node
    /// too.
    pub(super) fn media(
        &mut self,
        files: &[Read<'_>],
        types: &[NodeType],
        numbered: &Numbered,
    ) -> Box<[(FieldIx, Span)]> {
        let mut named: BTreeMap<(TypeIx, &str), Span> = BTreeMap::new();
        for Read { source, file } in files {
            for (owner, kind) in file.types.iter() {
                let Some(ix) = self.type_ix.get(owner.as_str()).copied() else { continue };
                let Some(known) = types.get(ix.at()) else { continue };
                for (name, works) in kind.media.iter() {
                    if self.lasts(source, name, works, known) {
                        named.insert((ix, name.as_str()), works.value);
                    }
                }
            }
        }
        let mut media = Vec::new();
        for shape in &numbered.shapes {
            media.extend(shape.entries.iter().filter_map(|entry| match entry.what {
                What::Plain(field) => Some((field, *named.get(&(shape.of, &*entry.name))?)),
                What::Inline { .. } | What::Edge => None,
            }));
        }
        media.into()
    }

    fn lasts(
        &mut self,
        source: &Source,
        name: &At<String>,
        works: &At<Span>,
        kind: &NodeType,
    ) -> bool {
        if self.full() {
            return false;
        }
        let plain = |name: &str| kind.fields.get(name).is_some_and(|field| field.ix.is_some());
        if !plain(name) {
            if !self.dropped.contains(name.as_str()) && self.faults.is_empty() {
                let message = format!("`{}` is no plain field of `{}`", cut(name), kind.name);
                let fault = source.fault(codes::NO_FIELD, name, message);
                let names = kind.fields.keys().map(AsRef::as_ref).filter(|name| plain(name));
                self.faults.push(fault.did_you_mean(name, names));
            }
            return false;
        }
        if works.value.milliseconds() == 0 {
            let message = format!("an address in `{}` that works for no time", cut(name));
            let fault = source.fault(codes::PARAMETER, works, message);
            self.faults.push(fault.with_help("write how long it works, such as `24h`"));
            return false;
        }
        true
    }

    /// Whether an operation makes a subscription that pushes.
    pub(super) fn subscribes(&mut self, source: &Source, file: &OperationFile) -> bool {
        let Some(word) = file.subscribes.as_ref().filter(|word| word.value) else { return false };
        if file.method.method().effect() == Effect::Read {
            let fault = source.fault(codes::PARAMETER, word, "a read that makes a subscription");
            self.faults.push(fault.with_help("leave `subscribes` out; it goes with a write"));
        }
        true
    }

    /// How long an operation's stream may say nothing.
    pub(super) fn stream(&mut self, source: &Source, file: &OperationFile) -> Option<Span> {
        let silent = file.stream.as_ref()?;
        if silent.value.milliseconds() == 0 || silent.value > SILENT_MAX {
            let message = format!("a stream that may say nothing for {}", silent.value);
            let fault = source.fault(codes::PARAMETER, silent, message);
            self.faults.push(fault.with_help("write how long, from `1s` to `1d`, such as `10m`"));
        }
        self.is_read(source, silent, file, "a stream");
        Some(silent.value)
    }

    /// Whether an operation's connection becomes a WebSocket.
    pub(super) fn websocket(&mut self, source: &Source, file: &OperationFile) -> bool {
        let Some(word) = &file.upgrade else { return false };
        if !matches!(file.method, MethodWord::Get) {
            let fault =
                source.fault(codes::PARAMETER, word, "an upgrade of another method than GET");
            self.faults.push(fault.with_help("a WebSocket begins with a GET"));
        }
        self.is_read(source, word, file, "a WebSocket");
        true
    }

    /// Refuses what the gate would have to read the whole answer for.
    fn is_read<T>(&mut self, source: &Source, at: &At<T>, file: &OperationFile, what: &str) {
        let read = [
            ("answer", file.answer.is_some()),
            ("links", file.links == Some(true)),
            ("batch", file.batch.as_ref().is_some_and(|word| word.value)),
        ];
        if let Some((name, _)) = read.into_iter().find(|(_, is)| *is) {
            let message = format!("{what} with `{name}`");
            let fault = source.fault(codes::PARAMETER, at, message);
            self.faults
                .push(fault.with_help(format!("leave `{name}` out; {what} is not cut down")));
        }
    }
}
