//! Base backups in tar format: `base.tar`, one `OID.tar` a tablespace, `pg_wal.tar`, plain or compressed, read as streams.

use super::control::{self, Control};
use super::lsn;
use super::manifest::{Entry, Manifest};
use super::segments::Segments;
use super::verify::{Backup, CONTROL, MANIFEST, exception, is_exception};
use crate::backup::files::{self, Outcome};
use crate::backup::{ProblemKind, content};
use crate::digest::hex;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// Bytes read at once.
const BUFFER: usize = 256 * 1024;
/// The control file is kept up to this length, bytes.
const KEPT: usize = 64 * 1024;
/// Zstandard windows up to 32 MiB, so that memory stays bounded.
const WINDOW_LOG: u32 = 25;

/// An archive's name without its compression: `base`, `pg_wal`, an OID.
fn stem(name: &str) -> Option<&str> {
    let stem = [".tar", ".tar.gz", ".tar.lz4", ".tar.zst"].iter().find_map(|end| name.strip_suffix(end))?;
    let oid = !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_digit());
    (oid || stem == "base" || stem == "pg_wal").then_some(stem)
}

/// True of a folder that holds a base backup in tar format.
pub(super) fn is_tar_format(root: &Path) -> bool {
    let there = |name: &str| root.join(name).symlink_metadata().is_ok();
    !there("PG_VERSION")
        && ["base.tar", "base.tar.gz", "base.tar.lz4", "base.tar.zst"].iter().any(|n| there(n))
}

/// The bytes that were compressed, by the name's end.
pub(super) fn decompressed(file: File, name: &Path) -> std::io::Result<Box<dyn Read>> {
    let buffered = std::io::BufReader::with_capacity(BUFFER, file);
    Ok(match name.extension().and_then(OsStr::to_str) {
        Some("gz") => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
        Some("lz4") => Box::new(lz4_flex::frame::FrameDecoder::new(buffered)),
        Some("zst") => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(decoder)
        }
        _ => Box::new(buffered),
    })
}

/// What the archives gave.
struct State<'m> {
    listed: BTreeMap<&'m OsStr, &'m Entry>,
    segments: Segments,
    control: Vec<u8>,
    /// What the manifest does not answer for.
    exceptions: BTreeSet<&'static str>,
}

impl Backup<'_, '_> {
    pub(super) fn check_tar(mut self, manifest: &Manifest) -> Result<()> {
        let bytes = manifest.files.iter().map(|f| f.size).fold(0, u64::saturating_add);
        self.watch.step("L1 archives", manifest.files.len() as u64, bytes)?;
        let segments = Segments::below(self.options.wal.as_deref(), self.root.join("pg_wal"));
        let exceptions = BTreeSet::from([MANIFEST]);
        let mut state = State { listed: self.listed(manifest), segments, control: Vec::new(), exceptions };
        let (found, closed) = files::walk(self.root, self.watch)?;
        for one in closed {
            let path = one.path.to_string_lossy();
            let problem = self.problem(ProblemKind::CannotRead, &path).detail(one.error.to_string());
            self.report.problem(problem);
        }
        let mut whole = true;
        for one in found.iter().filter(|f| f.path != MANIFEST) {
            let name = one.path.to_string_lossy().into_owned();
            if self.ignored(&name) || is_exception(&name) {
                continue;
            }
            match stem(&name) {
                Some(stem) => whole &= self.archive(&name, stem, &mut state)?,
                None => {
                    let problem = self.problem(ProblemKind::ExtraOnDisk, &name);
                    self.report.problem(problem);
                }
            }
            if self.stop() {
                return Ok(());
            }
        }
        // Behind a place where reading ended, nothing is known to be missing.
        if whole {
            self.missing(state.listed, &[]);
        }
        let control: Option<Control> = match state.control.as_slice() {
            [] => None,
            bytes => {
                let read = control::parse(bytes);
                self.same_cluster(manifest, read)
            }
        };
        let exceptions = state.exceptions;
        self.exceptions(&|name| exceptions.contains(name));
        self.figures(manifest, bytes);
        if !self.stop() {
            self.wal(manifest, control, state.segments)?;
        }
        Ok(())
    }

