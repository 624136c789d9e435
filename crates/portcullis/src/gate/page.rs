//! One figure after the other in Prometheus' text format.
//!
//! Must not know what is counted.

use std::fmt::Write as _;

/// A page of figures.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// A figure with a value for each set of labels.
    pub(super) fn each(
        &mut self,
        (name, kind): (&str, &str),
        about: &str,
        lines: &[(String, u64)],
    ) {
        // Writing to a text never fails.
        let _ = writeln!(self.0, "# HELP portcullis_{name} {about}");
        let _ = writeln!(self.0, "# TYPE portcullis_{name} {kind}");
        for (labels, value) in lines {
            let _ = writeln!(self.0, "portcullis_{name}{labels} {value}");
        }
    }

    /// A figure with one value.
    pub(super) fn one(&mut self, figure: (&str, &str), about: &str, value: u64) {
        self.each(figure, about, &[(String::new(), value)]);
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}
