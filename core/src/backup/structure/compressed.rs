//! gzip, zstd, xz and lz4: every member and frame to its end, with its sum, and nothing unexplained behind the last.

use super::stream::{Bytes, Counting, Head, Stop, Stopped};
use super::{Format, MAX_DEPTH, Place, inspect, sniff, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::io::{self, BufRead, BufReader, Read};
use zstd::stream::read::Decoder as ZstdDecoder;

/// Decompressed at once.
const BLOCK: usize = 128 * 1024;
/// What a decoder of xz or zstd may take, bytes: the largest that their own programs write unless told otherwise.
const XZ_MEMORY: u64 = 128 << 20;
const ZSTD_WINDOW: u32 = 27;

/// How the decoders say that a window is larger than they may take.
const MEMORY: [&str; 2] = ["memory limit reached", "too much memory"];

/// What went through a decoder.
#[derive(Default)]
struct Members {
    members: u64,
    /// A member without a sum of its content.
    unsummed: u64,
    /// Where zero bytes stand for padding.
    padding: bool,
    /// The first byte that is no part of any member.
    trailing: Option<u64>,
}

/// Members of one of the formats, one behind the other, as one stream of their content.
struct Reader<'h, 'x> {
    format: Format,
    /// Between members: the compressed bytes. Inside one: none.
    between: Option<&'h mut Head<'x>>,
    inside: Option<Box<dyn Member<'h, 'x> + 'h>>,
    members: Members,
}

/// A member being read, which gives the compressed bytes back at its end.
trait Member<'h, 'x>: Read {
    fn give_back(self: Box<Self>) -> &'h mut Head<'x>;
}

impl<'h, 'x> Member<'h, 'x> for GzDecoder<&'h mut Head<'x>> {
    fn give_back(self: Box<Self>) -> &'h mut Head<'x> {
        self.into_inner()
    }
}
impl<'h, 'x> Member<'h, 'x> for XzDecoder<&'h mut Head<'x>> {
    fn give_back(self: Box<Self>) -> &'h mut Head<'x> {
        self.into_inner()
    }
}
impl<'h, 'x> Member<'h, 'x> for ZstdDecoder<'static, &'h mut Head<'x>> {
    fn give_back(self: Box<Self>) -> &'h mut Head<'x> {
        self.finish()
    }
}
/// lz4_flex reads ahead of nothing: a frame ends where its mark does. It also takes a frame for ended where its bytes do; then,
/// and only then, it has asked for more than there is.
struct Lz4<'h, 'x>(lz4_flex::frame::FrameDecoder<ToEnd<'h, 'x>>);
struct ToEnd<'h, 'x> {
    head: &'h mut Head<'x>,
    reached: bool,
}
impl Read for ToEnd<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.head.read(out)?;
        self.reached |= n == 0 && !out.is_empty();
        Ok(n)
    }
}
impl Read for Lz4<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 if self.0.get_ref().reached => Err(io::ErrorKind::UnexpectedEof.into()),
            n => Ok(n),
        }
    }
}
impl<'h, 'x> Member<'h, 'x> for Lz4<'h, 'x> {
    fn give_back(self: Box<Self>) -> &'h mut Head<'x> {
        self.0.into_inner().head
    }
}

impl<'h, 'x> Reader<'h, 'x> {
    /// Begins the next member; false: there is none.
    fn next(&mut self) -> io::Result<bool> {
        let Some(head) = self.between.take() else { return Ok(false) };
        let first = self.members.members == 0;
        let ready = head.fill_buf()?;
        if ready.is_empty() && !first {
            self.between = Some(head);
            return Ok(false);
        }
        let more = |ready: &[u8]| match self.format {
            Format::Gzip => ready[0] == 0x1f,
            Format::Zstd => ready[0] == 0x28 || ready[0] & 0xf0 == 0x50,
            Format::Lz4 => ready[0] == 0x04,
            // Its decoder takes all streams and their padding itself.
            _ => false,
        };
        if !first && !more(ready) {
            let zeros = self.format == Format::Gzip;
            self.rest(head, zeros)?;
            return Ok(false);
        }
        if self.format == Format::Zstd {
            // Bit 2 of the frame's descriptor: a sum of the content follows.
            let summed = ready.first() != Some(&0x28) || ready.get(4).is_none_or(|d| d & 4 != 0);
            self.members.unsummed += u64::from(!summed);
        }
        if self.format == Format::Lz4 {
            self.members.unsummed += u64::from(ready.get(4).is_some_and(|d| d & 4 == 0));
        }
        self.members.members += 1;
        self.inside = Some(match self.format {
            Format::Gzip => Box::new(GzDecoder::new(head)),
            Format::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED).map_err(io::Error::other)?;
                Box::new(XzDecoder::new_stream(head, stream))
            }
            Format::Zstd => {
                let mut decoder = ZstdDecoder::with_buffer(head)?.single_frame();
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            _ => Box::new(Lz4(lz4_flex::frame::FrameDecoder::new(ToEnd { head, reached: false }))),
        });
        Ok(true)
    }

    /// What is behind the last member.
    fn rest(&mut self, head: &'h mut Head<'x>, zeros: bool) -> io::Result<()> {
        let at = head.at();
        let found = if zeros { head.only_zeros() } else { Ok(Err(at)) };
        match found {
            Ok(Ok(())) => self.members.padding = true,
            Ok(Err(at)) => self.members.trailing = Some(at),
            Err(Stop::Io(error)) => return Err(error),
            Err(Stop::Cancelled(error)) => return Err(io::Error::other(Stopped(error))),
            Err(Stop::Told) => {}
        }
        self.between = Some(head);
        Ok(())
    }
}

