//! The `opsledger` command as a library, so that the Python console script runs the same code.
