//! A base backup in plain format against its `backup_manifest`: names and sizes first, then contents, then the WAL it needs.

use super::control::{self, Control};
use super::manifest::{self, Entry, Manifest, Refused};
use super::segments::Segments;
use super::{lsn, tar, wal};
use crate::backup::content::{self, Expected};
use crate::backup::files::{self, Found, Outcome, What};
use crate::backup::{Level, Problem, ProblemKind, Report, VerifyOptions, Watch, path as paths};
use crate::error::Result;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The manifest's file.
pub(super) const MANIFEST: &str = "backup_manifest";
pub(super) const CONTROL: &str = "global/pg_control";
/// Begins the name of a file of which only changed blocks were taken (PostgreSQL 17).
const INCREMENTAL: &str = "INCREMENTAL.";
/// What a manifest does not answer for, with its reasons.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    (
        "backup_manifest",
        "清单不列出自身，其内容由自带摘要校验",
        "the manifest does not list itself; its own digest is checked",
    ),
    (
        "pg_wal",
        "清单不列出 WAL；恢复所需的记录另行校验，其余文件不在校验范围内",
        "the manifest does not list WAL: the records a restore needs are read, other files here are not",
    ),
    (
        "postgresql.auto.conf",
        "可在备份后改写，清单不对其负责",
        "may be rewritten after the backup: the manifest does not answer for it",
    ),
    (
        "recovery.signal",
        "恢复时创建，清单不对其负责",
        "made for a recovery: the manifest does not answer for it",
    ),
    (
        "standby.signal",
        "恢复时创建，清单不对其负责",
        "made for a recovery: the manifest does not answer for it",
    ),
];

/// Checks the base backup in `root` against its `backup_manifest` (L1) and the WAL it needs (L2).
pub(in crate::backup) fn check(
    root: &Path,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    Backup { root, below: None, options, report, watch }.check()
}

/// Checks a base backup that lies in a bag, at `below` in it. The bag answers for every file there, so that nothing is left
/// out and nothing is counted twice.
pub(in crate::backup) fn check_below(
    root: &Path,
    below: &str,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    Backup { root, below: Some(below), options, report, watch }.check()
}

pub(super) struct Backup<'a, 'w> {
    pub(super) root: &'a Path,
    pub(super) below: Option<&'a str>,
    pub(super) options: &'a VerifyOptions,
    pub(super) report: &'a mut Report,
    pub(super) watch: &'a mut Watch<'w>,
}

/// What lies there.
#[derive(Default)]
struct There {
    files: Vec<Found>,
    /// Folders that could not be looked into.
    closed: Vec<String>,
}

impl Backup<'_, '_> {
    fn check(mut self) -> Result<()> {
        self.watch.step("L1 backup_manifest", 0, 0)?;
        let Some(manifest) = self.manifest() else { return Ok(()) };
        if tar::is_tar_format(self.root) {
            return self.check_tar(&manifest);
        }
        let control = self.control(&manifest);
        if self.stop() {
            return Ok(());
        }
        let there = self.look()?;
        let expected = self.names(&manifest, &there);
        let root = self.root;
        self.exceptions(&|name| root.join(name).symlink_metadata().is_ok());
        if self.stop() {
            return Ok(());
        }
        let bytes = manifest.files.iter().map(|f| f.size).fold(0, u64::saturating_add);
        self.watch.step("L1 digests", expected.len() as u64, bytes)?;
        self.contents(&expected)?;
        self.figures(&manifest, bytes);
        if !self.stop() {
            let own = self.root.join("pg_wal");
            self.wal(&manifest, control, Segments::below(self.options.wal.as_deref(), own))?;
        }
        Ok(())
    }

    pub(super) fn shown(&self, path: &str) -> String {
        match self.below {
            Some(below) if !below.is_empty() => format!("{below}/{path}"),
            _ => path.to_owned(),
        }
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, path: &str) -> Problem {
        Problem::new(kind, self.shown(path))
    }

    /// With `first`, a remark alone does not end the check.
    pub(super) fn stop(&self) -> bool {
        let fatal = |p: &Problem| p.kind.weight() != crate::backup::Weight::Remark;
        self.options.first && self.report.problems.iter().any(fatal)
    }

    pub(super) fn ignored(&self, path: &str) -> bool {
        paths::is_below(&self.shown(path), &self.options.ignore)
    }

