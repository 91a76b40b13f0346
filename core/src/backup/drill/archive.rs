//! Files and archives: copied or unpacked into the scratch folder, and compared with the manifest they are listed in.

use super::set::head;
use super::{Done, Drill, feed};
use crate::backup::files::{What, io, walk};
use crate::backup::{Level, Problem, ProblemKind, Verdict, VerifyOptions, Weight};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

/// Files in one archive at most.
const MAX_ENTRIES: u64 = 50_000_000;

/// Copies a file.
pub(super) fn copy(drill: &mut Drill<'_, '_>, from: &Path, to: &Path) -> Done<()> {
    write(drill, &mut feed::raw(from)?, to, from).map(|_| ())
}

/// Writes a stream into a new file that belongs to the engine's account; bytes written.
pub(super) fn write(drill: &mut Drill<'_, '_>, from: &mut dyn Read, to: &Path, named: &Path) -> Done<u64> {
    let mut file = File::options().write(true).create_new(true).open(to).map_err(|error| io(to, &error))?;
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                drill.watch.reading(n as u64)?;
                file.write_all(&buffer[..n]).map_err(|error| io(to, &error))?;
                bytes += n as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(drill.failed(&named.display().to_string(), &error.to_string())),
        }
    }
    drill.scratch.give(to)?;
    Ok(bytes)
}

/// Copies a folder; links and devices are left out and named. Files and bytes copied.
pub(super) fn copy_folder(drill: &mut Drill<'_, '_>, from: &Path, to: &Path) -> Done<Vec<PathBuf>> {
    let (found, unreadable) = walk(from, drill.watch)?;
    if let Some(first) = unreadable.first() {
        return Err(drill.failed(&first.path.to_string_lossy(), &first.error.to_string()));
    }
    let files = found.iter().filter(|f| f.what == What::File).count() as u64;
    drill.watch.step("copy", files, found.iter().map(|f| f.len).fold(0, u64::saturating_add))?;
    let mut others = Vec::new();
    for entry in found {
        let target = to.join(&entry.path);
        match entry.what {
            What::Folder => {
                std::fs::create_dir(&target).map_err(|error| io(&target, &error))?;
                drill.scratch.give(&target)?;
            }
            What::File => copy(drill, &from.join(&entry.path), &target)?,
            What::Link | What::Other => others.push(PathBuf::from(entry.path)),
        }
    }
    Ok(others)
}

/// `files`: the whole set is copied, and the copy checked by the set's own manifest.
pub(super) fn copy_back(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "files".into();
    let copy = drill.scratch.folder("set")?;
    let root = drill.set.root.clone();
    drill.step("copy", true, |drill| {
        if root.is_dir() {
            for other in copy_folder(drill, &root, &copy)? {
                let shown = other.display().to_string();
                drill.report.leave_out(
                    shown.as_str(),
                    "链接或设备，未复制",
                    "a link or a device: not copied",
                );
            }
            Ok(())
        } else {
            self::copy(drill, &root, &copy.join(root.file_name().unwrap_or_default()))
        }
    })?;
    drill.report.check(
        Level::L3,
        "copy",
        None,
        &[("files", drill.set.files.len().to_string()), ("bytes", drill.set.bytes().to_string())],
    );
    drill.step("compare", false, |drill| check_copy(drill, &copy))
}

/// `archive`: every archive is unpacked, to its very last byte.
pub(super) fn unpack(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "archive".into();
    let into = drill.scratch.folder("unpacked")?;
    let mut counts = std::collections::BTreeMap::new();
    for (n, file) in drill.set.files.clone().iter().enumerate() {
        let target = into.join((n + 1).to_string());
        std::fs::create_dir(&target).map_err(|error| io(&target, &error))?;
        let done = drill.step("unpack", true, |drill| {
            drill.watch.step("unpack", 1, file.bytes)?;
            one(drill, &file.path, &file.shown, &target)
        })?;
        drill.report.check(
            Level::L3,
            "unpack",
            Some(&file.shown),
            &[("files", done.files.to_string()), ("bytes", done.bytes.to_string())],
        );
        counts.insert(file.shown.clone(), done.files);
        drill.detail.rows += done.files;
        // An archive of a bag brings its own manifest along.
        if let Some(bag) = bag_in(&target) {
            drill.step("compare", false, |drill| check_copy(drill, &bag))?;
            if drill.options.counts.is_empty() {
                counts.remove(&file.shown);
            }
        }
    }
    if !counts.is_empty() {
        super::expect::counts(drill, &counts);
    }
    Ok(())
}

fn bag_in(folder: &Path) -> Option<PathBuf> {
    if folder.join("bagit.txt").is_file() {
        return Some(folder.to_owned());
    }
    let mut entries = std::fs::read_dir(folder).ok()?.flatten();
    let (only, more) = (entries.next()?, entries.next());
    (more.is_none() && only.path().join("bagit.txt").is_file()).then(|| only.path())
}

