//! What was typed for those whom a change leaves less, as the gate takes it; and whom it leaves less, as
//! the gate tells it.
//!
//! Must not know whom a change leaves less.

use serde_json::{Value, json};

use crate::args::ToldArgs;
use crate::change::set;
use crate::failure::Failure;
use crate::host::Host;
use crate::out::{Out, clean, text};
use crate::statement;

/// Sets the member `told` where a reason was typed.
pub(crate) fn put(body: &mut Value, args: &ToldArgs, host: &dyn Host) -> Result<(), Failure> {
    let mut told = json!({});
    statement::put(&mut told, &args.statement, host)?;
    let Some(reason) = &args.reason else {
        if told.as_object().is_some_and(|told| !told.is_empty()) {
            return Err(Failure::Usage(
                "name the reason too: `--reason CODE --tell TEXT`; without it nobody is told what was found"
                    .to_owned(),
            ));
        }
        return Ok(());
    };
    set(&mut told, "reason", Some(reason.as_str()));
    set(&mut told, "tell", args.tell.as_deref());
    set(&mut told, "case", args.case.as_deref());
    set(&mut told, "effective", args.effective.as_deref());
    set(body, "told", Some(told));
    Ok(())
}

/// Whom a change leaves less, one line each.
pub(crate) fn show(narrowed: &Value, out: &mut Out) -> Result<(), Failure> {
    for one in narrowed.as_array().into_iter().flatten() {
        let what = one.get("what").and_then(Value::as_array).cloned().unwrap_or_default();
        let what: Vec<&str> = what.iter().filter_map(Value::as_str).collect();
        out.line(format!(
            "less for {}: {}",
            clean(&text(one, "partner")),
            clean(&what.join("; "))
        ))?;
    }
    Ok(())
}
