//! The parameters an operation declares.
//!
//! Must not know how parameters reach the gate.

use std::collections::BTreeMap;

use portcullis_yaml::Source;

use super::{Compiler, codes, cut};
use crate::file::OperationFile;
use crate::model::{Answer, ParamRole};

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
        let mut params = BTreeMap::new();
        let mut selectors = 0_usize;
        for (name, role) in file.params.iter() {
            if self.full() {
                break;
            }
            let plain = |b: u8| b.is_ascii_graphic() && !b"&=;#?%+".contains(&b);
            let selector = role.value == ParamRole::Fields;
            selectors += usize::from(selector);
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
            } else if selector && selectors > 1 {
                source.fault(codes::PARAMETER, name, "a second parameter that selects fields")
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

impl OperationFile {
    /// Whether it says what `fields` unfolds against; what is not judged needs not.
    fn names_answer(&self) -> bool {
        self.answer.is_some() || self.not_judged.is_some()
    }
}
