//! opsledger keeps the books of a service contract. Facts go into a ledger; a contract is data; [`assess`] is a
//! pure function of both and of two instants.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod account;
pub mod assess;
#[cfg(feature = "backup")]
pub mod backup;
pub mod books;
pub mod calendar;
pub mod columns;
pub mod contract;
pub mod diff;
pub mod digest;
pub mod due;
pub mod error;
pub mod explain;
pub mod facts;
pub mod import;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod lint;
#[cfg(feature = "report")]
pub mod report;
pub mod rules;
#[cfg(all(feature = "sheets", feature = "ledger"))]
pub mod sheets;
mod shell;
#[cfg(any(feature = "report", feature = "sheets"))]
pub mod table;
pub mod time;

pub use error::{Category, Code, Error, Lang, Result};
