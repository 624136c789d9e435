//! What goes on after a call is over: addresses of media in its answer, and subscriptions it made.
//!
//! Must not know who is told of them.

use std::collections::BTreeMap;

use portcullis_types::{Effect, FieldIx, Span, TypeIx};
use portcullis_yaml::{At, Source};

use super::shapes::Numbered;
use super::{Compiler, Read, codes, cut};
use crate::file::OperationFile;
use crate::model::{NodeType, What};

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
}
