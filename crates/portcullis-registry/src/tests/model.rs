//! Random commands against a model so simple that it can be believed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What a person would write on paper.
#[derive(Debug, Default)]
struct Paper {
    partners: BTreeSet<u64>,
    clients: BTreeMap<u64, u64>,
    /// Key: its partner and client.
    keys: BTreeMap<u64, (u64, Option<u64>)>,
    held: BTreeSet<String>,
    revoked: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
enum Step {
    Partner(u64),
    Client(u64, u64),
    Key(u64, u64, Option<u64>),
    Import(u64, u64, bool),
    Hold(Who),
    Restore(Who),
    Revoke(u64),
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Partner(u64),
    Client(u64),
    Key(u64),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        (0..3u64).prop_map(Who::Partner),
        (0..3u64).prop_map(Who::Client),
        (0..6u64).prop_map(Who::Key),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3u64).prop_map(Step::Partner),
        (0..3u64, 0..3u64).prop_map(|(c, p)| Step::Client(c, p)),
        (0..6u64, 0..3u64, proptest::option::of(0..3u64)).prop_map(|(k, p, c)| Step::Key(k, p, c)),
        (0..6u64, 0..3u64, any::<bool>()).prop_map(|(k, p, r)| Step::Import(k, p, r)),
        who().prop_map(Step::Hold),
        who().prop_map(Step::Restore),
        (0..6u64).prop_map(Step::Revoke),
    ]
}

fn subject(who: Who) -> SubjectId {
    match who {
        Who::Partner(n) => SubjectId::Partner(partner_id(&format!("p{n}"))),
        Who::Client(n) => SubjectId::Client(ClientId::new(&format!("c{n}")).unwrap()),
        Who::Key(n) => SubjectId::Key(key_id(&format!("key{n}"))),
    }
}

fn command(step: &Step) -> Command {
    match step {
        Step::Partner(p) => partner(&format!("p{p}"), None),
        Step::Client(c, p) => client(&format!("c{c}"), &format!("p{p}"), None),
        Step::Key(k, p, c) => {
            key(*k, &format!("p{p}"), c.map(|c| format!("c{c}")).as_deref(), None)
        }
        Step::Import(k, p, revoked) => {
            let state = if *revoked { ImportedState::Revoked } else { ImportedState::Active };
            let key = ImportedKey {
                id: key_id(&format!("key{k}")),
                ..imported(*k, &format!("p{p}"), state)
            };
            Command::ImportKeys { keys: vec![key], pepper: String::new(), create_partners: None }
        }
        Step::Hold(who) => hold(subject(*who)),
        Step::Restore(who) => restore(subject(*who)),
        Step::Revoke(k) => revoke(&format!("key{k}")),
    }
}

impl Paper {
    /// Whether the step is allowed; if so it is written down.
    fn take(&mut self, step: &Step) -> bool {
        match *step {
            Step::Partner(p) => self.partners.insert(p),
            Step::Client(c, p) => {
                let fine = self.partners.contains(&p) && !self.clients.contains_key(&c);
                fine && self.clients.insert(c, p).is_none()
            }
            Step::Key(k, p, c) => {
                let fine = self.partners.contains(&p)
                    && c.is_none_or(|c| self.clients.get(&c) == Some(&p))
                    && !self.keys.contains_key(&k);
                fine && self.keys.insert(k, (p, c)).is_none()
            }
            Step::Import(k, p, revoked) => {
                let fine = self.partners.contains(&p) && !self.keys.contains_key(&k);
                if fine {
                    self.keys.insert(k, (p, None));
                    if revoked {
                        self.revoked.insert(k);
                    }
                }
                fine
            }
            Step::Hold(who) => self.standing(who) && self.held.insert(format!("{who:?}")),
            Step::Restore(who) => self.standing(who) && self.held.remove(&format!("{who:?}")),
            Step::Revoke(k) => self.keys.contains_key(&k) && self.revoked.insert(k),
        }
    }

    /// Whether there is something whose standing can change.
    fn standing(&self, who: Who) -> bool {
        match who {
            Who::Partner(p) => self.partners.contains(&p),
            Who::Client(c) => self.clients.contains_key(&c),
            Who::Key(k) => self.keys.contains_key(&k) && !self.revoked.contains(&k),
        }
    }

    fn passes(&self, k: u64) -> bool {
        let Some((p, c)) = self.keys.get(&k) else { return false };
        let held = |who: Who| self.held.contains(&format!("{who:?}"));
        !self.revoked.contains(&k)
            && !held(Who::Key(k))
            && !held(Who::Partner(*p))
            && !c.is_some_and(|c| held(Who::Client(c)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_order_of_steps_lets_a_held_or_revoked_key_pass(steps in proptest::collection::vec(step(), 0..60)) {
        let (mut desk, mut paper) = (Desk::default(), Paper::default());
        let mut kept = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let allowed = paper.take(step);
            let done = desk.at(Wall(NOON.0 + n as u64), &command(step));
            prop_assert_eq!(done.is_ok(), allowed, "{:?}: {:?}", step, done.err());
            let snapshot = desk.state.snapshot();
            for k in 0..6 {
                let at = snapshot.key_ix(&key_id(&format!("key{k}")));
                let passes = at.is_some_and(|at| snapshot.standing(at, NOON) == Standing::Good);
                prop_assert_eq!(passes, paper.passes(k), "key{} after {:?}", k, step);
            }
            if n % 16 == 0 {
                kept.push((all(&snapshot), snapshot));
            }
        }
        for (before, snapshot) in kept {
            prop_assert_eq!(before, all(&snapshot), "a snapshot never changes");
        }
        let again = desk.replayed();
        prop_assert_eq!(all(&again.state.snapshot()), all(&desk.state.snapshot()));
        for (at, key) in desk.state.current().keys() {
            prop_assert_eq!(again.state.current().key_ix(&key.id()), Some(at));
        }
    }
}
