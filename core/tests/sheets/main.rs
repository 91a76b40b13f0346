//! The sheets people fill in, as workbooks that a person's program might have written.
//! How a sheet goes in and comes back from the command line: bindings/cli/tests/sheets.rs; filled by another library:
//! tests/python/test_sheets.py.

mod confirm;
mod forms;
mod hostile;
mod record;
mod support;
