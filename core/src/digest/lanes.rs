//! SM3 of many messages at once: one message a lane, the lanes side by side in vector registers. Plain loops that the compiler
//! turns into vectors; the widest form that this processor knows is chosen when it runs.

/// What a digest starts from.
const START: [u32; 8] =
    [0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d, 0xb0fb_0e4e];
const BLOCK: usize = 64;
/// Bytes of a block before the length's eight.
const ROOM: usize = BLOCK - 8;

/// The same word of all lanes.
type Words<const N: usize> = [u32; N];

/// SM3 of each message, in order.
pub fn sm3_many(messages: &[&[u8]]) -> Vec<[u8; 32]> {
    let mut digests = vec![[0; 32]; messages.len()];
    run(messages, &mut digests);
    digests
}

#[cfg(target_arch = "x86_64")]
fn run(messages: &[&[u8]], digests: &mut [[u8; 32]]) {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has the feature.
        unsafe { run_avx512(messages, digests) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        unsafe { run_avx2(messages, digests) }
    } else {
        hash_all::<4>(messages, digests);
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn run(messages: &[&[u8]], digests: &mut [[u8; 32]]) {
    hash_all::<4>(messages, digests);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn run_avx512(messages: &[&[u8]], digests: &mut [[u8; 32]]) {
    hash_all::<16>(messages, digests);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(messages: &[&[u8]], digests: &mut [[u8; 32]]) {
    hash_all::<8>(messages, digests);
}

/// A message on its way through a lane.
#[derive(Clone, Copy)]
struct Lane {
    /// Which message; none when there are no more.
    message: Option<usize>,
    /// Blocks that went through.
    done: usize,
}

/// Blocks of a message of that many bytes: its own, the bit after them, and its length.
const fn blocks(bytes: usize) -> usize {
    (bytes + 1 + 8).div_ceil(BLOCK)
}

#[inline(always)]
fn hash_all<const N: usize>(messages: &[&[u8]], digests: &mut [[u8; 32]]) {
    let mut next = 0;
    let mut lanes = [Lane { message: None, done: 0 }; N];
    let mut state = START.map(|word| [word; N]);
    loop {
        for (lane, slot) in lanes.iter_mut().enumerate() {
            if slot.message.is_none() && next < messages.len() {
                *slot = Lane { message: Some(next), done: 0 };
                next += 1;
                for (words, start) in state.iter_mut().zip(START) {
                    words[lane] = start;
                }
            }
        }
        let mut input = [[0; N]; 16];
        let mut busy = false;
        for (lane, slot) in lanes.iter().enumerate() {
            if let Some(message) = slot.message {
                busy = true;
                load(messages[message], slot.done, lane, &mut input);
            }
        }
        if !busy {
            return;
        }
        compress(&mut state, &input);
        for (lane, slot) in lanes.iter_mut().enumerate() {
            let Some(message) = slot.message else { continue };
            slot.done += 1;
            if slot.done == blocks(messages[message].len()) {
                for (out, words) in digests[message].chunks_exact_mut(4).zip(&state) {
                    out.copy_from_slice(&words[lane].to_be_bytes());
                }
                slot.message = None;
            }
        }
    }
}

/// Puts block `at` of the padded message into a lane.
#[inline(always)]
fn load<const N: usize>(message: &[u8], at: usize, lane: usize, input: &mut [Words<N>; 16]) {
    let mut padded = [0; BLOCK];
    let start = at * BLOCK;
    let block: &[u8] = match message.get(start..start + BLOCK) {
        Some(whole) => whole,
        None => {
            if let Some(rest) = message.get(start..) {
                padded[..rest.len()].copy_from_slice(rest);
                padded[rest.len()] = 0x80;
            }
            if at + 1 == blocks(message.len()) {
                padded[ROOM..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
            }
            &padded
        }
    };
    for (words, bytes) in input.iter_mut().zip(block.chunks_exact(4)) {
        words[lane] = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
}

#[inline(always)]
fn each<const N: usize>(f: impl Fn(usize) -> u32) -> Words<N> {
    let mut out = [0; N];
    for (lane, word) in out.iter_mut().enumerate() {
        *word = f(lane);
    }
    out
}

/// One block of every lane (GB/T 32905-2016, 5.3).
#[inline(always)]
fn compress<const N: usize>(state: &mut [Words<N>; 8], input: &[Words<N>; 16]) {
    let mut w = [[0; N]; 68];
    w[..16].copy_from_slice(input);
    for j in 16..68 {
        w[j] = each(|l| {
            let x = w[j - 16][l] ^ w[j - 9][l] ^ w[j - 3][l].rotate_left(15);
            (x ^ x.rotate_left(15) ^ x.rotate_left(23)) ^ w[j - 13][l].rotate_left(7) ^ w[j - 6][l]
        });
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    let mut j = 0;
    while j < 64 {
        // The words take each other's place from round to round; after four they are where they were.
        round(j, &w, &a, &mut b, &c, &mut d, &e, &mut f, &g, &mut h);
        round(j + 1, &w, &d, &mut a, &b, &mut c, &h, &mut e, &f, &mut g);
        round(j + 2, &w, &c, &mut d, &a, &mut b, &g, &mut h, &e, &mut f);
        round(j + 3, &w, &b, &mut c, &d, &mut a, &f, &mut g, &h, &mut e);
        j += 4;
    }
    for (words, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *words = each(|l| words[l] ^ new[l]);
    }
}

/// One round: `d` becomes the next A, `h` the next E.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "the eight words of the standard by their names")]
fn round<const N: usize>(
    j: usize,
    w: &[Words<N>; 68],
    a: &Words<N>,
    b: &mut Words<N>,
    c: &Words<N>,
    d: &mut Words<N>,
    e: &Words<N>,
    f: &mut Words<N>,
    g: &Words<N>,
    h: &mut Words<N>,
) {
    let first = j < 16;
    let constant = if first { 0x79cc_4519_u32 } else { 0x7a87_9d8a_u32 }.rotate_left(j as u32 % 32);
    let ss1: Words<N> =
        each(|l| a[l].rotate_left(12).wrapping_add(e[l]).wrapping_add(constant).rotate_left(7));
    let tt1: Words<N> = each(|l| {
        let ff = if first { a[l] ^ b[l] ^ c[l] } else { (a[l] & b[l]) | (c[l] & (a[l] | b[l])) };
        let ss2 = ss1[l] ^ a[l].rotate_left(12);
        ff.wrapping_add(d[l]).wrapping_add(ss2).wrapping_add(w[j][l] ^ w[j + 4][l])
    });
    let tt2: Words<N> = each(|l| {
        let gg = if first { e[l] ^ f[l] ^ g[l] } else { g[l] ^ (e[l] & (f[l] ^ g[l])) };
        gg.wrapping_add(h[l]).wrapping_add(ss1[l]).wrapping_add(w[j][l])
    });
    *b = each(|l| b[l].rotate_left(9));
    *d = tt1;
    *f = each(|l| f[l].rotate_left(19));
    *h = each(|l| tt2[l] ^ tt2[l].rotate_left(9) ^ tt2[l].rotate_left(17));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Vec<u8>> {
        let mut lengths: Vec<usize> = (0..200).collect();
        lengths.extend([255, 256, 257, 1000, 4096, 65_536, 3]);
        // Lengths that end at different times in neighbouring lanes.
        lengths.sort_by_key(|n| n * 7919 % 211);
        lengths.iter().map(|n| (0..*n).map(|i| (i * 31 + n) as u8).collect()).collect()
    }

    #[test]
    fn every_width_agrees_with_one_message_at_a_time() {
        type Form = fn(&[&[u8]], &mut [[u8; 32]]);
        let owned = messages();
        let all: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
        let forms: [Form; 6] =
            [run, hash_all::<1>, hash_all::<3>, hash_all::<4>, hash_all::<8>, hash_all::<16>];
        for form in forms {
            for count in (0..40).chain([all.len()]) {
                let mut digests = vec![[0; 32]; count];
                form(&all[..count], &mut digests);
                for (message, digest) in all.iter().zip(&digests) {
                    assert_eq!(*digest, super::super::sm3(message), "{} bytes", message.len());
                }
            }
        }
        assert_eq!(super::super::hex(&sm3_many(&[b"abc"])[0])[..16], *"66c7f0f462eeedd9");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_narrower_vectors_agree_too() {
        if !is_x86_feature_detected!("avx2") {
            return; // such a processor runs `hash_all::<4>`, which the other test covers
        }
        let owned = messages();
        let all: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
        let mut digests = vec![[0; 32]; all.len()];
        // SAFETY: the processor has the feature.
        unsafe { run_avx2(&all, &mut digests) };
        assert_eq!(digests, sm3_many(&all));
    }
}
