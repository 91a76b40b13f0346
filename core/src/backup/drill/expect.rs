//! What was restored, against what was recorded when the set was sealed, or what the caller says.

use super::detail::{DrillTable, MAX_TABLES};
use super::postgres::major;
use super::{Done, Drill, message};
use crate::backup::{Fingerprint, Level, Problem, ProblemKind, source};
use crate::error::Code;
use std::collections::BTreeMap;

/// Reads the databases restored (name, source), and compares the one that is most like what is expected.
pub(super) fn compare(drill: &mut Drill<'_, '_>, databases: &[(String, String)]) -> Done<()> {
    let expected = drill.set.expected.as_ref();
    let names: Vec<&str> = match expected {
        Some(print) => print.tables.iter().map(|t| t.name.as_str()).collect(),
        None => drill.options.counts.keys().map(String::as_str).collect(),
    };
    let mut best: Option<(usize, &str, Fingerprint)> = None;
    for (database, url) in databases {
        let read = source::open(url, drill.options.programs.as_deref(), None)
            .and_then(|mut source| source.fingerprint(drill.watch));
        let print = match read {
            Ok(print) => print,
            Err(error) if error.code() == Code::Cancelled => return Err(error.into()),
            // What cannot be read is not restored.
            Err(error) => {
                let problem = Problem::new(ProblemKind::RestoreFailed, database.as_str());
                drill.report.problem(problem.detail(message(&error.to_string())));
                continue;
            }
        };
        let rows: u64 = print.tables.iter().map(|t| t.rows).sum();
        drill.report.check(
            Level::L3,
            "rows",
            Some(database),
            &[("tables", print.tables.len().to_string()), ("rows", rows.to_string())],
        );
        drill.detail.rows += rows;
        let alike = print.tables.iter().filter(|t| names.contains(&t.name.as_str())).count();
        if best.as_ref().is_none_or(|(most, ..)| alike > *most) {
            best = Some((alike, database, print));
        }
    }
    let Some((_, database, found)) = best else {
        drill.report.problem(Problem::new(ProblemKind::NothingExpected, ""));
        return Ok(());
    };
    drill.detail.database = Some(database.to_owned());
    match expected {
        Some(expected) => prints(drill, expected, &found),
        None => {
            let found = found.tables.iter().map(|t| (t.name.clone(), t.rows)).collect();
            counts(drill, &found);
        }
    }
    drill.report.source = Some(found);
    Ok(())
}

/// Fingerprint against fingerprint.
fn prints(drill: &mut Drill<'_, '_>, expected: &Fingerprint, found: &Fingerprint) {
    drill.detail.expected_from = Some("bag");
    let there: BTreeMap<_, _> = found.tables.iter().map(|t| (t.name.as_str(), t)).collect();
    let mut all_rows_equal = true;
    // Another major version may describe the same column in other words.
    let one_version = major(&expected.version) == major(&found.version) && expected.engine == found.engine;
    for table in &expected.tables {
        let restored = there.get(table.name.as_str()).copied();
        let equal = restored.is_some_and(|r| r.rows == table.rows && r.sum == table.sum);
        all_rows_equal &= equal;
        let mut schema = true;
        let at = |kind| Problem::new(kind, table.name.as_str());
        match restored {
            None => drill.report.problem(at(ProblemKind::RestoredTableMissing).with(table.rows, "")),
            Some(r) => {
                if r.rows != table.rows {
                    drill.report.problem(at(ProblemKind::RestoredCount).with(table.rows, r.rows));
                } else if r.sum != table.sum {
                    drill.report.problem(at(ProblemKind::RestoredRows).with(&table.sum, &r.sum));
                }
                if r.schema != table.schema && one_version {
                    schema = false;
                    drill.report.problem(at(ProblemKind::RestoredSchema).with(&table.schema, &r.schema));
                }
            }
        }
        let line = DrillTable {
            name: table.name.clone(),
            expected: Some(table.rows),
            found: restored.map(|r| r.rows),
            digest_equal: restored.map(|r| r.sum == table.sum),
        };
        add(drill, line, equal && schema);
    }
    let known: BTreeMap<_, _> = expected.tables.iter().map(|t| (t.name.as_str(), ())).collect();
    for table in found.tables.iter().filter(|t| !known.contains_key(t.name.as_str())) {
        drill
            .report
            .problem(Problem::new(ProblemKind::RestoredTableExtra, table.name.as_str()).with("", table.rows));
    }
    if !one_version {
        drill.report.leave_out(
            "",
            format!("表结构未比对：版本不同（{} / {}）", expected.version, found.version),
            format!(
                "schemas were not compared: the versions differ ({} / {})",
                expected.version, found.version
            ),
        );
    }
    drill.detail.digests_equal = Some(all_rows_equal);
    drill.report.check(Level::L3, "row-digests", None, &figures(drill));
    if expected.tables.is_empty() {
        drill.report.problem(Problem::new(ProblemKind::NothingExpected, ""));
    }
}

/// Counts against those the caller gave, else those the bag recorded. Names are compared as they stand.
pub(super) fn counts(drill: &mut Drill<'_, '_>, found: &BTreeMap<String, u64>) {
    let mut wanted = drill.options.counts.clone();
    let mut from = "counts";
    if let Some(print) = &drill.set.expected {
        from = "bag";
        wanted = print.tables.iter().map(|t| (t.name.clone(), t.rows)).collect();
    }
    if wanted.is_empty() {
        for (name, rows) in found {
            let line =
                DrillTable { name: name.clone(), expected: None, found: Some(*rows), digest_equal: None };
            if drill.detail.tables.len() < MAX_TABLES {
                drill.detail.tables.push(line);
            }
        }
        drill.report.problem(Problem::new(ProblemKind::NothingExpected, ""));
        return;
    }
    drill.detail.expected_from = Some(from);
    for (name, rows) in wanted {
        let restored = found.get(&name).copied();
        match restored {
            None => drill
                .report
                .problem(Problem::new(ProblemKind::RestoredTableMissing, name.as_str()).with(rows, "")),
            Some(n) if n != rows => {
                drill.report.problem(Problem::new(ProblemKind::RestoredCount, name.as_str()).with(rows, n));
            }
            Some(_) => {}
        }
        let line = DrillTable { name, expected: Some(rows), found: restored, digest_equal: None };
        add(drill, line, restored == Some(rows));
    }
    drill.report.check(Level::L3, "counts", None, &figures(drill));
}

fn figures(drill: &Drill<'_, '_>) -> [(&'static str, String); 2] {
    [("compared", drill.detail.tables_compared.to_string()), ("equal", drill.detail.tables_equal.to_string())]
}

fn add(drill: &mut Drill<'_, '_>, line: DrillTable, equal: bool) {
    drill.detail.tables_compared += 1;
    drill.detail.tables_equal += u64::from(equal);
    if drill.detail.tables.len() < MAX_TABLES {
        drill.detail.tables.push(line);
    }
}
