//! YAML text to a typed value, or to *all* the faults of the text, each with line and excerpt.
//!
//! Stricter than YAML: unknown and repeated fields, blank values, `yes`/`no`, anchors, tags and
//! merge keys are faults. Must not know what any file means, nor read files itself.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod at;
mod de;
mod error;
mod fault;
mod foreign;
mod hole;
mod near;
mod node;
mod read;
mod source;

pub use at::{At, Entries};
pub use fault::{Fault, Faults};
pub use foreign::read_foreign;
pub use read::{Partial, read, read_partly, top_keys};
pub use source::Source;

/// Codes of the faults this crate reports; the other crates have theirs in PC02xx and PC03xx.
pub mod codes {
    /// The text is not YAML.
    pub const SYNTAX: &str = "PC0101";
    /// A key is given twice.
    pub const REPEATED: &str = "PC0102";
    /// A field that is not known.
    pub const UNKNOWN_FIELD: &str = "PC0103";
    /// A field that must be there is not.
    pub const MISSING_FIELD: &str = "PC0104";
    /// A value of another kind than asked, such as a list for a text.
    pub const WRONG_KIND: &str = "PC0105";
    /// A key without a value, or `null`.
    pub const BLANK: &str = "PC0106";
    /// An unquoted `yes`, `no`, `on`, `off`, `y` or `n`.
    pub const YES_NO: &str = "PC0107";
    /// An anchor, alias, tag, merge key or directive.
    pub const FANCY: &str = "PC0108";
    /// Too long, too deep or too many parts.
    pub const TOO_LARGE: &str = "PC0109";
    /// A control character.
    pub const CONTROL: &str = "PC0110";
    /// A value of the right kind that is not legal.
    pub const VALUE: &str = "PC0111";
    /// More than one document, or none.
    pub const DOCUMENTS: &str = "PC0112";
    /// More faults than are listed.
    pub const MANY: &str = "PC0113";
}
