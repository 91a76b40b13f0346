//! One file a verb, or a few that belong together.

mod assess;
mod backup;
mod calendar;
mod copies;
mod diff;
mod due;
mod explain;
mod import;
mod lint;
mod record;
mod register;
mod report;
mod sheets;
mod show;
mod verify;

use crate::args::{Cli, Document, Verb};
use crate::input;
use crate::out::Out;
use crate::{EXIT_OK, help, table};
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Result};
use opsledger::ledger::{Ledger, Options};
use opsledger::time::Instant;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest contract, bytes (a ledger's fact holds less).
const MAX_CONTRACT: usize = 1 << 20;
/// Largest query, bytes.
const MAX_QUERY: usize = 1 << 20;

/// Does what was asked; the exit status.
pub(crate) fn run(cli: &Cli, out: &mut Out<'_, '_>) -> Result<i32> {
    match &cli.verb {
        Verb::Init(args) => record::init(cli, args, out),
        Verb::Append(args) => record::append(cli, args, out),
        Verb::Import(args) => import::run(cli, args, out),
        Verb::Show(args) => show::run(cli, args, out),
        Verb::Assess(args) => assess::run(cli, args, out),
        Verb::Report(args) => report::run(cli, args, out),
        Verb::Due(args) => due::run(cli, args, out),
        Verb::Explain(args) => explain::run(cli, args, out),
        Verb::Lint(args) => lint::run(cli, args, out),
        Verb::Diff(args) => diff::run(cli, args, out),
        Verb::Register(args) => register::run(cli, args, out),
        Verb::Backup(args) => backup::run(cli, args, out),
        Verb::Verify => verify::run(cli, out),
        Verb::Sql(args) => sql(cli, &args.query, out),
        Verb::Snapshot(args) => copies::snapshot(cli, &args.out, out),
        Verb::Export(args) => copies::export(cli, args.from, out),
        Verb::Calendar(args) => calendar::run(cli, args, out),
        Verb::Form(args) => sheets::form(cli, args, out),
        Verb::Confirm(args) => sheets::confirm(cli, args, out),
        Verb::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut help::command(out.lang), "opsledger", &mut script);
            out.write(&script)?;
            Ok(EXIT_OK)
        }
        Verb::Schema(args) => {
            let schema = match args.document {
                Document::Contract => opsledger::contract::schema(),
                Document::Assessment => opsledger::assess::schema(),
                Document::BackupReport => opsledger::backup::report_schema(),
                Document::BackupOptions => opsledger::backup::options_schema(),
            };
            out.line(&format!("{schema:#}"))?;
            Ok(EXIT_OK)
        }
    }
}

fn sql(cli: &Cli, query: &str, out: &mut Out<'_, '_>) -> Result<i32> {
    let query = match query {
        "-" => {
            let bytes = input::read_all("-".as_ref(), out, MAX_QUERY)?;
            String::from_utf8(bytes).map_err(|e| Error::new(Code::BadUtf8, e.to_string()))?
        }
        query => query.to_owned(),
    };
    let answer = open(cli, false)?.sql(&query)?;
    if out.json {
        out.line(&serde_json::json!({ "columns": answer.columns, "rows": answer.rows }).to_string())?;
        return Ok(EXIT_OK);
    }
    let head: Vec<&str> = answer.columns.iter().map(String::as_str).collect();
    let cell = |value: serde_json::Value| match value {
        serde_json::Value::Null => table::Value::Text(String::new()),
        serde_json::Value::String(text) => table::Value::Text(text),
        number => table::Value::Number(number.to_string()),
    };
    table::print(
        out,
        &head,
        answer.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
    )?;
    Ok(EXIT_OK)
}

/// `--ledger`, or `OPSLEDGER_LEDGER`.
fn ledger_path(cli: &Cli) -> Result<PathBuf> {
    cli.ledger.clone().or_else(|| from_environment("OPSLEDGER_LEDGER")).ok_or_else(|| {
        Error::new(Code::BadRequest, "--ledger").with_hints(
            "say which ledger: --ledger FILE or OPSLEDGER_LEDGER",
            "请用 --ledger FILE 或环境变量 OPSLEDGER_LEDGER 指明台账",
        )
    })
}

fn from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The ledger, for reading or for writing.
fn open(cli: &Cli, write: bool) -> Result<Ledger> {
    Ledger::open(&ledger_path(cli)?, &Options { read_only: !write, ..Options::default() })
}

/// The ledger for writing, where one is named.
fn stated_ledger(cli: &Cli) -> Result<Option<Ledger>> {
    if cli.ledger.is_none() && from_environment("OPSLEDGER_LEDGER").is_none() {
        return Ok(None);
    }
    open(cli, true).map(Some)
}

/// `--contract`, or `OPSLEDGER_CONTRACT`.
fn contract_path(cli: &Cli) -> Option<PathBuf> {
    cli.contract.clone().or_else(|| from_environment("OPSLEDGER_CONTRACT"))
}

/// The contract of that name; none: the adopted one is meant.
fn stated_contract(cli: &Cli, out: &mut Out<'_, '_>) -> Result<Option<Arc<Contract>>> {
    let Some(path) = contract_path(cli) else { return Ok(None) };
    let bytes = input::read_all(&path, out, MAX_CONTRACT)?;
    Contract::parse_bytes(Some(&path.display().to_string()), &bytes).map(|contract| Some(Arc::new(contract)))
}

/// The contract stated, else the one that the ledger adopted.
fn contract(cli: &Cli, out: &mut Out<'_, '_>) -> Result<Arc<Contract>> {
    if let Some(contract) = stated_contract(cli, out)? {
        return Ok(contract);
    }
    if cli.ledger.is_none() && from_environment("OPSLEDGER_LEDGER").is_none() {
        return Err(Error::new(Code::BadRequest, "--contract").with_hints(
            "say which contract: --contract FILE or OPSLEDGER_CONTRACT, or a ledger that adopted one",
            "请用 --contract FILE 或环境变量 OPSLEDGER_CONTRACT 指明合同，或指明已采用合同的台账",
        ));
    }
    Ok(opsledger::account::Account::open(None, open(cli, false)?)?.contract())
}

/// An instant of the command line.
fn instant(option: &str, text: Option<&String>) -> Result<Option<Instant>> {
    let parsed = text.map(|text| opsledger::time::parse_instant(text)).transpose();
    parsed.map_err(|e| e.in_field(option))
}
