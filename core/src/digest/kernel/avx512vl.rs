//! Eight lanes in 256-bit registers with AVX-512's rotations and three-way logic.

use super::avx2::{get_all, put_all, words};
use super::rounds::{CONSTANTS, expand, four, kernel, round};
use super::{BLOCK, State};
use std::arch::x86_64::*;

type V = __m256i;

kernel! {
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
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
#[target_feature(enable = "avx512f,avx512vl")]
fn xor3(a: V, b: V, c: V) -> V {
    _mm256_ternarylogic_epi32::<0x96>(a, b, c)
}

/// Turned left by `L` bits; `R` is what is left of 32.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn rol<const L: i32, const R: i32>(x: V) -> V {
    _mm256_rol_epi32::<L>(x)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn p0(x: V) -> V {
    xor3(x, rol::<9, 23>(x), rol::<17, 15>(x))
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn p1(x: V) -> V {
    xor3(x, rol::<15, 17>(x), rol::<23, 9>(x))
}

/// The majority of three bits.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn ff(a: V, b: V, c: V) -> V {
    _mm256_ternarylogic_epi32::<0xe8>(a, b, c)
}

/// `f` where `e` is one, else `g`.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn gg(e: V, f: V, g: V) -> V {
    _mm256_ternarylogic_epi32::<0xca>(e, f, g)
}
