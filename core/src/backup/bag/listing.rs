//! What manifests list, and which file on disk each entry means.

use super::declaration::Declaration;
use super::manifest::{Line, Manifest};
use super::text::Trouble;
use crate::backup::files::{Found, What};
use crate::backup::{Problem, ProblemKind, Report, Watch, path};
use crate::digest::Algorithm;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// One path with what all manifests say of it.
#[derive(Clone, Debug, Default)]
pub(in crate::backup) struct Listed {
    literal: Option<String>,
    pub(in crate::backup) digests: Vec<(Algorithm, Vec<u8>)>,
    /// Bit i: the manifest i lists it.
    pub(in crate::backup) manifests: u32,
}

/// Paths by their bytes.
pub(in crate::backup) type Listing = BTreeMap<String, Listed>;

/// Everything on disk by its path; names that are not UTF-8 are not here.
pub(in crate::backup) type OnDisk<'a> = BTreeMap<&'a str, &'a Found>;

/// Problem of a file that gave no more lines.
pub(in crate::backup) fn trouble(name: &str, trouble: Trouble) -> Problem {
    match trouble {
        Trouble::Closed(outcome) => crate::backup::content::unread(name, outcome),
        Trouble::Io(error) => Problem::new(ProblemKind::CannotRead, name).detail(error.to_string()),
        Trouble::Text(what, at) => Problem::new(ProblemKind::ManifestBroken, name).at(at).detail(what),
    }
}

/// Lists what all manifests say. `payload`: paths must lie below `data/`.
pub(in crate::backup) fn list(
    root: &Path,
    manifests: &[Manifest],
    declaration: Declaration,
    payload: bool,
    ours: bool,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Listing> {
    let mut listing = Listing::new();
    for (i, manifest) in manifests.iter().enumerate() {
        watch.tick()?;
        let mut forms: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut lines = 0u64;
        let read = manifest.read(root, declaration, ours, &mut |number, line| match line {
            Err(what) => report.problem(
                Problem::new(ProblemKind::ManifestBroken, &manifest.name)
                    .detail(format!("line {number}: {what}")),
            ),
            Ok(line) => {
                lines += 1;
                for (mark, name) in [(line.star, "* before the path"), (line.dot, "./ before the path")] {
                    if mark {
                        *forms.entry(name).or_default() += 1;
                    }
                }
                let reason = path::refused(&line.path)
                    .or_else(|| (payload && !line.path.starts_with("data/")).then_some("not below data/"));
                if let Some(reason) = reason {
                    report.problem(
                        Problem::new(ProblemKind::UnsafePath, &line.path)
                            .detail(format!("{reason} ({}, line {number})", manifest.name)),
                    );
                } else if ours && line.path.starts_with("data/") {
                    report.problem(
                        Problem::new(ProblemKind::ManifestBroken, &manifest.name)
                            .detail(format!("line {number}: {:?} is no tag file", line.path)),
                    );
                } else if enter(&mut listing, line, i, manifest, declaration, report) {
                    *forms.entry("the same entry twice").or_default() += 1;
                }
            }
        });
        if let Err(why) = read {
            report.problem(trouble(&manifest.name, why));
        } else if lines == 0 && ours {
            report.problem(Problem::new(ProblemKind::ManifestBroken, &manifest.name).detail("empty"));
        }
        for (form, count) in forms {
            report.problem(
                Problem::new(ProblemKind::ManifestForm, &manifest.name).detail(format!("{form}: {count}")),
            );
        }
    }
    Ok(listing)
}

/// Enters a line; true for a repeated line that an early version allows.
fn enter(
    listing: &mut Listing,
    line: Line,
    i: usize,
    manifest: &Manifest,
    declaration: Declaration,
    report: &mut Report,
) -> bool {
    let bit = 1u32.checked_shl(u32::try_from(i).unwrap_or(u32::MAX)).unwrap_or(0);
    let entry = listing.entry(line.path.clone()).or_default();
    let before = entry.digests.iter().find(|(a, _)| *a == manifest.algorithm);
    if let Some((_, digest)) = before {
        if *digest == line.digest && !declaration.is_1_0() {
            return true;
        }
        let again = if *digest == line.digest { "the same digest" } else { "another digest" };
        report.problem(
            Problem::new(ProblemKind::DuplicateEntry, line.path)
                .detail(format!("{}, {again}", manifest.name)),
        );
        return false;
    }
    entry.literal = entry.literal.take().or(line.literal);
    entry.manifests |= bit;
    let at = entry.digests.partition_point(|(a, _)| *a < manifest.algorithm);
    entry.digests.insert(at, (manifest.algorithm, line.digest));
    false
}

/// What could be said of an entry that has no file of its name.
pub(in crate::backup) struct Resolver<'a> {
    pub(in crate::backup) on_disk: &'a OnDisk<'a>,
    pub(in crate::backup) declaration: Declaration,
    /// Paths that `fetch.txt` names.
    pub(in crate::backup) fetch: &'a BTreeSet<String>,
    pub(in crate::backup) ignore: &'a [String],
}

