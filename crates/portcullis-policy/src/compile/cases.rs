//! The tests of a tier.
//!
//! Must not know how a call is judged, only which names a test may refer to.

use std::collections::BTreeMap;

use portcullis_types::{Facts, Wall, all_rows};
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::{Compiler, codes};
use crate::case::{Case, Expect};
use crate::file::{CaseFactsFile, CaseFile};
use crate::tier::Tier;

const CASES_MAX: usize = 1000;

impl Compiler<'_> {
    pub(super) fn cases(&mut self, source: &Source, files: &[CaseFile], tier: &Tier) -> Vec<Case> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.name, "tests", (files.len(), CASES_MAX));
        }
        let mut cases = Vec::new();
        for file in files.iter().take(CASES_MAX) {
            if self.full() {
                break;
            }
            cases.extend(self.case(source, file, tier));
        }
        cases
    }

    fn case(&mut self, source: &Source, file: &CaseFile, tier: &Tier) -> Option<Case> {
        let facts = match &file.facts {
            Some(facts) => self.facts(source, facts),
            None => Facts::default(),
        };
        let at = file.at.as_ref().and_then(|at| self.moment(source, at));
        let since = file.since.as_ref().and_then(|at| self.moment(source, at));
        let used = self.used(source, file, tier);
        let expect = self.expect(source, &file.expect, tier);
        let call = file.call.split_once(' ').filter(|(method, target)| {
            let word = !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
            word && target.starts_with('/') && !target.contains(char::is_whitespace)
        });
        let Some((method, target)) = call else {
            let message = format!("`{}` is not a call", cut(&file.call));
            let fault = source.fault(codes::CASE, &file.call, message);
            self.faults.push(fault.with_help("write method and path, such as `GET /v21.0/me`"));
            return None;
        };
        Some(Case {
            name: file.name.value.clone(),
            file: source.name.clone(),
            line: file.name.line,
            method: method.to_owned(),
            target: target.to_owned(),
            body: file.body.clone(),
            content_type: file.content_type.clone(),
            facts,
            grants: file.grants.clone(),
            used,
            since,
            at,
            answer: file.answer.clone(),
            expect: expect?,
            filtered: file.filtered.clone(),
        })
    }

    fn facts(&mut self, source: &Source, file: &CaseFactsFile) -> Facts {
        Facts {
            review_by: file.review_by.as_ref().and_then(|at| self.moment(source, at)),
            figures: file.figures.iter().map(|(name, n)| (name.value.clone(), *n)).collect(),
            lists: file.lists.iter().map(|(name, all)| (name.value.clone(), all.clone())).collect(),
            ..Facts::default()
        }
    }

    fn moment(&mut self, source: &Source, at: &At<String>) -> Option<Wall> {
        let time = at.parse::<jiff::Timestamp>().ok();
        let wall = time.and_then(|time| u64::try_from(time.as_millisecond()).ok()).map(Wall);
        if wall.is_none() {
            let fault = source.fault(codes::CASE, at, format!("`{}` is not a time", cut(at)));
            self.faults.push(fault.with_help("write it as `2024-03-01T10:00:00Z`"));
        }
        wall
    }

    fn used(&mut self, source: &Source, file: &CaseFile, tier: &Tier) -> BTreeMap<String, u64> {
        let mut used = BTreeMap::new();
        for (name, amount) in file.used.iter() {
            let counted = || {
                let limits = tier.limits.iter().map(|limit| limit.id.as_str());
                limits.chain(tier.rates.iter().map(|rate| rate.id.as_str()))
            };
            if counted().any(|id| id == name.as_str()) {
                used.insert(name.value.clone(), **amount);
            } else if !self.left_out(name, counted()) {
                let fault = source
                    .fault(codes::NO_LIMIT, name, format!("unknown limit `{}`", cut(name)))
                    .with_help("name a limit or rate of the tier")
                    .did_you_mean(name, counted());
                self.faults.push(fault);
            }
        }
        used
    }

    fn expect(&mut self, source: &Source, at: &At<String>, tier: &Tier) -> Option<Expect> {
        let (word, name) = at.split_once(' ').unwrap_or((at, ""));
        let allows = || tier.allow.iter().map(|rule| rule.id.as_str());
        let mut known: Vec<&str> = Vec::new();
        let expect = match word {
            "allow" if name.is_empty() => return Some(Expect::Allow(None)),
            "allow" => {
                known.extend(allows());
                Expect::Allow(Some(name.to_owned()))
            }
            "deny" => {
                known.extend(all_rows().iter().map(|row| row.code));
                known.extend(allows().chain(tier.deny.iter().map(|rule| rule.id.as_str())));
                Expect::Deny(name.to_owned())
            }
            "limit" => {
                known.extend(tier.limits.iter().map(|limit| limit.id.as_str()));
                known.extend(tier.rates.iter().map(|rate| rate.id.as_str()));
                Expect::Limit(name.to_owned())
            }
            _ => {
                let message = format!("`{}` is no verdict", cut(at));
                let help = "write `allow`, `allow RULE`, `deny CODE`, `deny RULE` or `limit LIMIT`";
                self.faults.push(source.fault(codes::CASE, at, message).with_help(help));
                return None;
            }
        };
        if known.contains(&name) {
            return Some(expect);
        }
        if !self.left_out(name, known.iter().copied()) {
            let message = format!("nothing is called `{}`", cut(name));
            let fault = source.fault(codes::CASE, at, message);
            let help = "name a rule or limit of the tier, or the code of a refusal";
            self.faults.push(fault.with_help(help).did_you_mean(name, known));
        }
        None
    }
}
