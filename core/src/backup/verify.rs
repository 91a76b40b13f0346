//! Checks a set: the manifest it has (L1), then the structure of its files (L2).

use super::content::Expected;
use super::files::{self, What};
use super::sample::{self, Rotation, Share};
use super::{
    Kind, Level, Problem, ProblemKind, Report, VerifyOptions, Watch, bag, check_file, content, path, pg,
    structure,
};
use crate::digest::sm3_hex;
use crate::error::{Code, Error, Result, err};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The manifest of a base backup.
const BACKUP_MANIFEST: &str = "backup_manifest";
/// How far the log is read back for its last lines, bytes.
const LOG_TAIL: u64 = 64 * 1024;

/// What a set is.
enum Form {
    Bag,
    BaseBackup,
    /// A check file, and the folder its names lie in.
    CheckFile(PathBuf, PathBuf),
    File,
    Folder,
}

/// A payload file for L2: where it is, and its name in the report.
type Payload = Vec<(PathBuf, String)>;

/// Checks a set to the level asked for; every problem is reported, not the first.
pub fn verify(options: &VerifyOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let level = options.level.unwrap_or(Level::L2);
    if !matches!(level, Level::L1 | Level::L2) {
        return err(Code::BadRequest, format!("level {level:?}: verify knows L1 and L2"));
    }
    let share = options.sample.as_deref().map(Share::parse).transpose()?;
    if options.log_marker.as_deref().is_some_and(|m| m.trim().is_empty()) {
        return err(Code::BadRequest, "log_marker \"\"");
    }
    let root = options.path.as_path();
    let mut report = Report::new("verify", level, root.display().to_string(), watch.now());
    report.set.clone_from(&options.set);
    let name = root.file_name().map(|n| n.to_string_lossy().into_owned());
    report.run = options.run.clone().or(name);
    let form = form(options)?;
    if share.is_some() && !matches!(form, Form::Bag) {
        return err(Code::BadRequest, "sample: only a bag can be read in parts");
    }
    let done = |report: &Report| options.first && report.is_failed();
    let mut kind = options.kind;
    let mut payload = Payload::new();
    match &form {
        Form::Bag => {
            payload = bag_set(root, options, share, &mut kind, &mut report, watch)?;
        }
        Form::BaseBackup => kind = kind.or(Some(Kind::PostgresBase)),
        Form::CheckFile(file, folder) => payload = listed(file, folder, options, &mut report, watch)?,
        Form::File => {
            let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            report.coverage.files = 1;
            report.coverage.bytes = root.metadata().map(|m| m.len()).unwrap_or(0);
            report.problem(Problem::new(ProblemKind::NoDigest, &name));
            payload.push((root.to_owned(), name));
        }
        Form::Folder => payload = unlisted(root, options, &mut report, watch)?,
    }
    if !done(&report) {
        base_backups(root, &form, &mut kind, &payload, options, &mut report, watch)?;
    }
    if level == Level::L2 && !done(&report) {
        deeper(&payload, kind.unwrap_or(Kind::Files), options, &mut report, watch)?;
    }
    if kind == Some(Kind::Opaque) || options.log.is_some() {
        log(options, &mut report)?;
    }
    let now = watch.now();
    Ok(report.finish(now))
}

fn form(options: &VerifyOptions) -> Result<Form> {
    let root = options.path.as_path();
    let meta = root.symlink_metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(Code::NotFound, root.display().to_string()),
        _ => files::io(root, &error),
    })?;
    let folder = meta.is_dir() || root.is_dir();
    if let Some(file) = &options.check_file {
        let beside = file.parent().map(Path::to_owned).unwrap_or_default();
        return Ok(Form::CheckFile(file.clone(), if folder { root.to_owned() } else { beside }));
    }
    if super::seal::is_half_sealed(root) {
        let half = Error::new(Code::BadRequest, format!("{}: half sealed", root.display()));
        return Err(
            half.with_hints("run seal again: it goes on where it stopped", "请再次运行 seal，将从中断处继续")
        );
    }
    if folder && bag::is_bag(root) {
        return Ok(Form::Bag);
    }
    if folder {
        let base = root.join(BACKUP_MANIFEST).symlink_metadata().is_ok();
        return Ok(if base || options.kind == Some(Kind::PostgresBase) {
            Form::BaseBackup
        } else {
            Form::Folder
        });
    }
    if meta.is_file() {
        return Ok(Form::File);
    }
    err(Code::BadRequest, format!("{}: neither a file nor a folder", root.display()))
}

