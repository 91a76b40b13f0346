//! Version, log, buffers, errors.

use crate::guard::{guard, guard_or};
use crate::log;
use crate::types::*;
use std::ffi::{CStr, c_char, c_void};

/// The ABI this library has: major version times 65536 plus minor version. A program may run with a library of the same
/// major and at least its own minor version, `OPSL_ABI_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_abi_version() -> i32 {
    guard_or(0, abi_version)
}

pub(crate) fn abi_version() -> i32 {
    let part = |text: &str| text.parse::<i32>().unwrap_or(0);
    part(env!("CARGO_PKG_VERSION_MAJOR")) << 16 | part(env!("CARGO_PKG_VERSION_MINOR"))
}

/// The version as text, such as "0.1.0". Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_version() -> *const c_char {
    guard_or(c"".as_ptr(), || VERSION.as_ptr())
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

/// The parts in this build, separated by blanks, such as "ledger report backup jni". Never freed. The header never varies: a part
/// left out answers `OPSL_E_UNSUPPORTED`.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_features() -> *const c_char {
    guard_or(c"".as_ptr(), || FEATURES.as_ptr())
}

pub(crate) const FEATURES: &CStr = c"ledger report backup jni";

/// Sends log lines to `log`, or nowhere when it is NULL. One for the whole process. It is called in the thread that called the
/// library, during that call, and must not call the library. Once this returns, the former function is not running and is
/// never called again. `user` is handed on and may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_log_set(
    log: opsl_log_fn,
    user: *mut c_void,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            log::set(log, user);
            Ok(())
        })
    }
}

/// Frees the bytes of a buffer and leaves it empty. NULL and an empty buffer are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_buf_free(buf: *mut opsl_buf) {
    guard_or((), || unsafe { take_back(buf) })
}

/// The status that the failed call returned; `OPSL_OK` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_error_code(error: Option<&opsl_error>) -> opsl_status {
    guard_or(OPSL_OK, || error.map_or(OPSL_OK, opsl_error::code))
}

/// What was wrong, where, with which value, and what to do, as UTF-8 with a NUL at its end. `lang` is `OPSL_LANG_EN` or
/// `OPSL_LANG_ZH`; any other number gives English. Belongs to the error. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_error_text(error: Option<&opsl_error>, lang: i32) -> *const c_char {
    guard_or(c"".as_ptr(), || error.map_or(c"", |e| e.text(lang)).as_ptr())
}

/// The line, row or position in a batch that is wrong, from 1; `OPSL_ABSENT` where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_error_row(error: Option<&opsl_error>) -> i64 {
    guard_or(OPSL_ABSENT, || or_absent(error.and_then(opsl_error::row).map(signed)))
}

/// Frees an error. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_error_free(error: Option<Box<opsl_error>>) {
    guard_or((), || drop(error))
}
