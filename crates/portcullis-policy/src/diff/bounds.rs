//! What limits, rates and costs bound less.
//!
//! Must not know rules.

use super::{Change, Found};
use crate::compile::cover;
use crate::rule::{Each, Limit, Max, Sharer};
use crate::tier::Rate;

impl Change<'_> {
    pub(super) fn bounds(&self, found: &mut Found) {
        for limit in &self.to.limits {
            let same = self.from.limits.iter().find(|other| other.id == limit.id);
            if let Some(other) = same.filter(|other| !cover::limit(limit, other)) {
                let parts = self.limit_parts(limit, other);
                self.add(found, format!("have the limit `{}` {}", limit.id, parts.join(" and ")));
            }
        }
        for before in &self.from.extents {
            let now = self.to.extents.iter().find(|other| other.of == before.of);
            let now = now.map(|other| other.most);
            if now.is_none_or(|most| most > before.most) {
                let most =
                    |most: Option<u64>| most.map_or("any number".to_owned(), |n| n.to_string());
                let parts = self.instead(most(Some(before.most)), most(now));
                let text = match before.of {
                    Each::Grants => format!("may be authorised by {parts} accounts"),
                    Each::List(list) => {
                        format!("may declare {parts} `{}`", self.words.list(list))
                    }
                };
                self.add(found, text);
            }
        }
        for rate in &self.from.rates {
            match self.to.rates.iter().find(|other| other.id == rate.id) {
                None => {
                    let word = self.say("lose the rate", "get the rate");
                    self.add(found, format!("{word} `{}`", rate.id));
                }
                Some(to) if !cover::rate(to, rate) => {
                    let parts = self.rate_parts(to, rate);
                    self.add(found, format!("have the rate `{}` {}", rate.id, parts.join(" and ")));
                }
                Some(_) => {}
            }
        }
        for (class, cost) in &self.from.costs {
            let now = self.to.costs.get(class).copied().unwrap_or(1);
            if now < *cost {
                let name = self.words.catalogue.class_name(*class);
                self.add(found, format!("pay {} for `{name}`", self.instead(*cost, now)));
            }
        }
    }

    fn limit_parts(&self, to: &Limit, from: &Limit) -> Vec<String> {
        let mut parts = Vec::new();
        if !cover::max(to.max, from.max) {
            let max = |max| self.words.max(max);
            parts.push(format!("at {}", self.instead(max(from.max), max(to.max))));
        }
        if to.window < from.window {
            parts.push(format!("in {}", self.instead(from.window, to.window)));
        }
        if to.per < from.per {
            parts.push(format!("for {}", self.instead(sharer(from.per), sharer(to.per))));
        }
        let alike = to.counts == from.counts
            && to.cell_m == from.cell_m
            && to.returned == from.returned
            && (from.each_target || !to.each_target);
        if !alike {
            let counted = |limit| self.counted(limit);
            parts.push(format!("counting {}", self.instead(counted(from), counted(to))));
        }
        if to.shadow && !from.shadow {
            parts.push(self.say("in shadow only", "in force").to_owned());
        }
        parts
    }

    fn counted(&self, limit: &Limit) -> String {
        if let Some(side) = limit.cell_m {
            return format!("different cells of {side} m");
        }
        if !limit.returned.is_empty() {
            return format!("each {} asked for or found", self.words.types(&limit.returned));
        }
        let each = if limit.each_target { " of each target" } else { "" };
        format!("{}{each}", limit.counts)
    }

    fn rate_parts(&self, to: &Rate, from: &Rate) -> Vec<String> {
        let mut parts = Vec::new();
        let max =
            |rate: &Rate| self.words.max(rate.figure.map_or(Max::Fixed(rate.max), Max::Figure));
        if to.figure != from.figure || to.max > from.max {
            parts.push(format!("at {}", self.instead(max(from), max(to))));
        } else if to.burst > from.burst {
            parts.push(format!("with a burst of {}", self.instead(from.burst, to.burst)));
        }
        if to.window < from.window {
            parts.push(format!("in {}", self.instead(from.window, to.window)));
        }
        if to.per != from.per {
            let per = |rate: &Rate| format!("{:?}", rate.per).to_lowercase();
            parts.push(format!("for each {}", self.instead(per(from), per(to))));
        }
        if to.classes != from.classes {
            parts.push(self.say("for fewer classes", "for more classes").to_owned());
        }
        if parts.is_empty() {
            parts.push("counted in another way".to_owned());
        }
        parts
    }
}

const fn sharer(per: Sharer) -> &'static str {
    match per {
        Sharer::Partner => "the partner",
        Sharer::Client => "each client",
        Sharer::Key => "each key",
        Sharer::Group => "the group of partners",
    }
}
