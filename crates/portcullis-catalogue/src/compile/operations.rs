//! Operations: their templates, classes, targets, answers and parameters.
//!
//! Must not know how paths are matched beyond what the routes refuse.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, Method, OperationIx, OperationName, TypeIx};
use portcullis_yaml::{At, Fault, Source};

use super::shapes::given;
use super::{Compiler, Read, codes, cut};
use crate::file::{MethodWord, NotJudgedWord, OperationFile};
use crate::model::{Answer, Body, Catalogue, Extra, Given, Operation, OperationClass};
use crate::routes::{Clash, VERSION, canonical_template, parameter};

const OPERATIONS_MAX: usize = 4096;

impl Compiler {
    pub(super) fn operations(&mut self, files: &[Read<'_>], catalogue: &mut Catalogue) {
        let mut names = BTreeMap::new();
        for Read { source, file } in files {
            for (name, operation) in file.operations.iter() {
                if self.full() {
                    return;
                }
                let legal = match OperationName::new(name) {
                    Ok(legal) => legal,
                    Err(error) => {
                        self.faults.push(source.fault(codes::NAME, name, error.to_string()));
                        continue;
                    }
                };
                if names.insert(name.value.clone(), ()).is_some() {
                    let message = format!("the operation `{}` is defined twice", **name);
                    self.faults.push(source.fault(codes::TWICE, name, message));
                    continue;
                }
                if catalogue.operations.len() >= OPERATIONS_MAX {
                    let message = format!("more than {OPERATIONS_MAX} operations");
                    self.faults.push(source.fault(codes::TOO_MANY, name, message));
                    return;
                }
                self.operation(source, name, legal, operation, catalogue);
            }
        }
        if names.is_empty()
            && self.faults.is_empty()
            && let Some(Read { source, .. }) = files.first()
        {
            let fault = source.fault_at(codes::NOTHING, 1, 1, "no operation is listed");
            self.faults.push(fault.with_help("list them under `operations:`"));
        }
    }

    fn operation(
        &mut self,
        source: &Source,
        at: &At<String>,
        name: OperationName,
        file: &OperationFile,
        catalogue: &mut Catalogue,
    ) {
        let template = self.template(source, &file.path, catalogue);
        let target_at = self.target(source, file, template.as_deref());
        let class = self.operation_class(source, at, file);
        let answer = self.answer(source, file, catalogue);
        let default_fields = self.operation_defaults(source, file, answer, catalogue);
        let params = self.params(source, file, answer);
        let targets = self.targets(source, file);
        let target_type = file.target_type.as_ref().and_then(|name| self.type_named(source, name));
        let rows_default = self.rows(source, file);
        let given = default_fields.as_ref().map(|names| match answer {
            Answer::Type(kind) => {
                catalogue.shape_of(kind).map(|shape| given(shape, names)).unwrap_or_default()
            }
            Answer::Target | Answer::Opaque => Given::default(),
        });
        let Some(template) = template else { return };
        let ix = OperationIx(u16::try_from(catalogue.operations.len()).unwrap_or(u16::MAX));
        let method = file.method.method();
        if let Err(clash) = catalogue.routes.add(&template, method, ix) {
            self.faults.push(clash_fault(source, &file.path, &clash, catalogue));
            return;
        }
        catalogue.operations.push(Operation {
            ix,
            name,
            method,
            template: template.into(),
            class: class.unwrap_or(OperationClass::Fixed(ClassIx(0))),
            target: file.target.as_ref().map(|name| name.as_str().into()),
            target_at,
            targets,
            target_type,
            batch: file.batch.as_ref().is_some_and(|word| word.value),
            rows_default,
            answer,
            default_fields,
            given,
            params,
            extra: file.extra.unwrap_or(Extra::Refuse),
            body: file.body.unwrap_or(Body::Params),
            subscribes: self.subscribes(source, file),
            links: file.links.unwrap_or(false),
            stream: self.stream(source, file),
            websocket: self.websocket(source, file),
        });
    }

    fn template(
        &mut self,
        source: &Source,
        path: &At<String>,
        catalogue: &Catalogue,
    ) -> Option<String> {
        let fault = match canonical_template(path) {
            Err(why) => source.fault(codes::PATH, path, format!("`{}`: {why}", cut(path))),
            Ok(template) => {
                let segments: Vec<&str> = template.split('/').skip(1).collect();
                let versioned = segments.first() == Some(&VERSION);
                let elsewhere = segments.iter().skip(1).any(|segment| *segment == VERSION);
                let leads = segments.first().is_some_and(|s| parameter(s).is_some());
                if elsewhere {
                    let message = "`{version}` stands first or not at all";
                    source.fault(codes::PATH, path, message)
                } else if versioned && catalogue.versions.is_none() {
                    if self.dropped.contains("versions") {
                        return None;
                    }
                    source
                        .fault(codes::VERSIONS, path, "a versioned path, but no `versions:`")
                        .with_help("add `versions: {known: […], missing: …}` at the top")
                } else if leads && !versioned && catalogue.versions.is_some() {
                    source
                        .fault(codes::PATH, path, "a first segment that may be anything")
                        .with_help("begin with `/{version}` or with plain text")
                } else {
                    return Some(template);
                }
            }
        };
        self.faults.push(fault);
        None
    }

    /// The place of the target among the template's parameters, the version not counted.
    fn target(
        &mut self,
        source: &Source,
        file: &OperationFile,
        template: Option<&str>,
    ) -> Option<usize> {
        let Some(target) = &file.target else {
            if file.targets.is_none()
                && let Some((kind, _)) = file.class_by_type.iter().flat_map(|by| by.iter()).next()
            {
                let fault = source.fault(codes::TARGET, kind, "`class_by_type` without a target");
                self.faults.push(fault.with_help("add `target:` with a parameter of the path"));
            }
            return None;
        };
        let template = template?;
        let names: Vec<&str> = template.split('/').filter_map(parameter).collect();
        let places: Vec<&str> = names.into_iter().filter(|name| *name != "version").collect();
        let place = places.iter().position(|name| *name == target.as_str());
        if place.is_none() {
            let message = format!("`{}` is no parameter of `{template}`", cut(target));
            let fault = source.fault(codes::TARGET, target, message);
            self.faults.push(fault.did_you_mean(target, places));
        }
        place
    }

    fn operation_class(
        &mut self,
        source: &Source,
        at: &At<String>,
        file: &OperationFile,
    ) -> Option<OperationClass> {
        if file.batch.as_ref().is_some_and(|word| word.value) {
            return self.batch_class(source, at, file);
        }
        match (&file.class, &file.class_by_type, &file.not_judged) {
            (Some(name), None, None) => self.class(source, name).map(OperationClass::Fixed),
            (None, Some(by), None) => {
                let mut classes: Vec<(TypeIx, ClassIx)> = Vec::new();
                for (kind, class) in by.iter() {
                    let kind = self.type_named(source, kind);
                    let class = self.class(source, class);
                    classes.extend(kind.zip(class));
                }
                Some(OperationClass::ByTarget(classes))
            }
            (None, None, Some(word)) => Some(OperationClass::NotJudged(match word.value {
                NotJudgedWord::Batch => "batch",
                NotJudgedWord::Ids => "ids",
            })),
            (None, None, None) => {
                let gone = ["class", "class_by_type", "not_judged"];
                if !gone.iter().any(|name| self.dropped.contains(*name)) {
                    let message = format!("`{}` has no class", **at);
                    let fault = source.fault(codes::ONE_CLASS, at, message);
                    self.faults
                        .push(fault.with_help("add `class: unclassified` to keep it closed"));
                }
                None
            }
            _ => {
                let message = format!("`{}` has more than one class", **at);
                let fault = source.fault(codes::ONE_CLASS, at, message);
                let help = "keep one of `class`, `class_by_type` and `not_judged`";
                self.faults.push(fault.with_help(help));
                None
            }
        }
    }

    fn answer(&mut self, source: &Source, file: &OperationFile, catalogue: &Catalogue) -> Answer {
        match &file.answer {
            None => Answer::Opaque,
            Some(word) if word.as_str() == "target" => {
                if file.target.is_none() && file.targets.is_none() {
                    let fault =
                        source.fault(codes::TARGET, word, "`answer: target` without a target");
                    self.faults.push(fault.with_help("add `target:` or name a type"));
                }
                Answer::Target
            }
            Some(word) => match self.type_named(source, word) {
                Some(kind) if catalogue.node_type(kind).is_some() => Answer::Type(kind),
                Some(_) | None => Answer::Opaque,
            },
        }
    }

    fn operation_defaults(
        &mut self,
        source: &Source,
        file: &OperationFile,
        answer: Answer,
        catalogue: &Catalogue,
    ) -> Option<Vec<Box<str>>> {
        let names = file.default.as_ref()?;
        let kind = match answer {
            Answer::Type(kind) => catalogue.node_type(kind),
            Answer::Target | Answer::Opaque => None,
        };
        match kind {
            Some(kind) => Some(self.defaults(source, names, &kind.fields, kind.name.as_str())),
            None if names.is_empty() => Some(Vec::new()),
            None => {
                if file.answer.as_ref().is_none_or(|word| word.as_str() == "target") {
                    let message = "default fields need `answer:` with one type";
                    let fault = source.fault(codes::NO_FIELD, names, message);
                    self.faults.push(fault.with_help("name the type, or leave `default` out"));
                }
                None
            }
        }
    }
}

fn clash_fault(source: &Source, path: &At<String>, clash: &Clash, catalogue: &Catalogue) -> Fault {
    match clash {
        Clash::Same(other) => {
            let other = catalogue.operation(*other).map_or("?", |other| other.name.as_str());
            let message = format!("`{other}` has the same method and path");
            source.fault(codes::SAME_ROUTE, path, message).with_help("keep one of them")
        }
        Clash::Ambiguous(with) => {
            let message = format!("`{}` can't be told from `{with}`", cut(path));
            source.fault(codes::PATH, path, message)
        }
        Clash::NotATemplate(why) => source.fault(codes::PATH, path, why.clone()),
    }
}

impl MethodWord {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Post => Method::Post,
            Self::Put => Method::Put,
            Self::Patch => Method::Patch,
            Self::Delete => Method::Delete,
            Self::Options => Method::Options,
        }
    }
}
