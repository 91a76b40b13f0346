//! Content against digests. A file that does not agree is read again before it is called damaged: what differs from read to
//! read is memory, a cable, or somebody writing.

use super::chunks::FileChunks;
use super::files::{self, Digests, Job, Outcome};
use super::{Problem, ProblemKind, Report, Watch};
use crate::digest::{Algorithm, hex};
use crate::error::Result;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files whose results are waited for before one looks whether to go on, where the first problem ends it.
const FIRST_BATCH: usize = 64;

/// What a file must hold.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Its name in the report.
    pub(super) shown: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its bytes when its name was read, where that is known: another length since then is no damage but a change.
    pub(super) len: Option<u64>,
    /// Its digests, from the strongest to the weakest.
    pub(super) digests: Vec<(Algorithm, Vec<u8>)>,
    /// Digests of its chunks.
    pub(super) chunks: Option<FileChunks>,
    /// How to call it when its content is another.
    pub(super) kind: ProblemKind,
    /// Which manifest says so.
    pub(super) source: String,
}

/// What came of one file.
#[derive(Debug)]
pub(super) enum Finding {
    /// Every digest agrees.
    Sound(Digests),
    /// Some do not, and a second read gave the same: their positions among the expected.
    Differs { read: Digests, wrong: Vec<usize> },
    /// Read twice, two contents.
    TwoContents,
    /// What [`Outcome`] says of a file that could not be read whole.
    Unread(Outcome),
}

/// Reads every file and hands each finding over by its position.
pub(super) fn read(
    expected: &[Expected],
    watch: &mut Watch<'_>,
    found: &mut dyn FnMut(usize, Finding),
) -> Result<()> {
    let jobs: Vec<Job> = expected.iter().map(job).collect();
    let mut again = Vec::new();
    files::digest_all(&jobs, watch, &mut |i, outcome| match outcome {
        Outcome::Read(read) if wrong(&expected[i], &read).is_empty() && chunks_agree(&expected[i], &read) => {
            found(i, Finding::Sound(read));
        }
        Outcome::Read(read) => again.push((i, read)),
        other => found(i, Finding::Unread(other)),
    })?;
    again.sort_by_key(|(i, _)| *i);
    let jobs: Vec<Job> = again.iter().map(|(i, _)| jobs[*i].clone()).collect();
    let mut first: Vec<Option<Digests>> = again.iter().map(|(_, read)| Some(read.clone())).collect();
    files::digest_all(&jobs, watch, &mut |k, outcome| {
        let i = again[k].0;
        let finding = match (outcome, first[k].take()) {
            (Outcome::Read(second), Some(first)) if first == second => {
                let wrong = wrong(&expected[i], &first);
                match expected[i].len {
                    Some(len) if len != first.bytes => Finding::Unread(Outcome::Changed),
                    _ => Finding::Differs { read: first, wrong },
                }
            }
            (Outcome::Read(_), _) => Finding::TwoContents,
            (other, _) => Finding::Unread(other),
        };
        found(i, finding);
    })
}

fn job(e: &Expected) -> Job {
    Job {
        path: e.path.clone(),
        algorithms: e.digests.iter().map(|(a, _)| *a).collect(),
        chunk: e.chunks.as_ref().map(|c| c.size),
    }
}

fn wrong(e: &Expected, read: &Digests) -> Vec<usize> {
    let differs = |i: &usize| e.digests.get(*i).map(|d| &d.1) != read.digests.get(*i);
    (0..e.digests.len()).filter(differs).collect()
}

fn chunks_agree(e: &Expected, read: &Digests) -> bool {
    e.chunks.as_ref().is_none_or(|c| c.digests == read.chunks && c.bytes == read.bytes)
}

/// Reads every file, reports what is wrong, and adds to the coverage; true when every read came to its end.
pub(super) fn check(
    expected: &[Expected],
    first: bool,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<bool> {
    let mut complete = true;
    let size = if first { FIRST_BATCH } else { expected.len().max(1) };
    for batch in expected.chunks(size) {
        let mut findings = Vec::new();
        read(batch, watch, &mut |i, finding| match finding {
            Finding::Sound(read) => covered(report, &read),
            other => findings.push((i, other)),
        })?;
        findings.sort_by_key(|(i, _)| *i);
        for (i, finding) in findings {
            complete &= tell(&batch[i], finding, report);
        }
        if first && report.is_failed() {
            return Ok(false);
        }
    }
    Ok(complete)
}

fn covered(report: &mut Report, read: &Digests) {
    report.coverage.files_read += 1;
    report.coverage.bytes_read += read.bytes;
}

/// Reports one finding; false when the file was not read whole.
pub(super) fn tell(e: &Expected, finding: Finding, report: &mut Report) -> bool {
    match finding {
        Finding::Sound(read) => covered(report, &read),
        Finding::Differs { read, wrong } => {
            covered(report, &read);
            if let Some(&i) = wrong.first() {
                let (algorithm, digest) = &e.digests[i];
                let problem = Problem::new(e.kind, &e.shown)
                    .with(hex(digest), read.digests.get(i).map(|d| hex(d)).unwrap_or_default())
                    .detail(format!("{}, {}", algorithm.name(), e.source));
                report.problem(problem);
            }
            if let Some(chunks) = &e.chunks {
                chunks.tell(&e.shown, &read, wrong.is_empty(), report);
            }
        }
        Finding::TwoContents => report.problem(Problem::new(ProblemKind::ReadDiffers, &e.shown)),
        Finding::Unread(outcome) => {
            report.problem(unread(&e.shown, outcome));
            return false;
        }
    }
    true
}

/// The problem of a file that was there and could not be read whole.
pub(super) fn unread(shown: &str, outcome: Outcome) -> Problem {
    match outcome {
        Outcome::Vanished => Problem::new(ProblemKind::Vanished, shown),
        Outcome::NotAFile => Problem::new(ProblemKind::NotAFile, shown),
        Outcome::Refused(error) => Problem::new(ProblemKind::CannotRead, shown).detail(error.to_string()),
        Outcome::Changed | Outcome::Read(_) => Problem::new(ProblemKind::ChangedWhileRead, shown),
    }
}

/// The bytes of a file of at most `most` bytes, never through a link.
pub(super) fn read_small(path: &Path, most: u64) -> std::result::Result<Vec<u8>, Outcome> {
    let (file, meta) = files::open(path)?;
    if meta.len() > most {
        let text = format!("{} bytes, where at most {most} are read", meta.len());
        return Err(Outcome::Refused(std::io::Error::other(text)));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(Outcome::Refused)?;
    Ok(bytes)
}
