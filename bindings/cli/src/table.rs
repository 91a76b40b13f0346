//! Tables aligned by display width: fitted and coloured on a terminal, plain in a pipe.

use crate::out::{Out, clean};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use opsledger::Result;
use opsledger::assess::Status;

/// A cell with what decides its looks.
pub(crate) enum Value {
    Text(String),
    /// Aligned to the right.
    Number(String),
    /// In its colour.
    Status(Status, String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// Prints a table.
pub(crate) fn print(out: &mut Out<'_, '_>, head: &[&str], rows: Vec<Vec<Value>>) -> Result<()> {
    let styled = out.styled();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if out.stdout_is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    }
    if styled {
        table.enforce_styling();
    }
    let heading = |text: &&str| {
        let cell = Cell::new(text);
        if styled { cell.add_attribute(Attribute::Bold) } else { cell }
    };
    table.set_header(head.iter().map(heading));
    for row in rows {
        table.add_row(row.into_iter().map(|value| cell(value, styled)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        out.line(line.trim_end())?;
    }
    Ok(())
}

fn cell(value: Value, styled: bool) -> Cell {
    match value {
        Value::Text(text) => Cell::new(clean(&text)),
        Value::Number(text) => Cell::new(clean(&text)).set_alignment(CellAlignment::Right),
        Value::Status(status, text) if styled => Cell::new(text).fg(colour(status)),
        Value::Status(_, text) => Cell::new(text),
    }
}

fn colour(status: Status) -> Color {
    match status {
        Status::Breached => Color::Red,
        Status::AtRisk | Status::NoEvidence => Color::Yellow,
        Status::Met => Color::Green,
        Status::Waived | Status::NotDue | Status::Running | Status::Paused => Color::DarkGrey,
    }
}
