//! WAL segments where they may lie: the backup's own folder, an archive, plain or compressed with gzip.

use super::lsn;
use super::wal;
use crate::backup::files::{self, Outcome};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Bytes of a segment that tell its size.
const HEAD: usize = 40;

/// Where segments are looked for, in this order.
pub(super) struct Segments {
    pub(super) folders: Vec<PathBuf>,
}

/// Why a segment is not open.
pub(super) enum Closed {
    Missing,
    /// Bytes it has.
    Cut(u64),
    Refused(String),
}

impl Segments {
    pub(super) fn shown(&self) -> String {
        let all: Vec<_> = self.folders.iter().map(|f| f.display().to_string()).collect();
        all.join(", ")
    }

    /// The size of segments, as any of them states it.
    pub(super) fn size(&self) -> Option<u64> {
        self.folders.iter().find_map(|folder| {
            let names = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.file_name());
            let mut names: Vec<_> = names.filter_map(|n| n.into_string().ok()).collect();
            names.sort();
            names.iter().filter_map(|n| Some((n, n.get(..24)?))).filter(|(_, n)| lsn::is_segment(n)).find_map(
                |(name, _)| {
                    let mut input = stream(files::open(&folder.join(name)).ok()?.0, name);
                    let mut head = [0; HEAD];
                    input.read_exact(&mut head).ok()?;
                    wal::size_of(&head)
                },
            )
        })
    }

    /// Opens a segment of `size` bytes.
    pub(super) fn open(&self, name: &str, size: u64) -> Result<Box<dyn Read>, Closed> {
        for folder in &self.folders {
            for name in [name.to_owned(), format!("{name}.gz")] {
                match files::open(&folder.join(&name)) {
                    Ok((file, meta)) => {
                        let plain = !name.ends_with(".gz");
                        if plain && meta.len() != size {
                            return Err(Closed::Cut(meta.len()));
                        }
                        return Ok(stream(file, &name));
                    }
                    Err(Outcome::Refused(error)) => return Err(Closed::Refused(error.to_string())),
                    Err(Outcome::NotAFile) => return Err(Closed::Refused("not a file".to_owned())),
                    Err(_) => {}
                }
            }
        }
        Err(Closed::Missing)
    }
}

fn stream(file: File, name: &str) -> Box<dyn Read> {
    if name.ends_with(".gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(std::io::BufReader::with_capacity(256 * 1024, file))
    }
}
