//! Dumps of mysqldump and mariadb-dump. Their end mark can be switched off; then the statements themselves are what can be looked
//! at: one that is not ended was cut.

use super::stream::{Bytes, Head, Stop};
use super::{Place, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;
use std::io::BufRead;

const MARK: &[u8] = b"-- Dump completed";

/// Where in a statement the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum In {
    Text,
    /// A quote, and which.
    Quote(u8),
    Escape(u8),
    LineComment,
    BlockComment,
}

struct Scan {
    at: In,
    /// The byte before, for two-byte marks.
    before: u8,
    /// The line so far, cut: marks and DELIMITER stand at its head.
    line: Vec<u8>,
    delimiter: Vec<u8>,
    /// The last bytes outside quotes, as long as the delimiter.
    recent: Vec<u8>,
    /// Something of a statement was read since the last delimiter, and where.
    open: Option<u64>,
    statements: u64,
    marked: bool,
    trailing: Option<u64>,
    nul: Option<u64>,
}

/// Kept of a line.
const KEPT: usize = 256;

pub(super) fn check(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report) -> Result<(), Stop> {
    let mut scan = Scan {
        at: In::Text,
        before: b'\n',
        line: Vec::new(),
        delimiter: b";".to_vec(),
        recent: Vec::new(),
        open: None,
        statements: 0,
        marked: false,
        trailing: None,
        nul: None,
    };
    let mut last = b'\n';
    loop {
        let from = head.at();
        let ready = head.fill_buf()?;
        if ready.is_empty() {
            break;
        }
        for (i, byte) in ready.iter().enumerate() {
            scan.byte(*byte, from + i as u64);
        }
        last = ready[ready.len() - 1];
        let n = ready.len();
        head.consume(n);
    }
    if last != b'\n' {
        scan.end_of_line();
    }
    if let Some(at) = scan.nul {
        report.problem(place.problem(ProblemKind::DumpDamaged).at(at).detail("a NUL byte outside quotes"));
    }
    let open = match scan.at {
        In::Quote(_) | In::Escape(_) => Some("a quote is not closed"),
        In::BlockComment => Some("a comment is not closed"),
        In::Text | In::LineComment if scan.open.is_some() => Some("a statement is not ended"),
        In::Text | In::LineComment => None,
    };
    if let Some(what) = open {
        report.problem(place.problem(ProblemKind::Cut).at(scan.open.unwrap_or(0)).detail(what));
    } else if let Some(at) = scan.trailing {
        report.problem(place.problem(ProblemKind::TrailingBytes).at(at));
    } else if !scan.marked {
        report.problem(place.problem(ProblemKind::NoEndMarkWritten));
    }
    if scan.statements == 0 {
        report.problem(place.problem(ProblemKind::OtherFormat).with("SQL", "?"));
    }
    told(report, "mysqldump", place, &[("statements", scan.statements.to_string())]);
    Ok(())
}

impl Scan {
    fn byte(&mut self, b: u8, at: u64) {
        if b == b'\n' {
            self.end_of_line();
        } else if self.line.len() < KEPT {
            self.line.push(b);
        }
        match self.at {
            In::Text => self.text(b, at),
            In::Quote(quote) if b == b'\\' && quote != b'`' => self.at = In::Escape(quote),
            // A doubled quote closes and opens again, which comes to the same.
            In::Quote(quote) if b == quote => self.at = In::Text,
            In::Escape(quote) => self.at = In::Quote(quote),
            In::LineComment if b == b'\n' => self.at = In::Text,
            In::BlockComment if b == b'/' && self.before == b'*' => {
                self.at = In::Text;
                // The slash must not open another one.
                self.before = 0;
                return;
            }
            In::Quote(_) | In::LineComment | In::BlockComment => {}
        }
        self.before = b;
    }

    fn text(&mut self, b: u8, at: u64) {
        match b {
            b'\'' | b'"' | b'`' => {
                self.at = In::Quote(b);
                self.opened(at);
            }
            // -- begins a comment where white space follows, which a dump's always have.
            b'-' if self.before == b'-' && self.line.as_slice() == b"--" => {
                self.at = In::LineComment;
                self.closed_if_only_dash();
            }
            b'#' if self.line.len() == 1 => self.at = In::LineComment,
            b'*' if self.before == b'/' => self.at = In::BlockComment,
            0 if self.nul.is_none() => self.nul = Some(at),
            b if b.is_ascii_whitespace() => {}
            // A slash may open a comment, a dash too: they count once the next byte shows that they do not.
            b'/' | b'-' => {}
            _ => self.opened(at),
        }
        self.recent.push(b);
        let over = self.recent.len().saturating_sub(self.delimiter.len());
        self.recent.drain(..over);
        if self.recent == self.delimiter {
            if self.open.take().is_some() {
                self.statements += 1;
            }
            self.recent.clear();
        }
    }

    fn closed_if_only_dash(&mut self) {
        self.recent.clear();
    }

    fn opened(&mut self, at: u64) {
        self.open.get_or_insert(at);
        if self.marked {
            self.trailing.get_or_insert(at);
        }
    }

    fn end_of_line(&mut self) {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line).to_vec();
        let plain = matches!(self.at, In::Text | In::LineComment);
        if plain && self.at == In::LineComment && line.starts_with(MARK) {
            self.marked = true;
        }
        // A line of the client's own, not of SQL.
        if self.at == In::Text
            && let Some(word) = line.strip_prefix(b"DELIMITER ").or(line.strip_prefix(b"delimiter "))
        {
            let word = word.trim_ascii();
            if !word.is_empty() && word.len() <= 16 {
                self.delimiter = word.to_vec();
                self.open = None;
                self.recent.clear();
            }
        }
        self.line.clear();
    }
}
