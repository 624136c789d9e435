//! A file of nothing but faults is answered soon, with the first of them.

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_yaml::{Faults, Source};

#[test]
fn a_file_of_nothing_but_faults_lists_the_first_of_them() {
    let routes = include_str!("faults/routes.yaml");
    let catalogue = Catalogue::compile(&[Source::new("routes.yaml", routes)]).unwrap();
    let names: String = (0..40_000).map(|n| format!("      - post.{n}\n")).collect();
    let text = format!("version: 1\nscopes:\n  s:\n    about: x\n    classes:\n{names}");
    let faults = PolicySet::compile(&[Source::new("scopes.yaml", text)], &catalogue).unwrap_err();
    assert_eq!(faults.len(), Faults::LISTED_MAX);
    assert_eq!(faults[0].line, 6);
    assert_eq!(faults.last().unwrap().code, "PC0113");
}
