//! Where the sets of a contract stand (L0): the newest good run and its age against RPO, the trend of sizes, what retention
//! says should exist, and when the next verification and drill are due. In: the contract, what the ledger holds, the folders.

use super::run::Books;
use super::{Level, Problem, ProblemKind, Report, StatusOptions, Verdict, Watch, bag, files};
use crate::account::Account;
use crate::assess::Ask;
use crate::books::registers::{Cell, Rows};
use crate::calendar::Zone;
use crate::contract::{BackupSet, Limit};
use crate::error::{Code, Error, Result};
use crate::rules::backup::retention;
use crate::time::{Instant, Micros, parse_instant};
use std::collections::BTreeSet;
use std::path::Path;

/// Runs whose sizes the newest one is compared with.
const TREND: usize = 7;

/// Where the sets stand.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct StatusDetail {
    /// The sets, in the contract's order, then those that only a folder is given for.
    pub sets: Vec<SetStatus>,
}

/// Where a set stands. Instants are RFC 3339 in the contract's zone, durations microseconds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct SetStatus {
    /// Its id.
    pub set: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Runs that are recorded, or lie in the folder where there is no ledger.
    pub runs: u64,
    /// The newest of them that is not known to be bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// When what it holds was true: when it was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_at: Option<String>,
    /// How long ago that is, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Micros>,
    /// How old it may be, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Micros>,
    /// The last verification that passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_due: Option<String>,
    /// The last drill that passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drilled_at: Option<String>,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill_due: Option<String>,
    /// The runs that lie in its folder, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<Vec<String>>,
}

/// A run, from the ledger or from the folder.
struct Run {
    name: String,
    started: Instant,
    bytes: Option<u64>,
    bad: bool,
}

/// What the ledger holds of a set.
#[derive(Default)]
struct Known {
    runs: Vec<Run>,
    verified: Option<Instant>,
    drilled: Option<Instant>,
}

/// When it is asked, and what the contract's calendar is.
struct Frame {
    now: Instant,
    zone: Zone,
    /// The start of the period.
    begin: Instant,
}

/// Where the sets stand.
pub(super) fn status(books: &Books<'_>, options: &StatusOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let now = watch.now();
    let mut report = Report::new("status", Level::L0, "", now);
    report.set.clone_from(&options.set);
    let sets = wanted(books, options)?;
    let contract = books.contract.as_deref();
    let frame = Frame {
        now,
        zone: contract.map_or_else(|| Zone::parse("UTC"), |contract| Ok(contract.zone))?,
        begin: contract.map_or(now, |contract| contract.period.start),
    };
    let mut detail = StatusDetail { sets: Vec::new() };
    for (id, set) in sets {
        watch.tick()?;
        let level = set.map_or(1, |set| set.level);
        let known = books.account.as_ref().map(|account| known(account, &id, level, now)).transpose()?;
        let present = options.folders.get(&id).map(|folder| present(folder, watch)).transpose()?;
        let before = report.problems.len();
        let mut standing = stand(&id, set, known, present, &frame, &mut report)?;
        let worst = report.problems[before..].iter().map(|p| p.kind.weight()).max();
        standing.verdict = worst.map_or(Verdict::Pass, |weight| weight.verdict());
        report.check(Level::L0, "standing", Some(&id), &[("runs", standing.runs.to_string())]);
        detail.sets.push(standing);
    }
    if books.contract.is_none() {
        report.leave_out(
            "",
            "没有合同，未判断 RPO、保留期与到期时间",
            "no contract: RPO, retention and due dates are not judged",
        );
    }
    report.status = Some(detail);
    let now = watch.now();
    Ok(report.finish(now))
}

/// A set: its id, and what the contract says of it.
type Wanted<'a> = (String, Option<&'a BackupSet>);

