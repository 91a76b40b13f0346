//! Seals a folder as a BagIt 1.0 bag.
//!
//! The content is gathered in a staging folder inside the place of the bag, `.opsledger-seal/data` (in place: by rename;
//! elsewhere: `.opsledger-seal-copy/data`, by hard links or copies). The tag files are written beside it and synced, then a file
//! `ready`. Only then is everything moved out, `bagit.txt` last: a folder is a bag when it is whole, and whatever stops a seal,
//! running it again completes it. The content itself is never removed.

mod stage;
mod tags;
#[cfg(test)]
mod tests;

use super::files::{self, What};
use super::{Fingerprint, Kind, Level, Report, SealOptions, Watch, bag, path, sign, source};
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result, err};
use crate::time::Instant;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) use stage::is_half_sealed;

/// Bytes of a failed command's output that are shown.
const OUTPUT_TAIL: usize = 2000;
/// Where SQLite's header holds the application's number.
const APPLICATION_ID: std::ops::Range<usize> = 68..72;
/// Bytes of it.
const HEADER: usize = 100;
/// Frames of a log that are looked at.
const LOG_FRAMES: u32 = 1000;
/// Where it holds how it is written, and what stands there while a log lies beside it.
const WRITE_VERSION: usize = 18;
const LOGGED: u8 = 2;
/// The number of a ledger's file.
const LEDGER: [u8; 4] = *b"OPSL";

/// What was sealed.
#[derive(Clone, Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub struct SealDetail {
    /// Where the bag is.
    pub bag: PathBuf,
    /// Files of the payload.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Names of the digests.
    pub algorithms: Vec<&'static str>,
    /// Files that share their content with the original (hard links): a program that writes into the original changes the bag.
    pub linked: u64,
    /// Files that were copied.
    pub copied: u64,
    /// Files with a list of chunks.
    pub chunked: u64,
    /// True when it was signed.
    pub signed: bool,
    /// True when it completed a seal that was stopped.
    pub resumed: bool,
}

/// Seals a folder as a BagIt 1.0 bag. Refused before anything is changed: a bag, an empty folder, links, devices, names that
/// are not UTF-8 or unsafe on some system, a ledger in use.
pub fn seal(options: &SealOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let started = watch.now();
    let from = options.path.as_path();
    let place = options.into.as_deref().unwrap_or(from);
    let mut report = Report::new("seal", Level::L1, place.display().to_string(), started);
    let order = Order::new(options, started)?;
    let mut stage = stage::Stage::find(from, options.into.as_deref())?;
    report.set.clone_from(&options.set);
    report.run = Some(order.run.clone());
    if !stage.is_ready() {
        // Once content was moved, the command has run, and what the source held is in the stage.
        let fingerprint = match stage.is_begun() {
            true => stage.fingerprint()?,
            false => dump(options, &mut report, watch)?,
        };
        preflight(from, &stage, watch)?;
        let moved = stage.gather(from, fingerprint.as_ref(), watch)?;
        let written = tags::write(&stage, &order, fingerprint.as_ref(), watch)?;
        report.coverage.files = written.files + written.tag_files;
        report.coverage.files_read = written.files + written.tag_files;
        report.coverage.bytes = written.bytes + written.tag_bytes;
        report.coverage.bytes_read = report.coverage.bytes;
        report.seal = Some(SealDetail {
            files: written.files,
            bytes: written.bytes,
            linked: moved.linked,
            copied: moved.copied,
            chunked: written.chunked,
            ..SealDetail::default()
        });
        stage.ready()?;
    }
    stage.publish()?;
    finish(place, &order, stage.resumed, &mut report)?;
    for folder in empty_folders(&place.join("data"), watch)? {
        report.leave_out(
            format!("data/{folder}"),
            "空目录不列入清单",
            "an empty folder: manifests list files only",
        );
    }
    let now = watch.now();
    Ok(report.finish(now))
}

/// What to write, read and checked before anything is changed.
pub(super) struct Order<'a> {
    options: &'a SealOptions,
    run: String,
    algorithms: Vec<Algorithm>,
    key: Option<sign::PrivateKey>,
    started: Instant,
}

