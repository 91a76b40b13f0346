//! Checks a bag: names, sizes, digests, signature (L1).

use super::declaration::{self, Declaration};
use super::info::{self, Info};
use super::listing::{self, Listed, OnDisk, Resolver, list, trouble};
use super::manifest::{self, Manifest};
use super::seal_of;
use super::text::Lines;
use crate::backup::chunks::{self, FileChunks};
use crate::backup::content::Expected;
use crate::backup::files::{self, Found, What};
use crate::backup::{Level, Problem, ProblemKind, Report, VerifyOptions, Watch, path, sign};
use crate::digest::Algorithm;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A bag whose names and tag files were checked: what is left is the content of its payload.
pub(in crate::backup) struct Bag {
    /// What bag-info says.
    pub(in crate::backup) info: Info,
    /// Payload files that are there and listed.
    pub(in crate::backup) expected: Vec<Expected>,
    /// Bytes of each, as they lie on disk.
    pub(in crate::backup) sizes: Vec<u64>,
}

/// Everything about a bag but the content of its payload.
pub(in crate::backup) fn check(
    root: &Path,
    options: &VerifyOptions,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Bag> {
    watch.step("L1 names", 0, 0)?;
    let (found, unreadable) = files::walk(root, watch)?;
    for u in unreadable {
        report.problem(
            Problem::new(ProblemKind::CannotRead, u.path.to_string_lossy()).detail(u.error.to_string()),
        );
    }
    let on_disk = on_disk(&found, &options.ignore, report);
    let declaration = declaration(root, report);
    let info = bag_info(root, &on_disk, declaration, report);
    let ours = info.is_ours();
    let (manifests, tags) = manifests(&on_disk, report);
    required(&manifests, &tags, ours, &info, &on_disk, report);

    // Tag files first: a damaged manifest explains what follows.
    let tag_listing = list(root, &tags, declaration, false, ours, report, watch)?;
    let empty = BTreeSet::new();
    let resolver = Resolver { on_disk: &on_disk, declaration, fetch: &empty, ignore: &options.ignore };
    if ours {
        for (path, listed) in tag_listing.iter().filter(|(path, _)| !on_disk.contains_key(path.as_str())) {
            seal_of::all_agree(path, listed, &tags, false, report);
        }
    }
    let resolved = resolver.resolve(tag_listing, &names(&tags), report);
    let claimed = resolved.claimed.clone();
    seal_of::tag_files(root, &tags, resolved, ours, report, watch)?;
    if !tags.is_empty() {
        report.check(Level::L1, "tag-files", None, &[("files", claimed.len().to_string())]);
    }
    let sealed: Vec<Manifest> = tags.iter().chain(&manifests).cloned().collect();
    seal_of::seal(root, &sealed, info.get(info::SIGNER), options, report)?;

    let fetch = fetch(root, &on_disk, declaration, report);
    let listing = list(root, &manifests, declaration, true, false, report, watch)?;
    every_manifest(&listing, &manifests, declaration, report);
    let resolver = Resolver { on_disk: &on_disk, declaration, fetch: &fetch, ignore: &options.ignore };
    let chunks = chunk_list(root, &on_disk, &listing, report);
    let resolved = resolver.resolve(listing, &names(&manifests), report);
    extra(&on_disk, &resolved.claimed, &claimed, ours, &options.ignore, report);
    if !options.ignore.iter().any(|i| path::is_payload(i)) {
        oxum(&info, &found, resolved.forgiven, report);
    }
    coverage(&found, options, report);
    Ok(payload(root, info, resolved.files, chunks, &manifests))
}

fn names(manifests: &[Manifest]) -> String {
    manifests.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Files by their names; what is no file, or has a name that no manifest can hold, is a problem whether listed or not.
fn on_disk<'a>(found: &'a [Found], ignore: &[String], report: &mut Report) -> OnDisk<'a> {
    let mut on_disk = OnDisk::new();
    for f in found {
        let shown = f.path.to_string_lossy();
        let kind = match (f.what, f.path.to_str()) {
            _ if path::is_below(&shown, ignore) => None,
            (What::Link, _) => Some(ProblemKind::LinkRefused),
            (What::Other, _) => Some(ProblemKind::NotAFile),
            (What::File, None) => Some(ProblemKind::ExtraOnDisk),
            _ => None,
        };
        if let Some(kind) = kind {
            let problem = Problem::new(kind, &*shown);
            report.problem(if f.path.to_str().is_none() { problem.detail("not UTF-8") } else { problem });
        }
        if let Some(name) = f.path.to_str() {
            on_disk.insert(name, f);
        }
    }
    on_disk
}

fn declaration(root: &Path, report: &mut Report) -> Declaration {
    match Declaration::read(root) {
        Ok(declaration) => declaration,
        Err(why) => {
            let problem = match &why {
                super::text::Trouble::Closed(files::Outcome::Vanished) => {
                    Problem::new(ProblemKind::ManifestMissing, declaration::NAME)
                }
                _ => trouble(declaration::NAME, why),
            };
            report.problem(problem);
            Declaration::ASSUMED
        }
    }
}

