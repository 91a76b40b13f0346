//! Where the sets of a contract stand (L0): the newest good run and its age against RPO, the trend of sizes, what retention
//! says should exist, and when the next verification and drill are due. In: the contract, what the ledger holds, the folders.

use super::declared::{self, Declared, Span};
use super::run::Books;
use super::{Level, Problem, ProblemKind, Report, StatusOptions, Verdict, Watch, bag, files};
use crate::account::Account;
use crate::assess::Ask;
use crate::books::registers::{Cell, Rows};
use crate::calendar::Zone;
use crate::error::{Code, Error, Result};
use crate::time::{Instant, Micros, canonical_instant, parse_instant};
use std::path::Path;

/// Runs whose sizes the newest one is compared with.
const TREND: usize = 7;

/// Where the sets stand.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct StatusDetail {
    /// The sets, in the contract's order, then those that only a folder is given for.
    pub sets: Vec<SetStatus>,
}

/// Where a set stands. Instants are canonical UTC text, durations microseconds.
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

/// Where the sets stand.
pub(super) fn status(books: &Books<'_>, options: &StatusOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let now = watch.now();
    let mut report = Report::new("status", Level::L0, "", now);
    report.set.clone_from(&options.set);
    let sets = wanted(books, options)?;
    let zone = match &books.contract {
        Some(contract) => contract.zone,
        None => Zone::parse("UTC")?,
    };
    let mut detail = StatusDetail { sets: Vec::new() };
    for set in sets {
        watch.tick()?;
        let known = books.account.as_ref().map(|account| known(account, &set.id, now)).transpose()?;
        let present = options.folders.get(&set.id).map(|folder| present(folder, watch)).transpose()?;
        let before = report.problems.len();
        let mut standing = stand(&set, known, present, now, zone, &mut report)?;
        let worst = report.problems[before..].iter().map(|p| p.kind.weight()).max();
        standing.verdict = worst.map_or(Verdict::Pass, |weight| weight.verdict());
        report.check(Level::L0, "standing", Some(&set.id), &[("runs", standing.runs.to_string())]);
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

/// The sets of the contract and those with a folder.
fn wanted(books: &Books<'_>, options: &StatusOptions) -> Result<Vec<Declared>> {
    let mut sets = books.contract.as_ref().map_or_else(Vec::new, |contract| declared::sets(contract));
    if let Some(contract) = &books.contract {
        for id in options.folders.keys().chain(&options.set) {
            declared::find(contract, id)?;
        }
    }
    let listed: Vec<String> = sets.iter().map(|set| set.id.clone()).collect();
    let further = options.folders.keys().chain(&options.set).filter(|id| !listed.contains(id));
    let further: std::collections::BTreeSet<&String> = further.collect();
    sets.extend(further.into_iter().map(|id| Declared { id: id.clone(), ..Declared::default() }));
    if let Some(only) = &options.set {
        sets.retain(|set| set.id == *only);
    }
    if sets.is_empty() {
        return Err(Error::new(Code::BadRequest, "status").with_hints(
            "give a ledger that adopted a contract with [[backup]], or folders",
            "请给出已采用含 [[backup]] 的合同的台账，或给出 folders",
        ));
    }
    Ok(sets)
}

fn known(account: &Account, set: &str, now: Instant) -> Result<Known> {
    let ask = Ask { now: Some(now), ..Ask::default() };
    let passed = |verdict: Option<&str>| matches!(verdict, Some("pass" | "pass-with-remarks"));
    let mut known = Known::default();
    let checks = account.register("verifications", &ask)?;
    let mut bad = std::collections::BTreeSet::new();
    for row in checks.rows.iter().filter(|row| text(&checks, row, "set") == Some(set)) {
        let verdict = text(&checks, row, "verdict");
        match verdict {
            Some("fail") => drop(bad.insert(row.subject.as_str())),
            // L0 looks at no run, so it verifies none.
            verdict if passed(verdict) && text(&checks, row, "level") != Some("L0") => {
                known.verified = known.verified.max(Some(row.at));
            }
            _ => {}
        }
    }
    let runs = account.register("backups", &ask)?;
    for row in runs.rows.iter().filter(|row| text(&runs, row, "set") == Some(set)) {
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
        .filter(|row| text(&drills, row, "set") == Some(set) && passed(text(&drills, row, "verdict")));
    known.drilled = good.map(|row| row.at).max();
    Ok(known)
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
    set: &Declared,
    known: Option<Known>,
    present: Option<Vec<Run>>,
    now: Instant,
    zone: Zone,
    report: &mut Report,
) -> Result<SetStatus> {
    let names = present.as_ref().map(|runs| runs.iter().map(|r| r.name.clone()).collect::<Vec<_>>());
    let with_ledger = known.is_some();
    let mut known = known.unwrap_or_default();
    if !with_ledger {
        known.runs = present.unwrap_or_default();
    }
    known.runs.sort_by_key(|run| run.started);
    let newest = known.runs.iter().rfind(|run| !run.bad);
    let age = newest.map(|run| now.saturating_sub(run.started));
    match (set.rpo, age) {
        (Some(rpo), Some(age)) if age > rpo => {
            let words = |us| crate::time::words(us, crate::Lang::En);
            report.problem(
                Problem::new(ProblemKind::RpoExceeded, &set.id)
                    .with(format!("<= {}", words(rpo)), words(age)),
            );
        }
        (_, None) => report.problem(Problem::new(ProblemKind::NoRun, &set.id)),
        _ => {}
    }
    trend(set, &known.runs, report);
    if let (Some(keep), Some(names), true) = (set.keep, &names, with_ledger) {
        for run in known.runs.iter().filter(|run| !run.bad) {
            if keep.after(run.started, zone)? > now && !names.contains(&run.name) {
                report.problem(Problem::new(ProblemKind::RunMissing, &set.id).detail(&run.name));
            }
        }
    }
    let due = |every: Option<Span>, last: Option<Instant>| {
        every.zip(last).map(|(every, last)| every.after(last, zone)).transpose()
    };
    // Before the first one, from the first run on.
    let first = known.runs.first().map(|run| run.started);
    let verify_due = due(set.verify_every, known.verified.or(first))?;
    let drill_due = due(set.drill_every, known.drilled.or(first))?;
    for (kind, due) in [(ProblemKind::VerifyOverdue, verify_due), (ProblemKind::DrillOverdue, drill_due)] {
        if let Some(due) = due.filter(|due| *due < now) {
            report.problem(Problem::new(kind, &set.id).detail(canonical_instant(due)?));
        }
    }
    let shown = |at: Option<Instant>| at.map(canonical_instant).transpose();
    Ok(SetStatus {
        set: set.id.clone(),
        verdict: Verdict::Pass,
        runs: known.runs.len() as u64,
        newest: newest.map(|run| run.name.clone()),
        newest_at: shown(newest.map(|run| run.started))?,
        age,
        rpo: set.rpo,
        verified_at: shown(known.verified)?,
        verify_due: shown(verify_due)?,
        drilled_at: shown(known.drilled)?,
        drill_due: shown(drill_due)?,
        present: names,
    })
}

/// Less than half of the median of the runs before it: something may be left out of the backup.
fn trend(set: &Declared, runs: &[Run], report: &mut Report) {
    let sizes: Vec<u64> = runs.iter().filter(|run| !run.bad).filter_map(|run| run.bytes).collect();
    let Some((last, before)) = sizes.split_last() else { return };
    let mut before = before[before.len().saturating_sub(TREND)..].to_vec();
    if before.len() < TREND {
        return;
    }
    before.sort_unstable();
    let median = before[before.len() / 2];
    if *last < median / 2 {
        report
            .problem(Problem::new(ProblemKind::SizeTrend, &set.id).with(format!(">= {}", median / 2), last));
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
