//! Plain dumps of pg_dump and pg_dumpall. A dump that lost its connection ends anywhere, with exit status 0 behind a pipe: what
//! shows that it is whole is its end mark, and behind it, on servers since 2025, the token of its head.

use super::sql::{Dialect, Line, Scanner};
use super::stream::{Head, Stop};
use super::{Place, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;

const COMPLETE: &[u8] = b"-- PostgreSQL database dump complete";
const CLUSTER_COMPLETE: &[u8] = b"-- PostgreSQL database cluster dump complete";
const BEGIN: &[u8] = b"-- PostgreSQL database dump";

/// Where a dump stands.
#[derive(Default)]
struct State {
    /// The token that the head restricts to.
    token: Option<Vec<u8>>,
    dumps: u64,
    complete: u64,
    cluster_complete: bool,
    copies: u64,
    rows: u64,
}

pub(super) fn check(
    head: &mut Head<'_>,
    place: &Place<'_>,
    report: &mut Report,
    cluster: bool,
) -> Result<(), Stop> {
    let mut state = State::default();
    let mut scanner = Scanner::new(Dialect::Postgres);
    let mut line = Line::default();
    let mut last = 0;
    let mut trailing = None;
    let mut unended = false;
    while scanner.line(head, &mut line)? {
        unended = !line.ended;
        if !line.is_blank() {
            last = line.at;
        }
        let done = if cluster { state.cluster_complete } else { state.complete > 0 };
        // Behind the end there are the line that closes its comment, blank lines and the token.
        let allowed = line.is_blank() || line.text() == b"--" || line.text().starts_with(b"\\unrestrict ");
        if done && !allowed && trailing.is_none() {
            trailing = Some(line.at);
        }
        step(&mut state, &line, &mut scanner, place, report);
    }
    if let Some(at) = scanner.nul {
        report.problem(place.problem(ProblemKind::DumpDamaged).at(at).detail("a NUL byte"));
    }
    let whole = if cluster { state.cluster_complete } else { state.complete > 0 };
    if let Some((at, what)) = scanner.unended() {
        report.problem(place.problem(ProblemKind::Cut).at(at).detail(what));
    } else if !whole || state.dumps > state.complete {
        let mark = if cluster { CLUSTER_COMPLETE } else { COMPLETE };
        let problem = place.problem(ProblemKind::NoEndMark).at(last);
        report.problem(
            problem.with(String::from_utf8_lossy(mark), format!("{} / {}", state.complete, state.dumps)),
        );
    } else if state.token.is_some() {
        report.problem(place.problem(ProblemKind::TokenMismatch).at(last).detail("\\unrestrict is missing"));
    } else if unended {
        report.problem(place.problem(ProblemKind::Cut).at(last).detail("the last line is not ended"));
    }
    if let Some(at) = trailing.filter(|_| scanner.unended().is_none()) {
        report.problem(place.problem(ProblemKind::TrailingBytes).at(at));
    }
    let figures = [
        ("copies", state.copies.to_string()),
        ("rows", state.rows.to_string()),
        ("databases", state.dumps.to_string()),
    ];
    told(report, if cluster { "pg_dumpall" } else { "pg_dump" }, place, &figures);
    Ok(())
}

fn step(state: &mut State, line: &Line, scanner: &mut Scanner, place: &Place<'_>, report: &mut Report) {
    let text = line.text();
    if line.row {
        state.rows += u64::from(text != b"\\.");
        return;
    }
    // The same words in a value or in the body of a function are no line of the dump's own.
    if !line.plain {
        return;
    }
    if line.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;") {
        scanner.rows_follow(line.at);
        state.copies += 1;
    } else if text == b"SET standard_conforming_strings = off;" {
        scanner.backslashes_escape();
    } else if text == BEGIN {
        state.dumps += 1;
    } else if text == COMPLETE {
        state.complete += 1;
    } else if text == CLUSTER_COMPLETE {
        state.cluster_complete = true;
    } else if let Some(token) = text.strip_prefix(b"\\restrict ") {
        state.token = Some(token.to_vec());
    } else if let Some(token) = text.strip_prefix(b"\\unrestrict ") {
        match state.token.take() {
            Some(head) if head == token => {}
            head => {
                let shown = |t: &[u8]| String::from_utf8_lossy(t).into_owned();
                report.problem(
                    place
                        .problem(ProblemKind::TokenMismatch)
                        .with(head.as_deref().map(shown).unwrap_or_default(), shown(token))
                        .at(line.at),
                );
            }
        }
    }
}
