//! Conditions.
//!
//! Must not know which calls they meet.

use portcullis_yaml::{At, Source};

use super::{Compiler, codes};
use crate::file::WhenFile;
use crate::rule::When;

impl Compiler<'_> {
    /// A condition: all that is written must hold.
    pub(super) fn when(&mut self, source: &Source, file: &At<WhenFile>) -> When {
        let mut all = Vec::new();
        if let Some(words) = &file.words {
            self.above_zero(source, &words.min);
            all.push(When::Words(*words.min));
        }
        if let Some(distance) = &file.distance_m {
            all.push(When::Distance(*distance.max, distance.default.as_ref().map(|at| **at)));
        }
        all.extend(file.point.map(When::Point));
        all.extend(file.cursor.map(When::Cursor));
        if let Some(hour) = &file.hour {
            let (from, to) = (*hour.from, *hour.to);
            if from > 23 || to == 0 || to > 24 || from == to {
                let message = format!("from {from} to {to} is no time of a day");
                let fault = source.fault(codes::BOUND, hour, message);
                self.faults.push(fault.with_help("write hours from 0 to 23, and to 1 to 24, UTC"));
            }
            all.push(When::Hour(from, to));
        }
        if let Some(standing) = &file.standing {
            self.some(source, standing);
            all.push(When::Standing(standing.value.clone()));
        }
        if let Some(names) = &file.scope {
            self.some(source, names);
            let scopes = self.tier_scopes(source, names);
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", **name)).collect();
            all.push(When::Scope(scopes, names.join(" or ").into()));
        }
        if let Some(age) = &file.age {
            if age.min.milliseconds() == 0 {
                let fault = source.fault(codes::BOUND, &age.min, "everyone is as old as that");
                self.faults.push(fault.with_help("write how long, such as `30d`"));
            }
            all.push(When::Age(age.of.unwrap_or_default(), *age.min));
        }
        if let Some(rows) = &file.rows {
            all.push(When::Rows(*rows.max));
        }
        if let Some(ids) = &file.ids {
            all.push(When::Ids(*ids.max));
        }
        if let Some(not) = &file.not {
            all.push(When::Not(Box::new(self.when(source, not))));
        }
        if let Some(any) = &file.any {
            self.some(source, any);
            let any = any.iter().map(|one| self.when(source, one)).collect();
            all.push(When::Any(any));
        }
        if let Some(each) = &file.all {
            self.some(source, each);
            all.extend(each.iter().map(|one| self.when(source, one)).collect::<Vec<_>>());
        }
        if all.is_empty() && !self.dropped_here() {
            let fault = source.fault(codes::NOTHING, file, "a condition that says nothing");
            self.faults.push(fault.with_help("write what must hold, or leave it out"));
        }
        if all.len() == 1 { all.remove(0) } else { When::All(all) }
    }

    fn dropped_here(&self) -> bool {
        // A faulty part was left out and is told already.
        !self.faults.is_empty()
    }

    fn some<T>(&mut self, source: &Source, list: &At<Vec<T>>) {
        if list.is_empty() && !self.dropped_here() {
            let fault = source.fault(codes::NOTHING, list, "an empty list never holds");
            self.faults.push(fault.with_help("list at least one, or leave it out"));
        }
    }

    pub(super) fn above_zero(&mut self, source: &Source, at: &At<u32>) {
        if at.value == 0 {
            let fault = source.fault(codes::BOUND, at, "0 is no bound here");
            self.faults.push(fault.with_help("write 1 or more, or leave it out"));
        }
    }
}
