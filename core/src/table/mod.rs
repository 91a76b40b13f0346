//! Tables as files. In: bytes. Out: cells with their places, and files of cells. Knows nothing of facts.

pub mod xlsx;
