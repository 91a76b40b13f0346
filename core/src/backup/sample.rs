//! Partial checks with a remembered rotation: the set is split into t parts of equal bytes, and each run reads the next n, so
//! that t/n runs read everything. The files a part consists of follow from the manifest and the sizes alone.

use super::content::Expected;
use super::files::{self, Outcome};
use super::{Problem, ProblemKind, Report, Watch, content};
use crate::digest::sm3_many;
use crate::error::{Code, Error, Result, err};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Parts at most.
const MAX_PARTS: u32 = 1_000_000;
/// What opening a file costs, in bytes read meanwhile: many small files weigh more than their bytes.
const OPENING: u64 = 4096;
/// Chunks that are held in memory at once, bytes.
const TOGETHER: u64 = 16 * 1024 * 1024;

/// `n/t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) parts: u32,
    pub(super) of: u32,
}

impl Share {
    pub(super) fn parse(text: &str) -> Result<Share> {
        let read = || {
            let (n, t) = text.split_once('/')?;
            let (parts, of) = (n.trim().parse().ok()?, t.trim().parse().ok()?);
            (1 <= parts && parts <= of && of <= MAX_PARTS).then_some(Share { parts, of })
        };
        read().ok_or_else(|| {
            Error::new(Code::BadRequest, format!("sample {text:?}: n/t with 1 <= n <= t <= {MAX_PARTS}"))
        })
    }
}

/// Where the rotation of a manifest stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// SM3 of the tag manifest: another one begins anew.
    pub manifest_sm3: String,
    /// Parts in all.
    pub of: u32,
    /// The part to be read next, from 0.
    pub next: u32,
}

/// Reads where the rotation stands; a file that does not exist yet is its beginning.
pub(super) fn remembered(state: &Path) -> Result<Option<Rotation>> {
    match content::read_small(state, 64 * 1024) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(rotation) => Ok(Some(rotation)),
            Err(error) => err(Code::BadRequest, format!("state {}: {error}", state.display())),
        },
        Err(Outcome::Vanished) => Ok(None),
        Err(Outcome::Refused(error)) => Err(files::io(state, &error)),
        Err(_) => err(Code::BadRequest, format!("state {}: not a file", state.display())),
    }
}

/// Remembers where it stands, whole or not at all.
pub(super) fn remember(state: &Path, rotation: &Rotation) -> Result<()> {
    let mut new = PathBuf::from(state).into_os_string();
    new.push(".new");
    let new = PathBuf::from(new);
    let text = serde_json::to_string(rotation).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    let write = || {
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&new, state)
    };
    write().map_err(|error| files::io(state, &error))
}

/// What is read at once: a file, or chunks of a big one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unit {
    file: usize,
    chunk: Option<usize>,
    weight: u64,
}

/// What one run reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Whole files, by position.
    pub(super) files: Vec<usize>,
    /// Chunks of files, by position.
    pub(super) chunks: Vec<(usize, Vec<usize>)>,
    /// The first part, and the one after the last.
    pub(super) parts: Range<u32>,
    /// The part that is next.
    pub(super) next: u32,
}

/// Chooses what to read. Parts that hold nothing (a file is never split but by its chunks) are passed over, so that every run
/// reads something; `None`: there is nothing.
pub(super) fn plan(expected: &[Expected], sizes: &[u64], share: Share, from: u32) -> Option<Plan> {
    let units = units(expected, sizes);
    let total: u128 = units.iter().map(|u| u128::from(u.weight)).sum();
    let mut parts: Vec<(u32, Vec<&Unit>)> = Vec::new();
    let mut before = 0u128;
    for unit in &units {
        // The part that holds the unit's middle, so that the ends of the parts are as even as they can be.
        let middle = 2 * before + u128::from(unit.weight);
        let part = u32::try_from(middle * u128::from(share.of) / (2 * total)).unwrap_or(u32::MAX);
        before += u128::from(unit.weight);
        match parts.last_mut() {
            Some((last, units)) if *last == part => units.push(unit),
            _ => parts.push((part, vec![unit])),
        }
    }
    let first = parts.iter().position(|(part, _)| *part >= from % share.of).unwrap_or(0);
    let start = parts.get(first)?.0;
    let mut plan = Plan { parts: start..start, ..Plan::default() };
    for k in 0..parts.len().min(share.parts as usize) {
        let (part, units) = &parts[(first + k) % parts.len()];
        for unit in units {
            match (unit.chunk, plan.chunks.last_mut()) {
                (None, _) => plan.files.push(unit.file),
                (Some(c), Some((file, chunks))) if *file == unit.file => chunks.push(c),
                (Some(c), _) => plan.chunks.push((unit.file, vec![c])),
            }
        }
        plan.parts.end = part + 1;
        plan.next = parts[(first + k + 1) % parts.len()].0;
    }
    Some(plan)
}

