//! Plain dumps of pg_dump and pg_dumpall. A dump that lost its connection ends anywhere, with exit status 0 behind a pipe: what
//! shows that it is whole is its end mark, and behind it, on servers since 2025, the token of its head.

use super::stream::{Head, Stop};
use super::text::{Line, next};
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
    /// Rows of the COPY that is open, and where it began.
    copy: Option<u64>,
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
    let mut line = Line::default();
    let mut last = 0;
    let mut nul = None;
    let mut trailing = None;
    let mut unended = false;
    while next(head, &mut line)? {
        if line.nul && nul.is_none() {
            nul = Some(line.at);
        }
        unended = !line.ended;
        if !line.is_blank() {
            last = line.at;
        }
        let done = if cluster { state.cluster_complete } else { state.complete > 0 };
        step(&mut state, &line, place, report);
        // Behind the end there are comments, blank lines and the token.
        let allowed =
            line.is_blank() || line.text().starts_with(b"--") || line.text().starts_with(b"\\unrestrict");
        if done && !allowed && trailing.is_none() {
            trailing = Some(line.at);
        }
    }
    if let Some(at) = nul {
        report.problem(place.problem(ProblemKind::DumpDamaged).at(at).detail("a NUL byte"));
    }
    let whole = if cluster { state.cluster_complete } else { state.complete > 0 };
    if let Some(at) = state.copy {
        report.problem(place.problem(ProblemKind::Cut).at(at).detail("the rows of a COPY are not ended"));
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
    if let Some(at) = trailing {
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

fn step(state: &mut State, line: &Line, place: &Place<'_>, report: &mut Report) {
    let text = line.text();
    if state.copy.is_some() {
        if text == b"\\." {
            state.copy = None;
        } else {
            state.rows += 1;
        }
        return;
    }
    if line.head.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;") {
        state.copy = Some(line.at);
        state.copies += 1;
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