    fn manifest(&mut self) -> Option<Manifest> {
        let read = match files::open(&self.root.join(MANIFEST)) {
            Ok((file, _)) => manifest::read(file),
            Err(outcome) => {
                let problem = match outcome {
                    Outcome::Vanished => self.problem(ProblemKind::ManifestMissing, MANIFEST),
                    other => content::unread(&self.shown(MANIFEST), other),
                };
                self.report.problem(problem);
                return None;
            }
        };
        match read {
            Ok(manifest) => {
                if self.below.is_none() {
                    self.report.manifest_sm3 = Some(manifest.sm3.clone());
                }
                Some(manifest)
            }
            Err(Refused::Broken(what)) => {
                let problem = self.problem(ProblemKind::ManifestBroken, MANIFEST).detail(what);
                self.report.problem(problem);
                None
            }
            Err(Refused::Changed(said, found)) => {
                let problem = self.problem(ProblemKind::ManifestChanged, MANIFEST).with(said, found);
                self.report.problem(problem);
                None
            }
        }
    }

    /// The control file: sound, and of the manifest's cluster. A file that is missing is named with the others.
    fn control(&mut self, manifest: &Manifest) -> Option<Control> {
        if self.ignored(CONTROL) {
            return None;
        }
        let read = control::read(&self.root.join(CONTROL));
        self.same_cluster(manifest, read)
    }

    pub(super) fn same_cluster(
        &mut self,
        manifest: &Manifest,
        read: std::result::Result<Control, control::Trouble>,
    ) -> Option<Control> {
        let control = match read {
            Ok(control) => control,
            Err(control::Trouble::Closed) => return None,
            Err(control::Trouble::Unknown(version)) => {
                self.report.leave_out(
                    self.shown(CONTROL),
                    format!("未知的控制文件版本 {version}，未核对系统标识"),
                    format!("control file version {version} is not known here: the system identifier was not compared"),
                );
                return None;
            }
            Err(control::Trouble::Broken(what)) => {
                let problem = self.problem(ProblemKind::PgControlBroken, CONTROL).detail(what);
                self.report.problem(problem);
                return None;
            }
        };
        if let Some(said) = manifest.system_identifier.filter(|s| *s != control.system_identifier) {
            let problem = self
                .problem(ProblemKind::SystemIdentifierMismatch, CONTROL)
                .with(said, control.system_identifier);
            self.report.problem(problem);
        }
        Some(control)
    }

