//! Availability as a status page publishes it, and from the same outages by this library, side by side. The source's rule
//! (outages shorter than 15 minutes are left out) lives here and nowhere else.

use opsledger::columns::{Columns, Figures, outages};
use opsledger::time::{Instant, Interval, MINUTE, Micros, OPEN, parse_instant};
use std::error::Error;
use std::path::Path;

/// The source deletes what closed sooner.
pub(crate) const LEFT_OUT_BELOW: Micros = 15 * MINUTE;

/// One service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) service: String,
    /// What the source publishes: `99.62%`.
    pub(crate) published: String,
    /// From our intervals, by the source's rule.
    pub(crate) by_their_rule: String,
    /// From our intervals, nothing left out.
    pub(crate) ours: String,
    /// Downtime, microseconds.
    pub(crate) downtime: Micros,
    /// Outages that the source leaves out.
    pub(crate) left_out: usize,
    /// Their length, microseconds.
    pub(crate) left_out_downtime: Micros,
}

/// Reads `outages.csv` and `published.csv` and compares them.
///
/// # Errors
/// What the files are missing.
pub(crate) fn compare(folder: &Path) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut all = Vec::new();
    for row in rows(&folder.join("outages.csv"), &["service", "start_utc", "end_utc"])? {
        all.push((row[0].clone(), Interval::new(parse_instant(&row[1])?, parse_instant(&row[2])?)));
    }
    let fields = ["service", "monitoring_start_utc", "summary_commit_utc", "published_uptime_all"];
    let mut lines = Vec::new();
    for row in rows(&folder.join("published.csv"), &fields)? {
        let watched = Interval::new(parse_instant(&row[1])?, parse_instant(&row[2])?);
        let whole: Vec<Interval> = all.iter().filter(|(s, _)| *s == row[0]).map(|(_, o)| *o).collect();
        let (kept, left_out): (Vec<Interval>, Vec<Interval>) =
            whole.iter().copied().partition(|o| o.len() >= LEFT_OUT_BELOW);
        let downtime = downtime(&whole, watched)?;
        lines.push(Line {
            service: row[0].clone(),
            published: row[3].clone(),
            by_their_rule: percentage(self::downtime(&kept, watched)?, watched.len()),
            ours: percentage(downtime, watched.len()),
            downtime,
            left_out: left_out.len(),
            left_out_downtime: left_out.iter().map(|o| o.len()).sum(),
        });
    }
    Ok(lines)
}

/// Downtime of one service by the kernel that the rules use.
fn downtime(list: &[Interval], watched: Interval) -> opsledger::Result<Micros> {
    let starts: Vec<Instant> = list.iter().map(|o| o.start).collect();
    let ends: Vec<Instant> = list.iter().map(|o| o.end).collect();
    let mut figures = [Figures::default()];
    outages(
        &Columns {
            system: &vec![0; list.len()],
            start: &starts,
            end: &ends,
            window_system: &[],
            window_start: &[],
            window_end: &[],
            period: watched,
            as_of: watched.end,
            merge_gap: 0,
            long_from: OPEN,
        },
        &mut figures,
    )?;
    Ok(figures[0].downtime)
}

/// Time up of time watched in per cent, two digits, half up; exact.
fn percentage(down: Micros, watched: Micros) -> String {
    let (up, watched) = (i128::from(watched - down), i128::from(watched));
    let hundredths = (up * 20_000 + watched) / (2 * watched);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn rows(file: &Path, fields: &[&str]) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let head = reader.headers()?.clone();
    let column =
        |f: &&str| head.iter().position(|h| h == *f).ok_or(format!("{}: no column {f}", file.display()));
    let columns = fields.iter().map(column).collect::<Result<Vec<usize>, _>>()?;
    let mut out = Vec::new();
    for row in reader.records() {
        let row = row?;
        out.push(columns.iter().map(|c| row[*c].to_owned()).collect());
    }
    Ok(out)
}
