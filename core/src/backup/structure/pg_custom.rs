//! Archives of pg_dump in custom format (`-Fc`), and the contents list of one in directory format (`-Fd`). Read whole: the list of
//! contents, then every block of data to its end; `pg_restore --list` reads the list alone, and takes half an archive for a
//! whole one. Versions 1.12 (PostgreSQL 9.0) to 1.16 (17 and 18).

use super::stream::{Bytes, Head, Stop};
use super::{Place, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::path::Path;

const MAGIC: &[u8] = b"PGDMP";
/// Longest text of the list, bytes: a function's body.
const MAX_TEXT: usize = 32 << 20;
/// Most entries.
const MAX_ENTRIES: i64 = 10_000_000;
/// Formats. The list of a dump in directory format says that it is one of tar format, and lies in its folder as `toc.dat`.
const CUSTOM: u8 = 1;
const TAR: u8 = 3;
const DIRECTORY: u8 = 5;

/// How data is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    None,
    Gzip,
    Lz4,
    Zstd,
}

/// The head of an archive.
struct Shape {
    version: (u8, u8),
    int: usize,
    offset: usize,
    format: u8,
    packed: Packed,
}

/// An entry of the list that has data.
struct Data {
    name: String,
    /// Where its block begins, if the list says.
    at: Option<u64>,
    seen: bool,
}

/// Why the archive cannot be read on.
enum Bad {
    Cut,
    Damaged(String),
    /// Nothing is known against it, and nothing for it.
    Unknown(String),
    Stop(Stop),
}

impl From<Stop> for Bad {
    fn from(stop: Stop) -> Bad {
        Bad::Stop(stop)
    }
}

type Parsed<T> = std::result::Result<T, Bad>;

struct Archive<'h, 'x> {
    head: &'h mut Head<'x>,
    shape: Shape,
}

impl Archive<'_, '_> {
    fn bytes<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let mut out = [0; N];
        if self.head.fill(&mut out)? < N { Err(Bad::Cut) } else { Ok(out) }
    }
    fn byte(&mut self) -> Parsed<u8> {
        self.bytes::<1>().map(|[b]| b)
    }
    /// A sign, then bytes, least first.
    fn int(&mut self) -> Parsed<i64> {
        let sign = self.byte()?;
        let mut value: u64 = 0;
        for i in 0..self.shape.int {
            value |= u64::from(self.byte()?) << (8 * i);
        }
        let value = i64::try_from(value).map_err(|_| Bad::Damaged("a number".to_owned()))?;
        match sign {
            0 => Ok(value),
            1 => Ok(-value),
            other => Err(Bad::Damaged(format!("the sign {other} of a number"))),
        }
    }
    fn text(&mut self) -> Parsed<Option<String>> {
        let len = self.int()?;
        if len < 0 {
            return Ok(None);
        }
        let len = usize::try_from(len).ok().filter(|n| *n <= MAX_TEXT);
        let len = len.ok_or_else(|| Bad::Damaged("the length of a text".to_owned()))?;
        let mut out = Vec::new();
        // A length from a damaged file must not take memory that no bytes fill.
        let read = self.head.by_ref().take(len as u64).read_to_end(&mut out).map_err(Stop::from)?;
        if read < len { Err(Bad::Cut) } else { Ok(Some(String::from_utf8_lossy(&out).into_owned())) }
    }
    fn since(&self, minor: u8) -> bool {
        self.shape.version >= (1, minor)
    }
}

pub(super) fn check(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report) -> Result<(), Stop> {
    let mut counted = Counted::default();
    let done = read(head, place, report, &mut counted);
    let at = head.at();
    match done {
        Ok(()) => {}
        Err(Bad::Stop(stop)) => return Err(stop),
        Err(Bad::Cut) => report.problem(place.problem(ProblemKind::Cut).at(at)),
        Err(Bad::Unknown(what)) => report.problem(place.problem(ProblemKind::CannotRead).at(at).detail(what)),
        Err(Bad::Damaged(what)) => {
            report.problem(place.problem(ProblemKind::DumpDamaged).at(at).detail(what))
        }
    }
    head.skip(u64::MAX)?;
    let figures = [
        ("version", counted.version),
        ("entries", counted.entries.to_string()),
        ("blocks", counted.blocks.to_string()),
        ("bytes", counted.bytes.to_string()),
        ("compression", counted.packed),
    ];
    told(report, "pg_dump-custom", place, &figures);
    Ok(())
}

#[derive(Default)]
struct Counted {
    version: String,
    packed: String,
    entries: u64,
    blocks: u64,
    bytes: u64,
}

