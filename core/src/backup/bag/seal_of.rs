//! What holds a bag together: tag files against the tag manifests, the signature over them, the digest that was recorded elsewhere.

use super::listing::{Listed, Resolved};
use super::manifest::{self, Manifest};
use crate::backup::content::{self, Expected, Finding};
use crate::backup::{Problem, ProblemKind, Report, VerifyOptions, Watch, sign};
use crate::digest::{Algorithm, hex, sm3_hex};
use crate::error::{Code, Result, err};
use std::path::Path;

/// Tag files against the tag manifests. A file that only some of them disagree with is sound: those tag manifests are not.
pub(super) fn tag_files(
    root: &Path,
    tags: &[Manifest],
    resolved: Resolved<'_>,
    ours: bool,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let names: Vec<&str> = tags.iter().map(|m| m.name.as_str()).collect();
    let mut expected = Vec::new();
    for (path, found, listed) in resolved.files {
        if ours {
            all_agree(&path, &listed, tags, true, report);
        }
        let kind = match manifest::named(&path) {
            Some(_) => ProblemKind::ManifestChanged,
            None => ProblemKind::ChecksumMismatch,
        };
        expected.push(Expected {
            shown: path,
            path: root.join(&found.path),
            len: Some(found.len),
            digests: listed.digests,
            chunks: None,
            kind,
            source: names.join(", "),
        });
    }
    let bytes = expected.iter().filter_map(|e| e.len).sum();
    watch.step("L1 tag files", expected.len() as u64, bytes)?;
    let mut findings = Vec::new();
    content::read(&expected, watch, &mut |i, finding| findings.push((i, finding)))?;
    findings.sort_by_key(|(i, _)| *i);
    for (i, finding) in findings {
        let e = &expected[i];
        match finding {
            Finding::Differs { read, wrong } if wrong.len() < e.digests.len() => {
                for w in wrong {
                    let (algorithm, digest) = &e.digests[w];
                    report.problem(
                        Problem::new(
                            ProblemKind::ManifestChanged,
                            format!("tagmanifest-{}.txt", algorithm.name()),
                        )
                        .with(hex(&read.digests[w]), hex(digest))
                        .detail(&e.shown),
                    );
                }
                report.coverage.files_read += 1;
                report.coverage.bytes_read += read.bytes;
            }
            other => {
                content::tell(e, other, report);
            }
        }
    }
    Ok(())
}

/// Every tag manifest lists the same; `there`: the file is on disk, so those that leave it out are wrong.
pub(super) fn all_agree(path: &str, listed: &Listed, tags: &[Manifest], there: bool, report: &mut Report) {
    let full = u32::MAX.checked_shr(32 - u32::try_from(tags.len().min(32)).unwrap_or(32)).unwrap_or(0);
    if listed.manifests == full {
        return;
    }
    for (i, tag) in tags.iter().enumerate().take(32) {
        if (listed.manifests >> i & 1 == 1) != there {
            report.problem(Problem::new(ProblemKind::ManifestChanged, &tag.name).detail(path));
        }
    }
}

/// The digest that stands for the set, the one recorded elsewhere, and the signature. `signer`: bag-info says it is signed.
pub(super) fn seal(
    root: &Path,
    manifests: &[Manifest],
    signer: Option<&str>,
    options: &VerifyOptions,
    report: &mut Report,
) -> Result<()> {
    let first = manifests.iter().find(|m| m.name == sign::SIGNED).or(manifests.first());
    let Some(first) = first else { return Ok(()) };
    let path = root.join(&first.name);
    let bytes = match content::read_small(&path, super::MAX_SEALED) {
        Ok(bytes) => bytes,
        Err(outcome) => {
            report.problem(content::unread(&first.name, outcome));
            return Ok(());
        }
    };
    let found = sm3_hex(&bytes);
    let mut recorded = false;
    if let Some(expected) = &options.manifest_sm3 {
        let expected = expected.trim().to_ascii_lowercase();
        if manifest::unhex(&expected).is_none_or(|d| d.len() != Algorithm::Sm3.len()) {
            return err(Code::BadRequest, format!("manifest_sm3 {expected:?}: not 64 hex digits"));
        }
        recorded = expected == found;
        if !recorded {
            report
                .problem(Problem::new(ProblemKind::ManifestNotRecorded, &first.name).with(&expected, &found));
        }
    }
    report.manifest_sm3 = Some(found);
    sign::check(root, &first.name, &bytes, signer, recorded, options, report)
}
