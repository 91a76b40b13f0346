//! The compression function over lanes: each form is a kernel of its own, chosen when the program runs. The only place of the
//! digests with `unsafe`: reads and writes of registers, and calls of functions that need a feature of the processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512vl;
#[cfg(target_arch = "x86_64")]
mod rounds;

use sm3::Sm3Core;
use sm3::digest::array::Array;
use sm3::digest::block_api::UpdateCore;
use sm3::digest::common::hazmat::{SerializableState, SerializedState};
use std::sync::OnceLock;

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;
/// The most lanes that any kernel has.
pub(super) const LANES: usize = 16;
/// The eight words of a message.
pub(super) type Column = [u32; 8];
/// What a digest starts from.
pub(super) const START: Column =
    [0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d, 0xb0fb_0e4e];

/// The eight words of every lane: a row a word, a column a lane.
#[repr(align(64))]
pub(super) struct State {
    rows: [[u32; LANES]; 8],
}

impl State {
    pub(super) fn new() -> State {
        State { rows: [[0; LANES]; 8] }
    }
    /// The words of a lane.
    pub(super) fn column(&self, lane: usize) -> Column {
        self.rows.each_ref().map(|row| row[lane])
    }
    pub(super) fn set(&mut self, lane: usize, column: Column) {
        for (row, word) in self.rows.iter_mut().zip(column) {
            row[lane] = word;
        }
    }
}

/// Which kernels are used. Made only where the processor has what they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One message after the other, through the `sm3` crate. Four lanes in plain loops are slower than that: compilers make no
    /// vectors of them.
    Scalar,
    /// Eight lanes; a message alone as above, here and below.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Eight lanes with AVX-512's rotations.
    #[cfg(target_arch = "x86_64")]
    Avx512Vl,
    /// Sixteen lanes; eight where no more than eight are busy.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Path {
    /// As the environment variable `OPSLEDGER_DIGEST` has it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512Vl => "avx512vl",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }
    /// Those that this processor has, the narrowest first.
    #[cfg(target_arch = "x86_64")]
    pub fn all_here() -> Vec<Path> {
        let mut all = vec![Path(Kind::Scalar)];
        if is_x86_feature_detected!("avx2") {
            all.push(Path(Kind::Avx2));
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                all.push(Path(Kind::Avx512Vl));
                if is_x86_feature_detected!("avx512bw") {
                    all.push(Path(Kind::Avx512));
                }
            }
        }
        all
    }
    /// Those that this processor has.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn all_here() -> Vec<Path> {
        vec![Path(Kind::Scalar)]
    }
    /// The one in use: what the environment variable `OPSLEDGER_DIGEST` names, if this processor has it, else the widest; the
    /// `sm3` crate where this crate is built without optimisation, which makes calls of the lanes' single instructions.
    pub fn chosen() -> Path {
        static CHOSEN: OnceLock<Path> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let asked = std::env::var("OPSLEDGER_DIGEST").ok();
            let all = Path::all_here();
            let named = all.iter().find(|path| asked.as_deref() == Some(path.name()));
            let best = if cfg!(debug_assertions) { all.first() } else { all.last() };
            named.or(best).copied().unwrap_or(Path(Kind::Scalar))
        })
    }
    /// Messages that are on their way at once.
    pub fn lanes(self) -> usize {
        match self.0 {
            Kind::Scalar => 2,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 | Kind::Avx512Vl => 8,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => 16,
        }
    }
}

/// So many blocks of each of the first `busy` lanes through the compression function. What the state holds of other lanes is
/// worth nothing afterwards.
pub(super) fn compress(
    path: Path,
    state: &mut State,
    lanes: &mut [&[u8]; LANES],
    busy: usize,
    blocks: usize,
) {
    // A lane of the kernel without work runs along on another's bytes.
    let first = lanes[0];
    lanes[busy..].fill(first);
    let lanes = &lanes[..];
    match (path.0, busy) {
        (_, 0) => {}
        (_, 1) => one(state, 0, &first[..blocks * BLOCK]),
        (Kind::Scalar, _) => {
            for (i, lane) in lanes[..busy].iter().enumerate() {
                one(state, i, &lane[..blocks * BLOCK]);
            }
        }
        #[cfg(target_arch = "x86_64")]
        (Kind::Avx2, _) => {
            // SAFETY: `Path::all_here` alone makes paths, and made this one because the processor has the features.
            unsafe { avx2::compress(state, lanes, blocks) }
        }
        #[cfg(target_arch = "x86_64")]
        (Kind::Avx512, 9..) => {
            // SAFETY: as above.
            unsafe { avx512::compress(state, lanes, blocks) }
        }
        #[cfg(target_arch = "x86_64")]
        (Kind::Avx512Vl | Kind::Avx512, _) => {
            // SAFETY: as above.
            unsafe { avx512vl::compress(state, lanes, blocks) }
        }
    }
}

/// One lane alone, by the `sm3` crate.
fn one(state: &mut State, lane: usize, bytes: &[u8]) {
    let mut words = SerializedState::<Sm3Core>::default();
    for (out, word) in words.chunks_exact_mut(4).zip(state.column(lane)) {
        out.copy_from_slice(&word.to_le_bytes());
    }
    // Any bits are a state, so it never refuses; were it to, the digest would be wrong, and the tests say that it is not.
    let mut core = Sm3Core::deserialize(&words).unwrap_or_default();
    core.update_blocks(Array::slice_as_chunks(bytes).0);
    let mut column = [0; 8];
    for (word, bytes) in column.iter_mut().zip(core.serialize().chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    state.set(lane, column);
}