    /// Everything in the folder and below the links of tablespaces, which alone are followed.
    fn look(&mut self) -> Result<There> {
        let mut there = There::default();
        let (found, closed) = files::walk(self.root, self.watch)?;
        let mut spaces = Vec::new();
        self.closed(closed, "", &mut there);
        for one in found {
            let shown = one.path.to_string_lossy().into_owned();
            let space = shown.strip_prefix("pg_tblspc/").is_some_and(|s| !s.contains('/'));
            if one.what == What::Link && space {
                spaces.push(one);
            } else {
                there.files.push(one);
            }
        }
        for space in spaces {
            let shown = space.path.to_string_lossy().into_owned();
            let target = self.root.join(&space.path);
            if !target.is_dir() {
                let to = std::fs::read_link(&target).map(|t| t.display().to_string()).unwrap_or_default();
                let problem = self.problem(ProblemKind::TablespaceLost, &shown).detail(to);
                self.report.problem(problem);
                continue;
            }
            match files::walk(&target, self.watch) {
                Ok((found, closed)) => {
                    self.closed(closed, &shown, &mut there);
                    there.files.extend(found.into_iter().map(|one| {
                        let mut path = space.path.clone();
                        path.push("/");
                        path.push(&one.path);
                        Found { path, ..one }
                    }));
                }
                Err(error) if error.code() == crate::error::Code::Io => {
                    let problem = self.problem(ProblemKind::CannotRead, &shown).detail(error.to_string());
                    self.report.problem(problem);
                    there.closed.push(shown);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(there)
    }

    fn closed(&mut self, closed: Vec<files::Unreadable>, below: &str, there: &mut There) {
        for one in closed {
            let name = one.path.to_string_lossy();
            let name = if below.is_empty() { name.into_owned() } else { format!("{below}/{name}") };
            if !self.ignored(&name) && !is_exception(&name) {
                let problem = self.problem(ProblemKind::CannotRead, &name).detail(one.error.to_string());
                self.report.problem(problem);
            }
            there.closed.push(name);
        }
    }

    /// Names and sizes; gives what is to be read.
    fn names(&mut self, manifest: &Manifest, there: &There) -> Vec<Expected> {
        let mut listed = self.listed(manifest);
        let mut expected = Vec::new();
        for one in there.files.iter().filter(|f| f.what != What::Folder) {
            let shown = one.path.to_string_lossy().into_owned();
            let entry = listed.remove(one.path.as_os_str());
            if is_exception(&shown) || self.ignored(&shown) {
                continue;
            }
            self.count(one.len);
            match (one.what, entry) {
                (What::File, Some(entry)) if entry.size == one.len => {
                    expected.extend(self.expected(entry, shown));
                }
                (What::File, Some(entry)) => {
                    let problem = self.problem(ProblemKind::SizeMismatch, &shown).with(entry.size, one.len);
                    self.report.problem(problem);
                }
                (What::File, None) => {
                    let problem = self.problem(ProblemKind::ExtraOnDisk, &shown);
                    self.report.problem(problem);
                }
                (What::Link, _) => {
                    let problem = self.problem(ProblemKind::LinkRefused, &shown);
                    self.report.problem(problem);
                }
                _ => {
                    let problem = self.problem(ProblemKind::NotAFile, &shown);
                    self.report.problem(problem);
                }
            }
        }
        self.missing(listed, &there.closed);
        expected
    }

    /// What the manifest lists, by its path.
    pub(super) fn listed<'m>(&mut self, manifest: &'m Manifest) -> BTreeMap<&'m OsStr, &'m Entry> {
        let mut listed: BTreeMap<&OsStr, &Entry> = BTreeMap::new();
        for entry in &manifest.files {
            let shown = entry.path.to_string_lossy();
            if let Some(why) = unsafe_path(entry.path.as_bytes()) {
                let problem = self.problem(ProblemKind::UnsafePath, &shown).detail(why);
                self.report.problem(problem);
            } else if listed.insert(&entry.path, entry).is_some() {
                let problem = self.problem(ProblemKind::DuplicateEntry, &shown);
                self.report.problem(problem);
            }
        }
        listed
    }

    /// What is listed and was not found, unless a folder above it is closed.
    pub(super) fn missing(&mut self, listed: BTreeMap<&OsStr, &Entry>, closed: &[String]) {
        for path in listed.into_keys() {
            let shown = path.to_string_lossy();
            if !is_exception(&shown) && !self.ignored(&shown) && !paths::is_below(&shown, closed) {
                self.count(0);
                let problem = self.problem(ProblemKind::MissingOnDisk, &shown);
                self.report.problem(problem);
            }
        }
    }

    pub(super) fn count(&mut self, bytes: u64) {
        if self.below.is_none() {
            self.report.coverage.files += 1;
            self.report.coverage.bytes += bytes;
        }
    }

    fn expected(&self, entry: &Entry, shown: String) -> Option<Expected> {
        let digest = entry.digest.clone()?;
        Some(Expected {
            path: self.root.join(&entry.path),
            shown: self.shown(&shown),
            len: Some(entry.size),
            digests: vec![digest],
            chunks: None,
            kind: ProblemKind::ChecksumMismatch,
            source: MANIFEST.to_owned(),
        })
    }

    fn contents(&mut self, expected: &[Expected]) -> Result<()> {
        let counted = (self.report.coverage.files_read, self.report.coverage.bytes_read);
        content::check(expected, self.options.first, self.report, self.watch)?;
        if self.below.is_some() {
            (self.report.coverage.files_read, self.report.coverage.bytes_read) = counted;
        }
        Ok(())
    }

    /// What is left out, and why. A bag around it leaves nothing out.
    pub(super) fn exceptions(&mut self, there: &dyn Fn(&str) -> bool) {
        for path in self.options.ignore.iter().filter(|_| self.below.is_none()) {
            self.report.leave_out(path.clone(), "按要求忽略", "ignored, as asked");
        }
        for (name, zh, en) in EXCEPTIONS {
            if self.below.is_none() && there(name) {
                self.report.leave_out(name, zh, en);
            }
        }
    }

    pub(super) fn figures(&mut self, manifest: &Manifest, bytes: u64) {
        let mut algorithms: BTreeMap<&str, u64> = BTreeMap::new();
        for file in &manifest.files {
            *algorithms.entry(file.digest.as_ref().map_or("none", |(a, _)| a.name())).or_default() += 1;
        }
        let of = |name| algorithms.get(name).copied().unwrap_or(0);
        if of("none") > 0 && self.below.is_none() {
            let problem =
                self.problem(ProblemKind::NoDigest, MANIFEST).detail(format!("{} files", of("none")));
            self.report.problem(problem);
        }
        if of("crc32c") > 0 && self.below.is_none() {
            let problem = self
                .problem(ProblemKind::WeakDigest, MANIFEST)
                .detail(format!("CRC32C, {} files", of("crc32c")));
            self.report.problem(problem);
        }
        let incremental = manifest.files.iter().filter(|f| is_incremental(&f.path)).count();
        if incremental > 0 {
            let problem =
                self.problem(ProblemKind::IncrementalBackup, MANIFEST).detail(format!("{incremental} files"));
            self.report.problem(problem);
        }
        let names: Vec<_> = algorithms.keys().copied().collect();
        self.report.check(
            Level::L1,
            "backup-manifest",
            Some(&self.shown(MANIFEST)),
            &[
                ("version", manifest.version.to_string()),
                ("files", manifest.files.len().to_string()),
                ("bytes", bytes.to_string()),
                ("digests", names.join(",")),
            ],
        );
    }

    /// Reads the WAL that a restore needs.
    pub(super) fn wal(
        &mut self,
        manifest: &Manifest,
        control: Option<Control>,
        segments: Segments,
    ) -> Result<()> {
        if self.options.no_wal || self.report.level < Level::L2 {
            self.report.leave_out(
                self.shown("pg_wal"),
                "未读取 WAL（按要求，或级别低于 L2）",
                "WAL was not read (as asked, or the level is below L2)",
            );
            return Ok(());
        }
        if manifest.wal.is_empty() {
            self.report.leave_out(self.shown("pg_wal"), "清单没有 WAL 范围", "the manifest names no WAL");
            return Ok(());
        }
        self.watch.step("L2 WAL", 0, 0)?;
        let known = wal::Known {
            segment: control.map(|c| c.segment),
            system_identifier: control.map(|c| c.system_identifier),
        };
        for range in &manifest.wal {
            // A segment in which a timeline began holds what came before, too.
            let mut timelines: Vec<u32> =
                manifest.wal.iter().map(|r| r.timeline).filter(|t| *t > range.timeline).collect();
            timelines.sort_unstable();
            timelines.insert(0, range.timeline);
            match wal::check(&segments, &timelines, (range.start, range.end), known, self.watch)? {
                Ok(read) => self.report.check(
                    Level::L2,
                    "wal-range",
                    Some(&self.shown("pg_wal")),
                    &[
                        ("timeline", range.timeline.to_string()),
                        ("start", lsn::show(range.start)),
                        ("end", lsn::show(range.end)),
                        ("records", read.records.to_string()),
                        ("segments", read.segments.to_string()),
                        ("postgresql", read.major.to_string()),
                    ],
                ),
                Err(broken) => {
                    let problem = self
                        .problem(broken.kind, format!("pg_wal/{}", broken.file).trim_end_matches('/'))
                        .at(broken.at)
                        .detail(broken.what);
                    self.report.problem(problem);
                }
            }
        }
        Ok(())
    }
}

pub(super) fn is_exception(path: &str) -> bool {
    exception(path).is_some()
}

/// Which exception a path is, or is below.
pub(super) fn exception(path: &str) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .map(|(name, _, _)| *name)
        .find(|name| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn is_incremental(path: &OsStr) -> bool {
    path.as_bytes().rsplit(|b| *b == b'/').next().is_some_and(|name| name.starts_with(INCREMENTAL.as_bytes()))
}

/// Why a path is refused. A backup is restored on the kind of system it was made on, so that only what leaves it is.
fn unsafe_path(path: &[u8]) -> Option<&'static str> {
    if path.is_empty() {
        return Some("empty path");
    }
    if path.starts_with(b"/") {
        return Some("absolute path");
    }
    if path.contains(&0) {
        return Some("NUL in a name");
    }
    path.split(|b| *b == b'/').find_map(|part| match part {
        b"" => Some("//: a name is missing"),
        b"." => Some(".: not a plain path"),
        b".." => Some("..: leaves the folder"),
        _ => None,
    })
}
