//! `command`: the customer's own restore script, for engines that cannot be driven from here (Oracle, DM, Kingbase).

use super::process::{Ask, KEPT};
use super::{Done, Drill, expect};
use crate::backup::Level;
use std::collections::BTreeMap;
use std::process::Command;

/// Names counted at most.
const MAX_COUNTS: usize = 100_000;

pub(super) fn restore(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "command".into();
    let script = drill.options.command.clone().unwrap_or_default();
    let mut ask = Command::new("/bin/sh");
    ask.arg("-c").arg(&script).current_dir(drill.scratch.path());
    let set = super::scratch::real(&drill.set.root)?;
    ask.env("OPSLEDGER_SET", set).env("OPSLEDGER_SCRATCH", drill.scratch.path());
    let mut counts = BTreeMap::new();
    let mut printed = String::new();
    let mut hear = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_whitespace();
        if let (Some("count"), Some(name), Some(Ok(rows)), None) =
            (words.next(), words.next(), words.next().map(str::parse::<u64>), words.next())
            && counts.len() < MAX_COUNTS
        {
            counts.insert(name.to_owned(), rows);
        }
        if printed.len() + line.len() < KEPT {
            printed.push_str(&line);
            printed.push('\n');
        }
    };
    let ended = drill.step("restore", true, |drill| {
        let mut ask = Ask::new(ask);
        ask.lines = Some(&mut hear);
        drill.run("sh", ask)
    })?;
    drill.note(printed.trim_end());
    if !ended.ok {
        return Err(drill.failed("", &format!("{}\n{}", ended.status, ended.messages.trim())));
    }
    drill.report.check(
        Level::L3,
        "command",
        None,
        &[("status", ended.status), ("counts", counts.len().to_string())],
    );
    drill.detail.rows = counts.values().copied().fold(0, u64::saturating_add);
    if !counts.is_empty() || !drill.options.counts.is_empty() {
        expect::counts(drill, &counts);
    } else {
        drill.report.problem(crate::backup::Problem::new(crate::backup::ProblemKind::NothingExpected, ""));
    }
    Ok(())
}
