//! Types that every section uses, and the only places that read the caller's memory.

use crate::log::c_text;
use opsledger::assess::View;
use opsledger::error::Lang;
use opsledger::{Code, Error, Result};
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{align_of, offset_of, size_of};
use std::sync::OnceLock;

/// 0, or what went wrong: the category in the low byte (`OPSL_CATEGORY_...`), the detail above it (`OPSL_E_...` is the
/// whole number). A caller that knows only the category of a new detail still knows what to do.
#[allow(non_camel_case_types)]
pub type opsl_status = i32;

/// All went well.
pub const OPSL_OK: opsl_status = 0;

/// No such figure or instant; as an argument: not given. Counts of 32 bits use -1.
pub const OPSL_ABSENT: i64 = i64::MIN;

/// English.
pub const OPSL_LANG_EN: i32 = 0;
/// Chinese.
pub const OPSL_LANG_ZH: i32 = 1;

/// What needs the other party's confirmation counts once confirmed.
pub const OPSL_VIEW_AGREED: i32 = 0;
/// All facts count.
pub const OPSL_VIEW_CLAIMED: i32 = 1;

/// UTF-8 text that the caller keeps for the length of the call; needs no NUL at its end. Empty text may have a NULL `ptr`.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_str {
    /// First byte.
    pub ptr: *const c_char,
    /// Number of bytes.
    pub len: usize,
}

/// Bytes that the library made and the caller frees with `opsl_buf_free`. A NUL that `len` does not count stands at the end, so
/// that text can be printed as it is.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct opsl_buf {
    /// First byte.
    pub ptr: *mut c_char,
    /// Number of bytes.
    pub len: usize,
}

/// What went wrong. The caller frees it with `opsl_error_free`.
#[allow(non_camel_case_types)]
pub struct opsl_error {
    error: Error,
    texts: [OnceLock<CString>; 2],
}

/// Receives a log line: level (1 error, 2 warning, 3 information, 4 debug, 5 trace), text, and the pointer given with it.
#[allow(non_camel_case_types)]
pub type opsl_log_fn = Option<unsafe extern "C" fn(level: i32, text: *const c_char, user: *mut c_void)>;

/// Receives progress: how much of how much is done, and the pointer given with it. Any other answer than 0 cancels.
#[allow(non_camel_case_types)]
pub type opsl_progress_fn = Option<unsafe extern "C" fn(done: i64, total: i64, user: *mut c_void) -> i32>;

impl opsl_error {
    pub(crate) fn new(error: Error) -> Self {
        opsl_error { error, texts: [OnceLock::new(), OnceLock::new()] }
    }
    pub(crate) fn code(&self) -> opsl_status {
        self.error.status()
    }
    pub(crate) fn text(&self, lang: i32) -> &CStr {
        let [en, zh] = &self.texts;
        match lang {
            OPSL_LANG_ZH => zh.get_or_init(|| c_text(&self.error.text(Lang::Zh))),
            _ => en.get_or_init(|| c_text(&self.error.text(Lang::En))),
        }
    }
    pub(crate) fn row(&self) -> Option<u64> {
        self.error.row()
    }
}

pub(crate) fn null(name: &str) -> Error {
    Error::new(Code::NullPointer, name)
}

/// A handle that must be there.
pub(crate) fn required<'a, T>(handle: Option<&'a T>, name: &str) -> Result<&'a T> {
    handle.ok_or_else(|| null(name))
}

/// An out pointer, checked before any work so that nothing is done whose result cannot be given.
pub(crate) fn out<T>(pointer: *mut T, name: &str) -> Result<*mut T> {
    if pointer.is_null() { Err(null(name)) } else { Ok(pointer) }
}

/// `n` elements of the caller's. `n` = 0 may come with NULL.
///
/// # Safety
/// A pointer that is not NULL leads to `n` elements that nobody writes for the length of the call.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, n: usize, name: &str) -> Result<&'a [T]> {
    check_array(pointer, n, name)?;
    // SAFETY: not NULL, aligned and of a possible size; the rest is the caller's promise.
    Ok(if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(pointer, n) } })
}

/// Writes an answer into the caller's array, which [`check_array`] has passed and which may be one that was read from.
///
/// # Safety
/// `to` leads to as many elements.
pub(crate) unsafe fn fill<T: Copy>(to: *mut T, values: &[T]) {
    if !values.is_empty() {
        // SAFETY: the caller's promise; our own values cannot overlap it.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len()) };
    }
}

/// An array of the caller's, before any work.
pub(crate) fn check_array<T>(pointer: *const T, n: usize, name: &str) -> Result<()> {
    if n == 0 {
        Ok(())
    } else if pointer.is_null() {
        Err(null(name))
    } else if !(pointer as usize).is_multiple_of(align_of::<T>()) {
        Err(Error::new(Code::BadRequest, format!("{name} is not aligned to {} bytes", align_of::<T>())))
    } else if n > isize::MAX as usize / size_of::<T>().max(1) {
        Err(Error::new(Code::OutOfRange, format!("{name}: {n} elements")))
    } else {
        Ok(())
    }
}

