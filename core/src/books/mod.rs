//! Facts folded into cases.
