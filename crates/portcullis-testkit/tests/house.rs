//! Rules of the house that no compiler holds: lints in each manifest, headers, no clock or
//! environment where none belongs, no pre-release, nothing local in the texts.

#![allow(clippy::panic, clippy::expect_used, reason = "tests")]

use std::fs;

use portcullis_testkit::{Crate, Source, crates, text_files, workspace_root};

/// What each kind of crate must not name in code that ships.
const NO_CLOCK: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
const NO_FILE: &[&str] = &["std::fs", "fs::read", "fs::write", "File::open", "File::create"];
const NO_SOCKET: &[&str] = &["std::net::Tcp", "std::net::Udp", "TcpListener", "TcpStream"];
const NO_ENVIRONMENT: &[&str] = &["std::env", "env::var", "env::args"];

/// Crates that may do what is forbidden to the others; the tools beside the product are left out.
const MAY_READ_CLOCK: &[&str] = &["portcullis"];
const MAY_TOUCH_FILES: &[&str] = &["portcullis", "portcullis-store"];
const MAY_OPEN_SOCKETS: &[&str] =
    &["portcullis", "portcullis-proxy", "portcullis-control", "portcullis-cli"];
const MAY_READ_ENVIRONMENT: &[&str] = &["portcullis"];

fn shipped() -> Vec<Crate> {
    let beside = ["portcullis-plaza", "portcullis-testkit", "portcullis-benches"];
    crates().into_iter().filter(|krate| !beside.contains(&krate.name.as_str())).collect()
}

