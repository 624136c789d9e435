//! What a scalar is: nothing, a choice, a number or a text.
//!
//! Must not know what was asked for.

/// How a plain scalar reads when nobody says what it should be.
pub(super) enum Word<'a> {
    Null,
    Bool(bool),
    Whole(i128),
    Real(f64),
    Text(&'a str),
}

pub(super) fn word(text: &str, plain: bool) -> Word<'_> {
    if !plain {
        return Word::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Word::Null,
        "true" | "True" | "TRUE" => return Word::Bool(true),
        "false" | "False" | "FALSE" => return Word::Bool(false),
        _ => {}
    }
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let digits = text.trim_start_matches(['+', '-']);
    if !text.chars().all(numeric) || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Word::Text(text);
    }
    match (text.parse::<i128>(), text.parse::<f64>()) {
        (Ok(whole), _) => Word::Whole(whole),
        (_, Ok(real)) => Word::Real(real),
        _ => Word::Text(text),
    }
}
