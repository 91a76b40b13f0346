//! The system's clock, which only bindings may read: everything below takes the instant as an argument.

use opsledger::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now. A host clock before 1970 reads as negative microseconds.
#[allow(
    clippy::disallowed_methods,
    reason = "the clock is an argument in the core and the system's in bindings"
)]
pub(crate) fn now() -> Instant {
    let micros = |d: std::time::Duration| Instant::try_from(d.as_micros()).unwrap_or(Instant::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }
}
