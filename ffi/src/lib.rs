//! The C ABI of opsledger.