/// Entries with the file each means, and how many entries an early version's rules forgive.
pub(in crate::backup) struct Resolved<'a> {
    pub(in crate::backup) files: Vec<(String, &'a Found, Listed)>,
    /// Files that are listed, by their path on disk.
    pub(in crate::backup) claimed: BTreeSet<&'a str>,
    pub(in crate::backup) forgiven: u64,
}

impl<'a> Resolver<'a> {
    fn file(&self, path: &str) -> Option<&'a Found> {
        self.on_disk.get(path).copied().filter(|f| f.what == What::File)
    }

    /// Finds the file of every entry and reports those that have none. `source`: where they are listed.
    pub(in crate::backup) fn resolve(
        &self,
        listing: Listing,
        source: &str,
        report: &mut Report,
    ) -> Resolved<'a> {
        let mut out = Resolved { files: Vec::new(), claimed: BTreeSet::new(), forgiven: 0 };
        let mut missing = Vec::new();
        for (path, listed) in listing {
            if path::is_below(&path, self.ignore) {
                out.claimed.extend(self.file(&path).and_then(|f| f.path.to_str()));
                continue;
            }
            if let Some(found) = self.file(&path) {
                out.claim(path, found, listed);
            } else if let Some(found) = listed.literal.as_deref().and_then(|l| self.file(l)) {
                report.problem(Problem::new(ProblemKind::NameDiffers, &path).with(&path, shown(found)));
                out.claim(path, found, listed);
            } else {
                missing.push((path, listed));
            }
        }
        if !missing.is_empty() {
            self.missing(missing, source, &mut out, report);
        }
        out
    }

    fn missing(
        &self,
        missing: Vec<(String, Listed)>,
        source: &str,
        out: &mut Resolved<'a>,
        report: &mut Report,
    ) {
        let free = self.on_disk.values().filter(|f| f.what == What::File);
        let free = free.filter_map(|f| f.path.to_str().map(|p| (p, *f)));
        let mut by_form: BTreeMap<String, &Found> = free
            .filter(|(p, _)| !out.claimed.contains(p))
            .map(|(p, f)| (p.nfc().collect::<String>(), f))
            .collect();
        let mut folded: BTreeMap<String, Vec<(Algorithm, Vec<u8>)>> = BTreeMap::new();
        if !self.declaration.is_1_0() {
            for (path, _, listed) in &out.files {
                folded.insert(fold(path), listed.digests.clone());
            }
        }
        for (path, listed) in missing {
            let form: String = path.nfc().collect();
            if let Some(found) = by_form.remove(&form) {
                report.problem(Problem::new(ProblemKind::NameDiffers, &path).detail("NFC / NFD"));
                out.claim(path, found, listed);
                continue;
            }
            let twin = folded.get(&fold(&path)).is_some_and(|digests| *digests == listed.digests);
            if twin || (!self.declaration.is_1_0() && path::is_system_file(&path)) {
                report.problem(Problem::new(ProblemKind::NameDiffers, &path).detail(if twin {
                    "listed twice, in two spellings"
                } else {
                    "a file of the system, not there"
                }));
                out.forgiven += 1;
                continue;
            }
            let kind = match self.on_disk.get(path.as_str()).map(|f| f.what) {
                Some(What::Link) => continue,
                Some(What::Other) => continue,
                Some(What::Folder) => ProblemKind::NotAFile,
                _ if self.fetch.contains(&path) => ProblemKind::NotFetched,
                _ => ProblemKind::MissingOnDisk,
            };
            report.problem(Problem::new(kind, path).detail(source));
        }
    }
}

impl<'a> Resolved<'a> {
    fn claim(&mut self, path: String, found: &'a Found, listed: Listed) {
        self.claimed.extend(found.path.to_str());
        self.files.push((path, found, listed));
    }
}

fn shown(found: &Found) -> String {
    found.path.to_string_lossy().into_owned()
}

fn fold(path: &str) -> String {
    path.nfc().flat_map(char::to_lowercase).collect()
}
