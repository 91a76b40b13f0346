//! The contract: promises as data. In: TOML text. Out: [`Contract`]. Knows the names of the rules and how their
//! parameters are written; knows no fact and judges nothing.

mod model;
mod parse;

pub use model::*;

use crate::error::Result;

impl Contract {
    /// Reads a contract (UTF-8 TOML, `format = 1`, no BOM).
    ///
    /// # Errors
    /// Category input, with line, column and a hint, for anything unknown, missing, wrong or impossible.
    pub fn parse(text: &str) -> Result<Contract> {
        parse::parse(text)
    }
}
