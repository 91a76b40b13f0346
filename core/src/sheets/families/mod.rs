//! The families, one file each. A new one is a new file and a line here.

mod assets;
mod findings;
mod incidents;
mod inspections;
mod outages;
mod planned;
mod requests;
mod roster;
mod words;
mod work;

use super::Family;
use crate::error::{Code, Error, Result};

/// All of them.
pub static FAMILIES: &[&Family] = &[
    &roster::FAMILY,
    &incidents::FAMILY,
    &outages::FAMILY,
    &planned::FAMILY,
    &requests::FAMILY,
    &work::FAMILY,
    &inspections::FAMILY,
    &assets::FAMILY,
    &findings::FAMILY,
];

/// By name, Chinese or English.
///
/// # Errors
/// `unknown-word`, with those there are.
pub fn find(name: &str) -> Result<&'static Family> {
    FAMILIES.iter().find(|f| f.name == name || f.zh == name).copied().ok_or_else(|| {
        let names: Vec<String> = FAMILIES.iter().map(|f| format!("{} {}", f.name, f.zh)).collect();
        Error::new(Code::UnknownWord, format!("FAMILY = {name:?}")).with_hint(names.join(", "))
    })
}
