//! CSV with columns `kind`, `subject`, `at`, `key`, `recorded_at`, `body.*`.

use super::Stated;
use crate::calendar::Zone;
use crate::error::{Code, Result, err};

/// Reads a CSV file. Times without an offset take `zone`, and the fact says so (`body.stated_zone`); without `zone` they are
/// refused. A row without `key` gets one made of its content, so that the same file twice changes nothing.
///
/// # Errors
/// Category input with the row (the head is row 1).
pub fn read(_bytes: &[u8], _zone: Option<Zone>) -> Result<Vec<Stated>> {
    err(Code::Unsupported, "csv")
}
