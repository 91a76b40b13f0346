//! `verify`.

use crate::args::Cli;
use crate::out::Out;
use crate::progress::Progress;
use crate::{EXIT_BREACHED, EXIT_OK, texts, verbs};
use opsledger::error::{Category, Code, Result};
use opsledger::ledger::{Problem, Verdict};
use serde_json::json;

pub(super) fn run(cli: &Cli, out: &mut Out<'_, '_>) -> Result<i32> {
    let lang = out.lang;
    let bar = Progress::new(out, texts::VERIFYING.get(lang), Some(0));
    // Opened for writing, so that lookups that do not agree with the entries are built anew; entries are never touched.
    let opened = verbs::open(cli, true).or_else(|e| match e.code() {
        Code::ReadOnlyFile => verbs::open(cli, false),
        _ => Err(e),
    });
    let checked = opened.and_then(|ledger| {
        ledger.verify(&mut |done, total| {
            bar.at(done, total);
            true
        })
    });
    drop(bar);
    let verdict = match checked {
        // Too damaged to be read to the end: that is the answer to the question.
        Err(e) if e.category() == Category::Corrupt => Verdict {
            entries: 0,
            first_bad: e.row(),
            problem: Some(Problem { name: e.code().info().name, detail: e.text(lang) }),
        },
        checked => checked?,
    };
    let sound = verdict.first_bad.is_none() && verdict.problem.is_none();
    let name = verdict.problem.as_ref().map(|p| p.name);
    let detail = verdict.problem.as_ref().map(|p| p.detail.as_str());
    if out.json {
        out.line(
            &json!({ "ok": sound, "entries": verdict.entries, "first_bad": verdict.first_bad, "problem": name, "detail": detail })
                .to_string(),
        )?;
    } else {
        let (name, detail) = (name.unwrap_or_default(), detail.unwrap_or_default());
        out.line(&match verdict.first_bad {
            _ if sound => texts::SOUND.with(lang, &[&verdict.entries]),
            Some(seq) => texts::BROKEN.with(lang, &[&verdict.entries, &seq, &name, &detail]),
            None => texts::BROKEN_AROUND.with(lang, &[&verdict.entries, &name, &detail]),
        })?;
    }
    Ok(if sound { EXIT_OK } else { EXIT_BREACHED })
}
