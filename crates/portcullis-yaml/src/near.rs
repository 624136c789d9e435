//! The known name a misspelt one stands for.
//!
//! Must not know what the names stand for.

/// Longer than any name we have.
const WORD_MAX: usize = 128;

/// The nearest known name; two letters swapped are near however short the word.
pub(crate) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > WORD_MAX {
        return None;
    }
    let known: Vec<&str> = known.into_iter().collect();
    let letters = sorted(word);
    let swapped = |name: &&str| name.len() == word.len() && sorted(name) == letters;
    let anagram = known.iter().copied().find(swapped).filter(|_| word.len() > 2);
    portcullis_types::nearest(word, known).or(anagram)
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.to_lowercase().chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_swap_is_near_and_another_word_is_not() {
        assert_eq!(near("teir", ["rates", "tier"]), Some("tier"));
        assert_eq!(near("widht", ["height", "width"]), Some("width"));
        assert_eq!(near("no", ["on"]), None);
        assert_eq!(near("", ["a"]), None);
        assert_eq!(near("rates", ["tier"]), None);
    }
}
