//! What a text begins with.

use super::Format;

/// Which dump a text is, by its first lines.
pub(super) fn sniff(first: &[u8]) -> Format {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    for line in first.split(|b| *b == b'\n').take(40) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"-- PostgreSQL database cluster dump" {
            return Format::PgCluster;
        }
        if line == b"-- PostgreSQL database dump" {
            return Format::PgPlain;
        }
        let mysql: [&[u8]; 5] = [
            b"/*M!999999\\- enable the sandbox mode */",
            b"/*!999999\\- enable the sandbox mode */",
            b"-- MySQL dump ",
            b"-- MariaDB dump ",
            b"/*!40101 SET @OLD_CHARACTER_SET_CLIENT",
        ];
        if mysql.iter().any(|m| line.starts_with(m)) {
            return Format::Mysql;
        }
        // A dump begins with comments and settings; anything else is no dump's head.
        if !(line.is_empty()
            || line.starts_with(b"--")
            || line.starts_with(b"\\restrict")
            || line.starts_with(b"SET "))
        {
            break;
        }
    }
    Format::Other
}
