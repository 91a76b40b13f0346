//! A file of the set as a stream, decompressed on the way by what it begins with: gzip (all members), zstd, xz, lz4.

use super::{Done, Drill};
use crate::backup::files::{Outcome, io, open};
use crate::error::{Code, Error, Result};
use std::io::{BufReader, Chain, Cursor, Read};
use std::path::Path;

/// The largest window a zstd frame may ask for: 64 MB.
const ZSTD_WINDOW_LOG: u32 = 26;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
const LZ4: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

/// Opens a file for reading, never through a link, decompressed.
pub(super) fn open_plain(path: &Path) -> Result<Box<dyn Read + Send>> {
    let mut file = raw(path)?;
    let mut magic = [0; 6];
    let mut n = 0;
    while n < magic.len() {
        match file.read(&mut magic[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io(path, &error)),
        }
    }
    let all: BufReader<Chain<Cursor<Vec<u8>>, std::fs::File>> =
        BufReader::with_capacity(128 * 1024, Cursor::new(magic[..n].to_vec()).chain(file));
    let magic = &magic[..n];
    Ok(if magic.starts_with(GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(all))
    } else if magic.starts_with(ZSTD) {
        let mut frames = zstd::stream::read::Decoder::with_buffer(all).map_err(|error| io(path, &error))?;
        frames.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| io(path, &error))?;
        Box::new(frames)
    } else if magic.starts_with(XZ) {
        Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(all))
    } else if magic.starts_with(LZ4) {
        Box::new(lz4_flex::frame::FrameDecoder::new(all))
    } else {
        Box::new(all)
    })
}

/// Bytes that will come out of a file, as far as that can be known beforehand: 0, unknown, where it is compressed.
pub(super) fn plain_bytes(path: &Path, bytes: u64) -> Result<u64> {
    let mut magic = Vec::new();
    raw(path)?.take(6).read_to_end(&mut magic).map_err(|error| io(path, &error))?;
    Ok(if is_compressed(&magic) { 0 } else { bytes })
}

fn is_compressed(magic: &[u8]) -> bool {
    [GZIP, ZSTD, XZ, LZ4].iter().any(|m| magic.starts_with(m))
}

/// Hands over each line of a file, decompressed.
pub(super) fn lines(
    drill: &mut Drill<'_, '_>,
    path: &Path,
    shown: &str,
    bytes: u64,
    hear: &mut dyn FnMut(&[u8]),
) -> Done<()> {
    drill.watch.step("scan", 1, bytes)?;
    let mut input = open_plain(path)?;
    let (mut buffer, mut line) = (vec![0; 256 * 1024], Vec::new());
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                drill.watch.reading(n as u64)?;
                super::process::split(&buffer[..n], &mut line, hear);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        }
    }
    if !line.is_empty() {
        hear(&line);
    }
    Ok(())
}

/// Opens a file for reading as it is.
pub(super) fn raw(path: &Path) -> Result<std::fs::File> {
    open(path).map(|(file, _)| file).map_err(|outcome| match outcome {
        Outcome::Refused(error) => io(path, &error),
        Outcome::Vanished => Error::new(Code::Io, format!("{}: vanished", path.display())),
        _ => Error::new(Code::Io, format!("{}: not a file", path.display())),
    })
}
