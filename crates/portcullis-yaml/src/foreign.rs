//! Documents that others wrote, such as an OpenAPI description: ordinary YAML or JSON, untyped.
//!
//! Never used for rule files. Must not know what the document means.

use serde_json::Value;

use crate::{Fault, Source, codes};

const BYTES_MAX: usize = 8 << 20;

/// Reads a document in which anchors and everything else of YAML is legal.
///
/// # Errors
/// The one fault that stopped it.
pub fn read_foreign(source: &Source) -> Result<Value, Vec<Fault>> {
    if source.text.len() > BYTES_MAX {
        let message = format!("the file has more than {BYTES_MAX} bytes");
        return Err(vec![source.fault_at(codes::TOO_LARGE, 1, 1, message)]);
    }
    // Else a parameter named `y` would be read as a choice.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options::<Value>(&source.text, options).map_err(|error| {
        let (line, column) =
            error.location().map_or((1, 1), |at| (clip(at.line()), clip(at.column())));
        let text = error.without_snippet().to_string();
        let message = text.lines().next().unwrap_or("not YAML").to_owned();
        vec![source.fault_at(codes::SYNTAX, line, column, message)]
    })
}

fn clip(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
