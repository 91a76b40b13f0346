//! JSON Schema of the contract, from the types that read it.

use super::parse::ContractText;
use schemars::generate::SchemaSettings;

/// JSON Schema (draft 2020-12) of a contract read from TOML. What only a check of the whole can see (references, circles,
/// dates in order, durations within bounds) is beyond it.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<ContractText<'static>>().to_value()
}
