//! `explain`.

use crate::args::{Cli, Explain};
use crate::out::{Out, clean};
use crate::{EXIT_OK, verbs};
use opsledger::error::Result;
use opsledger::explain::Files;
use std::path::Path;

pub(super) fn run(cli: &Cli, args: &Explain, out: &mut Out<'_, '_>) -> Result<i32> {
    let (account, ask) = verbs::assess::account(cli, &args.ask, out)?;
    let explanation = account.explain(&ask, &args.clause, args.case.as_deref())?;
    if out.json {
        out.line(&explanation.to_json())?;
        return Ok(EXIT_OK);
    }
    let ledger = if args.ask.facts.is_none() { Some(verbs::ledger_path(cli)?) } else { None };
    let contract = verbs::contract_path(cli);
    let name = |path: Option<&Path>| path.map(|p| p.display().to_string());
    let (ledger, contract, facts) =
        (name(ledger.as_deref()), name(contract.as_deref()), name(args.ask.facts.as_deref()));
    let files = Files { ledger: ledger.as_deref(), contract: contract.as_deref(), facts: facts.as_deref() };
    out.write(clean(&explanation.text(out.lang, files)).as_bytes())?;
    Ok(EXIT_OK)
}
