//! The system clock, for bindings. Everything else takes the instant as an argument.

use crate::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// The host's time, microseconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods, reason = "the one place that asks the host what time it is")]
pub fn system_now() -> Instant {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}
