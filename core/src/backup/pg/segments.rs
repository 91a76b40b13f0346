//! WAL segments where they may lie: the backup's own folder, an archive, plain or compressed with gzip.

use super::{lsn, tar, wal};
use crate::backup::files::{self, Outcome};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a segment that tell its size.
const HEAD: usize = 40;

/// Where segments are looked for, in this order.
pub(super) struct Segments {
    pub(super) folders: Vec<PathBuf>,
    /// In tar archives: name, archive, the content's place and length in it.
    pub(super) members: BTreeMap<String, (PathBuf, u64, u64)>,
}

/// Why a segment is not open.
pub(super) enum Closed {
    Missing,
    /// Bytes it has.
    Cut(u64),
    Refused(String),
}

impl Segments {
    /// In `archive`, where one is named, then in the backup's own folder.
    pub(super) fn below(archive: Option<&Path>, own: PathBuf) -> Segments {
        let folders = archive.map(Path::to_owned).into_iter().chain([own]).collect();
        Segments { folders, members: BTreeMap::new() }
    }

    pub(super) fn shown(&self) -> String {
        let all: Vec<_> = self.folders.iter().map(|f| f.display().to_string()).collect();
        all.join(", ")
    }

    /// The size of segments, as any of them states it.
    pub(super) fn size(&self) -> Option<u64> {
        let member = || {
            let mut input = self.member(self.members.values().next()?).ok()?;
            let mut head = [0; HEAD];
            input.read_exact(&mut head).ok()?;
            wal::size_of(&head)
        };
        let plain = self.folders.iter().find_map(|folder| {
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
        });
        plain.or_else(member)
    }

    fn member(&self, (archive, at, len): &(PathBuf, u64, u64)) -> std::io::Result<Box<dyn Read>> {
        let Ok((file, _)) = files::open(archive) else {
            return Err(std::io::Error::other("the archive vanished"));
        };
        let mut input = tar::decompressed(file, archive)?;
        std::io::copy(&mut input.by_ref().take(*at), &mut std::io::sink())?;
        Ok(Box::new(input.take(*len)))
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
        match self.members.get(name) {
            Some((_, _, len)) if *len != size => Err(Closed::Cut(*len)),
            Some(member) => self.member(member).map_err(|e| Closed::Refused(e.to_string())),
            None => Err(Closed::Missing),
        }
    }
}

fn stream(file: File, name: &str) -> Box<dyn Read> {
    if name.ends_with(".gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(std::io::BufReader::with_capacity(256 * 1024, file))
    }
}
