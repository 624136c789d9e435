//! What the partner reads of a statement: all of it, save what is withheld and until when.

use portcullis_types::Wall;
use serde_json::{Value, json};

use super::{Statement, WithheldField};

impl Statement {
    /// The statement as its partner may read it now. A part that is withheld is named with its
    /// ground and its end, never left out silently.
    #[must_use]
    pub fn for_partner(&self, now: Wall) -> Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        // Which rule it was is for the people of the platform.
        if let Some(automation) = shown.pointer_mut("/automation").and_then(Value::as_object_mut) {
            automation.remove("rule");
        }
        for part in self.withheld.iter().filter(|part| part.until.0 > now) {
            let path = match part.field {
                WithheldField::Facts => "/facts",
                WithheldField::Origin => "/origin",
                WithheldField::Automation => "/automation",
                WithheldField::Explanation => "/ground/explanation",
            };
            if let Some(member) = shown.pointer_mut(path) {
                *member = json!({"withheld_until": part.until, "ground": part.ground});
            }
        }
        shown
    }
}