fn bag_info(root: &Path, on_disk: &OnDisk<'_>, declaration: Declaration, report: &mut Report) -> Info {
    let is_file = |name: &&str| on_disk.get(name).is_some_and(|f| f.what == What::File);
    let Some(name) = [info::NAME, info::OLD_NAME].into_iter().find(is_file) else {
        return Info::default();
    };
    match Info::read(&root.join(name), declaration.encoding) {
        Ok((info, wrong)) => {
            for what in wrong {
                report.problem(Problem::new(ProblemKind::ManifestForm, name).detail(what));
            }
            info
        }
        Err(why) => {
            report.problem(trouble(name, why));
            Info::default()
        }
    }
}

/// Manifests and tag manifests in the root, SM3 first.
fn manifests(on_disk: &OnDisk<'_>, report: &mut Report) -> (Vec<Manifest>, Vec<Manifest>) {
    let (mut payload, mut tags) = (Vec::new(), Vec::new());
    for (name, found) in on_disk.iter().filter(|(name, _)| !name.contains('/')) {
        let Some((algorithm, of_tags)) = manifest::named(name) else { continue };
        if found.what != What::File {
            continue;
        }
        match Algorithm::named(algorithm) {
            Some(algorithm) => {
                let list = if of_tags { &mut tags } else { &mut payload };
                list.push(Manifest { name: (*name).to_owned(), algorithm });
            }
            None => report
                .problem(Problem::new(ProblemKind::UnknownAlgorithm, *name).detail(algorithm.to_owned())),
        }
    }
    payload.sort_by_key(|m| m.algorithm);
    tags.sort_by_key(|m| m.algorithm);
    (payload, tags)
}

/// Manifests that must be there, and how strong they are.
fn required(
    manifests: &[Manifest],
    tags: &[Manifest],
    ours: bool,
    info: &Info,
    on_disk: &OnDisk<'_>,
    report: &mut Report,
) {
    let unknown = on_disk.keys().any(|n| manifest::named(n).is_some_and(|(_, of_tags)| !of_tags));
    match manifests.first() {
        None if unknown => report.problem(Problem::new(ProblemKind::NoDigest, "")),
        None => report.problem(Problem::new(ProblemKind::ManifestMissing, "manifest-sm3.txt")),
        Some(strongest) if manifests.iter().all(|m| m.algorithm.is_weak()) => {
            report.problem(Problem::new(ProblemKind::WeakDigest, &strongest.name));
        }
        Some(_) => {}
    }
    if !ours {
        return;
    }
    for m in manifests {
        if !tags.iter().any(|t| t.algorithm == m.algorithm) {
            let name = format!("tag{}", m.name);
            if !on_disk.contains_key(name.as_str()) {
                report.problem(Problem::new(ProblemKind::ManifestMissing, name));
            }
        }
    }
    for t in tags {
        let listed = t.name.strip_prefix("tag").is_some_and(|name| on_disk.contains_key(name));
        if !listed && !manifests.is_empty() && info.get(info::OXUM).is_some() {
            report.problem(Problem::new(ProblemKind::ExtraOnDisk, &t.name));
        }
    }
}

/// RFC 8493: every payload manifest lists every payload file.
fn every_manifest(
    listing: &listing::Listing,
    manifests: &[Manifest],
    declaration: Declaration,
    report: &mut Report,
) {
    if !declaration.is_1_0() {
        return;
    }
    for (path, listed) in listing {
        let without: Vec<&str> = manifests
            .iter()
            .filter(|m| listed.digests.iter().all(|(a, _)| *a != m.algorithm))
            .map(|m| m.name.as_str())
            .collect();
        if !without.is_empty() {
            report.problem(Problem::new(ProblemKind::NotInEveryManifest, path).detail(without.join(", ")));
        }
    }
}

/// Paths of `fetch.txt`. Nothing is ever fetched: what is not there is missing.
fn fetch(
    root: &Path,
    on_disk: &OnDisk<'_>,
    declaration: Declaration,
    report: &mut Report,
) -> BTreeSet<String> {
    const NAME: &str = "fetch.txt";
    let mut paths = BTreeSet::new();
    if on_disk.get(NAME).is_none_or(|f| f.what != What::File) {
        return paths;
    }
    let mut lines = match Lines::open(&root.join(NAME), declaration.encoding) {
        Ok(lines) => lines,
        Err(why) => {
            report.problem(trouble(NAME, why));
            return paths;
        }
    };
    loop {
        let line = match lines.line() {
            Ok(Some(line)) => line,
            Ok(None) => return paths,
            Err(why) => {
                report.problem(trouble(NAME, why));
                return paths;
            }
        };
        if line.trim().is_empty() {
            continue;
        }
        let blank = [' ', '\t'];
        let name = line.split_once(blank).and_then(|(_, rest)| {
            let (length, path) = rest.trim_start_matches(blank).split_once(blank)?;
            (length == "-" || length.parse::<u64>().is_ok()).then(|| path.trim_start_matches(blank))
        });
        let Some(name) = name else {
            report.problem(Problem::new(ProblemKind::ManifestBroken, NAME).detail(format!("{line:?}")));
            continue;
        };
        let name = name.strip_prefix("./").unwrap_or(name);
        let name = if declaration.is_1_0() { path::decode(name) } else { name.to_owned() };
        match path::refused(&name).or_else(|| (!name.starts_with("data/")).then_some("not below data/")) {
            Some(reason) => report
                .problem(Problem::new(ProblemKind::UnsafePath, &name).detail(format!("{reason} ({NAME})"))),
            None => {
                paths.insert(name);
            }
        }
    }
}