/// Checks what was restored by the manifest it has.
fn check_copy(drill: &mut Drill<'_, '_>, copy: &Path) -> Done<()> {
    let options = VerifyOptions { path: copy.to_owned(), level: Some(Level::L1), ..VerifyOptions::default() };
    let after = crate::backup::verify(&options, drill.watch)?;
    let mut unsure = false;
    for problem in after.problems {
        match problem.kind.weight() {
            Weight::Remark => {}
            Weight::Unverifiable => unsure = true,
            _ => drill.report.problem(problem),
        }
    }
    let (files, bytes) = (after.coverage.files_read, after.coverage.bytes_read);
    if unsure || after.verdict == Verdict::Unverifiable {
        drill.report.problem(Problem::new(ProblemKind::NothingExpected, ""));
    } else {
        drill.detail.expected_from = Some("bag");
        drill.detail.digests_equal = Some(after.verdict <= Verdict::PassWithRemarks);
        drill.report.check(
            Level::L3,
            "restored-digests",
            None,
            &[("files", files.to_string()), ("bytes", bytes.to_string())],
        );
    }
    Ok(())
}

/// What came out of an archive.
#[derive(Default)]
pub(super) struct Unpacked {
    files: u64,
    bytes: u64,
}

fn one(drill: &mut Drill<'_, '_>, path: &Path, shown: &str, into: &Path) -> Done<Unpacked> {
    let head = head(path)?;
    if head.get(257..262) == Some(b"ustar") {
        return untar(drill, feed::open_plain(path)?, shown, into);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return unzip(drill, path, shown, into);
    }
    // One file, compressed or not.
    let name = Path::new(shown).file_stem().unwrap_or_default();
    let bytes = write(drill, &mut feed::open_plain(path)?, &into.join(name), Path::new(shown))?;
    Ok(Unpacked { files: 1, bytes })
}

/// A path below the target, or nothing where it would leave it.
fn below(path: &Path) -> Option<PathBuf> {
    let mut safe = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => safe.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(safe)
}

/// Makes the folders on the way; none of them is a link, for links are never made.
fn make_folders(drill: &Drill<'_, '_>, into: &Path, path: &Path) -> Done<()> {
    let mut folder = into.to_owned();
    for part in path.components() {
        folder.push(part);
        match std::fs::create_dir(&folder) {
            Ok(()) => drill.scratch.give(&folder)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) => return Err(io(&folder, &error).into()),
        }
    }
    Ok(())
}

/// Unpacks a tar stream: files and folders; links and devices are counted as left out.
pub(super) fn untar(
    drill: &mut Drill<'_, '_>,
    stream: Box<dyn Read + Send>,
    shown: &str,
    into: &Path,
) -> Done<Unpacked> {
    let mut archive = tar::Archive::new(stream);
    let mut done = Unpacked::default();
    let mut links = 0u64;
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Err(drill.failed(shown, &error.to_string())),
    };
    for entry in entries {
        let entry = entry.and_then(|e| e.path().map(|p| p.into_owned()).map(|p| (e, p)));
        let (mut entry, path) = match entry {
            Ok(entry) => entry,
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        };
        let Some(path) = below(&path) else {
            let problem = Problem::new(ProblemKind::UnsafePath, shown).detail(path.display().to_string());
            return Err(drill.stop(problem));
        };
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            make_folders(drill, into, &path)?;
        } else if kind.is_file() || kind == tar::EntryType::Continuous || kind == tar::EntryType::GNUSparse {
            make_folders(drill, into, path.parent().unwrap_or(Path::new("")))?;
            done.bytes += write(drill, &mut entry, &into.join(&path), Path::new(shown))?;
            done.files += 1;
        } else if kind.is_symlink() || kind.is_hard_link() || !kind.is_pax_global_extensions() {
            links += 1;
        }
        if done.files + links > MAX_ENTRIES {
            return Err(drill.failed(shown, &format!("> {MAX_ENTRIES}")));
        }
    }
    // To the very last byte: what decompresses must end well, too.
    let mut rest = archive.into_inner();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => drill.watch.reading(n as u64)?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        }
    }
    if links > 0 {
        drill.report.leave_out(
            shown,
            format!("{links} 个链接或设备未恢复"),
            format!("{links} links or devices were not restored"),
        );
    }
    Ok(done)
}

fn unzip(drill: &mut Drill<'_, '_>, path: &Path, shown: &str, into: &Path) -> Done<Unpacked> {
    let mut done = Unpacked::default();
    let mut archive = match zip::ZipArchive::new(feed::raw(path)?) {
        Ok(archive) => archive,
        Err(error) => return Err(drill.failed(shown, &error.to_string())),
    };
    for i in 0..archive.len() {
        let mut entry = match archive.by_index(i) {
            Ok(entry) => entry,
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        };
        let name = entry.name().map(|n| n.into_owned());
        let name = match name {
            Ok(name) => name,
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        };
        let Some(safe) = below(Path::new(&name)) else {
            return Err(drill.stop(Problem::new(ProblemKind::UnsafePath, shown).detail(name)));
        };
        if entry.is_dir() {
            make_folders(drill, into, &safe)?;
        } else if entry.is_file() {
            make_folders(drill, into, safe.parent().unwrap_or(Path::new("")))?;
            done.bytes += write(drill, &mut entry, &into.join(&safe), Path::new(shown))?;
            done.files += 1;
        }
    }
    Ok(done)
}