fn read(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report, counted: &mut Counted) -> Parsed<()> {
    let shape = Shape { version: (0, 0), int: 4, offset: 8, format: 0, packed: Packed::None };
    let mut archive = Archive { head, shape };
    begin(&mut archive, counted)?;
    let mut data = contents(&mut archive, place, report, counted)?;
    if archive.shape.format != CUSTOM {
        return Ok(());
    }
    blocks(&mut archive, &mut data, counted)?;
    for missing in data.values().filter(|d| !d.seen) {
        report
            .problem(place.problem(ProblemKind::DumpDamaged).detail(format!("no data of {}", missing.name)));
    }
    if archive.shape.packed == Packed::None && counted.blocks > 0 {
        report.problem(place.problem(ProblemKind::NoSums).detail("pg_dump -Z0"));
    }
    Ok(())
}

fn begin(archive: &mut Archive<'_, '_>, counted: &mut Counted) -> Parsed<()> {
    if archive.bytes::<5>()? != MAGIC {
        return Err(Bad::Damaged("the first bytes".to_owned()));
    }
    let [major, minor, _] = archive.bytes()?;
    archive.shape.version = (major, minor);
    counted.version = format!("{major}.{minor}");
    if !((1, 12)..=(1, 16)).contains(&(major, minor)) {
        return Err(Bad::Unknown(format!("archive version {major}.{minor}; 1.12 to 1.16 are known here")));
    }
    let [int, offset, format] = archive.bytes()?;
    if !(1..=8).contains(&int) || !(1..=8).contains(&offset) {
        return Err(Bad::Damaged(format!("numbers of {int} bytes, offsets of {offset}")));
    }
    archive.shape.int = usize::from(int);
    archive.shape.offset = usize::from(offset);
    archive.shape.format = format;
    archive.shape.packed = if archive.since(15) {
        match archive.byte()? {
            0 => Packed::None,
            1 => Packed::Gzip,
            2 => Packed::Lz4,
            3 => Packed::Zstd,
            other => return Err(Bad::Damaged(format!("compression {other}"))),
        }
    } else if archive.int()? == 0 {
        Packed::None
    } else {
        Packed::Gzip
    };
    counted.packed = format!("{:?}", archive.shape.packed).to_lowercase();
    // When it was made, in seven numbers; the database's name; two versions.
    for _ in 0..7 {
        archive.int()?;
    }
    for _ in 0..3 {
        archive.text()?;
    }
    if ![CUSTOM, TAR, DIRECTORY].contains(&format) {
        return Err(Bad::Damaged(format!("archive format {format}")));
    }
    Ok(())
}

/// The list of contents: the entries that have data, by their number.
fn contents(
    archive: &mut Archive<'_, '_>,
    place: &Place<'_>,
    report: &mut Report,
    counted: &mut Counted,
) -> Parsed<BTreeMap<i64, Data>> {
    let count = archive.int()?;
    if !(0..=MAX_ENTRIES).contains(&count) {
        return Err(Bad::Damaged(format!("{count} entries")));
    }
    let mut data = BTreeMap::new();
    for _ in 0..count {
        let id = archive.int()?;
        let has_data = archive.int()? != 0;
        archive.text()?;
        archive.text()?;
        // Names are kept for every entry with data: short ones, whatever a hostile list says.
        let short = |text: Option<String>| text.unwrap_or_default().chars().take(80).collect::<String>();
        let tag = short(archive.text()?);
        let what = short(archive.text()?);
        archive.int()?;
        // Definition, drop and copy statements, namespace, tablespace.
        for _ in 0..5 {
            archive.text()?;
        }
        if archive.since(14) {
            archive.text()?;
        }
        if archive.since(16) {
            archive.int()?;
        }
        archive.text()?;
        archive.text()?;
        while archive.text()?.is_some() {}
        let name = format!("{what} {tag}");
        let at = match archive.shape.format {
            CUSTOM => extra(archive)?,
            _ => {
                if let Some(file) = archive.text()?.filter(|f| !f.is_empty())
                    && place.depth == 0
                    && !lies_beside(place.file, &file)
                {
                    report
                        .problem(place.problem(ProblemKind::MissingOnDisk).detail(format!("{file}: {name}")));
                }
                None
            }
        };
        counted.entries += 1;
        if let Some(at) = at.filter(|_| has_data || what == "BLOBS") {
            data.insert(id, Data { name, at, seen: false });
        }
    }
    Ok(data)
}

/// Where an entry's data begins: none: it has none; `Some(None)`: the dump could not seek, so the list does not say.
fn extra(archive: &mut Archive<'_, '_>) -> Parsed<Option<Option<u64>>> {
    let state = archive.byte()?;
    let mut at: u64 = 0;
    for i in 0..archive.shape.offset {
        at |= u64::from(archive.byte()?) << (8 * i);
    }
    match state {
        1 => Ok(Some(None)),
        2 => Ok(Some(Some(at))),
        3 => Ok(None),
        other => Err(Bad::Damaged(format!("the state {other} of an offset"))),
    }
}

