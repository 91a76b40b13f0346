//! Platform against standby (L4): schema, counts, row digests, split down to the rows that differ. Values are not reported,
//! only the keys of rows and the names of columns: what lies in them is people's data.

mod detail;
mod rows;
mod run;
mod schema;

pub use detail::{CompareDetail, Held, Side, TableDetail};
pub use run::compare;
