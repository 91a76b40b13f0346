//! SM3 (GB/T 32905-2016). In: bytes. Out: 32 bytes or 64 lower-case hex digits. Many messages go through the lanes of vector
//! registers side by side; only `kernel` knows registers.
#![deny(unsafe_code)]

#[cfg(feature = "backup")]
mod algorithm;
#[allow(unsafe_code, reason = "vector registers, and functions that ask for a processor's feature")]
mod kernel;
mod lanes;
mod message;
#[cfg(test)]
mod tests;

#[cfg(feature = "backup")]
pub use algorithm::{Algorithm, Hasher};
pub use kernel::Path;
pub use lanes::{sm3_many, sm3_many_by};
#[cfg(feature = "backup")]
pub(crate) use {
    lanes::{Feed, Turn, run},
    message::Message,
};

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
