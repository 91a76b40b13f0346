//! Which language to speak.

use opsledger::Lang;
use std::ffi::OsString;

/// `--lang` where it stands among the arguments, else by locale. Needed before the arguments are parsed: help and usage
/// errors are in that language too.
pub(crate) fn chosen(args: &[OsString]) -> Lang {
    let mut args = args.iter().filter_map(|a| a.to_str());
    while let Some(arg) = args.next() {
        let value = match arg {
            "--lang" => args.next(),
            _ => arg.strip_prefix("--lang="),
        };
        match value {
            Some("zh") => return Lang::Zh,
            Some("en") => return Lang::En,
            _ => {}
        }
    }
    // The first that is set decides, as in the C library.
    let locale =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    match locale {
        Some(locale) if locale.to_string_lossy().starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}