fn lies_beside(toc: &Path, file: &str) -> bool {
    let folder = toc.parent().unwrap_or(Path::new("."));
    let safe = !file.contains('/') && file != "..";
    safe && ["", ".gz", ".lz4", ".zst"].iter().any(|end| folder.join(format!("{file}{end}")).is_file())
}

/// True for a file that lies in a dump of directory format.
pub(super) fn is_part_of_directory(file: &Path) -> bool {
    let toc = file.parent().unwrap_or(Path::new(".")).join("toc.dat");
    let mut magic = [0; 5];
    std::fs::File::open(toc).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && magic == MAGIC
}

/// The blocks of data, one behind the other, to the end of the file.
fn blocks(
    archive: &mut Archive<'_, '_>,
    data: &mut BTreeMap<i64, Data>,
    counted: &mut Counted,
) -> Parsed<()> {
    loop {
        let at = archive.head.at();
        if archive.head.fill_buf().map_err(Stop::from)?.is_empty() {
            return Ok(());
        }
        let kind = archive.byte()?;
        if !matches!(kind, 1 | 3) {
            return Err(Bad::Damaged(format!("a block of kind {kind} at byte {at}")));
        }
        let id = archive.int()?;
        let Some(entry) = data.get_mut(&id) else {
            return Err(Bad::Damaged(format!("a block of entry {id}, which the list has no data of")));
        };
        if entry.seen || entry.at.is_some_and(|wanted| wanted != at) {
            return Err(Bad::Damaged(format!("{}: its data lies at byte {at}", entry.name)));
        }
        entry.seen = true;
        counted.blocks += 1;
        if kind == 1 {
            counted.bytes += stream(archive)?;
            continue;
        }
        // Large objects: a number before each, 0 behind the last.
        while archive.int()? != 0 {
            counted.bytes += stream(archive)?;
        }
    }
}

/// Pieces with their lengths before them, one of no length behind the last, as one stream.
struct Pieces<'p, 'h, 'x> {
    archive: &'p mut Archive<'h, 'x>,
    left: u64,
    ended: bool,
    /// There was a piece: a table without rows has none.
    any: bool,
    bad: Option<Bad>,
}

impl Read for Pieces<'_, '_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.ended {
            match self.archive.int() {
                Ok(0) => self.ended = true,
                Ok(n) if n > 0 => (self.left, self.any) = (n as u64, true),
                Ok(n) => return self.fail(Bad::Damaged(format!("a piece of {n} bytes"))),
                Err(bad) => return self.fail(bad),
            }
        }
        if self.ended {
            return Ok(0);
        }
        let n = (out.len() as u64).min(self.left) as usize;
        match self.archive.head.read(&mut out[..n])? {
            0 => self.fail(Bad::Cut),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }
}

impl Pieces<'_, '_, '_> {
    fn fail(&mut self, bad: Bad) -> io::Result<usize> {
        self.bad = Some(bad);
        Err(io::Error::other("pieces"))
    }
}

/// Reads a stream to its end, unpacked where it is packed; the bytes of its content.
fn stream(archive: &mut Archive<'_, '_>) -> Parsed<u64> {
    let packed = archive.shape.packed;
    let mut pieces = Pieces { archive, left: 0, ended: false, any: false, bad: None };
    let made = match packed {
        Packed::None => io::copy(&mut pieces, &mut io::sink()),
        Packed::Gzip => unpack(flate2::read::ZlibDecoder::new(&mut pieces)),
        Packed::Zstd => zstd::stream::read::Decoder::new(&mut pieces).and_then(unpack),
        Packed::Lz4 => unpack(lz4_flex::frame::FrameDecoder::new(&mut pieces)),
    };
    if let Some(bad) = pieces.bad.take() {
        return Err(bad);
    }
    let size = match made {
        Ok(size) => size,
        Err(error) => match Stop::from(error) {
            Stop::Io(error) => return Err(Bad::Damaged(error.to_string())),
            stop => return Err(Bad::Stop(stop)),
        },
    };
    // The decoder takes a frame for ended where its bytes are; one that is ended asked for none behind its mark.
    if packed == Packed::Lz4 && pieces.any && pieces.ended {
        return Err(Bad::Damaged("an lz4 frame without its end".to_owned()));
    }
    // What is packed ends where its pieces do.
    let mut rest = [0; 1];
    match pieces.read(&mut rest) {
        Ok(0) => Ok(size),
        Ok(_) => Err(Bad::Damaged("bytes behind the end of a packed stream".to_owned())),
        Err(error) => match pieces.bad.take() {
            Some(bad) => Err(bad),
            None => Err(Bad::Stop(Stop::from(error))),
        },
    }
}

fn unpack(mut decoder: impl Read) -> io::Result<u64> {
    io::copy(&mut decoder, &mut io::sink())
}
