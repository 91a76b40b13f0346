//! SM3 (GB/T 32905-2016). In: bytes. Out: 32 bytes or 64 lower-case hex digits.

#[cfg(feature = "backup")]
mod algorithm;
mod lanes;

#[cfg(feature = "backup")]
pub use algorithm::{Algorithm, Hasher};
pub use lanes::sm3_many;

use sm3::{Digest, Sm3};

/// SM3 of `bytes`.
pub fn sm3(bytes: &[u8]) -> [u8; 32] {
    Sm3::digest(bytes).into()
}

/// SM3 of `bytes` in lower-case hex.
pub fn sm3_hex(bytes: &[u8]) -> String {
    hex(&sm3(bytes))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for b in bytes {
        text.push(DIGITS[usize::from(b >> 4)] as char);
        text.push(DIGITS[usize::from(b & 15)] as char);
    }
    text
}
