//! Documents that repeat what the code says are held to it.

#![allow(clippy::panic, clippy::expect_used, reason = "tests")]

use std::fs;

use portcullis_testkit::workspace_root;
use portcullis_types::all_rows;

#[test]
fn the_page_of_refusals_has_the_row_of_every_refusal_and_no_other() {
    let page = fs::read_to_string(workspace_root().join("docs/refusals.md")).expect("the page");
    // The page's other table is about SDKs: its second column is no status.
    let status =
        |line: &str| line.split('|').nth(2).is_some_and(|cell| cell.trim().parse::<u16>().is_ok());
    let written = page.lines().filter(|line| line.starts_with("| `") && status(line)).count();
    for row in all_rows() {
        let graph = match row.graph_subcode {
            0 => row.graph_code.to_string(),
            subcode => format!("{}, {subcode}", row.graph_code),
        };
        let start = format!("| `{}` | {} | {graph} |", row.code, row.status);
        assert!(page.contains(&start), "docs/refusals.md lacks the row `{start}`");
    }
    assert_eq!(written, all_rows().len(), "a row too many or too few");
}

#[test]
fn links_between_documents_lead_to_files_that_are_there() {
    let root = workspace_root();
    let mut dead = Vec::new();
    for page in portcullis_testkit::text_files() {
        if !page.path.ends_with(".md") {
            continue;
        }
        let folder = root.join(&page.path).parent().expect("a folder").to_path_buf();
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or("");
            let outside = target.is_empty() || target.contains("://") || target.contains(' ');
            if !outside && !folder.join(target).exists() {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}