/// Files that no manifest lists. Other tools may leave tag files unlisted; we never do.
fn extra(
    on_disk: &OnDisk<'_>,
    payload: &BTreeSet<&str>,
    tags: &BTreeSet<&str>,
    ours: bool,
    ignore: &[String],
    report: &mut Report,
) {
    for (name, found) in on_disk {
        let listed = payload.contains(name) || tags.contains(name);
        if found.what != What::File || listed || path::is_below(name, ignore) {
            continue;
        }
        if name.starts_with("data/") {
            report.problem(Problem::new(ProblemKind::ExtraOnDisk, *name));
        } else if !of_the_seal(name) && *name != declaration::NAME {
            let kind = if ours { ProblemKind::ExtraOnDisk } else { ProblemKind::UnlistedTagFile };
            let unlisted = !matches!(*name, info::NAME | info::OLD_NAME) && manifest::named(name).is_none();
            if ours || unlisted {
                report.problem(Problem::new(kind, *name));
            }
        }
    }
}

/// Files that no tag manifest can list.
fn of_the_seal(name: &str) -> bool {
    name == sign::NAME || manifest::named(name).is_some_and(|(_, of_tags)| of_tags)
}

fn oxum(info: &Info, found: &[Found], forgiven: u64, report: &mut Report) {
    let (mut files, mut bytes) = (0u64, 0u64);
    for f in found.iter().filter(|f| f.what == What::File && f.path.to_string_lossy().starts_with("data/")) {
        files += 1;
        bytes += f.len;
    }
    for value in info.all(info::OXUM) {
        match info::oxum(value) {
            Some(stated) if stated == (bytes, files) => {
                report.check(Level::L1, "payload-oxum", None, &[("value", value.to_owned())]);
            }
            Some(stated) if stated.1 == files + forgiven && forgiven > 0 => {}
            _ => report.problem(
                Problem::new(ProblemKind::OxumMismatch, info::NAME).with(value, format!("{bytes}.{files}")),
            ),
        }
    }
}

/// Chunks by the path of their file; those of a file that no manifest lists are a problem.
fn chunk_list(
    root: &Path,
    on_disk: &OnDisk<'_>,
    listing: &listing::Listing,
    report: &mut Report,
) -> BTreeMap<String, FileChunks> {
    if on_disk.get(chunks::NAME).is_none_or(|f| f.what != What::File) {
        return BTreeMap::new();
    }
    let read = || -> std::result::Result<BTreeMap<String, FileChunks>, super::text::Trouble> {
        let mut lines = Lines::open(&root.join(chunks::NAME), super::text::Encoding::Utf8)?;
        let mut reader = chunks::Reader::default();
        while let Some(line) = lines.line()? {
            reader.line(&line).map_err(|what| super::text::Trouble::Text(what, lines.at))?;
        }
        reader.finish().map_err(|what| super::text::Trouble::Text(what, lines.at))
    };
    match read() {
        Ok(list) => {
            for path in list.keys().filter(|path| !listing.contains_key(path.as_str())) {
                report.problem(Problem::new(ProblemKind::ChunkListWrong, chunks::NAME).detail(path));
            }
            list
        }
        Err(why) => {
            report.problem(trouble(chunks::NAME, why));
            BTreeMap::new()
        }
    }
}

fn coverage(found: &[Found], options: &VerifyOptions, report: &mut Report) {
    for f in found.iter().filter(|f| f.what == What::File) {
        let name = f.path.to_string_lossy();
        if !of_the_seal(&name) && !path::is_below(&name, &options.ignore) {
            report.coverage.files += 1;
            report.coverage.bytes += f.len;
        }
    }
    for path in &options.ignore {
        report.leave_out(path.clone(), "按要求忽略", "ignored, as asked");
    }
}

fn payload(
    root: &Path,
    info: Info,
    files: Vec<(String, &Found, Listed)>,
    mut chunks: BTreeMap<String, FileChunks>,
    manifests: &[Manifest],
) -> Bag {
    let mut bag = Bag { info, expected: Vec::new(), sizes: Vec::new() };
    let source = names(manifests);
    for (shown, found, listed) in files {
        let chunks = chunks.remove(&shown);
        bag.sizes.push(found.len);
        bag.expected.push(Expected {
            path: root.join(&found.path),
            len: Some(found.len),
            digests: listed.digests,
            chunks,
            kind: ProblemKind::ChecksumMismatch,
            source: source.clone(),
            shown,
        });
    }
    bag
}
