//! What the reader takes, what it refuses, and that it names every fault at once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use portcullis_types::Span;
use portcullis_yaml::{At, Entries, Faults, Source, read, read_foreign, read_partly};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Gate {
    name: At<String>,
    width: u32,
    open: Option<bool>,
    #[serde(default)]
    bars: Vec<Bar>,
    #[serde(default)]
    notes: Entries<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Bar {
    metal: Metal,
    length: At<u64>,
    #[serde(rename = "every")]
    interval: Span,
}

#[derive(Debug, Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Metal {
    Iron,
    Bronze,
}

fn source(text: &str) -> Source {
    Source::new("gate.yaml", text)
}

#[test]
fn a_sound_file_is_read_with_its_places() {
    let text = "name: north\nwidth: 3\nopen: true\nbars:\n  - { metal: iron, length: 7, every: 2m }\nnotes:\n  a: 'yes'\n  b: \"12\"\n";
    let gate: Gate = read(&source(text)).unwrap();
    assert_eq!((gate.name.as_str(), gate.name.line, gate.name.column), ("north", 1, 7));
    assert_eq!((gate.width, gate.open), (3, Some(true)));
    let bar = &gate.bars[0];
    assert_eq!(
        (bar.metal, *bar.length, bar.length.line, bar.length.column),
        (Metal::Iron, 7, 5, 28)
    );
    let notes: Vec<_> = gate.notes.iter().map(|(k, v)| (k.as_str(), k.line, v.as_str())).collect();
    assert_eq!(notes, [("a", 7, "yes"), ("b", 8, "12")]);
}

