//! Policy and route files damaged in many ways: a fault or a whole set, never a panic.

use std::sync::OnceLock;

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_yaml::{Fault, Source};

const FILES: [&str; 5] = [
    include_str!("../../../policies/plaza/routes/plaza.yaml"),
    include_str!("../../../policies/plaza/policies/scopes.yaml"),
    include_str!("../../../policies/plaza/policies/field-sets.yaml"),
    include_str!("../../../policies/plaza/policies/base.yaml"),
    include_str!("../../../policies/plaza/policies/social-wall.yaml"),
];

/// What a value is replaced by.
const VALUES: [&str; 14] = [
    "",
    " null",
    " ~",
    " []",
    " {}",
    " [[[]]]",
    " 'text'",
    " -1",
    " 1e309",
    " true",
    " no",
    " 99999999999999999999999999",
    " &a *a",
    " \"\\u0000\"",
];

/// Compiles all files with one of them replaced, and looks at every fault as a person would.
fn judge(at: usize, text: &str, rates: &mut usize) -> Result<(), Vec<Fault>> {
    let file = |n: usize| if n == at { text } else { FILES[n] };
    static WHOLE: OnceLock<Catalogue> = OnceLock::new();
    let routes = |text| Catalogue::compile(&[Source::new("routes.yaml", text)]);
    let damaged = if at == 0 { Some(routes(file(0))?) } else { None };
    let catalogue = WHOLE.get_or_init(|| routes(FILES[0]).unwrap());
    let catalogue = damaged.as_ref().unwrap_or(catalogue);
    let policies = [1, 2, 3, 4].map(|n| Source::new(format!("policy{n}.yaml"), file(n)));
    let set = PolicySet::compile(&policies, catalogue)?;
    *rates += set.tiers().map(|tier| tier.rates.len()).sum::<usize>();
    Ok(())
}

#[derive(Default)]
struct Tally {
    tried: usize,
    faulty: usize,
}

impl Tally {
    fn run(&mut self, at: usize, text: &str) {
        self.tried += 1;
        if let Err(faults) = judge(at, text, &mut 0) {
            self.faulty += 1;
            assert!(!faults.is_empty(), "refused without a fault:\n{text}");
            for fault in &faults {
                let lines = text.lines().count().max(FILES[0].lines().count()) + 1;
                assert!(fault.line >= 1 && fault.line as usize <= lines, "{fault}");
                assert!(fault.code.starts_with("PC0") && !fault.message.is_empty(), "{fault}");
                assert!(!fault.to_string().contains('\0'), "{fault:?}");
            }
        }
    }
}

#[test]
fn whatever_a_line_is_replaced_by_nothing_panics() {
    let mut tally = Tally::default();
    for (at, text) in FILES.iter().enumerate().skip(1) {
        let lines: Vec<&str> = text.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            let mut put = |new: &[&str]| {
                let changed = [&lines[..n], new, &lines[n + 1..]].concat().join("\n");
                tally.run(at, &changed);
            };
            put(&[]);
            put(&[line, line]);
            put(&[&format!("\t{line}")]);
            put(&[&format!(" {line}")]);
            if let Some((key, _)) = line.split_once(':') {
                for value in VALUES {
                    put(&[&format!("{key}:{value}")]);
                }
            }
        }
    }
    assert!(tally.tried >= 500, "{}", tally.tried);
    assert!(tally.faulty * 2 > tally.tried, "{} of {}", tally.faulty, tally.tried);
}

#[test]
fn a_half_written_or_swollen_file_never_panics() {
    let mut tally = Tally::default();
    for (at, text) in FILES.into_iter().enumerate() {
        for cut in (0..text.len()).step_by(text.len() / 40) {
            let cut = (cut..).find(|at| text.is_char_boundary(*at)).unwrap();
            tally.run(at, &text[..cut]);
            tally.run(at, &text[cut..]);
            tally.run(at, &format!("{}\0{}", &text[..cut], &text[cut..]));
            tally.run(at, &format!("{}{{{}", &text[..cut], &text[cut..]));
        }
        tally.run(at, &text.replace(": ", ":\u{a0}"));
        tally.run(at, &text.replace('\n', "\r\n"));
        tally.run(at, &text.replace('\n', "\r"));
        tally.run(at, &String::from_utf8_lossy(&text.as_bytes()[1..]));
    }
    assert!(tally.tried > 500);
}

#[test]
fn ten_and_a_thousand_times_the_file_is_faults_and_not_a_wait() {
    for (at, text) in FILES.into_iter().enumerate() {
        for times in [10, 1000] {
            let faults = judge(at, &text.repeat(times), &mut 0).unwrap_err();
            // Each repeated key is a fault; more than a hundred of one file are not listed.
            assert!(!faults.is_empty() && faults.len() <= 400, "{}", faults.len());
        }
        let wide = format!("{text}\n# {}", "x".repeat(100_000));
        assert_eq!(judge(at, &wide, &mut 0), Ok(()));
    }
}

#[test]
fn a_windows_file_reads_like_any_other() {
    for (at, text) in FILES.into_iter().enumerate() {
        assert_eq!(judge(at, &text.replace('\n', "\r\n"), &mut 0), Ok(()));
    }
}