impl<'a> Order<'a> {
    fn new(options: &'a SealOptions, started: Instant) -> Result<Order<'a>> {
        let mut algorithms = options.algorithms.clone();
        if algorithms.is_empty() {
            algorithms = vec![Algorithm::Sm3, Algorithm::Sha256];
        }
        if let Some(weak) = algorithms.iter().find(|a| a.is_weak()) {
            return err(Code::BadRequest, format!("algorithms: {} is weak", weak.name()));
        }
        // SM3 is what the signature and the ledger refer to.
        algorithms.push(Algorithm::Sm3);
        algorithms.sort_unstable();
        algorithms.dedup();
        let one_line = |what: &str, text: &str| match text.trim().is_empty() || text.contains(['\r', '\n']) {
            true => err(Code::BadRequest, format!("{what} {text:?}: one line, not empty")),
            false => Ok(()),
        };
        for (label, value) in &options.info {
            let own = label.to_ascii_lowercase().starts_with("opsledger-");
            let fixed = ["payload-oxum", "bagging-date", "bag-software-agent", "external-identifier"];
            if own || fixed.iter().any(|f| label.eq_ignore_ascii_case(f)) {
                return err(Code::BadRequest, format!("info {label:?}: written by seal itself"));
            }
            one_line("info", label)?;
            one_line(label, value)?;
            if label.contains(':') || label != label.trim() {
                return err(Code::BadRequest, format!("info {label:?}"));
            }
        }
        let run = match (&options.run, options.path.canonicalize()) {
            (Some(run), _) => run.clone(),
            (None, Ok(path)) => {
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
            }
            (None, Err(error)) => return Err(files::io(&options.path, &error)),
        };
        one_line("run", &run)?;
        if let Some(set) = &options.set {
            one_line("set", set)?;
        }
        if options.command.is_some() && options.source.is_none() {
            return err(Code::BadRequest, "command: name the source whose snapshot it runs in");
        }
        let key = options.key.as_deref().map(sign::PrivateKey::read).transpose()?;
        Ok(Order { options, run, algorithms, key, started })
    }
    fn kind(&self) -> Kind {
        self.options.kind.unwrap_or(Kind::Files)
    }
}

/// Reads the source and has the backup written, in one snapshot where the engine can lend one.
fn dump(options: &SealOptions, report: &mut Report, watch: &mut Watch<'_>) -> Result<Option<Fingerprint>> {
    let Some(name) = &options.source else { return Ok(None) };
    watch.step("seal source", 0, 0)?;
    let mut session = source::open(name, None, None)?;
    if let Some(command) = &options.command {
        let snapshot = session.snapshot()?;
        if snapshot.is_none() {
            report.leave_out(
                bag::SOURCE,
                "该引擎不能与命令共用快照：所记录的行数与摘要和备份不一定取自同一时点",
                "the engine lends no snapshot to the command: counts and digests may be of another point than the backup",
            );
        }
        run(command, snapshot.as_deref(), watch)?;
    }
    session.fingerprint(watch).map(Some)
}

/// Runs a command by the shell; what it printed is shown when it fails.
fn run(command: &str, snapshot: Option<&str>, watch: &mut Watch<'_>) -> Result<()> {
    let failed = |what: String| Error::new(Code::CommandFailed, format!("{command}: {what}"));
    let mut output = tempfile_for_output().map_err(|e| failed(e.to_string()))?;
    let sink = |f: &std::fs::File| f.try_clone().map(Stdio::from);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    shell.stdout(sink(&output).map_err(|e| failed(e.to_string()))?);
    shell.stderr(sink(&output).map_err(|e| failed(e.to_string()))?);
    if let Some(snapshot) = snapshot {
        shell.env("OPSLEDGER_SNAPSHOT", snapshot);
    }
    let mut child = shell.spawn().map_err(|e| failed(e.to_string()))?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(super::watch::TELL_EVERY),
            Err(error) => return Err(failed(error.to_string())),
        }
        if let Err(stopped) = watch.tick() {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
            let _ = child.wait();
            return Err(stopped);
        }
    };
    if status.success() {
        return Ok(());
    }
    use std::io::{Seek, SeekFrom};
    let mut tail = Vec::new();
    let length = output.seek(SeekFrom::End(0)).unwrap_or(0);
    let from = length.saturating_sub(OUTPUT_TAIL as u64);
    if output.seek(SeekFrom::Start(from)).is_ok() {
        // What cannot be read back is not shown; the status is.
        let _ = output.take(OUTPUT_TAIL as u64).read_to_end(&mut tail);
    }
    Err(failed(format!("{status}: {}", String::from_utf8_lossy(&tail).trim())))
}