/// The sets of the contract and those with a folder.
fn wanted<'b>(books: &'b Books<'_>, options: &StatusOptions) -> Result<Vec<Wanted<'b>>> {
    let declared = books.contract.as_ref().map_or(&[][..], |contract| &contract.backups);
    let mut sets: Vec<Wanted<'_>> = declared.iter().map(|set| (set.id.clone(), Some(set))).collect();
    for id in options.folders.keys().chain(&options.set) {
        // One that the contract does not have is an error, if it has any.
        if books.set(Some(id))?.is_none() && !sets.iter().any(|(known, _)| known == id) {
            sets.push((id.clone(), None));
        }
    }
    if let Some(only) = &options.set {
        sets.retain(|(id, _)| id == only);
    }
    if sets.is_empty() {
        return Err(Error::new(Code::BadRequest, "status").with_hints(
            "give a ledger that adopted a contract with [[backup]], or folders",
            "请给出已采用含 [[backup]] 的合同的台账，或给出 folders",
        ));
    }
    Ok(sets)
}

/// `level`: a verification counts from it on.
fn known(account: &Account, id: &str, level: u8, now: Instant) -> Result<Known> {
    let ask = Ask { now: Some(now), ..Ask::default() };
    let passed = |verdict: Option<&str>| matches!(verdict, Some("pass" | "pass-with-remarks"));
    let mut known = Known::default();
    let checks = account.register("verifications", &ask)?;
    let mut failed = BTreeSet::new();
    for row in checks.rows.iter().filter(|row| text(&checks, row, "set") == Some(id)) {
        match text(&checks, row, "verdict") {
            Some("fail") => failed.extend(&row.entries),
            verdict if passed(verdict) && level_of(text(&checks, row, "level")) >= level => {
                known.verified = known.verified.max(Some(row.at));
            }
            _ => {}
        }
    }
    // About the run that it names, else about its own subject.
    let failed = account.entries(&failed)?.into_iter().filter(|e| e.fact.kind.name == "backup.verify");
    let bad: BTreeSet<String> =
        failed.map(|e| e.fact.text("run").map_or_else(|| e.fact.subject.clone(), str::to_owned)).collect();
    let runs = account.register("backups", &ask)?;
    for row in runs.rows.iter().filter(|row| text(&runs, row, "set") == Some(id)) {
        let started = match runs.cell(row, "started") {
            Some(Cell::Instant(at)) => *at,
            _ => row.at,
        };
        let bytes = match runs.cell(row, "bytes") {
            Some(Cell::Integer(n)) => u64::try_from(*n).ok(),
            _ => None,
        };
        let bad = bad.contains(row.subject.as_str());
        known.runs.push(Run { name: row.subject.clone(), started, bytes, bad });
    }
    let drills = account.register("restores", &ask)?;
    let good = drills
        .rows
        .iter()
        .filter(|row| text(&drills, row, "set") == Some(id) && passed(text(&drills, row, "verdict")));
    known.drilled = good.map(|row| row.at).max();
    Ok(known)
}

/// `L2`, or the number that facts of others have; none stated: the least that reads anything.
fn level_of(text: Option<&str>) -> u8 {
    text.map_or(Some(1), |text| text.trim_start_matches('L').parse().ok()).unwrap_or(1)
}

fn text<'r>(rows: &Rows, row: &'r crate::books::registers::Row, column: &str) -> Option<&'r str> {
    match rows.column(column).and_then(|i| row.cells.get(i)) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

