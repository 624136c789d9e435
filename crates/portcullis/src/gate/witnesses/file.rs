//! The newest cosigned checkpoint in a file beside the log, so that it is there after a restart.

use std::path::Path;

/// What is in it; what can't be read is as good as none, since witnesses sign again.
pub(super) fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
