//! Dumps of mysqldump and mariadb-dump. Their end mark can be switched off; then the statements themselves are what can be looked
//! at: one that is not ended was cut.

use super::sql::{Dialect, Line, Scanner};
use super::stream::{Bytes, Head, Stop};
use super::{Place, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;

const MARK: &[u8] = b"-- Dump completed";
/// Heads that are written where comments are, and where comments are, the end mark is.
const HEADS: [&[u8]; 2] = [b"-- MySQL dump ", b"-- MariaDB dump "];

pub(super) fn check(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report) -> Result<(), Stop> {
    let mut scanner = Scanner::new(Dialect::Mysql);
    let mut line = Line::default();
    let (mut headed, mut marked, mut tables) = (false, false, 0u64);
    let mut trailing = None;
    while scanner.line(head, &mut line)? {
        if marked && !line.is_blank() {
            trailing.get_or_insert(line.at);
        }
        if !line.plain {
            continue;
        }
        headed |= HEADS.iter().any(|h| line.starts_with(h));
        tables += u64::from(line.starts_with(b"CREATE TABLE "));
        // Without a date behind it where that is switched off; its line is always ended.
        let behind = line.text().strip_prefix(MARK);
        marked |= line.ended && behind.is_some_and(|b| b.is_empty() || b.starts_with(b" on "));
    }
    if let Some(at) = scanner.nul_in_text {
        report.problem(place.problem(ProblemKind::DumpDamaged).at(at).detail("a NUL byte outside quotes"));
    }
    if let Some((at, what)) = scanner.unended() {
        report.problem(place.problem(ProblemKind::Cut).at(at).detail(what));
    } else if let Some(at) = trailing {
        report.problem(place.problem(ProblemKind::TrailingBytes).at(at));
    } else if headed && !marked {
        let problem = place.problem(ProblemKind::NoEndMark).at(head.at());
        report.problem(problem.detail(String::from_utf8_lossy(MARK)));
    } else if !marked {
        report.problem(place.problem(ProblemKind::NoEndMarkWritten));
    }
    // A dump of no table still sets its session.
    if scanner.statements == 0 && !headed {
        report.problem(place.problem(ProblemKind::OtherFormat).with("SQL", "?"));
    }
    let figures = [("statements", scanner.statements.to_string()), ("tables", tables.to_string())];
    told(report, "mysqldump", place, &figures);
    Ok(())
}
