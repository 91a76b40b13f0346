//! Text that others wrote, made fit for a page, a sheet and a file's name.

use crate::table::text::is_unseen;

/// Longest name of a file without its ending, bytes.
const MAX_NAME: usize = 120;

/// Replaces by U+FFFD what no page may carry ([`is_unseen`]); tabs become blanks.
pub(super) fn clean(text: &mut String) {
    if text.chars().all(|c| !is_unseen(c) && c != '\t') {
        return;
    }
    let fit = |c: char| match c {
        '\t' => ' ',
        c if is_unseen(c) => '\u{fffd}',
        c => c,
    };
    *text = text.replace("\r\n", "\n").chars().map(fit).collect();
}

/// A name for a file from any text: letters, digits, `-`, `_` and `.` stay, the rest becomes `_`; never hidden, never a
/// path, never a name that some system keeps for a device.
pub fn file_name(text: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut name = String::new();
    for c in text.chars().map(kept) {
        if name.len() + c.len_utf8() > MAX_NAME {
            break;
        }
        // Two dots in a row would read as the folder above.
        if c == '.' && (name.is_empty() || name.ends_with('.')) {
            name.push('_');
        } else {
            name.push(c);
        }
    }
    if name.ends_with('.') {
        name.push('_');
    }
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    if name.is_empty() || device {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::text::looks_like_formula;

    fn cleaned(text: &str) -> String {
        let mut text = text.to_owned();
        clean(&mut text);
        text
    }

    #[test]
    fn what_no_page_may_carry_is_replaced() {
        assert_eq!(cleaned("工程师甲 a&<b>"), "工程师甲 a&<b>");
        assert_eq!(cleaned("a\u{0}b\u{1b}[31m\u{7f}\u{85}"), "a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}");
        assert_eq!(cleaned("a\tb\r\nc\rd"), "a b\nc\u{fffd}d");
        assert_eq!(cleaned("gpj.\u{202e}exe\u{ffff}"), "gpj.\u{fffd}exe\u{fffd}");
    }

    #[test]
    fn names_of_files_stay_in_their_folder() {
        assert_eq!(file_name("medu-2026-月报-2026-03"), "medu-2026-月报-2026-03");
        assert_eq!(file_name("../../etc/passwd"), "_._.__etc_passwd");
        assert_eq!(file_name("..\\..\\x"), "_._.__x");
        assert_eq!(file_name("/abs"), "_abs");
        assert_eq!(file_name(".hidden"), "_hidden");
        assert_eq!(file_name("a..b."), "a._b._");
        assert_eq!(file_name("con.docx"), "_con.docx");
        assert_eq!(file_name("COM1"), "_COM1");
        assert_eq!(file_name(""), "_");
        assert_eq!(file_name("a\u{0}b\nc:d|e?f*"), "a_b_c_d_e_f_");
        assert!(file_name(&"长".repeat(500)).len() <= MAX_NAME);
    }

    #[test]
    fn formulas() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"] {
            assert!(looks_like_formula(text), "{text:?}");
        }
        for text in ["1=1", "#3", "工程师", ""] {
            assert!(!looks_like_formula(text), "{text:?}");
        }
    }
}