/// A file without a name: whatever the command prints has room, and nothing stays behind.
fn tempfile_for_output() -> std::io::Result<std::fs::File> {
    let path = std::env::temp_dir().join(format!("opsledger-seal-{}", std::process::id()));
    let file = std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Refuses what no manifest can hold, before anything is changed.
fn preflight(from: &Path, stage: &stage::Stage, watch: &mut Watch<'_>) -> Result<()> {
    watch.step("seal names", 0, 0)?;
    let refuse = |path: &Path, why: &str| err(Code::CannotSeal, format!("{}: {why}", path.display()));
    let mut files = 0u64;
    for (root, below) in stage.content(from) {
        let (found, unreadable) = files::walk(&root, watch)?;
        if let Some(u) = unreadable.into_iter().next() {
            return Err(files::io(&root.join(u.path), &u.error));
        }
        for f in found {
            let at = root.join(&f.path);
            if below && stage::is_stage(&f.path) {
                continue;
            }
            let Some(name) = f.path.to_str() else { return refuse(&at, "the name is not UTF-8") };
            if let Some(why) = path::refused(&format!("data/{name}")) {
                return refuse(&at, why);
            }
            match f.what {
                What::Link => return refuse(&at, "a link"),
                What::Other => return refuse(&at, "neither a file nor a folder"),
                What::Folder => {}
                What::File => {
                    files += 1;
                    if is_ledger(&at)? {
                        return Err(Error::new(Code::CannotSeal, format!("{}: a ledger", at.display()))
                            .with_hints(
                                "a ledger is backed up by its snapshot: seal that",
                                "台账须以其快照备份：请封存快照",
                            ));
                    }
                }
            }
        }
    }
    if files == 0 {
        return refuse(from, "no file in it");
    }
    Ok(())
}

/// True for a ledger that is in use. A snapshot of one keeps no log beside it, and is what a backup of it is.
fn is_ledger(path: &Path) -> Result<bool> {
    let (mut file, _) = match files::open(path) {
        Ok(opened) => opened,
        Err(files::Outcome::Refused(error)) => return Err(files::io(path, &error)),
        Err(_) => return err(Code::CannotSeal, format!("{}: it changes while it is sealed", path.display())),
    };
    let mut head = [0; HEADER];
    if file.read_exact(&mut head).is_err()
        || !head.starts_with(b"SQLite format 3\0")
        || head[WRITE_VERSION] != LOGGED
    {
        return Ok(false);
    }
    if head[APPLICATION_ID] == LEDGER {
        return Ok(true);
    }
    // A young ledger's number may lie in its log only.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let mut logged = || -> Option<bool> {
        let (file, _) = files::open(Path::new(&log)).ok()?;
        let mut file = std::io::BufReader::new(file);
        let mut start = [0; 32];
        file.read_exact(&mut start).ok()?;
        let page = u32::from_be_bytes([start[8], start[9], start[10], start[11]]);
        for _ in 0..LOG_FRAMES {
            let mut frame = [0; 24];
            file.read_exact(&mut frame).ok()?;
            if frame[..4] == [0, 0, 0, 1] {
                file.read_exact(&mut head).ok()?;
                if head[APPLICATION_ID] == LEDGER {
                    return Some(true);
                }
                file.seek_relative(i64::from(page) - i64::try_from(HEADER).ok()?).ok()?;
            } else {
                file.seek_relative(i64::from(page)).ok()?;
            }
        }
        None
    };
    Ok(logged().unwrap_or(false))
}

/// What stands in the bag once it is published.
fn finish(place: &Path, order: &Order<'_>, resumed: bool, report: &mut Report) -> Result<()> {
    let info = bag::described(place).unwrap_or_default();
    let manifest = place.join(sign::SIGNED);
    let bytes = std::fs::read(&manifest).map_err(|error| files::io(&manifest, &error))?;
    report.manifest_sm3 = Some(crate::digest::sm3_hex(&bytes));
    report.run = info.get(bag::info::RUN).map(str::to_owned).or(report.run.take());
    report.set = info.get(bag::info::SET).map(str::to_owned).or(report.set.take());
    report.source = bag::source(place);
    let (bytes, files) = info.get(bag::info::OXUM).and_then(bag::info::oxum).unwrap_or_default();
    let mut detail = report.seal.take().unwrap_or_default();
    detail.bag = place.to_owned();
    (detail.files, detail.bytes) = (files, bytes);
    detail.algorithms = order.algorithms.iter().map(|a| a.name()).collect();
    detail.signed = info.get(bag::info::SIGNER).is_some();
    detail.resumed = resumed;
    report.signed_by = info.get(bag::info::SIGNER).map(str::to_owned);
    report.check(Level::L1, "sealed", None, &[("files", files.to_string()), ("bytes", bytes.to_string())]);
    if detail.linked > 0 {
        report.leave_out(
            "data",
            format!("{} 个文件与原文件为硬链接：改写原文件即改变备份", detail.linked),
            format!("{} files are hard links: writing into the originals changes the bag", detail.linked),
        );
    }
    report.seal = Some(detail);
    Ok(())
}

fn empty_folders(data: &Path, watch: &mut Watch<'_>) -> Result<Vec<String>> {
    let (found, _) = files::walk(data, watch)?;
    let mut empty: Vec<String> = Vec::new();
    for (i, f) in found.iter().enumerate().filter(|(_, f)| f.what == What::Folder) {
        let inside = format!("{}/", f.path.to_string_lossy());
        // Bytes between a name and "/" (space to ".") may stand between a folder and what is in it.
        let mut after = found[i + 1..].iter().map(|g| g.path.to_string_lossy());
        let filled = after
            .by_ref()
            .take_while(|p| p.starts_with(inside.trim_end_matches('/')))
            .any(|p| p.starts_with(&inside));
        if !filled {
            empty.push(f.path.to_string_lossy().into_owned());
        }
    }
    Ok(empty)
}