/// What lies in a folder: each sub-folder or file is a run.
fn present(folder: &Path, watch: &mut Watch<'_>) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|e| files::io(folder, &e))?;
    for entry in entries {
        watch.tick()?;
        let entry = entry.map_err(|e| files::io(folder, &e))?;
        let path = entry.path();
        // A link is not a backup, and neither is what a program keeps for itself.
        let meta = entry.metadata().map_err(|e| files::io(&path, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !(meta.is_file() || meta.is_dir()) {
            continue;
        }
        let info = bag::described(&path).unwrap_or_default();
        let said = |label| info.get(label).and_then(|text| parse_instant(text).ok());
        let changed = || {
            let at = std::os::unix::fs::MetadataExt::mtime(&meta);
            at.saturating_mul(crate::time::SECOND)
        };
        runs.push(Run {
            name: info.get(bag::info::RUN).map_or(name, str::to_owned),
            started: said(bag::info::STARTED).unwrap_or_else(changed),
            bytes: match info.get(bag::info::OXUM).and_then(bag::info::oxum) {
                Some((bytes, _)) => Some(bytes),
                None => meta.is_file().then_some(meta.len()),
            },
            bad: false,
        });
    }
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(runs)
}

fn stand(
    id: &str,
    set: Option<&BackupSet>,
    known: Option<Known>,
    present: Option<Vec<Run>>,
    frame: &Frame,
    report: &mut Report,
) -> Result<SetStatus> {
    let Frame { now, zone, begin } = *frame;
    let names = present.as_ref().map(|runs| runs.iter().map(|r| r.name.clone()).collect::<Vec<_>>());
    let with_ledger = known.is_some();
    let mut known = known.unwrap_or_default();
    if !with_ledger {
        known.runs = present.unwrap_or_default();
    }
    known.runs.sort_by_key(|run| run.started);
    let good: Vec<&Run> = known.runs.iter().filter(|run| !run.bad).collect();
    let newest = good.last();
    let age = newest.map(|run| now.saturating_sub(run.started));
    let rpo = set.and_then(|set| set.rpo);
    match (rpo, age) {
        (Some(rpo), Some(age)) if age > rpo => {
            let words = |us| crate::time::words(us, crate::Lang::En);
            report.problem(
                Problem::new(ProblemKind::RpoExceeded, id).with(format!("<= {}", words(rpo)), words(age)),
            );
        }
        (_, None) => report.problem(Problem::new(ProblemKind::NoRun, id)),
        _ => {}
    }
    trend(id, &good, report);
    if let (Some(keep), Some(names), true) = (set.and_then(|s| s.retention.as_ref()), &names, with_ledger) {
        let started: Vec<Instant> = good.iter().map(|run| run.started).collect();
        let kept = retention::kept(keep, zone, &started, now);
        for (run, _) in good.iter().zip(kept).filter(|(run, kept)| *kept && !names.contains(&run.name)) {
            report.problem(Problem::new(ProblemKind::RunMissing, id).detail(&run.name));
        }
    }
    // As the rule counts: from the last good one of the period, else from its start.
    let due = |every: Option<Limit>, last: Option<Instant>| {
        Some(retention::after(zone, every?, last.map_or(begin, |last| last.max(begin))))
    };
    let verify_due = due(set.and_then(|s| s.verify_every), known.verified);
    let drill_due = due(set.and_then(|s| s.drill_every), known.drilled);
    for (kind, due) in [(ProblemKind::VerifyOverdue, verify_due), (ProblemKind::DrillOverdue, drill_due)] {
        if let Some(due) = due.filter(|due| *due < now) {
            report.problem(Problem::new(kind, id).detail(zone.format(due)));
        }
    }
    let shown = |at: Option<Instant>| at.map(|at| zone.format(at));
    Ok(SetStatus {
        set: id.to_owned(),
        verdict: Verdict::Pass,
        runs: known.runs.len() as u64,
        newest: newest.map(|run| run.name.clone()),
        newest_at: shown(newest.map(|run| run.started)),
        age,
        rpo,
        verified_at: shown(known.verified),
        verify_due: shown(verify_due),
        drilled_at: shown(known.drilled),
        drill_due: shown(drill_due),
        present: names,
    })
}

/// Less than half of the median of the runs before it: something may be left out of the backup.
fn trend(id: &str, good: &[&Run], report: &mut Report) {
    let sizes: Vec<u64> = good.iter().filter_map(|run| run.bytes).collect();
    let Some((last, before)) = sizes.split_last() else { return };
    let mut before = before[before.len().saturating_sub(TREND)..].to_vec();
    if before.len() < TREND {
        return;
    }
    before.sort_unstable();
    let median = before[before.len() / 2];
    if *last < median / 2 {
        report.problem(Problem::new(ProblemKind::SizeTrend, id).with(format!(">= {}", median / 2), last));
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
