//! TOML text to [`Contract`], with file positions in every error.
use super::Contract;
use crate::error::{Code, Result, err};

pub(super) fn parse(_text: &str) -> Result<Contract> {
    err(Code::Unsupported, "contract parser")
}
