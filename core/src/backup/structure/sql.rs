//! SQL text read without understanding it: what is quoted, what is a comment, where a statement ends; line by line, in bounded
//! memory however long a line is. The words of a dump's own lines may also stand in a value or in the body of a function.

use super::stream::{Bytes, Head, Stop};
use std::io::BufRead;

/// Kept of a line's beginning: marks and tokens are shorter.
const KEPT: usize = 512;
/// Kept of its end.
const TAIL: usize = 32;
/// Longest name between two dollar signs, and longest delimiter, bytes.
const MAX_TAG: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Mysql,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum In {
    Text,
    /// The quote, whether a backslash escapes in it, and whether one just did.
    Quote(u8, bool, bool),
    /// To the end of the line: a comment, or a line of the client's own.
    Rest,
    /// A comment, and how deep.
    Comment(u32),
    /// The beginning of a dollar quote, as far as it was read.
    Opening(Vec<u8>),
    /// A dollar quote, and how much of its end was read.
    Dollar(Vec<u8>, usize),
    /// Rows of a COPY.
    Rows,
}

/// A line that was read.
#[derive(Default)]
pub(super) struct Line {
    head: Vec<u8>,
    tail: Vec<u8>,
    pub(super) at: u64,
    len: u64,
    /// A line end is behind it.
    pub(super) ended: bool,
    /// It begins where a statement may begin.
    pub(super) plain: bool,
    /// It is a row of a COPY.
    pub(super) row: bool,
}

impl Line {
    /// The line, where it is short enough to be kept whole.
    pub(super) fn text(&self) -> &[u8] {
        if self.len > KEPT as u64 {
            return b"";
        }
        self.head.strip_suffix(b"\r").unwrap_or(&self.head)
    }
    pub(super) fn starts_with(&self, start: &[u8]) -> bool {
        self.head.starts_with(start)
    }
    pub(super) fn ends_with(&self, end: &[u8]) -> bool {
        self.tail.strip_suffix(b"\r").unwrap_or(&self.tail).ends_with(end)
    }
    pub(super) fn is_blank(&self) -> bool {
        self.len <= KEPT as u64 && self.head.iter().all(u8::is_ascii_whitespace)
    }
    fn take(&mut self, part: &[u8]) {
        let room = KEPT.saturating_sub(self.head.len()).min(part.len());
        self.head.extend_from_slice(&part[..room]);
        self.tail.extend_from_slice(&part[part.len().saturating_sub(TAIL)..]);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.len += part.len() as u64;
    }
}

pub(super) struct Scanner {
    dialect: Dialect,
    at: In,
    /// The two bytes before, outside of quotes and comments.
    before: [u8; 2],
    delimiter: Vec<u8>,
    /// The last bytes of the text, as many as the delimiter has.
    recent: Vec<u8>,
    /// Where the statement that is not ended yet begins.
    open: Option<u64>,
    /// A backslash escapes in every quoted text, not only where an E says so.
    escapes: bool,
    pub(super) statements: u64,
    /// The first NUL, and the first one outside of quotes.
    pub(super) nul: Option<u64>,
    pub(super) nul_in_text: Option<u64>,
}

fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

impl Scanner {
    pub(super) fn new(dialect: Dialect) -> Scanner {
        Scanner {
            dialect,
            at: In::Text,
            before: [b'\n'; 2],
            delimiter: b";".to_vec(),
            recent: Vec::new(),
            open: None,
            escapes: dialect == Dialect::Mysql,
            statements: 0,
            nul: None,
            nul_in_text: None,
        }
    }
    /// What is not ended, and where it begins.
    pub(super) fn unended(&self) -> Option<(u64, &'static str)> {
        let what = match self.at {
            In::Quote(..) | In::Dollar(..) | In::Opening(_) => "a quote is not closed",
            In::Comment(_) => "a comment is not closed",
            In::Rows => "the rows of a COPY are not ended",
            In::Text | In::Rest if self.open.is_some() => "a statement is not ended",
            In::Text | In::Rest => return None,
        };
        Some((self.open.unwrap_or(0), what))
    }
    /// Rows follow, up to the line `\.`; `at`: where their COPY begins.
    pub(super) fn rows_follow(&mut self, at: u64) {
        self.at = In::Rows;
        self.open = Some(at);
    }
    /// `standard_conforming_strings = off`.
    pub(super) fn backslashes_escape(&mut self) {
        self.escapes = true;
    }
    /// Reads the next line into `line`; false: there is none.
    pub(super) fn line(&mut self, stream: &mut Head<'_>, line: &mut Line) -> Result<bool, Stop> {
        line.head.clear();
        line.tail.clear();
        line.len = 0;
        line.ended = false;
        line.at = stream.at();
        line.plain = self.at == In::Text && self.open.is_none();
        line.row = self.at == In::Rows;
        while !line.ended {
            let from = stream.at();
            let ready = stream.fill_buf()?;
            if ready.is_empty() {
                break;
            }
            let end = ready.iter().position(|b| *b == b'\n');
            let part = &ready[..end.unwrap_or(ready.len())];
            if line.len == 0
                && line.plain
                && self.dialect == Dialect::Postgres
                && part.first() == Some(&b'\\')
            {
                self.at = In::Rest;
            }
            self.part(part, from);
            line.take(part);
            line.ended = end.is_some();
            let n = part.len() + usize::from(line.ended);
            stream.consume(n);
        }
        if line.ended {
            self.end_of_line(line);
        }
        Ok(line.len > 0 || line.ended)
    }

