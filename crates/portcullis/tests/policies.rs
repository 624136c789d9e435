//! The shipped tiers and the page that teaches their language: every call written in them comes to
//! what stands beside it.

use std::path::Path;

use crate::common::{portcullis, text};

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");

#[track_caller]
fn holds(set: &Path, least: usize) {
    for command in ["check", "test"] {
        let output = portcullis(&[command, set.to_str().unwrap()]);
        assert!(output.status.success(), "{command}: {}", text(&output));
    }
    let output = portcullis(&["test", set.to_str().unwrap(), "-o", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let passed = told["cases"].as_u64().expect("how many cases there are");
    assert!(passed >= least as u64, "{passed} cases only");
}

#[test]
fn the_calls_written_in_the_shipped_tiers_come_to_what_is_written() {
    holds(&Path::new(POLICIES).join("plaza"), 300);
}

/// The blocks of the page that are files: their first line names them.
fn examples(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let file = |block: &str| {
        let (name, _) = block.strip_prefix("# ")?.split_once('\n')?;
        Some((name.to_owned(), block.to_owned()))
    };
    blocks.map(|block| file(block).expect("an example that no test runs")).collect()
}

#[test]
fn the_page_for_policy_authors_teaches_by_files_that_do_what_it_says() {
    let page = std::fs::read_to_string(Path::new(POLICIES).join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, block) in examples(&page) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, block).unwrap();
    }
    holds(folder.path(), 8);
}

#[test]
fn the_page_lists_the_tiers_that_are_shipped() {
    let page = std::fs::read_to_string(Path::new(POLICIES).join("README.md")).unwrap();
    let mut listed: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("## Plaza's tiers"))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    listed.sort_unstable();
    let mut shipped: Vec<String> = std::fs::read_dir(Path::new(POLICIES).join("plaza/policies"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .filter(|text| text.contains("\nuse: "))
        .filter_map(|text| Some(text.split_once("\ntier: ")?.1.lines().next()?.to_owned()))
        .collect();
    shipped.sort_unstable();
    assert_eq!(listed, shipped);
    assert_eq!(listed.len(), 15);
}
