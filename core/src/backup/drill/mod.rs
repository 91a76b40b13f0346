//! Restore drills (L3): a scratch target of the real engine, stopped at the first error, counted and timed. In: a set, which
//! is only read. Out: a report that says what was restored, how long it took, and whether it holds what was recorded.
//!
//! Engines refuse root, so where we are root they run as an account that owns nothing; so do their clients, for a dump can
//! tell them to run programs. Each runs in a process group of its own that ends with the drill.

mod archive;
mod base;
mod detail;
mod expect;
mod feed;
mod mariadb;
mod pg_dump;
mod postgres;
mod process;
mod programs;
mod roles;
mod scratch;
mod script;
mod set;
mod sqlite;
mod target;

pub use detail::{DrillDetail, DrillStep, DrillTable};

use super::{
    DrillOptions, Kind, Level, Problem, ProblemKind, Report, Verdict, VerifyOptions, Watch, Weight, files,
};
use crate::error::{Code, Error, Result, err};
use process::{Ask, Ended};
use scratch::Scratch;
use set::Set;

/// Bytes of the log that are kept in all.
const MAX_LOG: usize = 1 << 20;
/// Bytes of the log that the report shows.
const SHOWN_LOG: usize = 4096;
/// Bytes of an engine's message that a problem shows.
const SHOWN_MESSAGE: usize = 2048;

