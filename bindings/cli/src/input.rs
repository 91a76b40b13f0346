//! Reads files and the standard input in bounded pieces.

use crate::out::Out;
use opsledger::error::{Code, Error, Result};
use opsledger::facts::MAX_FACT;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// The longest line that is read: a fact written with escapes and blanks is longer than its canonical text.
const MAX_LINE: u64 = 16 * MAX_FACT as u64;

/// `-` is the standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What the operating system said about a file.
pub(crate) fn io_error(path: &Path, e: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("{}: {e}", path.display()))
}

/// A whole file of at most `limit` bytes.
pub(crate) fn read_all(path: &Path, out: &mut Out<'_, '_>, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = |source: &mut dyn Read, bytes: &mut Vec<u8>| source.take(limit as u64 + 1).read_to_end(bytes);
    if is_stdin(path) {
        read(&mut out.stdin(), &mut bytes)
    } else {
        File::open(path).and_then(|mut file| read(&mut file, &mut bytes))
    }
    .map_err(|e| io_error(path, &e))?;
    if bytes.len() > limit {
        return Err(Error::new(Code::OutOfRange, format!("{}: > {limit} bytes", path.display()))
            .with_hints("split the file", "请拆分文件"));
    }
    Ok(bytes)
}

/// The lines of a file, checked to be UTF-8.
pub(crate) struct Lines<'r> {
    name: String,
    reader: Box<dyn BufRead + 'r>,
    row: u64,
    buffer: Vec<u8>,
}

impl<'r> Lines<'r> {
    pub(crate) fn open<'o: 'r>(path: &Path, out: &'o mut Out<'_, '_>) -> Result<Lines<'r>> {
        let reader: Box<dyn BufRead + 'r> = if is_stdin(path) {
            Box::new(out.stdin())
        } else {
            let file = File::open(path).map_err(|e| io_error(path, &e))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        };
        Ok(Lines { name: path.display().to_string(), reader, row: 0, buffer: Vec::new() })
    }

    /// The rows read so far.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    /// The next line without its end, `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        let row = self.row + 1;
        let read = self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|e| Error::new(Code::Io, format!("{}: {e}", self.name)).at_row(row))?;
        if read == 0 {
            return Ok(None);
        }
        self.row = row;
        if read as u64 == MAX_LINE {
            return Err(Error::new(Code::TooLong, format!("> {MAX_LINE} bytes")).at_row(row));
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = if row == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        std::str::from_utf8(line).map(Some).map_err(|e| {
            let at = e.valid_up_to();
            Error::new(Code::BadUtf8, format!("byte {}: 0x{:02x}", at + 1, line[at])).at_row(row)
        })
    }
}

/// Writes a file so that there is either the old one or the whole new one; `-` is the standard output.
pub(crate) fn write_all(path: &Path, bytes: &[u8], out: &mut Out<'_, '_>) -> Result<()> {
    if is_stdin(path) {
        return out.write(bytes);
    }
    // A pipe or a device has no old content to keep.
    if path.metadata().is_ok_and(|m| !m.is_file()) {
        return std::fs::write(path, bytes).map_err(|e| io_error(path, &e));
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|e| {
        // What is left of it helps nobody; the first error is the one to report.
        let _ = std::fs::remove_file(&beside);
        io_error(path, &e)
    })
}
