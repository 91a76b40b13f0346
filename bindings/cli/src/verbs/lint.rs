//! `lint`.

use crate::args::{Cli, Lint};
use crate::out::{Out, clean};
use crate::{EXIT_BREACHED, EXIT_INPUT, EXIT_OK, input, texts, verbs};
use opsledger::contract::Contract;
use opsledger::error::Result;
use opsledger::lint::{self, Level};
use std::sync::Arc;

pub(super) fn run(cli: &Cli, args: &Lint, out: &mut Out<'_, '_>) -> Result<i32> {
    let stated = args.file.clone().or_else(|| verbs::contract_path(cli));
    let name = stated.as_ref().map(|path| path.display().to_string());
    let with_record = args.ask.facts.is_some() || cli.ledger.is_some() || stated.is_none();
    let bytes = match &stated {
        Some(path) => Some(input::read_all(path, out, verbs::MAX_CONTRACT)?),
        None => None,
    };
    let text = bytes.as_ref().map(|bytes| lint::bytes(name.as_deref(), bytes));
    let found = match text {
        // A text that cannot be read has no record to be looked at with.
        Some(found) if found.contract.is_none() || !with_record => found,
        _ => {
            let parsed = bytes.map(|bytes| Contract::parse_bytes(name.as_deref(), &bytes)).transpose()?;
            let (account, ask) = verbs::assess::asked(cli, parsed.map(Arc::new), &args.ask, out)?;
            account.lint(&ask, name.as_deref())?
        }
    };
    if out.json {
        out.line(&found.to_json())?;
    } else if found.findings.is_empty() {
        out.line(texts::NOTHING_FOUND.get(out.lang))?;
    } else {
        out.write(clean(&found.text(out.lang)).as_bytes())?;
    }
    Ok(match found.worst() {
        Some(Level::Error) => EXIT_INPUT,
        Some(Level::Warning) => EXIT_BREACHED,
        Some(Level::Note) | None => EXIT_OK,
    })
}
