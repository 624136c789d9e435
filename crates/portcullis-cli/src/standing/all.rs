//! `partner hold-all`: the list that a selector finds, then the hold by that list's digest.
//!
//! Must not know whom a selector finds.

use serde_json::{Value, json};

use super::named;
use crate::args::HoldAllArgs;
use crate::change::{self, set, set_list, transition};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::statement;

/// Characters of a digest that are shown and typed.
const DIGEST_CHARS: usize = 16;

pub(crate) fn hold_all(
    args: &HoldAllArgs,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut wish = transition("suspended", &args.reason, args.review_by.as_deref());
    set(&mut wish, "shape", named(args.shape));
    set_list(&mut wish, "classes", &args.class);
    statement::put(&mut wish, &args.statement, host)?;
    let mut body = json!({ "all_of": selector(&args.all_of)?, "change": wish });
    let list = args.list.clone().filter(|_| !args.dry.dry_run);
    if let Some(list) = list {
        set(&mut body, "list", Some(list));
        return done(&gate.post("/v1/partners/transitions", &body)?, out);
    }
    let shown = gate.post("/v1/partners/transitions", &body)?;
    show(&shown, out)?;
    let digest = text(&shown, "list");
    let mut data = shown.get("data").and_then(Value::as_array).into_iter().flatten();
    if !data.any(included) {
        out.say("nothing was done: there is nobody to put on hold");
        return Ok(());
    }
    if args.yes && !args.dry.dry_run {
        set(&mut body, "list", Some(digest));
        return done(&gate.post("/v1/partners/transitions", &body)?, out);
    }
    let short: String = digest.chars().take(DIGEST_CHARS).collect();
    out.say(format!("nothing was done; to do it, say the same with `--list {short}`"));
    Ok(())
}

/// `tier=plus` as the gate takes it.
fn selector(words: &[String]) -> Result<Value, Failure> {
    let mut all_of = json!({});
    for word in words {
        let known =
            word.split_once('=').filter(|(what, _)| ["tier", "use", "category"].contains(what));
        let (what, which) = known.ok_or_else(|| {
            Failure::Usage(format!(
                "`{word}` selects nothing: write tier=TIER, use=USE or category=CATEGORY"
            ))
        })?;
        set(&mut all_of, what, Some(which));
    }
    Ok(all_of)
}

fn show(shown: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(shown);
    }
    let data = shown.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |one: &Value| {
        let included = if included(one) { "yes" } else { "left out" };
        vec![text(one, "partner"), included.to_owned(), text(one, "what")]
    };
    out.table(&["PARTNER", "HOLD", "WHAT"], data.iter().map(row).collect(), "it finds no partner")
}

fn included(one: &Value) -> bool {
    one.get("included").and_then(Value::as_bool).unwrap_or_default()
}

fn done(answer: &Value, out: &mut Out) -> Result<(), Failure> {
    change::show(answer.get("change").unwrap_or(&Value::Null), out)
}