/// A bag: L1, whole or in part. Gives the files whose structure can be looked at.
fn bag_set(
    root: &Path,
    options: &VerifyOptions,
    share: Option<Share>,
    kind: &mut Option<Kind>,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Payload> {
    let bag = bag::check(root, options, report, watch)?;
    describe(&bag.info, options, kind, report);
    report.source = bag::source(root);
    if options.first && report.is_failed() {
        return Ok(Payload::new());
    }
    let chosen: Vec<usize> = match share {
        None => {
            let bytes = bag.sizes.iter().sum();
            watch.step("L1 digests", bag.expected.len() as u64, bytes)?;
            content::check(&bag.expected, options.first, report, watch)?;
            (0..bag.expected.len()).collect()
        }
        Some(share) => part(&bag, share, options, report, watch)?,
    };
    if !bag.expected.is_empty() {
        let read = report.coverage.files_read.to_string();
        report.check(Level::L1, "digests", None, &[("files", read)]);
    }
    Ok(chosen.iter().map(|i| &bag.expected[*i]).map(|e| (e.path.clone(), e.shown.clone())).collect())
}

fn describe(info: &bag::info::Info, options: &VerifyOptions, kind: &mut Option<Kind>, report: &mut Report) {
    if let Some(said) = info.get(bag::info::SET) {
        match &options.set {
            Some(set) if set != said => {
                report.problem(Problem::new(ProblemKind::OtherSet, bag::info::NAME).with(set, said))
            }
            _ => report.set = Some(said.to_owned()),
        }
    }
    if let (None, Some(run)) = (&options.run, info.get(bag::info::RUN)) {
        report.run = Some(run.to_owned());
    }
    if let (None, Some(said)) = (&kind, info.get(bag::info::KIND)) {
        *kind = serde_json::from_value(serde_json::Value::String(said.to_owned())).ok();
    }
}

/// Reads some parts; gives the files that were read whole.
fn part(
    bag: &bag::Bag,
    share: Share,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Vec<usize>> {
    let manifest = report.manifest_sm3.clone().unwrap_or_default();
    let remembered = match (&options.rotation, &options.state) {
        (Some(rotation), _) => Some(rotation.clone()),
        (None, Some(state)) => sample::remembered(state)?,
        (None, None) => None,
    };
    let from = remembered.filter(|r| r.manifest_sm3 == manifest && r.of == share.of).map_or(0, |r| r.next);
    let Some(plan) = sample::plan(&bag.expected, &bag.sizes, share, from) else {
        return Ok(Vec::new());
    };
    let chosen: Vec<Expected> = plan.files.iter().map(|i| bag.expected[*i].clone()).collect();
    let chunk_bytes: u64 = plan
        .chunks
        .iter()
        .filter_map(|(i, wanted)| bag.expected[*i].chunks.as_ref().map(|c| (c, wanted)))
        .flat_map(|(c, wanted)| wanted.iter().map(|w| c.range(*w).1))
        .sum();
    let bytes = plan.files.iter().map(|i| bag.sizes[*i]).sum::<u64>() + chunk_bytes;
    watch.step("L1 digests", (plan.files.len() + plan.chunks.len()) as u64, bytes)?;
    let mut complete = content::check(&chosen, options.first, report, watch)?;
    for (i, wanted) in &plan.chunks {
        let e = &bag.expected[*i];
        complete &= sample::check_chunks(e, wanted, report, watch)?;
        watch.shared().file();
        let all = e.chunks.as_ref().is_some_and(|c| c.digests.len() == wanted.len());
        report.coverage.files_read += u64::from(all);
    }
    let left = report.coverage.bytes.saturating_sub(report.coverage.bytes_read);
    if left > 0 {
        report.leave_out(
            "data",
            format!("抽样：本次读取第 {}/{} 份起的部分，{left} 字节未读", plan.parts.start + 1, share.of),
            format!(
                "a sample, from part {} of {}: {left} bytes were not read",
                plan.parts.start + 1,
                share.of
            ),
        );
    }
    report.check(
        Level::L1,
        "sample",
        None,
        &[
            ("from", (plan.parts.start + 1).to_string()),
            ("parts", share.parts.to_string()),
            ("of", share.of.to_string()),
        ],
    );
    let rotation =
        Rotation { manifest_sm3: manifest, of: share.of, next: if complete { plan.next } else { from } };
    if let (true, Some(state)) = (complete, &options.state) {
        sample::remember(state, &rotation)?;
    }
    report.rotation = Some(rotation);
    Ok(plan.files)
}

/// Files of a check file.
fn listed(
    file: &Path,
    folder: &Path,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Payload> {
    let shown = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let single = options.path.is_file().then(|| options.path.file_name()).flatten();
    let mut expected = Vec::new();
    let mut guesses = Vec::new();
    let read = check_file::read(file, &mut |number, entry| match entry {
        Err(what) => report.problem(
            Problem::new(ProblemKind::ManifestBroken, &shown).detail(format!("line {number}: {what}")),
        ),
        Ok(entry) => {
            if single.is_some_and(|s| s.to_str() != Some(entry.path.as_str()))
                || path::is_below(&entry.path, &options.ignore)
            {
                return;
            }
            if let Some(reason) = check_file::refused(&entry.path) {
                report.problem(Problem::new(ProblemKind::UnsafePath, &entry.path).detail(reason));
                return;
            }
            guesses.push(entry.algorithms.len() > 1);
            expected.push(Expected {
                path: folder.join(&entry.path),
                len: None,
                shown: entry.path,
                digests: entry.algorithms.iter().map(|a| (*a, entry.digest.clone())).collect(),
                chunks: None,
                kind: ProblemKind::ChecksumMismatch,
                source: shown.clone(),
            });
        }
    });
    if let Err(why) = read {
        match why {
            bag::text::Trouble::Closed(files::Outcome::Vanished) => {
                return err(Code::NotFound, file.display().to_string());
            }
            why => report.problem(bag::trouble(&shown, why)),
        }
    }
    for path in &options.ignore {
        report.leave_out(path.clone(), "按要求忽略", "ignored, as asked");
    }
    present(&mut expected, &mut guesses, report);
    if expected.is_empty() {
        report.problem(Problem::new(ProblemKind::NoDigest, &shown));
        return Ok(Payload::new());
    }
    if expected.iter().all(|e| e.digests.iter().all(|(a, _)| a.is_weak())) {
        report.problem(Problem::new(ProblemKind::WeakDigest, &shown));
    }
    watch.step("L1 digests", expected.len() as u64, report.coverage.bytes)?;
    guess(&mut expected, &guesses, watch)?;
    content::check(&expected, options.first, report, watch)?;
    report.manifest_sm3 = content::read_small(file, LOG_TAIL * 1024).ok().map(|bytes| sm3_hex(&bytes));
    report.check(Level::L1, "check-file", Some(&shown), &[("files", expected.len().to_string())]);
    if single.is_none() {
        not_listed(folder, file, &expected, options, report, watch)?;
    }
    Ok(expected.into_iter().map(|e| (e.path, e.shown)).collect())
}

/// Reports what is listed and not there, and counts the rest.
fn present(expected: &mut Vec<Expected>, guesses: &mut Vec<bool>, report: &mut Report) {
    let mut kept = Vec::new();
    let mut k = 0;
    expected.retain_mut(|e| {
        let meta = e.path.symlink_metadata();
        report.coverage.files += 1;
        let there = match meta {
            Ok(meta) if meta.is_file() => {
                report.coverage.bytes += meta.len();
                e.len = Some(meta.len());
                true
            }
            Ok(meta) => {
                let link = meta.is_symlink();
                let kind = if link { ProblemKind::LinkRefused } else { ProblemKind::NotAFile };
                report.problem(Problem::new(kind, &e.shown));
                false
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                report.problem(Problem::new(ProblemKind::MissingOnDisk, &e.shown).detail(&e.source));
                false
            }
            Err(error) => {
                report.problem(Problem::new(ProblemKind::CannotRead, &e.shown).detail(error.to_string()));
                false
            }
        };
        if there {
            kept.push(guesses[k]);
        }
        k += 1;
        there
    });
    *guesses = kept;
}

/// A digest whose length fits several algorithms is of the one that agrees with any file; where none does, of the first.
fn guess(expected: &mut [Expected], guesses: &[bool], watch: &mut Watch<'_>) -> Result<()> {
    let Some(i) = guesses.iter().position(|g| *g) else { return Ok(()) };
    let mut meant = Vec::new();
    // Tools write one algorithm into one file, so the first file tells, if it is sound; else the next few.
    let few: Vec<Expected> = guesses
        .iter()
        .zip(expected.iter())
        .filter(|(g, e)| **g && e.digests.len() == expected[i].digests.len())
        .map(|(_, e)| e.clone())
        .take(8)
        .collect();
    content::read(&few, watch, &mut |k, finding| {
        if let content::Finding::Differs { wrong, .. } = finding {
            meant.extend(
                (0..few[k].digests.len()).filter(|d| !wrong.contains(d)).map(|d| few[k].digests[d].0),
            );
        }
    })?;
    for (e, _) in expected.iter_mut().zip(guesses).filter(|(_, g)| **g) {
        let chosen = e.digests.iter().position(|(a, _)| meant.contains(a)).unwrap_or(0);
        e.digests = vec![e.digests[chosen].clone()];
    }
    Ok(())
}

/// A check file covers what it lists; the rest of the folder is said, not failed.
fn not_listed(
    folder: &Path,
    file: &Path,
    expected: &[Expected],
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let listed: std::collections::BTreeSet<&Path> = expected.iter().map(|e| e.path.as_path()).collect();
    let (found, _) = files::walk(folder, watch)?;
    for f in found.iter().filter(|f| f.what != What::Folder) {
        let path = folder.join(&f.path);
        let shown = f.path.to_string_lossy();
        if path != file && !listed.contains(path.as_path()) && !path::is_below(&shown, &options.ignore) {
            report.leave_out(shown, "校验文件中未列出", "the check file does not list it");
        }
    }
    Ok(())
}

/// A folder with no manifest of any kind.
fn unlisted(
    root: &Path,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Payload> {
    let (found, _) = files::walk(root, watch)?;
    report.problem(Problem::new(ProblemKind::NoDigest, ""));
    let mut payload = Payload::new();
    for f in found.iter().filter(|f| f.what == What::File) {
        let shown = f.path.to_string_lossy().into_owned();
        if !path::is_below(&shown, &options.ignore) {
            report.coverage.files += 1;
            report.coverage.bytes += f.len;
            payload.push((root.join(&f.path), shown));
        }
    }
    Ok(payload)
}

/// Base backups: the set itself, or folders of a bag that hold a `backup_manifest`.
fn base_backups(
    root: &Path,
    form: &Form,
    kind: &mut Option<Kind>,
    payload: &[(PathBuf, String)],
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    if matches!(form, Form::BaseBackup) {
        return pg::check(root, options, report, watch);
    }
    let looks = matches!(kind, None | Some(Kind::PostgresBase));
    if !looks || report.level == Level::L1 {
        return Ok(());
    }
    let mut any = false;
    for (path, shown) in payload {
        if path.file_name().is_some_and(|n| n == BACKUP_MANIFEST) {
            any = true;
            let below = shown.strip_suffix(BACKUP_MANIFEST).unwrap_or_default().trim_end_matches('/');
            pg::check_below(path.parent().unwrap_or(root), below, options, report, watch)?;
        }
    }
    if any {
        *kind = Some(Kind::PostgresBase);
    } else if *kind == Some(Kind::PostgresBase) && options.sample.is_none() {
        report.problem(Problem::new(ProblemKind::ManifestMissing, BACKUP_MANIFEST));
    }
    Ok(())
}

/// L2 of every file.
fn deeper(
    payload: &[(PathBuf, String)],
    kind: Kind,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    if matches!(kind, Kind::PostgresBase | Kind::Opaque | Kind::Command) {
        return Ok(());
    }
    let sizes = payload.iter().filter_map(|(path, _)| path.symlink_metadata().ok()).map(|m| m.len());
    watch.step("L2 structure", payload.len() as u64, sizes.sum())?;
    for (path, shown) in payload {
        structure::check(path, shown, kind, report, watch)?;
        watch.shared().file();
        if options.first && report.is_failed() {
            break;
        }
    }
    Ok(())
}

/// The log must end with the marker, line by line: one that stands further up is of an earlier run.
fn log(options: &VerifyOptions, report: &mut Report) -> Result<()> {
    let (Some(log), Some(marker)) = (&options.log, &options.log_marker) else {
        if options.log.is_some() || options.log_marker.is_some() {
            return err(Code::BadRequest, "log and log_marker belong together");
        }
        report.problem(Problem::new(ProblemKind::LogMarkerMissing, "").detail("log, log_marker: not given"));
        return Ok(());
    };
    let shown = log.display().to_string();
    let read = || -> std::result::Result<String, Problem> {
        let (mut file, meta) = files::open(log).map_err(|outcome| match outcome {
            files::Outcome::Vanished => {
                Problem::new(ProblemKind::LogMarkerMissing, &shown).detail("the log is not there")
            }
            other => content::unread(&shown, other),
        })?;
        let io = |e: std::io::Error| Problem::new(ProblemKind::CannotRead, &shown).detail(e.to_string());
        file.seek(SeekFrom::Start(meta.len().saturating_sub(LOG_TAIL))).map_err(io)?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL).read_to_end(&mut bytes).map_err(io)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = match read() {
        Ok(text) => text,
        Err(problem) => {
            report.problem(problem);
            return Ok(());
        }
    };
    let plain = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
    };
    let (lines, wanted) = (plain(&text), plain(marker));
    let last = &lines[lines.len().saturating_sub(wanted.len())..];
    let ends = last.len() == wanted.len() && last.iter().zip(&wanted).all(|(l, w)| l.contains(w.as_str()));
    if ends {
        report.check(Level::L1, "log-marker", Some(&shown), &[("marker", marker.clone())]);
    } else {
        report.problem(Problem::new(ProblemKind::LogMarkerMissing, &shown).with(marker, last.join("\n")));
    }
    Ok(())
}
