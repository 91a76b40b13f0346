//! Tag files as text: the encodings that bags are written in, lines ended by LF, CR or CRLF. Memory is bounded by the longest line.

use crate::backup::files::{self, Outcome};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a line at most.
const MAX_LINE: usize = 64 * 1024;
/// Bytes of a file in UTF-16 at most: it is decoded whole.
const MAX_WIDE: u64 = 64 * 1024 * 1024;

/// How tag files are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backup) enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    /// By its byte-order mark, else most significant byte first.
    Utf16,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// By its name in `bagit.txt`.
    pub(in crate::backup) fn named(name: &str) -> Option<Encoding> {
        Some(match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" => Encoding::Utf8,
            "ISO-8859-1" | "ISO8859-1" | "LATIN1" | "LATIN-1" => Encoding::Latin1,
            "US-ASCII" | "ASCII" => Encoding::Ascii,
            "UTF-16" | "UTF16" => Encoding::Utf16,
            "UTF-16LE" => Encoding::Utf16Le,
            "UTF-16BE" => Encoding::Utf16Be,
            _ => return None,
        })
    }
}

/// Why a file gave no more lines.
#[derive(Debug)]
pub(in crate::backup) enum Trouble {
    /// It could not be opened.
    Closed(Outcome),
    /// The system refused.
    Io(std::io::Error),
    /// Its text is not what it should be: words, and bytes from the start.
    Text(String, u64),
}

/// Lines of a file, one at a time.
pub(in crate::backup) struct Lines {
    input: Box<dyn BufRead>,
    encoding: Encoding,
    /// Bytes before the line that was given last.
    pub(in crate::backup) at: u64,
    next: u64,
    pending: Option<u8>,
    /// How the line that was given last ended: LF, CR LF, CR or nothing.
    pub(in crate::backup) end: &'static [u8],
}

impl Lines {
    /// Opens a file, never through a link.
    pub(in crate::backup) fn open(path: &Path, encoding: Encoding) -> Result<Lines, Trouble> {
        let (file, meta) = files::open(path).map_err(Trouble::Closed)?;
        let input: Box<dyn BufRead> = match encoding {
            Encoding::Utf16 | Encoding::Utf16Le | Encoding::Utf16Be => {
                if meta.len() > MAX_WIDE {
                    return Err(Trouble::Text(format!("longer than {MAX_WIDE} bytes, in UTF-16"), MAX_WIDE));
                }
                Box::new(std::io::Cursor::new(wide(file, encoding)?))
            }
            _ => Box::new(BufReader::with_capacity(64 * 1024, file)),
        };
        Ok(Lines { input, encoding, at: 0, next: 0, pending: None, end: b"" })
    }

    fn byte(&mut self) -> Result<Option<u8>, Trouble> {
        if let Some(b) = self.pending.take() {
            return Ok(Some(b));
        }
        let byte = self.input.fill_buf().map_err(Trouble::Io)?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    /// The next line without its end.
    pub(in crate::backup) fn line(&mut self) -> Result<Option<String>, Trouble> {
        self.at = self.next;
        self.end = b"";
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                None if line.is_empty() => return Ok(None),
                None => break,
                Some(b'\n') => {
                    self.end = b"\n";
                    break;
                }
                Some(b'\r') => {
                    self.end = b"\r";
                    match self.byte()? {
                        Some(b'\n') => self.end = b"\r\n",
                        other => self.pending = other,
                    }
                    break;
                }
                Some(_) if line.len() == MAX_LINE => {
                    return Err(Trouble::Text(format!("a line longer than {MAX_LINE} bytes"), self.at));
                }
                Some(b) => line.push(b),
            }
        }
        self.next += (line.len() + self.end.len()) as u64;
        self.text(line).map(Some)
    }

    fn text(&self, line: Vec<u8>) -> Result<String, Trouble> {
        let bad = |i: usize, what: &str| {
            Trouble::Text(format!("byte {:#04x} is not {what}", line[i]), self.at + i as u64)
        };
        match self.encoding {
            Encoding::Latin1 => Ok(line.iter().map(|b| char::from(*b)).collect()),
            Encoding::Ascii => match line.iter().position(|b| !b.is_ascii()) {
                Some(i) => Err(bad(i, "US-ASCII")),
                None => Ok(line.iter().map(|b| char::from(*b)).collect()),
            },
            _ => match std::str::from_utf8(&line) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(bad(error.valid_up_to(), "UTF-8")),
            },
        }
    }
}

/// A file in UTF-16 as UTF-8.
fn wide(file: File, encoding: Encoding) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    file.take(MAX_WIDE).read_to_end(&mut bytes).map_err(Trouble::Io)?;
    let (little, skip) = match (encoding, bytes.get(..2)) {
        (Encoding::Utf16Le, _) => (true, 0),
        (Encoding::Utf16, Some([0xff, 0xfe])) => (true, 2),
        (Encoding::Utf16, Some([0xfe, 0xff])) => (false, 2),
        _ => (false, 0),
    };
    let (pairs, rest) = bytes[skip..].as_chunks::<2>();
    let units = pairs.iter().map(|p| if little { u16::from_le_bytes(*p) } else { u16::from_be_bytes(*p) });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
        _ => Err(Trouble::Text("not UTF-16".into(), 0)),
    }
}
