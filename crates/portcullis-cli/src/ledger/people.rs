//! A file of people: an account on each line, perhaps with its region behind a comma.
//!
//! Must not know what is asked about them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::out::clean;

/// Longest id of an account, and longest name of a region.
const ID_BYTES_MAX: usize = 200;
const REGION_BYTES_MAX: usize = 60;
/// Most faults, and most regions, that are told.
const TOLD_MAX: usize = 20;
/// What the first line may be instead.
const HEADS: [&str; 2] = ["id", "id,region"];

/// People by their ids, each with its region where the file names one.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct People(BTreeMap<String, (Option<String>, usize)>);

impl People {
    /// Reads a file, or names each line of it that can't be taken.
    pub(super) fn read(path: &Path, host: &dyn Host) -> Result<Self, Failure> {
        let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::Local(format!("{} is not UTF-8 text", path.display())))?;
        Self::parse(&text).map_err(|faults| {
            let told = faults.iter().take(TOLD_MAX);
            let mut told: Vec<String> =
                told.map(|(line, fault)| format!("{}:{line}: {fault}", path.display())).collect();
            if faults.len() > TOLD_MAX {
                told.push(format!("and {} more lines", faults.len() - TOLD_MAX));
            }
            Failure::Local(format!("{}\nnothing was asked", told.join("\n")))
        })
    }

    fn parse(text: &str) -> Result<Self, Vec<(usize, String)>> {
        let (mut people, mut faults) = (Self::default(), Vec::new());
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            if line.is_empty() || (number == 1 && HEADS.contains(&line)) {
                continue;
            }
            if let Err(fault) = people.take(line, number) {
                faults.push((number, fault));
            }
        }
        if faults.is_empty() && people.0.is_empty() {
            faults.push((1, "there is nobody in it; write an account on each line".to_owned()));
        }
        if faults.is_empty() { Ok(people) } else { Err(faults) }
    }

    fn take(&mut self, line: &str, number: usize) -> Result<(), String> {
        let (id, region) = match line.split_once(',') {
            Some((id, region)) => (id.trim(), Some(region.trim())),
            None => (line, None),
        };
        if id.is_empty() || id.len() > ID_BYTES_MAX || !is_plain(id) {
            return Err(format!(
                "no account; write `account` or `account,region`, 1 to {ID_BYTES_MAX} bytes, without quotes"
            ));
        }
        let is_region = |region: &str| {
            !region.is_empty() && region.len() <= REGION_BYTES_MAX && is_plain(region)
        };
        if region.is_some_and(|region| !is_region(region)) {
            return Err(format!(
                "no region behind the comma; write 1 to {REGION_BYTES_MAX} bytes, without quotes or another comma, or leave the comma out"
            ));
        }
        let region = region.map(str::to_owned);
        if let Some((known, line)) = self.0.get(id) {
            if *known != region {
                return Err(format!(
                    "the same account as in line {line}, with another region; nobody can be counted in both"
                ));
            }
            return Ok(());
        }
        self.0.insert(id.to_owned(), (region, number));
        Ok(())
    }

    /// Those of a region only.
    pub(super) fn of_region(self, region: &str, path: &Path) -> Result<Self, Failure> {
        let mut regions: Vec<String> =
            self.0.values().filter_map(|(region, _)| region.clone()).collect();
        regions.sort_unstable();
        regions.dedup();
        if regions.iter().any(|known| known == region) {
            let of = |(of, _): &(Option<String>, usize)| of.as_deref() == Some(region);
            return Ok(Self(self.0.into_iter().filter(|(_, one)| of(one)).collect()));
        }
        let path = path.display();
        Err(Failure::Usage(if regions.is_empty() {
            format!(
                "`--region {region}`: no line of {path} names a region; write `account,region`, or leave `--region` out where all of them are of it"
            )
        } else {
            let more = if regions.len() > TOLD_MAX { ", …" } else { "" };
            regions.truncate(TOLD_MAX);
            let regions = clean(&regions.join(", "));
            format!("`--region {region}`: {path} has nobody of it; its regions are {regions}{more}")
        }))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// In parts as the gate takes them, each person in one of them.
    pub(super) fn parts(&self, most: usize) -> Vec<Value> {
        let person = |(id, (region, _)): (&String, &(Option<String>, usize))| match region {
            Some(region) => json!({ "id": id, "region": region }),
            None => json!({ "id": id }),
        };
        let all: Vec<Value> = self.0.iter().map(person).collect();
        all.chunks(most).map(|part| part.to_vec().into()).collect()
    }
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c == ',' || c == '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let faults = People::parse(text).unwrap_err();
        faults.iter().map(|(line, fault)| format!("{line}: {fault}\n")).collect()
    }

    #[test]
    fn an_account_stands_on_each_line_perhaps_with_its_region() {
        let people = People::parse("id,region\r\n17,EU\n\n  18 , US \n19\n17,EU\n").unwrap();
        let parts = people.parts(2);
        assert_eq!(parts.len(), 2);
        assert_eq!(
            parts[0],
            json!([{ "id": "17", "region": "EU" }, { "id": "18", "region": "US" }])
        );
        assert_eq!(parts[1], json!([{ "id": "19" }]), "each once, and in one part");
        let path = Path::new("people.csv");
        let people = People::parse("17,EU\n18,US\n19\n").unwrap().of_region("EU", path).unwrap();
        assert_eq!(people.parts(9), [json!([{ "id": "17", "region": "EU" }])]);
    }

    #[test]
    fn each_line_that_can_not_be_taken_is_named_with_what_to_write() {
        insta::assert_snapshot!(faults("17,EU\n,EU\n18,\n\"19\",EU\n20,EU,US\n17,US\n17\n"), @r"
        2: no account; write `account` or `account,region`, 1 to 200 bytes, without quotes
        3: no region behind the comma; write 1 to 60 bytes, without quotes or another comma, or leave the comma out
        4: no account; write `account` or `account,region`, 1 to 200 bytes, without quotes
        5: no region behind the comma; write 1 to 60 bytes, without quotes or another comma, or leave the comma out
        6: the same account as in line 1, with another region; nobody can be counted in both
        7: the same account as in line 1, with another region; nobody can be counted in both
        ");
        insta::assert_snapshot!(faults("\n"), @"1: there is nobody in it; write an account on each line");
        let path = Path::new("people.csv");
        let refused = |text: &str| match People::parse(text).unwrap().of_region("EU", path) {
            Err(Failure::Usage(why)) => why,
            other => panic!("{other:?}"),
        };
        insta::assert_snapshot!(refused("17,DE\n18,US\n19,DE\n20"), @"`--region EU`: people.csv has nobody of it; its regions are DE, US");
        insta::assert_snapshot!(refused("17\n18"), @"`--region EU`: no line of people.csv names a region; write `account,region`, or leave `--region` out where all of them are of it");
    }
}
