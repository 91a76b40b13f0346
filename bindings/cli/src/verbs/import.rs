//! `import csv`; `import sheet` lies with the other verbs on sheets.

use crate::args::{Cli, Import, ImportCsv, Source};
use crate::out::Out;
use crate::texts;
use crate::{EXIT_OK, input, verbs};
use opsledger::calendar::Zone;
use opsledger::error::{Code, Error, Result};
use opsledger::import::csv::{self, Row};
use opsledger::ledger::{Ledger, Options, clock};
use serde_json::json;

pub(super) fn run(cli: &Cli, args: &Import, out: &mut Out<'_, '_>) -> Result<i32> {
    match &args.source {
        Source::Csv(args) => import_csv(cli, args, out),
        Source::Sheet(args) => verbs::sheets::import(cli, args, out),
    }
}

fn import_csv(cli: &Cli, args: &ImportCsv, out: &mut Out<'_, '_>) -> Result<i32> {
    let options = Options { accept_clock: args.accept_clock, ..Options::default() };
    let ledger = Ledger::open(&verbs::ledger_path(cli)?, &options)?;
    let bytes = input::read_all(&args.file, out, csv::MAX_FILE)?;
    let rows = read(&bytes, cli, args, out)?;
    let facts: Vec<_> = rows.iter().map(|row| row.stated.clone()).collect();
    let number = |position: u64| {
        usize::try_from(position)
            .ok()
            .and_then(|p| rows.get(p.checked_sub(1)?))
            .map_or(position, |row| row.number)
    };
    let imported = ledger.import(&facts, clock::system_now(), args.lenient).map_err(|e| match e.row() {
        Some(position) => e.at_row(number(position)),
        None => e,
    })?;
    let faults: Vec<(u64, &String)> =
        imported.faults.iter().map(|(row, text)| (number(*row), text)).collect();
    if out.json {
        let faults: Vec<_> = faults.iter().map(|(row, text)| json!({ "row": row, "text": text })).collect();
        out.line(&json!({ "seqs": imported.seqs, "new": imported.new, "faults": faults }).to_string())?;
        return Ok(EXIT_OK);
    }
    let lang = out.lang;
    out.line(&texts::IMPORTED.with(lang, &[&facts.len(), &imported.new, &texts::ranges(&imported.seqs)]))?;
    for (row, text) in faults {
        out.note(&texts::FAULTY_ROW.with(lang, &[&row, text]));
    }
    Ok(EXIT_OK)
}

/// Times without an offset take the zone stated, else the contract's; without either they are refused.
fn read(bytes: &[u8], cli: &Cli, args: &ImportCsv, out: &mut Out<'_, '_>) -> Result<Vec<Row>> {
    if let Some(zone) = &args.zone {
        return csv::read_rows(bytes, Some(Zone::parse(zone)?));
    }
    // A file with offsets throughout needs no contract.
    let naive = match csv::read_rows(bytes, None) {
        Err(e) if e.code() == Code::NaiveTime => e,
        read => return read,
    };
    match verbs::contract(cli, out) {
        Ok(contract) => csv::read_rows(bytes, Some(contract.zone)),
        Err(e) if e.code() == Code::NotFound => Err(no_zone(naive)),
        Err(e) => Err(e),
    }
}

fn no_zone(naive: Error) -> Error {
    naive.with_hints(
        "or state --zone or --contract for times without an offset",
        "或用 --zone 或 --contract 给出未写偏移的时间所用时区",
    )
}