    fn part(&mut self, part: &[u8], from: u64) {
        if let Some(i) = part.iter().position(|b| *b == 0).filter(|_| self.nul.is_none()) {
            self.nul = Some(from + i as u64);
        }
        let mut i = 0;
        while i < part.len() {
            match self.at {
                In::Rows | In::Rest => return,
                // Most of a dump is values: straight to what can end one.
                In::Quote(quote, escapes, false) => {
                    let next = part[i..].iter().position(|b| *b == quote || (escapes && *b == b'\\'));
                    let Some(next) = next else { return };
                    i += next;
                }
                _ => {}
            }
            self.byte(part[i], from + i as u64);
            i += 1;
        }
    }

    fn end_of_line(&mut self, line: &Line) {
        match self.at {
            In::Rest => {
                self.at = In::Text;
                self.before = [b'\n'; 2];
            }
            In::Rows if line.text() == b"\\." => {
                self.at = In::Text;
                self.open = None;
                self.before = [b'\n'; 2];
            }
            In::Rows => {}
            _ => self.byte(b'\n', line.at + line.len),
        }
        // A line of the client's own, not of SQL.
        let text = line.text();
        let client = text.get(..10).is_some_and(|t| t.eq_ignore_ascii_case(b"delimiter "));
        if self.dialect == Dialect::Mysql && self.at == In::Text && client && line.plain {
            let mark = text[10..].trim_ascii();
            if !mark.is_empty() && mark.len() <= MAX_TAG {
                self.delimiter = mark.to_vec();
                self.open = None;
                self.recent.clear();
            }
        }
    }

    fn byte(&mut self, b: u8, at: u64) {
        match &mut self.at {
            In::Text => self.text(b, at),
            In::Quote(_, _, escaped) if *escaped => *escaped = false,
            In::Quote(_, true, escaped) if b == b'\\' => *escaped = true,
            // A doubled quote closes and opens again, which comes to the same.
            In::Quote(quote, escapes, _) if b == *quote => {
                // Opened again, it is still the text it was.
                let again = (*quote, *escapes);
                self.at = In::Text;
                self.before =
                    if again.1 && self.dialect == Dialect::Postgres { [b' ', b'E'] } else { [0; 2] };
            }
            In::Quote(..) | In::Rest | In::Rows => {}
            In::Comment(depth) => {
                let pair = [self.before[1], b];
                self.before = [0, b];
                if &pair == b"*/" {
                    *depth -= 1;
                    self.before = [0; 2];
                    if *depth == 0 {
                        self.at = In::Text;
                    }
                } else if &pair == b"/*" && self.dialect == Dialect::Postgres {
                    *depth += 1;
                    self.before = [0; 2];
                }
            }
            In::Opening(tag) => {
                if b == b'$' {
                    tag.push(b);
                    let tag = std::mem::take(tag);
                    self.at = In::Dollar(tag, 0);
                } else if word(b) && tag.len() < MAX_TAG && !(tag.len() == 1 && b.is_ascii_digit()) {
                    tag.push(b);
                } else {
                    self.at = In::Text;
                    self.before = [b'$', b'$'];
                    self.text(b, at);
                }
            }
            In::Dollar(tag, matched) => {
                *matched = if b == tag[*matched] { *matched + 1 } else { usize::from(b == b'$') };
                if *matched == tag.len() {
                    self.at = In::Text;
                    self.before = [0; 2];
                }
            }
        }
    }

    fn text(&mut self, b: u8, at: u64) {
        let mysql = self.dialect == Dialect::Mysql;
        let [second, first] = self.before;
        self.before = [first, b];
        if mysql && [second, first] == *b"--" && b.is_ascii_whitespace() {
            if b != b'\n' {
                self.at = In::Rest;
            }
            return;
        }
        match b {
            b'-' if first == b'-' && !mysql => {
                self.at = In::Rest;
                return;
            }
            b'#' if mysql => {
                self.at = In::Rest;
                return;
            }
            b'*' if first == b'/' => {
                self.at = In::Comment(1);
                self.before = [0; 2];
                self.recent.clear();
                return;
            }
            b'\'' => {
                let e = matches!(first, b'E' | b'e') && !word(second);
                self.at = In::Quote(b, self.escapes || e, false);
            }
            b'"' => self.at = In::Quote(b, mysql, false),
            b'`' if mysql => self.at = In::Quote(b, false, false),
            b'$' if !mysql && !word(first) && first != b'$' => self.at = In::Opening(vec![b]),
            0 if self.nul_in_text.is_none() => self.nul_in_text = Some(at),
            _ => {}
        }
        if self.delimited(b) {
            self.statements += u64::from(self.open.take().is_some());
            self.recent.clear();
        } else if !b.is_ascii_whitespace() && !matches!(b, b'/' | b'-') {
            // A slash or a dash may begin a comment: what follows shows it.
            self.open.get_or_insert(at);
        }
    }

    fn delimited(&mut self, b: u8) -> bool {
        if self.delimiter.len() == 1 {
            return b == self.delimiter[0];
        }
        self.recent.push(b);
        let over = self.recent.len().saturating_sub(self.delimiter.len());
        self.recent.drain(..over);
        self.recent == self.delimiter
    }
}
