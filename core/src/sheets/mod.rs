//! The sheets people fill in. In: workbooks and the ledger they are to go into. Out: forms to fill, what a filled sheet
//! would record and which of its cells are wrong, and the monthly sheet on which the other party agrees or objects.
//!
//! A family of sheets is one table of data ([`Family`], one file in `families/`): its columns, and which facts a row states.
//! `form` writes the empty sheet, `cell` reads single cells, `rows` finds the rows, `plan` compares them with the `record`,
//! `facts` makes the facts, `preview` shows and records them, `copy` gives the sheet back with its wrong cells coloured; `confirmation` is the sheet of opinions.

mod cell;
pub mod confirmation;
mod copy;
mod facts;
pub mod families;
mod family;
mod form;
mod plan;
mod preview;
mod record;
mod rows;

pub use family::{At, Column, Correction, Family, Step, Type};
pub use form::{DEFAULT_ROWS, MAX_ROWS, form};
pub use preview::{Change, Planned, Preview, Who, preview};

use crate::calendar::Zone;
use crate::time::{Instant, MINUTE, SECOND};

/// The field that says which zone times without an offset were read in.
const STATED_ZONE: &str = crate::import::csv::STATED_ZONE;

/// A time as sheets show it: local, to the minute, finer only where there is more.
fn local(at: Instant, zone: Zone) -> String {
    let text = zone.format(at);
    let length = match (at.rem_euclid(MINUTE), at.rem_euclid(SECOND)) {
        (0, _) => "2026-03-02T08:10".len(),
        (_, 0) => "2026-03-02T08:10:00".len(),
        _ => "2026-03-02T08:10:00.000001".len(),
    };
    text.get(..length).unwrap_or(&text).replace('T', " ")
}
