//! The kinds of events there are, for who looks for one by its name.
//!
//! Must not know what any of them means.

/// The names of all events, in order.
pub const EVENT_KINDS: [&str; 84] = [
    "agreement.announced",
    "agreement.called_off",
    "agreement.narrowed",
    "answer.overdue",
    "answer.received",
    "answer.replied",
    "attestation.received",
    "case.assigned",
    "case.closed",
    "case.evidence_added",
    "case.evidence_read",
    "case.exported",
    "case.linked",
    "case.noted",
    "case.opened",
    "case.preserved",
    "case.review_over",
    "case.review_set",
    "change.cancelled",
    "change.carried_out",
    "change.dropped",
    "change.scheduled",
    "client.added",
    "deletion.attested",
    "deletion.due",
    "deletion.overdue",
    "emergency.declared",
    "emergency.overdue",
    "emergency.ratified",
    "facts.declared",
    "grants.changed",
    "guard.applied",
    "hook.added",
    "hook.removed",
    "hook.rotated",
    "key.activated",
    "key.bound",
    "key.compromised",
    "key.expired",
    "key.issued",
    "key.revoked",
    "key.rotated",
    "keys.imported",
    "ledger.anchored",
    "ledger.asked",
    "ledger.evidence_taken",
    "ledger.shredded",
    "log.lost",
    "log.opened",
    "partner.added",
    "partner.edited",
    "partner.mode_set",
    "people.rule_set",
    "person.added",
    "person.edited",
    "person.erased",
    "person.removed",
    "platform.not_told",
    "platform.told",
    "policy.published",
    "proposal.approved",
    "proposal.expired",
    "proposal.made",
    "proposal.refused",
    "quota.reached",
    "records.erased",
    "restore.fell_back",
    "restore.finished",
    "restore.planned",
    "restore.staged",
    "secret.rotated",
    "signal.capped",
    "signal.raised",
    "standing.acknowledged",
    "standing.extended",
    "standing.held",
    "standing.probation",
    "standing.ran_out",
    "standing.ratified",
    "standing.restored",
    "standing.restricted",
    "standing.terminated",
    "standing.terminating",
    "standing.warned",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::EVENT_KINDS;

    /// Names like `case.opened` that the sources of a folder give to variants.
    fn named(dir: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                named(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("#[serde(rename = \"").skip(1);
            let names = names.filter_map(|rest| rest.split('"').next());
            found.extend(names.filter(|name| name.contains('.')).map(str::to_owned));
        }
    }

    #[test]
    fn every_event_is_listed_in_order() {
        let mut found = Vec::new();
        named(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        found.sort();
        assert!(found.len() > 60, "the sources name their events otherwise");
        let missing: Vec<_> =
            found.iter().filter(|name| !EVENT_KINDS.contains(&name.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(EVENT_KINDS.is_sorted());
    }
}
