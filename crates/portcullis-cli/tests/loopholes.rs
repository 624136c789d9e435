//! Changes that each open a loophole: `diff` says who gains what and exits with the code for wider,
//! and `explain` shows the call that gets through.

use std::fmt::Write as _;

use crate::hand::Machine;

const ROUTES: &str = include_str!("loopholes/routes.yaml");
const TIER: &str = include_str!("loopholes/tier.yaml");
const FACTS: &str =
    "use: guests\nlists: { locations: ['300001'] }\nfigures: { calls_per_hour: 9 }\n";

/// A change, and a call that gets through by it (none: by many calls only).
struct Change {
    what: &'static str,
    edits: &'static [(&'static str, &'static str)],
    call: Option<&'static str>,
}

const CHANGES: [Change; 14] = [
    Change {
        what: "a class is left out of a deny",
        edits: &[(
            "class: [story.by_place], target: any, reason",
            "class: [place.search], target: any, reason",
        )],
        call: Some("/v1/300001/stories?fields=id"),
    },
    Change {
        what: "a deny is put in shadow",
        edits: &[("reason: no-stories }", "reason: no-stories, shadow: true }")],
        call: Some("/v1/300001/stories?fields=id"),
    },
    Change {
        what: "a budget counts per key instead of per partner",
        edits: &[("max: 40, window: 24h, per: partner", "max: 40, window: 24h, per: key")],
        call: None,
    },
    Change {
        what: "a pattern of ids is too narrow, so stories pass as posts",
        edits: &[
            ("ids: [\"41####\", \"42####\"]", "ids: [\"41####\"]"),
            ("ids: [\"2#####\"]", "ids: [\"2#####\", \"42####\"]"),
        ],
        call: Some("/v1/420001?fields=id"),
    },
    Change {
        what: "a default field is forgotten",
        edits: &[(
            "default: [id, username]\n    fields: { post.basic",
            "default: [id]\n    fields: { post.basic",
        )],
        call: None,
    },
    Change {
        what: "declared targets become any",
        edits: &[("target: { declared: locations }", "target: any")],
        call: Some("/v1/300002/posts?fields=id"),
    },
    Change {
        what: "a rule no longer debits a budget, which goes",
        edits: &[
            ("limits: [posts-per-day, posts-by-accounts]", "limits: [posts-by-accounts]"),
            ("  - { id: posts-per-day, count: targets, max: 40, window: 24h, per: partner }\n", ""),
        ],
        call: None,
    },
    Change {
        what: "a window is shorter",
        edits: &[("max: 2500, window: 24h", "max: 2500, window: 1h")],
        call: None,
    },
    Change {
        what: "a budget no longer hangs on the number of grants",
        edits: &[("max: { for_each: grants, times: 20 }", "max: 5000")],
        call: None,
    },
    Change {
        what: "a page may be as large as the platform gives",
        edits: &[("    rows: 50\n", "")],
        call: None,
    },
    Change {
        what: "a field is given with a set of others",
        edits: &[(
            "fields: [id, username]\n  - id: search",
            "fields: [id, username, biography]\n  - id: search",
        )],
        call: Some("/v1/100001?fields=biography"),
    },
    Change {
        what: "a search needs no words any more",
        edits: &[("when: { words: { min: 2 }, point: forbidden }", "when: { point: forbidden }")],
        call: Some("/v1/search?limit=5"),
    },
    Change {
        what: "a filter spares the rule it was for",
        edits: &[("drop_fields: [caption] }", "drop_fields: [caption], except: [single-posts] }")],
        call: None,
    },
    Change {
        what: "nobody watches refusals any more",
        edits: &[(
            "watch:\n  - { id: refusals, signal: refused, over: 19, per: 24h, then: [open_case] }\n",
            "",
        )],
        call: None,
    },
];

#[test]
fn every_loophole_is_named_with_who_gains_by_it() {
    let machine = Machine::new();
    machine.write("old/routes/r.yaml", ROUTES);
    machine.write("old/policies/guests.yaml", TIER);
    machine.write("facts.yaml", FACTS);
    let dir = machine.dir.path().display().to_string();
    let mut all = String::new();
    for Change { what, edits, call } in CHANGES {
        let (mut routes, mut tier) = (ROUTES.to_owned(), TIER.to_owned());
        for (from, to) in edits {
            assert!(routes.contains(from) != tier.contains(from), "{what}: changes one file");
            routes = routes.replacen(from, to, 1);
            tier = tier.replacen(from, to, 1);
        }
        machine.write("new/routes/r.yaml", routes);
        machine.write("new/policies/guests.yaml", tier);
        let said = machine.types(&format!("diff {dir}/old {dir}/new"));
        writeln!(all, "# {what}\n{}", said.whole()).unwrap();
        let ends = |set: &str| {
            let said = machine.types(&format!(
                "explain GET {} --partner acme --facts {dir}/facts.yaml --grant 100001 --policies {dir}/{set}",
                call.unwrap()
            ));
            let verdict = said.data.lines().last().unwrap_or_default().to_owned();
            assert_eq!(said.code, 0, "{what}: {}", said.whole());
            verdict
        };
        if let Some(call) = call {
            let (before, after) = (ends("old"), ends("new"));
            writeln!(all, "GET {call}\n  before: {before}\n  after:  {after}").unwrap();
        }
        all.push('\n');
    }
    insta::assert_snapshot!(all.replace(&dir, "DIR"));
}
