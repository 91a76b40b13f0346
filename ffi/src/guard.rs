//! The one guard that stands around every export, in C and in Java.

use crate::log;
use crate::types::{OPSL_OK, opsl_error, opsl_status};
use opsledger::{Code, Error};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body` with the host's log sink installed; a panic becomes the error `internal`.
pub(crate) fn catch<T, E: From<Error>>(body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    log::scope(|| match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => {
            let error = Error::new(Code::Internal, words(&*payload));
            tracing::error!("{error}");
            Err(error.into())
        }
    })
}

fn words(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic",
    }
}

/// A fallible export: status out, and the error itself through `err` unless that is NULL.
pub(crate) unsafe fn guard(
    err: *mut *mut opsl_error,
    body: impl FnOnce() -> opsledger::Result<()>,
) -> opsl_status {
    match catch(body) {
        Ok(()) => OPSL_OK,
        Err(error) => {
            let status = error.status();
            if !err.is_null() {
                let boxed = Box::into_raw(Box::new(opsl_error::new(error)));
                // SAFETY: the caller's pointer to a pointer, checked for NULL.
                unsafe { err.write(boxed) };
            }
            status
        }
    }
}

/// A getter or a free, which cannot fail: `otherwise` stands in for a panic.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch(|| Ok::<T, Error>(body())).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    #[test]
    fn a_panic_becomes_an_error_and_nothing_unwinds() {
        let mut err = null_mut();
        let status = unsafe { guard(&mut err, || panic!("seq {} is odd", 7)) };
        assert_eq!(status, Error::new(Code::Internal, "").status());
        let error = unsafe { Box::from_raw(err) };
        assert_eq!(error.code(), status);
        assert!(error.text(0).to_str().unwrap().contains("seq 7 is odd"));
        assert_eq!(unsafe { guard(null_mut(), || std::panic::panic_any(5)) }, status);
        assert_eq!(guard_or(3, || panic!("static text")), 3);
    }

    #[test]
    fn success_leaves_the_error_alone() {
        let mut err = null_mut();
        assert_eq!(unsafe { guard(&mut err, || Ok(())) }, OPSL_OK);
        assert!(err.is_null());
    }
}
