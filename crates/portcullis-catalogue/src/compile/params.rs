//! The parameters an operation declares.
//!
//! Must not know how parameters reach the gate.

use std::collections::BTreeMap;

use portcullis_yaml::{At, Source};

use super::types::ROWS_DEFAULT;
use super::{Compiler, codes, cut};
use crate::file::OperationFile;
use crate::model::{Answer, OperationClass, ParamRole};

const PARAMS_MAX: usize = 256;
/// Handled for every operation by the gate itself.
const RESERVED: [&str; 3] = ["access_token", "appsecret_proof", "method"];

impl Compiler {
    pub(super) fn params(
        &mut self,
        source: &Source,
        file: &OperationFile,
        answer: Answer,
    ) -> BTreeMap<Box<str>, ParamRole> {
        let mut params: BTreeMap<Box<str>, ParamRole> = BTreeMap::new();
        for (name, role) in file.params.iter() {
            if self.full() {
                break;
            }
            let plain = |b: u8| b.is_ascii_graphic() && !b"&=;#?%+".contains(&b);
            let selector = role.value == ParamRole::Fields;
            // What is read into one place of an ask stands in one parameter.
            let alone = !matches!(role.value, ParamRole::Plain | ParamRole::Cursor);
            let taken = alone && params.values().any(|other| *other == role.value);
            let fault = if RESERVED.contains(&name.as_str()) {
                let message = format!("`{}` is handled for every operation", **name);
                source.fault(codes::PARAMETER, name, message).with_help("remove it")
            } else if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
                let message = format!("`{}` is no parameter name", cut(name));
                source.fault(codes::PARAMETER, name, message)
            } else if selector && answer == Answer::Opaque && !file.names_answer() {
                let message = format!("`{}` selects fields, but the answer has none", **name);
                let help = "add `answer:` (`target` or a type)";
                source.fault(codes::PARAMETER, name, message).with_help(help)
            } else if selector && taken {
                source.fault(codes::PARAMETER, name, "a second parameter that selects fields")
            } else if taken {
                source.fault(codes::PARAMETER, name, "a second parameter of this role")
            } else if role.value == ParamRole::TargetName && file.target_type.is_none() {
                let message = format!("`{}` names a target of no type", **name);
                let help = "add `target_type:` with a type";
                source.fault(codes::PARAMETER, name, message).with_help(help)
            } else if role.value == ParamRole::SameAsTarget && file.target.is_none() {
                let message = format!("`{}` repeats a target, but there is none", **name);
                let help = "add `target:` with a parameter of `path`";
                source.fault(codes::PARAMETER, name, message).with_help(help)
            } else if params.len() >= PARAMS_MAX {
                source.fault(codes::TOO_MANY, name, format!("more than {PARAMS_MAX} parameters"))
            } else {
                params.insert(name.as_str().into(), role.value);
                continue;
            };
            self.faults.push(fault);
        }
        params
    }
}

impl Compiler {
    /// The parameter that holds the ids of several targets.
    pub(super) fn targets(&mut self, source: &Source, file: &OperationFile) -> Option<Box<str>> {
        let targets = file.targets.as_ref()?;
        let declared = file
            .params
            .iter()
            .any(|(name, role)| name.as_str() == targets.as_str() && role.value == ParamRole::Ids);
        if !declared || file.target.is_some() {
            let message = format!("`{}` can't hold the targets", cut(targets));
            let fault = source.fault(codes::TARGET, targets, message);
            self.faults
                .push(fault.with_help("declare it with the role `ids`, and leave `target` out"));
        }
        Some(targets.as_str().into())
    }

    /// Rows given when no page size is asked.
    pub(super) fn rows(&mut self, source: &Source, file: &OperationFile) -> Option<u32> {
        if let Some(rows) = file.rows.as_ref().filter(|rows| rows.value == 0) {
            let fault = source.fault(codes::PARAMETER, rows, "a list that gives no rows");
            self.faults.push(fault.with_help("give the platform's own default, such as 25"));
        }
        let sized = file.params.iter().any(|(_, role)| role.value == ParamRole::PageSize);
        file.rows.as_ref().map(|rows| rows.value).or(sized.then_some(ROWS_DEFAULT))
    }

    /// A call that holds calls has no class of its own.
    pub(super) fn batch_class(
        &mut self,
        source: &Source,
        at: &At<String>,
        file: &OperationFile,
    ) -> Option<OperationClass> {
        let classed =
            file.class.is_some() || file.class_by_type.is_some() || file.not_judged.is_some();
        let holds = file.params.iter().any(|(_, role)| role.value == ParamRole::Batch);
        if classed || !holds || file.target.is_some() || file.targets.is_some() {
            let message = format!("`{}` is a batch, with a class or without entries", **at);
            let fault = source.fault(codes::ONE_CLASS, at, message);
            let help = "leave class and target out, and declare a parameter of the role `batch`";
            self.faults.push(fault.with_help(help));
        }
        Some(OperationClass::NotJudged("batch"))
    }
}

impl OperationFile {
    /// Whether it says what `fields` unfolds against; what is not judged needs not.
    fn names_answer(&self) -> bool {
        self.answer.is_some() || self.not_judged.is_some() || self.batch.is_some()
    }
}