/// The caller's bytes.
///
/// # Safety
/// As [`slice`].
pub(crate) unsafe fn bytes<'a>(text: opsl_str, name: &str) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise.
    unsafe { slice(text.ptr.cast::<u8>(), text.len, name) }
}

/// The caller's text.
///
/// # Safety
/// As [`slice`].
pub(crate) unsafe fn text<'a>(text: opsl_str, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    utf8(unsafe { bytes(text, name) }?, name)
}

pub(crate) fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes)
        .map_err(|e| Error::new(Code::BadUtf8, format!("{name}, byte {} (counted from 0)", e.valid_up_to())))
}

/// Gives bytes away.
///
/// # Safety
/// `to` leads to an `opsl_buf` that may be overwritten.
pub(crate) unsafe fn give(to: *mut opsl_buf, bytes: impl Into<Vec<u8>>) {
    let mut bytes: Vec<u8> = bytes.into();
    let len = bytes.len();
    bytes.push(0);
    let ptr = Box::into_raw(bytes.into_boxed_slice()).cast::<c_char>();
    // SAFETY: the caller's promise.
    unsafe { to.write(opsl_buf { ptr, len }) };
}

/// Takes back what [`give`] gave, and leaves an empty buffer.
///
/// # Safety
/// `buf` is NULL or leads to an empty buffer or one of ours.
pub(crate) unsafe fn take_back(buf: *mut opsl_buf) {
    if buf.is_null() {
        return;
    }
    // SAFETY: the caller's promise; `give` boxed `len` bytes and a NUL.
    unsafe {
        let opsl_buf { ptr, len } = buf.replace(opsl_buf { ptr: std::ptr::null_mut(), len: 0 });
        if !ptr.is_null() {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(ptr.cast::<u8>(), len + 1)));
        }
    }
}

/// A struct of the header that starts with `size_t struct_size` and grows only at its end.
///
/// # Safety
/// `repr(C)`, first field `struct_size: usize`, no padding, and any bytes are a value of it.
pub(crate) unsafe trait Versioned: Copy {
    /// Its name in the header.
    const NAME: &'static str;
}

/// No struct of ours will ever be longer; a size beyond it was never set.
const LONGEST_STRUCT: usize = 4096;

fn stated_size<T: Versioned>(size: usize) -> Result<usize> {
    if (size_of::<usize>()..=LONGEST_STRUCT).contains(&size) {
        Ok(size)
    } else {
        let text = format!("{}.struct_size = {size}", T::NAME);
        Err(Error::new(Code::BadRequest, text)
            .with_hints(format!("set it to sizeof({})", T::NAME), format!("请设为 sizeof({})", T::NAME)))
    }
}

/// Reads a versioned struct over `defaults`: the part that the caller's header knew. What a newer header added is refused
/// unless it is all zero.
///
/// # Safety
/// A pointer that is not NULL leads to as many bytes as its `struct_size` says.
pub(crate) unsafe fn read_struct<T: Versioned>(from: *const T, defaults: T) -> Result<T> {
    if from.is_null() {
        return Ok(defaults);
    }
    // SAFETY: `struct_size` comes first; the caller vouches for so many bytes.
    let theirs = unsafe {
        let size = stated_size::<T>(from.cast::<usize>().read_unaligned())?;
        std::slice::from_raw_parts(from.cast::<u8>(), size)
    };
    let (known, newer) = theirs.split_at(theirs.len().min(size_of::<T>()));
    if newer.iter().any(|b| *b != 0) {
        return Err(Error::new(
            Code::Unsupported,
            format!("a field of {} that this version does not know", T::NAME),
        ));
    }
    let mut value = defaults;
    // SAFETY: `known` is at most as long as T, and any bytes are a T.
    unsafe { std::ptr::copy_nonoverlapping(known.as_ptr(), (&raw mut value).cast::<u8>(), known.len()) };
    Ok(value)
}

/// How much of a versioned struct the caller's header knows, checked before any work.
///
/// # Safety
/// A pointer that is not NULL leads to a `size_t`.
pub(crate) unsafe fn room<T: Versioned>(to: *mut T, name: &str) -> Result<usize> {
    // SAFETY: `struct_size` comes first.
    stated_size::<T>(unsafe { out(to, name)?.cast::<usize>().read_unaligned() })
}

/// Writes a versioned struct: the part that the caller's header knows, its `struct_size` kept, newer fields zero.
///
/// # Safety
/// `to` leads to `size` bytes.
pub(crate) unsafe fn write_struct<T: Versioned>(to: *mut T, size: usize, value: &T) {
    let head = size_of::<usize>();
    let ours = size.min(size_of::<T>());
    // SAFETY: within `size` bytes there and within T here.
    unsafe {
        let (to, from) = (to.cast::<u8>(), (value as *const T).cast::<u8>());
        std::ptr::copy_nonoverlapping(from.add(head), to.add(head), ours - head);
        std::ptr::write_bytes(to.add(ours), 0, size - ours);
    }
}

