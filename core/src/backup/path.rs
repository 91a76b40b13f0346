//! Paths as manifests write them. What is unsafe on any system is refused on every system: a set is sealed on one and
//! restored on another.

/// Names that Windows takes for devices, with any extension.
const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// Why a path is refused; `None`: it stays below its folder on every system.
pub(super) fn refused(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("empty path");
    }
    if path.starts_with(['/', '\\']) {
        return Some("absolute path");
    }
    if path.starts_with('~') {
        return Some("~: a home folder");
    }
    if path.strip_prefix('%').is_some_and(|rest| rest.contains('%')) {
        return Some("%NAME%: a variable of Windows");
    }
    if path.contains('\0') {
        return Some("NUL in a name");
    }
    if path.contains('\\') {
        return Some("\\: a separator on Windows");
    }
    path.split('/').find_map(part_refused)
}

fn part_refused(part: &str) -> Option<&'static str> {
    let bytes = part.as_bytes();
    match part {
        "" => Some("//: a name is missing"),
        "." => Some(".: not a plain path"),
        ".." => Some("..: leaves the folder"),
        _ if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' => {
            Some("a drive of Windows")
        }
        _ if is_device(part) => Some("a device name of Windows"),
        _ => None,
    }
}

fn is_device(part: &str) -> bool {
    let stem = part.split(['.', ':']).next().unwrap_or(part).trim_end_matches(' ').to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|n| {
            let mut digits = n.chars();
            matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Files that systems leave in folders by themselves.
pub(super) fn is_system_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".ds_store", "thumbs.db", "desktop.ini", ".spotlight-v100", ".trashes"]
        .iter()
        .any(|system| name.eq_ignore_ascii_case(system))
}

/// `%`, CR and LF as BagIt 1.0 writes them, and nothing else.
pub(super) fn encode(path: &str) -> String {
    path.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Undoes [`encode`]; any other `%` stands for itself.
pub(super) fn decode(path: &str) -> String {
    decode_codes(path, &["0D", "0A", "25"])
}

/// CR and LF only, as the versions before 1.0 encode them.
pub(super) fn decode_line_ends(path: &str) -> String {
    decode_codes(path, &["0D", "0A"])
}

fn decode_codes(path: &str, codes: &[&str]) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).map(str::to_ascii_uppercase);
        let byte = code.filter(|c| codes.contains(&c.as_str())).map(|c| match c.as_str() {
            "0D" => '\r',
            "0A" => '\n',
            _ => '%',
        });
        out.push(byte.unwrap_or('%'));
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    out.push_str(rest);
    out
}

/// True for the payload's folder and what is below it.
pub(super) fn is_payload(path: &str) -> bool {
    is_below(path.strip_prefix("./").unwrap_or(path).trim_end_matches('/'), &["data".to_owned()])
}

/// True when `path` is one of `ignored` or below one.
pub(super) fn is_below(path: &str, ignored: &[String]) -> bool {
    ignored.iter().any(|i| {
        let i = i.strip_prefix("./").unwrap_or(i).trim_end_matches('/');
        path == i || path.strip_prefix(i).is_some_and(|rest| rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_line_ends, encode, is_below, refused};

    #[test]
    fn what_leaves_the_set_on_any_system_is_refused() {
        let unsafe_paths = [
            "",
            "/tmp/foo",
            "../x",
            "data/../../x",
            "~/foo",
            "~root/foo",
            "C:\\Windows",
            "c:/x",
            "data/c:x",
            "%HomeDrive%\\x",
            "%TEMP%/x",
            "\\\\?\\UNC\\server\\x",
            "data\\..\\x",
            "data/NUL",
            "data/com1.txt",
            "data/aux .log",
            "data//x",
            "data/./x",
            "data/a\0b",
            "data/",
        ];
        for path in unsafe_paths {
            assert!(refused(path).is_some(), "{path:?}");
        }
        let safe = [
            "data/~x",
            "data/100%",
            "data/%7Ex",
            "data/2026-01-01T10:00:00.sql",
            "data/备份 一.sql",
            "data/...",
            "data/console",
            "data/com10",
            "data/😀",
        ];
        for path in safe {
            assert_eq!(refused(path), None, "{path:?}");
        }
    }

    #[test]
    fn only_percent_cr_and_lf_are_coded() {
        for name in ["a b", "100%", "%0A", "a\r\nb", "%25", "%", "%2", "备份%\n", "%%0d"] {
            assert_eq!(decode(&encode(name)), name);
        }
        assert_eq!(decode("a%0ab%7E%2"), "a\nb%7E%2");
        assert_eq!(decode("%备"), "%备");
        assert_eq!(decode_line_ends("%0D%25"), "\r%25");
    }

    #[test]
    fn what_is_ignored_is_a_path_and_all_below_it() {
        let ignored = ["data/logs/".to_owned(), "./x".to_owned()];
        assert!(
            is_below("data/logs", &ignored) && is_below("data/logs/a", &ignored) && is_below("x", &ignored)
        );
        assert!(!is_below("data/logs2", &ignored) && !is_below("data", &ignored));
    }
}