fn units(expected: &[Expected], sizes: &[u64]) -> Vec<Unit> {
    let mut units = Vec::new();
    for (file, e) in expected.iter().enumerate() {
        match &e.chunks {
            Some(list) => units.extend((0..list.digests.len()).map(|c| Unit {
                file,
                chunk: Some(c),
                weight: list.range(c).1,
            })),
            None => units.push(Unit {
                file,
                chunk: None,
                weight: OPENING + sizes.get(file).copied().unwrap_or(0),
            }),
        }
    }
    units
}

/// Checks chunks of one file; false when they could not be read.
pub(super) fn check_chunks(
    e: &Expected,
    wanted: &[usize],
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<bool> {
    let Some(list) = &e.chunks else { return Ok(true) };
    let (file, before) = match files::open(&e.path) {
        Ok(opened) => opened,
        Err(outcome) => {
            report.problem(content::unread(&e.shown, outcome));
            return Ok(false);
        }
    };
    if before.len() != list.bytes {
        report.problem(Problem::new(ProblemKind::SizeMismatch, &e.shown).with(list.bytes, before.len()));
    }
    let together = usize::try_from((TOGETHER / list.size.max(1)).max(1)).unwrap_or(1);
    let mut bad = Vec::new();
    for group in wanted.chunks(together) {
        match digests(&file, list, group, watch)? {
            Ok(found) => {
                for (i, digest) in group.iter().zip(found) {
                    report.coverage.bytes_read += list.range(*i).1;
                    if digest != Some(list.digests[*i]) {
                        bad.push((*i, digest));
                    }
                }
            }
            Err(error) => {
                let problem = Problem::new(ProblemKind::CannotRead, &e.shown).detail(error.to_string());
                report.problem(problem);
                return Ok(false);
            }
        }
    }
    // A chunk is read a second time before it is called damaged, as a file is.
    for (i, first) in bad {
        match digests(&file, list, &[i], watch)? {
            Ok(second) if second.first() == Some(&first) => {
                list.damaged(&e.shown, i, first.as_ref(), report);
            }
            _ => report.problem(Problem::new(ProblemKind::ReadDiffers, &e.shown).at(list.range(i).0)),
        }
    }
    if files::unchanged(&file, &before).unwrap_or(false) {
        return Ok(true);
    }
    report.problem(Problem::new(ProblemKind::ChangedWhileRead, &e.shown));
    Ok(false)
}

/// SM3 of some chunks; `None` for one that the file does not hold whole.
fn digests(
    file: &std::fs::File,
    list: &super::chunks::FileChunks,
    wanted: &[usize],
    watch: &mut Watch<'_>,
) -> Result<std::io::Result<Vec<Option<[u8; 32]>>>> {
    let mut buffers = Vec::with_capacity(wanted.len());
    for i in wanted {
        let (offset, length) = list.range(*i);
        watch.reading(length)?;
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(0)];
        match file.read_exact_at(&mut buffer, offset) {
            Ok(()) => buffers.push(Some(buffer)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => buffers.push(None),
            Err(error) => return Ok(Err(error)),
        }
    }
    let messages: Vec<&[u8]> = buffers.iter().flatten().map(Vec::as_slice).collect();
    let mut found = sm3_many(&messages).into_iter();
    Ok(Ok(buffers.iter().map(|b| b.as_ref().and_then(|_| found.next())).collect()))
}
