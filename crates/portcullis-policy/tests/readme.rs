//! The page for policy authors names every fault there is, and none that is not.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../policies/README.md");

fn codes(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("PC0").map(|(at, _)| &text[at..]);
    let codes = starts.filter_map(|rest| rest.get(..6));
    codes.filter(|code| code[2..].bytes().all(|b| b.is_ascii_digit())).map(str::to_owned).collect()
}

#[test]
fn the_page_and_the_code_name_the_same_faults() {
    let mut known = codes(include_str!("../../portcullis-yaml/src/lib.rs"));
    known.extend(codes(include_str!("../../portcullis-catalogue/src/compile.rs")));
    known.extend(codes(include_str!("../src/compile.rs")));
    assert_eq!(codes(PAGE), known);
}
