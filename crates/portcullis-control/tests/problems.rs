//! Every problem that the APIs answer of their own, as it stands in the sources: who adds one agrees
//! on it here. What is worked out (`…`) stands in tests of its own.

use std::collections::BTreeSet;
use std::path::Path;

/// The next argument of a call, where it is a text, and what follows it.
fn argument(text: &str) -> (Option<&str>, &str) {
    let text = text.trim_start();
    match text.strip_prefix('"').and_then(|text| text.split_once('"')) {
        Some((told, rest)) => (Some(told), rest.trim_start().trim_start_matches(',')),
        None => (None, text.split_once(',').map_or("", |(_, rest)| rest)),
    }
}

fn told(folder: &Path, all: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            told(&path, all);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for made in source.split("Problem::new(").skip(1) {
            let Some(status) = made.trim_start().strip_prefix("StatusCode::") else { continue };
            let (status, rest) = status.split_once(',').unwrap();
            // Codes of commands that are refused stand in the registry.
            let (Some(code), rest) = argument(rest) else { continue };
            let (title, rest) = argument(rest);
            let (detail, _) = argument(rest);
            let [title, detail] = [title, detail].map(|text| text.unwrap_or("…"));
            all.insert(format!("{status} {code}: {title}: {detail}"));
        }
    }
}

#[test]
fn each_problem_of_the_apis_is_agreed_on() {
    let mut all = BTreeSet::new();
    told(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    insta::assert_snapshot!(all.into_iter().collect::<Vec<_>>().join("\n"));
}
