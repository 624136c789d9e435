//! Tiers with rules, damaged in many ways: a clear fault or a whole set, never a panic.

use std::sync::OnceLock;

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_yaml::{Fault, Source};

/// What a value is replaced by.
const VALUES: [&str; 22] = [
    "",
    " null",
    " ~",
    " []",
    " {}",
    " [{}]",
    " [[[]]]",
    " text",
    " 'text'",
    " 0",
    " -1",
    " 1.5",
    " 1e309",
    " true",
    " no",
    " 99999999999999999999999999",
    " &a *a",
    " \"\\u0000\"",
    " { declared: x, granted: true, found_by: [], type: [] }",
    " { figure: a, for_each: grants, times: 1 }",
    " { not: { not: { any: [] } } }",
    " \u{fffd}\u{202e}",
];

fn catalogue() -> &'static Catalogue {
    static ONE: OnceLock<Catalogue> = OnceLock::new();
    ONE.get_or_init(crate::desk::catalogue)
}

fn file(name: &str) -> &'static str {
    crate::desk::USES.iter().find(|(one, _)| *one == name).unwrap().1
}

/// Compiles a damaged file with what it refers to, and reads every fault as a person would.
fn judge(name: &str, text: &str) -> Vec<Fault> {
    let mut sources = vec![Source::new(name, text)];
    for other in ["field-sets.yaml", "base.yaml", "research.yaml"] {
        if other != name {
            sources.push(Source::new(other, file(other)));
        }
    }
    let faults = PolicySet::compile(&sources, catalogue()).err().unwrap_or_default();
    for fault in &faults {
        let lines = text.lines().count().max(200) + 1;
        assert!(fault.line >= 1 && fault.line as usize <= lines, "{fault}");
        assert!(fault.code.starts_with("PC0") && !fault.message.is_empty(), "{fault}");
        assert!(!fault.to_string().contains('\0'), "{fault:?}");
    }
    faults
}

#[test]
fn whatever_a_line_of_a_tier_is_replaced_by_nothing_panics() {
    let (mut tried, mut faulty) = (0, 0);
    let mut run = |name: &str, text: &str| {
        tried += 1;
        faulty += usize::from(!judge(name, text).is_empty());
    };
    for (at, (name, text)) in crate::desk::USES.iter().enumerate() {
        let lines: Vec<&str> = text.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            let put = |new: &[&str]| [&lines[..n], new, &lines[n + 1..]].concat().join("\n");
            // Every line gets one kind of damage, every file all kinds.
            match ((n + at) % 5, line.split_once(':')) {
                (0, _) => run(name, &put(&[])),
                (1, None) => run(name, &put(&[line, line])),
                (2, None) => run(name, &put(&[&format!("\t{line}")])),
                (_, None) => run(name, &put(&[&format!("  {line}")])),
                (_, Some((key, _))) => {
                    let value = VALUES[(n * 7 + at) % VALUES.len()];
                    run(name, &put(&[&format!("{key}:{value}")]));
                }
            }
        }
    }
    assert!(tried >= 1000, "{tried}");
    assert!(faulty * 3 > tried * 2, "{faulty} of {tried}");
}

#[test]
fn a_half_written_or_swollen_tier_never_panics() {
    let mut tried = 0;
    for (name, text) in crate::desk::USES {
        for cut in (0..text.len()).step_by(text.len() / 12) {
            let cut = (cut..).find(|at| text.is_char_boundary(*at)).unwrap();
            for damaged in [
                text[..cut].to_owned(),
                text[cut..].to_owned(),
                format!("{}\0{}", &text[..cut], &text[cut..]),
                format!("{}{{{}", &text[..cut], &text[cut..]),
                String::from_utf8_lossy(
                    &[&text.as_bytes()[..cut], &[0xff, 0xc0, 0x80][..], &text.as_bytes()[cut..]]
                        .concat(),
                )
                .into_owned(),
            ] {
                judge(name, &damaged);
                tried += 1;
            }
        }
    }
    assert!(tried >= 500, "{tried}");
}

#[test]
fn a_thousand_times_the_rules_are_faults_and_not_a_wait() {
    let (head, rest) = file("newsroom.yaml").split_once("tests:\n").unwrap();
    for times in [10, 1000] {
        let rules = head.split_once("allow:\n").unwrap().1;
        let many = format!("{head}{}tests:\n{rest}", rules.repeat(times));
        let faults = judge("newsroom.yaml", &many);
        assert!(!faults.is_empty() && faults.len() <= 200, "{}", faults.len());
        let cases = format!("{head}tests:\n{}", rest.repeat(times));
        let faults = judge("newsroom.yaml", &cases);
        assert_eq!(faults.is_empty(), times == 10, "{}", faults.len());
    }
    let deep = format!("{}{}{}", "{ not: ".repeat(500), "{ point: required }", " }".repeat(500));
    let text = file("social-wall.yaml").replacen("{ cursor: forbidden }", &deep, 1);
    assert!(!judge("social-wall.yaml", &text).is_empty());
}

#[test]
fn circles_of_tiers_and_of_sets_are_told_once_each() {
    let tier = |name: &str, parent: &str| {
        format!("version: 1\ntier: {name}\nabout: x\ninherits: {parent}\nscopes: []\nrates: []\n")
    };
    let codes = |files: &[(&str, String)]| {
        let sources: Vec<Source> =
            files.iter().map(|(name, text)| Source::new(*name, text.clone())).collect();
        let faults = PolicySet::compile(&sources, catalogue()).err().unwrap_or_default();
        faults.iter().map(|fault| format!("{} {}", fault.file, fault.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&[("a", tier("a", "a"))]), ["a PC0316"]);
    assert_eq!(codes(&[("a", tier("a", "b")), ("b", tier("b", "a"))]), ["a PC0316", "b PC0316"]);
    assert_eq!(codes(&[("a", tier("a", "none"))]), ["a PC0316"]);
    let long: Vec<(String, String)> = (0..12)
        .map(|n| (format!("t{n}"), tier(&format!("t{n}"), &format!("t{}", n + 1))))
        .collect();
    let long: Vec<(&str, String)> = long.iter().map(|(a, b)| (a.as_str(), b.clone())).collect();
    assert!(!codes(&long).is_empty());
    let sets = "version: 1\nfield_sets:\n  a: [id, b]\n  b: [caption, c]\n  c: [a]\n".to_owned();
    let faults = codes(&[("s", sets), ("t", tier("t", "t"))]);
    assert!(faults.iter().any(|fault| fault == "s PC0316"), "{faults:?}");
}

#[test]
fn a_windows_file_reads_like_any_other() {
    for (name, text) in crate::desk::USES {
        assert_eq!(judge(name, &text.replace('\n', "\r\n")), Vec::new(), "{name}");
    }
}
