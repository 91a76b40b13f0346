//! `snapshot` and `export`.

use crate::args::Cli;
use crate::out::Out;
use crate::progress::Progress;
use crate::{EXIT_OK, texts, verbs};
use opsledger::digest;
use opsledger::error::Result;
use serde_json::json;
use std::path::Path;

/// Entries that are read at a time.
const PAGE: u64 = 10_000;

pub(super) fn snapshot(cli: &Cli, path: &Path, out: &mut Out<'_, '_>) -> Result<i32> {
    verbs::open(cli, false)?.snapshot(path)?;
    if out.json {
        out.line(&json!({ "snapshot": path.display().to_string() }).to_string())?;
    } else {
        out.line(&texts::WRITTEN.with(out.lang, &[&path.display()]))?;
    }
    Ok(EXIT_OK)
}

/// Head (four fields), hash of the head, fact; a fact's canonical text holds no tab.
pub(super) fn export(cli: &Cli, from: u64, out: &mut Out<'_, '_>) -> Result<i32> {
    let ledger = verbs::open(cli, false)?;
    let last = ledger.head()?.seq;
    let bar = Progress::new(out, texts::EXPORTING.get(out.lang), Some(last));
    let mut next = from.max(1);
    while next <= last && !out.is_gone() {
        let rows = ledger.read(next, PAGE.min(last - next + 1))?;
        let Some(read) = rows.last().map(|row| row.seq) else { break };
        let mut text = String::new();
        for row in &rows {
            let hash = digest::sm3_hex(row.head.as_bytes());
            if out.json {
                text.push_str(
                    &json!({ "seq": row.seq, "head": row.head, "hash": hash, "fact": row.fact }).to_string(),
                );
            } else {
                for part in [&row.head, "\t", &hash, "\t", &row.fact] {
                    text.push_str(part);
                }
            }
            text.push('\n');
        }
        out.write(text.as_bytes())?;
        bar.at(read, last);
        next = read + 1;
    }
    Ok(EXIT_OK)
}