/// Why a drill goes no further.
enum Stop {
    /// The report says why.
    Told,
    /// It cannot go on at all.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

type Done<T> = std::result::Result<T, Stop>;

/// A drill under way.
struct Drill<'a, 'w> {
    options: &'a DrillOptions,
    set: &'a Set,
    scratch: &'a Scratch,
    report: &'a mut Report,
    detail: &'a mut DrillDetail,
    log: String,
    watch: &'a mut Watch<'w>,
}

/// Restores a set into a scratch target, and compares what it holds with what was recorded when it was made.
///
/// The set is checked first (its manifest, and the structure of dumps): nothing is restored from a damaged one. Expected
/// values are those in the bag's `opsledger-source.json`, else `counts`; without any the best verdict is a pass with remarks.
/// The recovery time measured is defined at [`DrillDetail::rto`]. A scratch target of the drill's own is removed when all went
/// well, unless `keep`; after a failure it stays, and the report names it; cancelled, it is removed.
///
/// # Errors
/// `bad-request`, `bad-duration`: the options; `target-not-empty`, `target-in-use`: a target that holds anything, or is the set or
/// a source; `cancelled`; `io`. That the engine is not installed is no error but a verdict, `unverifiable`.
pub fn drill(options: &DrillOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let limit =
        options.rto.as_deref().map(crate::time::parse_duration).transpose().map_err(|e| e.in_field("rto"))?;
    if options.path.as_os_str().is_empty() {
        return err(Code::MissingField, "path");
    }
    if let Some(base) = &options.scratch {
        scratch::empty(base)?;
    }
    target::refuse(options)?;
    watch.step("L3 set", 0, 0)?;
    let set = Set::look(options, watch)?;
    if set.kind == Kind::Command && options.command.is_none() {
        return err(Code::MissingField, "command");
    }
    let mut report = Report::new("drill", Level::L3, options.path.display().to_string(), watch.now());
    report.set.clone_from(&options.set);
    report.run.clone_from(&options.run);
    report.coverage.files = set.files.len() as u64;
    report.coverage.bytes = set.bytes();
    let mut detail = DrillDetail { rto_limit: limit, ..DrillDetail::default() };
    let mut scratch = Scratch::make(options.scratch.as_deref(), &set.root, &options.sources)?;
    detail.target = scratch.path().display().to_string();

    let mut drill = Drill {
        options,
        set: &set,
        scratch: &scratch,
        report: &mut report,
        detail: &mut detail,
        log: String::new(),
        watch,
    };
    if let Err(Stop::Error(error)) = drill.all() {
        return Err(error);
    }
    let log = std::mem::take(&mut drill.log);
    detail.rto = detail.steps.iter().filter(|s| s.rto).map(|s| s.micros).sum();
    detail.log_sm3 = crate::digest::sm3_hex(log.as_bytes());
    detail.log = last(&log, SHOWN_LOG).to_owned();
    if let Some(limit) = limit
        && detail.rto > limit
    {
        let problem = Problem::new(ProblemKind::RtoExceeded, "");
        report.problem(problem.with(format!("{limit} us"), format!("{} us", detail.rto)));
    }
    let restored = detail.steps.iter().any(|s| s.rto);
    let failed = report.problems.iter().any(|p| p.kind.weight() == Weight::Fail);
    let loaded = options.target.is_some() && restored;
    if options.keep || (restored && failed && !loaded) {
        let path = scratch.path().join("drill.log");
        std::fs::write(&path, &log).map_err(|error| files::io(&path, &error))?;
        scratch.keep();
        detail.kept = true;
    } else {
        let since = watch.elapsed();
        scratch.remove()?;
        detail.steps.push(DrillStep { name: "clean-up", micros: watch.elapsed() - since, rto: false });
        detail.kept = loaded;
    }
    report.drill = Some(detail);
    Ok(report.finish(watch.now()))
}

impl Drill<'_, '_> {
    fn all(&mut self) -> Done<()> {
        self.step("check-set", false, Self::check_set)?;
        match self.set.kind {
            Kind::PostgresDump => pg_dump::restore(self),
            Kind::PostgresBase => base::restore(self),
            Kind::MysqlDump => mariadb::restore(self),
            Kind::Sqlite => sqlite::restore(self),
            Kind::Files => archive::copy_back(self),
            Kind::Archive => archive::unpack(self),
            Kind::Command => script::restore(self),
            Kind::Opaque => Err(self.stop(
                Problem::new(ProblemKind::DrillImpossible, "")
                    .detail("opaque: give the restore script of its engine as `command`"),
            )),
        }
    }
    /// Does and times a step, the failed ones too.
    fn step<T>(&mut self, name: &'static str, rto: bool, what: impl FnOnce(&mut Self) -> Done<T>) -> Done<T> {
        self.watch.step(name, 0, 0)?;
        let since = self.watch.elapsed();
        let done = what(self);
        self.detail.steps.push(DrillStep { name, micros: self.watch.elapsed() - since, rto });
        done
    }
    /// Runs a program, and writes down what it said.
    fn run(&mut self, title: &str, ask: Ask<'_>) -> Done<Ended> {
        let quiet = ask.lines.is_some() || ask.answer > process::KEPT;
        let ended = process::run(ask, self.watch)?;
        self.note(&format!("== {title}: {}", ended.status));
        if !quiet {
            self.note(ended.out.trim_end());
        }
        self.note(ended.messages.trim_end());
        Ok(ended)
    }
    /// Runs a program that must succeed; else the restore has failed at `path`.
    fn must(&mut self, title: &str, path: &str, ask: Ask<'_>) -> Done<Ended> {
        let ended = self.run(title, ask)?;
        if ended.ok { Ok(ended) } else { Err(self.failed(path, &format!("{title}: {}", ended.why()))) }
    }
    /// Adds to the log, within its bound.
    fn note(&mut self, text: &str) {
        if !text.is_empty() && self.log.len() + text.len() < MAX_LOG {
            self.log.push_str(text);
            self.log.push('\n');
        }
    }
    /// The restore stopped at an error.
    fn failed(&mut self, path: &str, why: &str) -> Stop {
        self.stop(Problem::new(ProblemKind::RestoreFailed, path).detail(message(why)))
    }
    /// A drill cannot be done here.
    fn impossible(&mut self, why: impl Into<String>) -> Stop {
        self.stop(Problem::new(ProblemKind::DrillImpossible, "").detail(why))
    }
    fn stop(&mut self, problem: Problem) -> Stop {
        self.report.problem(problem);
        Stop::Told
    }
    /// Warnings of an engine that went on.
    fn warnings(&mut self, path: &str, messages: &str, mark: &str) {
        let lines: Vec<_> = messages.lines().filter(|l| l.contains(mark)).take(20).collect();
        if !lines.is_empty() {
            self.report
                .problem(Problem::new(ProblemKind::EngineWarning, path).detail(message(&lines.join("\n"))));
        }
    }
    /// A base backup made without a manifest can still be restored.
    fn no_manifest(&self, problem: &Problem) -> bool {
        problem.kind == ProblemKind::ManifestMissing && self.set.kind == Kind::PostgresBase
    }
    /// The set must be sound before anything is restored: its manifest, where it has one, and the structure of dumps and archives.
    fn check_set(&mut self) -> Done<()> {
        let options = VerifyOptions {
            path: self.options.path.clone(),
            kind: Some(self.set.kind),
            level: Some(Level::L2),
            wal: self.options.wal.clone(),
            // The drill itself finds out whether the WAL is enough.
            no_wal: true,
            ..VerifyOptions::default()
        };
        let before = super::verify(&options, self.watch)?;
        self.report.manifest_sm3.clone_from(&before.manifest_sm3);
        self.report.run = self.report.run.take().or(before.run);
        self.report.coverage = before.coverage;
        self.report.checks.extend(before.checks);
        let unlisted = before.problems_total > before.problems.len() as u64;
        let (mut damaged, mut unsure) = (unlisted && before.verdict == Verdict::Fail, false);
        for problem in before.problems {
            damaged |= problem.kind.weight() == Weight::Fail && !self.no_manifest(&problem);
            match problem.kind.weight() {
                _ if self.no_manifest(&problem) => unsure = true,
                Weight::Fail | Weight::Unstable => self.report.problem(problem),
                Weight::Unverifiable => unsure = true,
                // What speaks of the manifest alone is the business of a verification.
                Weight::Remark => {}
            }
        }
        if unsure {
            self.report.leave_out(
                "",
                "恢复之前：备份集没有可供校验的清单，或部分内容无法校验",
                "before the restore: the set has no manifest to check it by, or part of it could not be checked",
            );
        }
        if damaged {
            return Err(self.stop(Problem::new(ProblemKind::SetDamaged, "")));
        }
        if before.verdict == Verdict::UnstableRead {
            return Err(Stop::Told);
        }
        Ok(())
    }
}

/// An engine's message as a problem shows it: its start, verbatim.
fn message(text: &str) -> String {
    let text = text.trim();
    let mut end = text.len().min(SHOWN_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end < text.len() { format!("{} […]", &text[..end]) } else { text.to_owned() }
}

/// The end of a text, at most so many bytes.
fn last(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}
