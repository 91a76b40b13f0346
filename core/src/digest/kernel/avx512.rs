//! Sixteen lanes in AVX-512 registers.

use super::rounds::{CONSTANTS, expand, four, kernel, round};
use super::{BLOCK, State};
use std::arch::x86_64::*;

type V = __m512i;
const WIDTH: usize = 16;

/// The bytes of each 32-bit word turned round.
const SWAP: i128 = 0x0c0d_0e0f_0809_0a0b_0405_0607_0001_0203;

kernel! {
    #[target_feature(enable = "avx512f,avx512bw")]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn get_all(state: &State) -> [V; 8] {
    // SAFETY: a row is 64 bytes long, all read; unaligned loads are allowed.
    state.rows.each_ref().map(|row| unsafe { _mm512_loadu_si512(row.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn put_all(state: &mut State, all: [V; 8]) {
    for (row, v) in state.rows.iter_mut().zip(all) {
        // SAFETY: a row is 64 bytes long, all written; unaligned stores are allowed.
        unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), v) }
    }
}

/// Word j of every lane's block at `at`, for each j.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn words(lanes: &[&[u8]], at: usize) -> [V; 16] {
    // SAFETY: any bits are a value of the type; both are sixteen bytes long.
    let swap = _mm512_broadcast_i32x4(unsafe { std::mem::transmute::<i128, __m128i>(SWAP) });
    let mut r = [_mm512_setzero_si512(); WIDTH];
    for (r, lane) in r.iter_mut().zip(lanes) {
        let block = &lane[at..at + BLOCK];
        // SAFETY: the slice is 64 bytes long, all read; unaligned loads are allowed.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        *r = _mm512_shuffle_epi8(bytes, swap);
    }
    // Words of four neighbouring lanes come together in the four quarters of a register, then quarters of four registers.
    let mut u = [[_mm512_setzero_si512(); 4]; 4];
    for (u, r) in u.iter_mut().zip(r.chunks_exact(4)) {
        let (low, high) = (_mm512_unpacklo_epi32(r[0], r[1]), _mm512_unpackhi_epi32(r[0], r[1]));
        let (low2, high2) = (_mm512_unpacklo_epi32(r[2], r[3]), _mm512_unpackhi_epi32(r[2], r[3]));
        *u = [
            _mm512_unpacklo_epi64(low, low2),
            _mm512_unpackhi_epi64(low, low2),
            _mm512_unpacklo_epi64(high, high2),
            _mm512_unpackhi_epi64(high, high2),
        ];
    }
    let mut w = r;
    for i in 0..4 {
        let (a, b) =
            (_mm512_shuffle_i32x4::<0x44>(u[0][i], u[1][i]), _mm512_shuffle_i32x4::<0x44>(u[2][i], u[3][i]));
        let (c, d) =
            (_mm512_shuffle_i32x4::<0xee>(u[0][i], u[1][i]), _mm512_shuffle_i32x4::<0xee>(u[2][i], u[3][i]));
        w[i] = _mm512_shuffle_i32x4::<0x88>(a, b);
        w[4 + i] = _mm512_shuffle_i32x4::<0xdd>(a, b);
        w[8 + i] = _mm512_shuffle_i32x4::<0x88>(c, d);
        w[12 + i] = _mm512_shuffle_i32x4::<0xdd>(c, d);
    }
    w
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(x: u32) -> V {
    _mm512_set1_epi32(x as i32)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(a: V, b: V) -> V {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: V, b: V) -> V {
    _mm512_xor_si512(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: V, b: V, c: V) -> V {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

/// Turned left by `L` bits; `R` is what is left of 32.
#[inline]
#[target_feature(enable = "avx512f")]
fn rol<const L: i32, const R: i32>(x: V) -> V {
    _mm512_rol_epi32::<L>(x)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn p0(x: V) -> V {
    xor3(x, rol::<9, 23>(x), rol::<17, 15>(x))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn p1(x: V) -> V {
    xor3(x, rol::<15, 17>(x), rol::<23, 9>(x))
}

/// The majority of three bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn ff(a: V, b: V, c: V) -> V {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

/// `f` where `e` is one, else `g`.
#[inline]
#[target_feature(enable = "avx512f")]
fn gg(e: V, f: V, g: V) -> V {
    _mm512_ternarylogic_epi32::<0xca>(e, f, g)
}