#[test]
fn each_slip_is_named_once_and_none_hides_another() {
    let text = "\
nmae: north
width: '3'
open: no
bars:
  - { metal: irn, length: -7, every: 2 minutes }
  - { metal: iron }
  - bronze
  - { metal: bronze, length: 1, every: 1s, length: 2 }
notes:
  a:
  b: 12
  c: *b
colour: red
";
    let faults = read::<Gate>(&source(text)).unwrap_err();
    insta::assert_snapshot!(Faults(faults).to_string(), @r#"
    gate.yaml:1:1: PC0103: unknown field `nmae`
       1 | nmae: north
         | ^
         = help: did you mean `name`?

    gate.yaml:2:8: PC0105: expected a whole number, found the text `3`
       2 | width: '3'
         |        ^

    gate.yaml:3:7: PC0107: `no` without quotes: some read it as a text, some as yes or no
       3 | open: no
         |       ^
         = help: write `true` or `false` for a choice, "no" for the text

    gate.yaml:5:14: PC0111: unknown word `irn`
       5 |   - { metal: irn, length: -7, every: 2 minutes }
         |              ^
         = help: did you mean `iron`?

    gate.yaml:5:27: PC0111: expected a whole number from 0 to 18446744073709551615, found `-7`
       5 |   - { metal: irn, length: -7, every: 2 minutes }
         |                           ^

    gate.yaml:5:38: PC0111: `2 minutes` is not a length of time: write a whole number and a unit, such as `30s`, `15m`, `1h` or `7d`
       5 |   - { metal: irn, length: -7, every: 2 minutes }
         |                                      ^

    gate.yaml:6:5: PC0104: `length` is missing
       6 |   - { metal: iron }
         |     ^
         = help: add `length:` here

    gate.yaml:6:5: PC0104: `every` is missing
       6 |   - { metal: iron }
         |     ^
         = help: add `every:` here

    gate.yaml:7:5: PC0105: expected fields (`metal`, `length`, `every`), found the text `bronze`
       7 |   - bronze
         |     ^

    gate.yaml:8:44: PC0102: `length` is given twice
       8 |   - { metal: bronze, length: 1, every: 1s, length: 2 }
         |                                            ^
         = help: keep one of them

    gate.yaml:10:4: PC0106: no value: expected a text
      10 |   a:
         |    ^
         = help: give a value or remove the line

    gate.yaml:11:6: PC0105: expected a text, found the number `12`
      11 |   b: 12
         |      ^
         = help: put it in quotes if it is meant as a text

    gate.yaml:12:6: PC0108: an alias (`*name`)
      12 |   c: *b
         |      ^
         = help: write the value out

    gate.yaml:13:1: PC0103: unknown field `colour`
      13 | colour: red
         | ^
         = help: known here: `name`, `width`, `open`, `bars`, `notes`

    14 faults in 1 file
    "#);
}

#[test]
fn what_is_sound_is_given_beside_the_faults() {
    let text = "name: north\nwidth: 3\nbars:\n  - { metal: iron, length: 1, every: 1s }\n  - { metal: tin, length: 2, every: 1s }\nnotes: { lost: 5 }\n";
    let partial = read_partly::<Gate>(&source(text));
    let gate = partial.value.unwrap();
    assert_eq!((gate.bars.len(), gate.notes.len(), partial.faults.len()), (1, 0, 2));
    assert!(partial.dropped.contains("lost"));
}

#[test]
fn one_fault_is_one_fault() {
    let check = |text: &str, want: &str| {
        let faults = read::<Gate>(&source(text)).unwrap_err();
        let got: Vec<_> =
            faults.iter().map(|f| format!("{} {}:{}", f.code, f.line, f.column)).collect();
        assert_eq!(got.join(" "), want, "{text}\n{}", Faults(faults));
    };
    check("", "PC0112 1:1");
    check("# nothing\n", "PC0112 1:1");
    check("- a\n", "PC0105 1:1");
    check("north", "PC0105 1:1");
    check("name: a\nwidth: 0x10", "PC0105 2:8");
    check("name: a\nwidth: 1_000", "PC0105 2:8");
    check("name: a\nwidth: +1\nopen: 1", "PC0105 3:7");
    check("name: a\nwidth: 4294967296", "PC0111 2:8");
    check("name: a\nwidth: 1.0", "PC0105 2:8");
    check("name: ~\nwidth: 1", "PC0106 1:7");
    check("name: On\nwidth: 1", "PC0107 1:7");
    check("name: a\nwidth: 1\nno: 1", "PC0107 3:1");
    check("name: a\nwidth: 1\n? [x]\n: 1", "PC0105 3:3");
    check("name: a\nwidth: 1\n...\n---\nb: 1", "PC0112 4:1");
    check("%YAML 1.2\n---\nname: a\nwidth: 1\n", "PC0101 1:1");
    check("name: a\n\twidth: 1", "PC0101 2:1");
    check("bars:\n\t- iron", "PC0101 2:1");
    check("name: \"a\\e\"\nwidth: 1", "PC0110 1:7");
    check("name: a\u{7}\nwidth: 1", "PC0110 1:8");
}

#[test]
fn a_foreign_document_may_use_all_of_yaml() {
    let value = read_foreign(&source("a: &x { n: y }\nb: *x\n")).unwrap();
    assert_eq!(value["b"]["n"], "y");
    assert_eq!(read_foreign(&source("a: [")).unwrap_err()[0].code, "PC0101");
}

/// A tiny model: the legal file with some lines spoilt; each spoilt line is one fault.
fn spoilt() -> impl Strategy<Value = (String, usize)> {
    let line = |sound: &'static str, broken: &'static [&'static str]| {
        prop_oneof![
            3 => Just((sound, 0_usize)),
            1 => proptest::sample::select(broken).prop_map(|text| (text, 1)),
        ]
    };
    let name = line("name: north", &["name: 5", "name:", "name: [a]", "nam: north"]);
    let width = line("width: 3", &["width: three", "width: -3", "width: null", "widht: 3"]);
    let open = line("open: true", &["open: yes", "open: 1", "open: *a", "opn: true"]);
    let bar = || {
        line(
            "- { metal: iron, length: 7, every: 2m }",
            &[
                "- { metal: tin, length: 7, every: 2m }",
                "- { metal: iron, length: 7 }",
                "- { metal: iron, length: 7, every: 2m, x: 1 }",
                "- { metal: iron, length: 7, every: soon }",
                "- iron",
            ],
        )
    };
    (name, width, open, proptest::collection::vec(bar(), 1..6)).prop_map(|(a, b, c, bars)| {
        let head = [a, b, c];
        let faults = head.iter().chain(&bars).map(|(_, faults)| faults).sum();
        let mut text: String = head.iter().map(|(line, _)| format!("{line}\n")).collect();
        text.push_str("bars:\n");
        text.extend(bars.iter().map(|(line, _)| format!("{line}\n")));
        (text, faults)
    })
}

proptest! {
    #[test]
    fn as_many_faults_are_found_as_were_made((text, made) in spoilt()) {
        let found = read::<Gate>(&source(&text)).err().unwrap_or_default();
        prop_assert_eq!(found.len(), made, "{}\n{}", text, Faults(found.clone()));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[-a-z:{}\\[\\]'\"&*!|>#%@,? \\n\\t0-9~<]{0,80}") {
        let faults = read::<Gate>(&source(&text)).err().unwrap_or_default();
        for fault in faults {
            prop_assert!(fault.line >= 1 && !fault.to_string().is_empty());
        }
    }
}
