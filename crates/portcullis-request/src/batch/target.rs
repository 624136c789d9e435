//! The URL of an entry of a batch: relative as it is written, from the root as it is called.
//!
//! Must not know the entry's other members.

use std::borrow::Cow;

use portcullis_catalogue::Catalogue;
use portcullis_types::Refusal;

use crate::bytes::cut;
use crate::path;
use crate::percent;
use crate::why::{self, unreadable};

/// A relative URL as path and query from the root.
///
/// Without a plain `?` the URL was escaped once more as a whole, as the platform's own SDK does.
pub(super) fn target(url: &str, version: &str, catalogue: &Catalogue) -> Result<String, Refusal> {
    let opened = if url.contains('?') || !url.contains('%') {
        Cow::Borrowed(url)
    } else {
        Cow::Owned(percent::decode_all(url)?)
    };
    let (path, query) = cut(&opened, b'?');
    if matches!(opened, Cow::Owned(_)) && path.contains('%') {
        return Err(unreadable(why::PATH_TWICE));
    }
    let inside = path.trim_start_matches('/');
    let (first, _) = cut(inside, b'/');
    let rooted = ["/", inside].concat();
    let known = |versions: &portcullis_catalogue::Versions| {
        versions.known.iter().any(|known| known.eq_ignore_ascii_case(first))
    };
    let whole = first.is_empty() && query.is_none();
    let versioned = catalogue.versions().is_none_or(known)
        || path::is_version(first)
        || (!inside.is_empty() && is_unversioned(&rooted, catalogue));
    let mut out = String::with_capacity(opened.len() + 16);
    if !versioned || whole {
        out.push('/');
        out.push_str(version);
    }
    if !inside.is_empty() || out.is_empty() {
        out.push_str(&rooted);
    }
    if let Some(query) = query {
        out.push('?');
        // A blank in a JSON text is a blank; in a query it would be none.
        let mut words = query.split(' ');
        out.push_str(words.next().unwrap_or_default());
        for word in words {
            out.push_str("%20");
            out.push_str(word);
        }
    }
    Ok(out)
}

/// Whether a path is listed without a version, in whatever spelling it stands here.
fn is_unversioned(path: &str, catalogue: &Catalogue) -> bool {
    path::canonical(path, catalogue).is_ok_and(|path| catalogue.has_unversioned(&path))
}