#[track_caller]
fn check_absent(words: &[&str], allowed: &[&str], why: &str) {
    let mut found = Vec::new();
    for krate in shipped() {
        if allowed.contains(&krate.name.as_str()) {
            continue;
        }
        for source in &krate.sources {
            for (number, line) in source.shipped_lines() {
                // The runtime's own timer clock drives timers only, and tests can pause it.
                let line = line.replace("tokio::time::Instant::now", "");
                if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                    found.push(format!("{}:{number} names `{word}`", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

#[test]
fn only_the_binary_reads_a_real_clock() {
    check_absent(NO_CLOCK, MAY_READ_CLOCK, "take a `Clock` or a `Now`, decisions must replay");
}

#[test]
fn only_store_and_binary_touch_files() {
    check_absent(NO_FILE, MAY_TOUCH_FILES, "files belong to the store and the binary");
}

#[test]
fn only_shells_open_sockets() {
    check_absent(NO_SOCKET, MAY_OPEN_SOCKETS, "sockets belong to the shells");
}

#[test]
fn only_the_binary_reads_arguments_and_environment() {
    check_absent(NO_ENVIRONMENT, MAY_READ_ENVIRONMENT, "the binary hands settings down");
}

#[test]
fn every_manifest_takes_the_lints_of_the_workspace() {
    for krate in crates() {
        let manifest = krate.manifest.replace(' ', "");
        assert!(manifest.contains("[lints]\nworkspace=true"), "`{}` takes no lints", krate.name);
        for line in ["version.workspace=true", "license.workspace=true", "publish.workspace=true"] {
            assert!(manifest.contains(line), "`{}` lacks `{line}`", krate.name);
        }
    }
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    for krate in crates() {
        for Source { path, text } in &krate.sources {
            assert!(text.starts_with("//!"), "{path} does not open with a `//!` header");
            assert!(!text.starts_with("//! To be written"), "{path} is still to be written");
        }
    }
}

/// Most lines of a file that ships: beyond them it holds a second idea.
const FILE_LINES_MAX: usize = 300;

#[test]
fn no_file_that_ships_is_longer_than_one_idea() {
    let is_test = |path: &str| {
        let aside = path.ends_with("/tests.rs") || path.ends_with("_tests.rs");
        !path.contains("/src/") || aside || path.contains("/tests/")
    };
    let mut seen = 0;
    let mut found = Vec::new();
    for source in crates().into_iter().flat_map(|krate| krate.sources) {
        if is_test(&source.path) {
            continue;
        }
        seen += 1;
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{} has {lines} lines", source.path));
        }
    }
    assert!(seen > 500, "only {seen} files read: is the layout another one?");
    assert!(found.is_empty(), "look for each file's second idea:\n{}", found.join("\n"));
}

/// Files beside a `tests/all.rs` that it does not name are built by nobody, and fail never.
#[test]
fn every_suite_beside_an_all_is_run_by_it_or_by_its_manifest() {
    let mut seen = 0;
    for krate in crates() {
        let tests = workspace_root().join("crates").join(&krate.name).join("tests");
        let Ok(all) = fs::read_to_string(tests.join("all.rs")) else { continue };
        let is_built =
            krate.manifest.contains("[[test]]\nname = \"all\"\npath = \"tests/all.rs\"\n");
        assert!(is_built && !all.contains("#[cfg("), "all of `{}` is not always run", krate.name);
        for entry in fs::read_dir(&tests).expect("a folder of tests") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
            let is_suite = path.extension().is_some_and(|ending| ending == "rs");
            if name == "all" || !is_suite && !path.join("main.rs").exists() {
                continue;
            }
            seen += 1;
            let is_run = all.contains(&format!("\nmod {name};\n"))
                || krate.manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
            assert!(
                is_run,
                "`{name}` of `{}` is run by nobody: name it in `tests/all.rs`",
                krate.name
            );
        }
    }
    assert!(seen > 100, "only {seen} suites seen: is the layout another one?");
}

/// Every package of the lock file with its version, of which each may have several.
fn locked() -> Vec<(String, String)> {
    let lock = fs::read_to_string(workspace_root().join("Cargo.lock")).expect("Cargo.lock");
    let mut name = "";
    let mut locked = Vec::new();
    for line in lock.lines() {
        name = line.strip_prefix("name = ").unwrap_or(name).trim_matches('"');
        let Some(version) = line.strip_prefix("version = \"") else { continue };
        locked.push((name.to_owned(), version.trim_end_matches('"').to_owned()));
    }
    assert!(locked.len() > 100, "only {} versions read: is it of another form?", locked.len());
    locked
}

#[test]
fn no_pre_release_is_locked() {
    for (name, version) in locked() {
        // What follows `+` is build metadata, such as the C library's version, and may hold dashes.
        let core = version.split('+').next().unwrap_or(&version);
        assert!(!core.contains('-'), "{name} is locked at a pre-release, {core}");
    }
}

/// The first release without the last advisory that concerns a gate, and what that was about.
const FLOORS: &[(&str, &str, &str)] = &[
    ("h2", "0.4.18", "floods of small frames, and resets that the peer makes us send"),
    ("jsonwebtoken", "10.3.0", "claims of a wrong type that were taken for none"),
    ("rustls", "0.23.18", "a handshake that ends the program"),
    ("ring", "0.17.12", "an overflow that ends the program"),
    ("tokio", "1.44.2", "a channel that moves what may not be moved"),
];

#[test]
fn what_an_advisory_is_about_is_not_locked() {
    let number = |version: &str| -> Vec<u64> {
        let core = version.split('+').next().unwrap_or(version);
        core.split('.').map(|part| part.parse().expect("a number")).collect()
    };
    let mut seen = Vec::new();
    for (name, version) in locked() {
        let Some((_, floor, why)) = FLOORS.iter().find(|(floor, ..)| *floor == name) else {
            continue;
        };
        assert!(number(&version) >= number(floor), "{name} {version} is below {floor}: {why}");
        seen.push(name);
    }
    for name in ["h2", "jsonwebtoken", "rustls", "tokio"] {
        assert!(seen.iter().any(|seen| seen == name), "`{name}` is locked no more: drop its floor");
    }
}

#[test]
fn no_text_names_a_registry_host_or_a_path_of_one_machine() {
    // Written in halves, so that this file itself passes.
    let hosts = [concat!("index.", "crates.io"), concat!("static.", "crates.io")];
    let python = [concat!("pypi", ".org"), concat!("files.python", "hosted.org")];
    let machine = [concat!("/work", "/main"), concat!("/work", "/shared"), concat!("/root", "/")];
    let mut found = Vec::new();
    for Source { path, text } in text_files() {
        for (number, line) in text.lines().enumerate() {
            let words = hosts.iter().chain(&python).chain(&machine);
            for word in words.filter(|word| line.contains(**word)) {
                found.push(format!("{path}:{} names `{word}`", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "texts must hold on every machine:\n{}", found.join("\n"));
}

#[test]
fn the_readme_lists_every_crate() {
    let readme = fs::read_to_string(workspace_root().join("README.md")).expect("README.md");
    for krate in crates().iter().filter(|krate| krate.name != "portcullis-benches") {
        let cell = format!("| `{}` |", krate.name);
        assert!(readme.contains(&cell), "README.md has no row for `{}`", krate.name);
    }
}