/// An instant or figure that may be absent.
pub(crate) fn given(value: i64) -> Option<i64> {
    (value != OPSL_ABSENT).then_some(value)
}

/// The inverse of [`given`].
pub(crate) fn or_absent(value: Option<i64>) -> i64 {
    value.unwrap_or(OPSL_ABSENT)
}

pub(crate) fn view(value: i32) -> Result<View> {
    match value {
        OPSL_VIEW_AGREED => Ok(View::Agreed),
        OPSL_VIEW_CLAIMED => Ok(View::Claimed),
        other => Err(Error::new(Code::BadRequest, format!("view {other}"))),
    }
}

/// A number of ours that C and Java hold in a signed integer.
pub(crate) fn signed(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

/// A number of entries that must not be negative.
pub(crate) fn unsigned(n: i64, name: &str) -> Result<u64> {
    u64::try_from(n).map_err(|_| Error::new(Code::OutOfRange, format!("{name} = {n}")))
}

/// A progress function as the core wants it: answers false to cancel.
pub(crate) fn progress(call: opsl_progress_fn, user: *mut c_void) -> impl FnMut(u64, u64) -> bool {
    move |done, total| match call {
        // SAFETY: the host's own function with the host's own pointer.
        Some(call) => unsafe { call(signed(done), signed(total), user) == 0 },
        None => true,
    }
}

const _: () = assert!(
    size_of::<opsl_str>() == 2 * size_of::<usize>() && offset_of!(opsl_str, len) == size_of::<usize>()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct V2 {
        struct_size: usize,
        a: i64,
        b: i64,
    }
    unsafe impl Versioned for V2 {
        const NAME: &'static str = "v2";
    }
    const DEFAULTS: V2 = V2 { struct_size: 0, a: 1, b: 2 };

    fn read(words: &[i64]) -> Result<V2> {
        unsafe { read_struct(words.as_ptr().cast(), DEFAULTS) }
    }

    #[test]
    fn structs_of_older_and_newer_headers() {
        assert_eq!(unsafe { read_struct(std::ptr::null(), DEFAULTS) }.unwrap(), DEFAULTS);
        assert_eq!(read(&[16, 7]).unwrap(), V2 { struct_size: 16, a: 7, b: 2 });
        assert_eq!(read(&[24, 7, 8]).unwrap(), V2 { struct_size: 24, a: 7, b: 8 });
        assert_eq!(read(&[32, 7, 8, 0]).unwrap(), V2 { struct_size: 32, a: 7, b: 8 });
        assert_eq!(read(&[32, 7, 8, 1]).unwrap_err().code(), Code::Unsupported);
        for size in [0, 7, 4097, -1] {
            let error = read(&[size, 7, 8]).unwrap_err();
            assert_eq!(error.code(), Code::BadRequest);
            assert!(error.to_string().contains("sizeof(v2)"), "{error}");
        }
        for (size, expect) in [(16, [16, 7, -1, -1]), (24, [24, 7, 8, -1]), (32, [32, 7, 8, 0])] {
            let mut there: [i64; 4] = [size, -1, -1, -1];
            unsafe {
                let to = there.as_mut_ptr().cast::<V2>();
                let size = room(to, "v2").unwrap();
                write_struct(to, size, &V2 { struct_size: 24, a: 7, b: 8 });
            }
            assert_eq!(there, expect);
        }
    }

    #[test]
    fn text_of_any_kind() {
        let of = |b: &'static [u8]| opsl_str { ptr: b.as_ptr().cast(), len: b.len() };
        assert_eq!(unsafe { text(of("条款".as_bytes()), "t") }.unwrap(), "条款");
        assert_eq!(unsafe { text(opsl_str { ptr: std::ptr::null(), len: 0 }, "t") }.unwrap(), "");
        let bad = unsafe { text(of(b"ab\xff"), "t") }.unwrap_err();
        assert_eq!(bad.to_string(), "not valid UTF-8: t, byte 2 (counted from 0)");
        let null = unsafe { text(opsl_str { ptr: std::ptr::null(), len: 1 }, "t") }.unwrap_err();
        assert_eq!(null.code(), Code::NullPointer);
        let long = unsafe { text(opsl_str { ptr: c"x".as_ptr(), len: usize::MAX }, "t") }.unwrap_err();
        assert_eq!(long.code(), Code::OutOfRange);
        let odd = unsafe { slice::<i64>(std::ptr::without_provenance(0x1001), 1, "column") }.unwrap_err();
        assert_eq!(odd.code(), Code::BadRequest);
    }

    #[test]
    fn buffers_end_with_a_nul_and_free_twice() {
        let mut buf = opsl_buf { ptr: std::ptr::null_mut(), len: 0 };
        unsafe {
            give(&mut buf, "报告");
            assert_eq!(CStr::from_ptr(buf.ptr).to_str().unwrap(), "报告");
            assert_eq!(buf.len, 6);
            take_back(&mut buf);
            assert!(buf.ptr.is_null() && buf.len == 0);
            take_back(&mut buf);
            take_back(std::ptr::null_mut());
        }
    }
}
