//! The sheets people fill in. In: workbooks and the ledger they are to go into. Out: forms to fill, what a filled sheet
//! would record and which of its cells are wrong, and the monthly sheet on which the other party agrees or objects.
//!
//! A family of sheets is one table of data ([`Family`], one file in `families/`): its columns, and which facts a row states.
//! `form` writes the empty sheet, `cell` reads single cells, `rows` finds the rows, `plan` compares them with the record,
//! `copy` gives the sheet back with its wrong cells coloured; `confirmation` is the sheet of opinions.

mod cell;
pub mod confirmation;
mod copy;
mod family;
pub mod families;
mod form;
mod plan;
mod rows;

pub use family::{At, Column, Correction, Family, Step, Type, Word};
pub use form::{DEFAULT_ROWS, MAX_ROWS, form};
pub use plan::{Change, Planned, Preview, Who, preview};

/// The field that says which zone times without an offset were read in.
const STATED_ZONE: &str = crate::import::csv::STATED_ZONE;
