//! Texts of others that go into files which people open.

/// What cannot be seen, or makes a text read otherwise than it is written: control characters but line ends and tabs, marks
/// that turn the direction of writing, and what XML cannot hold.
pub(crate) fn is_unseen(c: char) -> bool {
    let mark =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    mark || matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A program that edits the cell, or saves the sheet as CSV, may take it for a formula.
pub(crate) fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}
