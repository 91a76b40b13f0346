//! The contract: promises as data. In: TOML text. Out: [`Contract`]. Knows the names of the rules and how their
//! parameters are written; knows no fact and judges nothing.

mod model;
pub(crate) mod parse;
mod schema;
mod tools;

pub use model::*;
pub use schema::schema;
pub(crate) use tools::{Compiled, Tools};

use crate::calendar::Calendar;
use crate::error::Result;
use crate::time::Instant;

impl Contract {
    /// Reads a contract (UTF-8 TOML, `format = 1`, no BOM).
    ///
    /// # Errors
    /// Category input (version for a newer format), with line, column and a hint, for anything unknown, missing, wrong
    /// or impossible; the first is reported.
    pub fn parse(text: &str) -> Result<Contract> {
        parse::parse(None, text)
    }
    /// As [`Contract::parse`]; errors begin with the file's name.
    ///
    /// # Errors
    /// As [`Contract::parse`].
    pub fn parse_named(file: &str, text: &str) -> Result<Contract> {
        parse::parse(Some(file), text)
    }
    /// As [`Contract::parse`], from bytes as a file holds them.
    ///
    /// # Errors
    /// `bad-utf8` with the place of the first wrong byte; else as [`Contract::parse`].
    pub fn parse_bytes(file: Option<&str>, bytes: &[u8]) -> Result<Contract> {
        parse::parse_bytes(file, bytes)
    }
    /// The service hours of `[[calendar]] id`, with the holiday notices known at `known_at`.
    ///
    /// # Errors
    /// `not-found` for an unknown id; `bad-calendar`.
    pub fn hours(&self, id: &str, known_at: Instant) -> Result<Calendar> {
        self.tools(known_at)?.calendar(id)
    }
}
