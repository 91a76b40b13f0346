//! Eight lanes in AVX2 registers, which know no rotation: two shifts, or a shuffle of bytes where it is by eight bits.

use super::rounds::{CONSTANTS, expand, four, kernel, round};
use super::{BLOCK, State};
use std::arch::x86_64::*;

type V = __m256i;

kernel! {
    #[target_feature(enable = "avx2")]
}

/// The first eight columns.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn get_all(state: &State) -> [V; 8] {
    // SAFETY: a row is 64 bytes long, 32 are read; unaligned loads are allowed.
    state.rows.each_ref().map(|row| unsafe { _mm256_loadu_si256(row.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn put_all(state: &mut State, all: [V; 8]) {
    for (row, v) in state.rows.iter_mut().zip(all) {
        // SAFETY: a row is 64 bytes long, 32 are written; unaligned stores are allowed.
        unsafe { _mm256_storeu_si256(row.as_mut_ptr().cast(), v) }
    }
}

/// Word j of every lane's block at `at`, for each j.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn words(lanes: &[&[u8]], at: usize) -> [V; 16] {
    let (low, high) = (half(lanes, at), half(lanes, at + BLOCK / 2));
    let mut w = [_mm256_setzero_si256(); 16];
    w[..8].copy_from_slice(&low);
    w[8..].copy_from_slice(&high);
    w
}

/// Eight words of every lane, from `at`.
#[inline]
#[target_feature(enable = "avx2")]
fn half(lanes: &[&[u8]], at: usize) -> [V; 8] {
    let swap = _mm256_set_epi64x(
        0x0c0d_0e0f_0809_0a0b,
        0x0405_0607_0001_0203,
        0x0c0d_0e0f_0809_0a0b,
        0x0405_0607_0001_0203,
    );
    let mut r = [_mm256_setzero_si256(); 8];
    for (r, lane) in r.iter_mut().zip(lanes) {
        let bytes = &lane[at..at + BLOCK / 2];
        // SAFETY: the slice is 32 bytes long, all read; unaligned loads are allowed.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        *r = _mm256_shuffle_epi8(bytes, swap);
    }
    let mut u = [[_mm256_setzero_si256(); 4]; 2];
    for (u, r) in u.iter_mut().zip(r.chunks_exact(4)) {
        let (low, high) = (_mm256_unpacklo_epi32(r[0], r[1]), _mm256_unpackhi_epi32(r[0], r[1]));
        let (low2, high2) = (_mm256_unpacklo_epi32(r[2], r[3]), _mm256_unpackhi_epi32(r[2], r[3]));
        *u = [
            _mm256_unpacklo_epi64(low, low2),
            _mm256_unpackhi_epi64(low, low2),
            _mm256_unpacklo_epi64(high, high2),
            _mm256_unpackhi_epi64(high, high2),
        ];
    }
    let mut w = r;
    for i in 0..4 {
        w[i] = _mm256_permute2x128_si256::<0x20>(u[0][i], u[1][i]);
        w[4 + i] = _mm256_permute2x128_si256::<0x31>(u[0][i], u[1][i]);
    }
    w
}

#[inline]
#[target_feature(enable = "avx2")]
fn splat(x: u32) -> V {
    _mm256_set1_epi32(x as i32)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: V, b: V) -> V {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: V, b: V) -> V {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(a: V, b: V, c: V) -> V {
    xor(xor(a, b), c)
}

/// Turned left by `L` bits; `R` is what is left of 32.
#[inline]
#[target_feature(enable = "avx2")]
fn rol<const L: i32, const R: i32>(x: V) -> V {
    _mm256_or_si256(_mm256_slli_epi32::<L>(x), _mm256_srli_epi32::<R>(x))
}

/// Turned left by eight bits.
#[inline]
#[target_feature(enable = "avx2")]
fn rol8(x: V) -> V {
    let bytes = _mm256_set_epi64x(
        0x0e0d_0c0f_0a09_080b,
        0x0605_0407_0201_0003,
        0x0e0d_0c0f_0a09_080b,
        0x0605_0407_0201_0003,
    );
    _mm256_shuffle_epi8(x, bytes)
}

/// x ^ x <<< 9 ^ x <<< 17: one turn of two, the other is by eight.
#[inline]
#[target_feature(enable = "avx2")]
fn p0(x: V) -> V {
    xor(x, rol::<9, 23>(xor(x, rol8(x))))
}

#[inline]
#[target_feature(enable = "avx2")]
fn p1(x: V) -> V {
    xor(x, rol::<15, 17>(xor(x, rol8(x))))
}

/// The majority of three bits.
#[inline]
#[target_feature(enable = "avx2")]
fn ff(a: V, b: V, c: V) -> V {
    _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
}

/// `f` where `e` is one, else `g`.
#[inline]
#[target_feature(enable = "avx2")]
fn gg(e: V, f: V, g: V) -> V {
    xor(g, _mm256_and_si256(e, xor(f, g)))
}
