//! `register`.

use crate::args::{Cli, Register};
use crate::out::Out;
use crate::table::{self, Value};
use crate::{EXIT_OK, verbs};
use opsledger::books::registers::{self, Cell};
use opsledger::error::Result;

pub(super) fn run(cli: &Cli, args: &Register, out: &mut Out<'_, '_>) -> Result<i32> {
    // A wrong name is said before the ledger is read.
    registers::find(&args.name)?;
    let (account, ask) = verbs::assess::account(cli, &args.ask, out)?;
    let rows = account.register(&args.name, &ask)?;
    if out.json {
        out.line(&rows.to_json())?;
        return Ok(EXIT_OK);
    }
    let lang = out.lang;
    // Columns that nothing was stated in say nothing.
    let shown: Vec<usize> = (0..rows.columns.len())
        .filter(|i| rows.rows.iter().any(|row| row.cells.get(*i).is_some_and(|c| *c != Cell::Empty)))
        .collect();
    let head: Vec<&str> = shown.iter().map(|i| rows.columns[*i].head(lang)).collect();
    let cell = |i: &usize, cells: &[Cell]| {
        let text = rows.columns[*i].text(&cells[*i], lang, rows.zone);
        match cells[*i] {
            Cell::Integer(_) | Cell::Decimal(_) | Cell::Duration(_) => Value::Number(text),
            _ => Value::Text(text),
        }
    };
    let lines = rows.rows.iter().map(|row| shown.iter().map(|i| cell(i, &row.cells)).collect()).collect();
    table::print(out, &head, lines)?;
    Ok(EXIT_OK)
}