impl Read for Reader<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(inside) = &mut self.inside {
                match inside.read(out)? {
                    0 => self.between = self.inside.take().map(Member::give_back),
                    n => return Ok(n),
                }
            } else if !self.next()? {
                return Ok(0);
            }
        }
    }
}

pub(super) fn check(
    format: Format,
    head: &mut Head<'_>,
    place: &Place<'_>,
    report: &mut Report,
) -> Result<(), Stop> {
    let name = match format {
        Format::Gzip => "gzip",
        Format::Zstd => "zstd",
        Format::Xz => "xz",
        _ => "lz4",
    };
    if place.depth >= MAX_DEPTH {
        report.problem(place.problem(ProblemKind::TooDeep));
        return Ok(());
    }
    let before = head.at();
    let reader = Reader { format, between: Some(head), inside: None, members: Members::default() };
    let mut content = Counting::new(BufReader::with_capacity(BLOCK, reader));
    let inner = Place { depth: place.depth + 1, ..*place };
    let looked = {
        let mut inside = Head::new(&mut content);
        match inside.peek() {
            Ok(first) => {
                let found = sniff(first);
                inspect(found, &mut inside, &inner, report).and_then(|()| drain(&mut inside))
            }
            Err(stop) => Err(stop),
        }
    };
    // What the content is damaged by is told by the decoder's own error, where both say it.
    let broken = match looked {
        Ok(()) => None,
        Err(Stop::Told) => drain_raw(&mut content).err(),
        Err(stop) => Some(stop),
    };
    let size = content.at();
    let members = std::mem::take(&mut content.inner_mut().get_mut().members);
    let mut figures = vec![("members", members.members.to_string()), ("bytes", size.to_string())];
    if members.padding {
        figures.push(("padding", "zeros".to_owned()));
    }
    told(report, name, place, &figures);
    match broken {
        Some(Stop::Io(error)) => {
            let said = error.to_string();
            let kind = if error.kind() == io::ErrorKind::UnexpectedEof {
                ProblemKind::Cut
            } else if MEMORY.iter().any(|m| said.contains(m)) {
                // Sound, as far as is known: its window takes more than a decoder is given here.
                ProblemKind::CannotRead
            } else {
                ProblemKind::ArchiveDamaged
            };
            report.problem(place.problem(kind).detail(format!("{name}: {error}; {size} bytes read of it")));
            return Err(Stop::Told);
        }
        Some(stop) => return Err(stop),
        None => {}
    }
    // An empty file in an archive is a sound one; a dump or a database is never empty.
    let must_hold = super::demands(place.kind) && place.kind != crate::backup::Kind::Archive;
    if members.members > 0 && size == 0 && before == 0 && place.depth == 0 && must_hold {
        report.problem(place.problem(ProblemKind::Empty));
    }
    if let Some(at) = members.trailing {
        report.problem(place.problem(ProblemKind::TrailingBytes).at(at));
    }
    if members.unsummed > 0 {
        report.problem(place.problem(ProblemKind::NoSums).detail(name));
    }
    Ok(())
}

fn drain(stream: &mut Head<'_>) -> Result<(), Stop> {
    stream.skip(u64::MAX).map(drop)
}

fn drain_raw(stream: &mut dyn BufRead) -> Result<(), Stop> {
    loop {
        let n = stream.fill_buf()?.len();
        if n == 0 {
            return Ok(());
        }
        stream.consume(n);
    }
}
