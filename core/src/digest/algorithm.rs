//! The digests that manifests of the field are written in, behind one hasher.

use crate::digest::hex;
use sha2::Digest;

/// A digest by its name as manifests write it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SM3, GB/T 32905-2016.
    Sm3,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-224: PostgreSQL's manifests.
    Sha224,
    /// SHA-384: PostgreSQL's manifests.
    Sha384,
    /// SHA-1, weak.
    Sha1,
    /// MD5, weak.
    Md5,
    /// CRC-32C (Castagnoli), weak: PostgreSQL's manifests.
    Crc32c,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 8] = [
        Algorithm::Sm3,
        Algorithm::Sha256,
        Algorithm::Sha512,
        Algorithm::Sha224,
        Algorithm::Sha384,
        Algorithm::Sha1,
        Algorithm::Md5,
        Algorithm::Crc32c,
    ];
    /// Lower-case letters and digits, as in `manifest-sm3.txt`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sm3 => "sm3",
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
            Algorithm::Sha224 => "sha224",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha1 => "sha1",
            Algorithm::Md5 => "md5",
            Algorithm::Crc32c => "crc32c",
        }
    }
    /// The algorithm of a name in any case, with or without a hyphen (`SHA-256`).
    pub fn named(name: &str) -> Option<Algorithm> {
        let name = name.to_ascii_lowercase().replace('-', "");
        Algorithm::ALL.into_iter().find(|a| a.name() == name)
    }
    /// True when one can make another content of the same digest.
    pub fn is_weak(self) -> bool {
        matches!(self, Algorithm::Sha1 | Algorithm::Md5 | Algorithm::Crc32c)
    }
    /// Length of the digest, bytes.
    #[allow(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub fn len(self) -> usize {
        match self {
            Algorithm::Sm3 | Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
            Algorithm::Sha224 => 28,
            Algorithm::Sha384 => 48,
            Algorithm::Sha1 => 20,
            Algorithm::Md5 => 16,
            Algorithm::Crc32c => 4,
        }
    }
    /// A hasher.
    pub fn hasher(self) -> Hasher {
        Hasher(match self {
            Algorithm::Sm3 => State::Sm3(sm3::Sm3::new()),
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            Algorithm::Sha224 => State::Sha224(sha2::Sha224::new()),
            Algorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            Algorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            Algorithm::Md5 => State::Md5(md5::Md5::new()),
            Algorithm::Crc32c => State::Crc32c(0),
        })
    }
}

/// A digest being made.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sm3(sm3::Sm3),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Sha224(sha2::Sha224),
    Sha384(sha2::Sha384),
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
    Crc32c(u32),
}

impl Hasher {
    /// Takes bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sm3(h) => h.update(bytes),
            State::Sha256(h) => h.update(bytes),
            State::Sha512(h) => h.update(bytes),
            State::Sha224(h) => h.update(bytes),
            State::Sha384(h) => h.update(bytes),
            State::Sha1(h) => h.update(bytes),
            State::Md5(h) => h.update(bytes),
            State::Crc32c(sum) => *sum = crc32c::crc32c_append(*sum, bytes),
        }
    }
    /// The digest's bytes; a CRC-32C in PostgreSQL's order, least byte first.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sm3(h) => h.finalize().to_vec(),
            State::Sha256(h) => h.finalize().to_vec(),
            State::Sha512(h) => h.finalize().to_vec(),
            State::Sha224(h) => h.finalize().to_vec(),
            State::Sha384(h) => h.finalize().to_vec(),
            State::Sha1(h) => h.finalize().to_vec(),
            State::Md5(h) => h.finalize().to_vec(),
            State::Crc32c(sum) => sum.to_le_bytes().to_vec(),
        }
    }
    /// The digest in lower-case hex.
    pub fn finish_hex(self) -> String {
        hex(&self.finish())
    }
}
