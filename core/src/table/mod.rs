//! Tables as files. In: bytes. Out: cells with their places, and files of cells. Knows nothing of facts.

pub(crate) mod text;
#[cfg(feature = "sheets")]
pub mod xlsx;