    /// Reads one archive; false when its end was not reached.
    fn archive(&mut self, name: &str, stem: &str, state: &mut State<'_>) -> Result<bool> {
        let path = self.root.join(name);
        let (file, before) = match files::open(&path) {
            Ok(opened) => opened,
            Err(outcome) => {
                let problem = content::unread(&self.shown(name), outcome);
                self.report.problem(problem);
                return Ok(false);
            }
        };
        let mut read = || -> std::io::Result<Result<()>> {
            let mut archive = tar::Archive::new(decompressed(file.try_clone()?, &path)?);
            // Raw: PostgreSQL writes no extensions, and long names of others would be held in memory.
            for member in archive.entries()?.raw(true) {
                if let Err(error) = self.member(name, stem, member?, state)? {
                    return Ok(Err(error));
                }
            }
            // To the very end, where compressed streams have their checksums.
            let mut rest = archive.into_inner();
            let mut buffer = vec![0; BUFFER];
            while rest.read(&mut buffer)? > 0 {
                if let Err(error) = self.watch.tick() {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        };
        match read() {
            Ok(done) => done?,
            Err(error) => {
                let problem = self.problem(ProblemKind::ArchiveBroken, name).detail(error.to_string());
                self.report.problem(problem);
                return Ok(false);
            }
        }
        if !files::unchanged(&file, &before).map_err(|e| files::io(&path, &e))? {
            let problem = content::unread(&self.shown(name), Outcome::Changed);
            self.report.problem(problem);
        }
        Ok(true)
    }

    fn member(
        &mut self,
        name: &str,
        stem: &str,
        mut member: tar::Entry<'_, Box<dyn Read>>,
        state: &mut State<'_>,
    ) -> std::io::Result<Result<()>> {
        let kind = member.header().entry_type();
        let raw = member.path_bytes().into_owned();
        let raw = raw.strip_prefix(b"./").unwrap_or(&raw);
        let below = if stem.bytes().all(|b| b.is_ascii_digit()) {
            format!("pg_tblspc/{stem}/")
        } else {
            String::new()
        };
        let path = OsString::from_vec([below.as_bytes(), raw].concat());
        let shown = path.to_string_lossy().into_owned();
        let len = member.header().size()?;
        let segment = shown.strip_prefix("pg_wal/").unwrap_or(&shown);
        if lsn::is_segment(segment) && kind.is_file() && (stem == "pg_wal" || segment != shown) {
            let at = (self.root.join(name), member.raw_file_position(), len);
            state.segments.members.insert(segment.to_owned(), at);
        }
        state.exceptions.extend(if stem == "pg_wal" { Some("pg_wal") } else { exception(&shown) });
        // Links of tablespaces: their content is in archives of their own.
        let link = kind.is_symlink() && shown.starts_with("pg_tblspc/");
        if kind.is_dir() || link || stem == "pg_wal" || is_exception(&shown) || self.ignored(&shown) {
            state.listed.remove(path.as_os_str());
            return Ok(Ok(()));
        }
        let entry = state.listed.remove(path.as_os_str());
        self.count(len);
        let problem = match entry {
            _ if !kind.is_file() => {
                let link = kind.is_symlink() || kind.is_hard_link();
                self.problem(if link { ProblemKind::LinkRefused } else { ProblemKind::NotAFile }, &shown)
            }
            None => self.problem(ProblemKind::ExtraOnDisk, &shown),
            Some(entry) if entry.size != len => {
                self.problem(ProblemKind::SizeMismatch, &shown).with(entry.size, len)
            }
            Some(entry) => {
                let keep = (shown == CONTROL).then_some(&mut state.control);
                let found = match self.digest(&mut member, entry, keep)? {
                    Ok(found) => found,
                    Err(error) => return Ok(Err(error)),
                };
                match &entry.digest {
                    Some((algorithm, wanted)) if *wanted != found => self
                        .problem(ProblemKind::ChecksumMismatch, &shown)
                        .with(hex(wanted), hex(&found))
                        .detail(format!("{}, {name}", algorithm.name())),
                    _ => return Ok(Ok(())),
                }
            }
        };
        self.report.problem(problem);
        Ok(Ok(()))
    }

    /// Reads a member to its end; its digest, empty where the manifest has none.
    fn digest(
        &mut self,
        input: &mut impl Read,
        entry: &Entry,
        mut keep: Option<&mut Vec<u8>>,
    ) -> std::io::Result<Result<Vec<u8>>> {
        let mut hasher = entry.digest.as_ref().map(|(algorithm, _)| algorithm.hasher());
        let mut buffer = vec![0; BUFFER];
        let mut read = 0;
        loop {
            let n = input.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            if let Err(error) = self.watch.reading(n as u64) {
                return Ok(Err(error));
            }
            read += n as u64;
            if let Some(hasher) = &mut hasher {
                hasher.update(&buffer[..n]);
            }
            if let Some(kept) = keep.as_mut() {
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&buffer[..n.min(room)]);
            }
        }
        if read != entry.size {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        self.watch.shared().file();
        if self.below.is_none() && hasher.is_some() {
            self.report.coverage.files_read += 1;
            self.report.coverage.bytes_read += read;
        }
        Ok(Ok(hasher.map(|h| h.finish()).unwrap_or_default()))
    }
}
