//! Every path that this processor has, against published vectors and against the `sm3` crate.

use super::kernel::{Column, Path};
use super::lanes::{Feed, Turn, run, sm3_many_by};
use super::message::Message;
use super::{hex, sm3};
use proptest::prelude::*;
use proptest::sample::Index;

/// Bytes that differ from message to message and from block to block.
fn message(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) ^ (i >> 6) ^ (seed * 101)) as u8).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

#[test]
fn every_path_gives_the_published_digests() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/sm3.json");
    let doc: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut all: Vec<(Vec<u8>, String)> = Vec::new();
    for case in doc["published"].as_array().unwrap() {
        let (bytes, digest) = (unhex(case["input_hex"].as_str().unwrap()), case["digest"].as_str().unwrap());
        assert_eq!(Some(bytes.len() as u64), case["input_len"].as_u64());
        all.push((bytes, digest.to_owned()));
    }
    for case in doc["boundary_lengths"]["cases"].as_array().unwrap() {
        let len = usize::try_from(case["len"].as_u64().unwrap()).unwrap();
        let bytes = (0..len).map(|i| (7 * i + len) as u8).collect();
        all.push((bytes, case["digest"].as_str().unwrap().to_owned()));
    }
    assert_eq!(all.len(), 27);
    let messages: Vec<&[u8]> = all.iter().map(|(bytes, _)| &bytes[..]).collect();
    for path in Path::all_here() {
        // All at once, and each in every number of equals: any lane of any width.
        for (digest, (_, expected)) in sm3_many_by(path, &messages).iter().zip(&all) {
            assert_eq!(hex(digest), *expected, "{}", path.name());
        }
        for (bytes, expected) in &all {
            for count in [1, 2, 7, 8, 9, 16, 17] {
                for digest in sm3_many_by(path, &vec![&bytes[..]; count]) {
                    assert_eq!(hex(&digest), *expected, "{} {count}", path.name());
                }
            }
        }
    }
}

#[test]
fn every_length_around_a_block_in_one_batch() {
    let mut lengths: Vec<usize> = (0..200).collect();
    lengths.extend([255, 256, 257, 1000, 4096, 65_536, 3]);
    // Lengths that end at different times in neighbouring lanes.
    lengths.sort_by_key(|n| n * 7919 % 211);
    let owned: Vec<Vec<u8>> = lengths.iter().map(|n| message(*n, *n)).collect();
    let all: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
    let expected: Vec<[u8; 32]> = all.iter().map(|m| sm3(m)).collect();
    for path in Path::all_here() {
        for count in (0..40).chain([all.len()]) {
            assert_eq!(sm3_many_by(path, &all[..count]), expected[..count], "{} {count}", path.name());
        }
    }
}

#[test]
fn the_paths_of_this_processor() {
    let all = Path::all_here();
    assert_eq!(all[0].name(), "scalar");
    assert!(all.contains(&Path::chosen()));
    assert!(all.windows(2).all(|two| two[0].lanes() <= two[1].lanes()));
    #[cfg(target_arch = "x86_64")]
    assert_eq!(all.len() > 1, is_x86_feature_detected!("avx2"));
}

/// Messages that come in pieces; a slot rests now and then, as one does that waits for another.
struct Pieces {
    /// Of each message, its pieces.
    messages: Vec<Vec<Vec<u8>>>,
    slots: Vec<Slot>,
    next: usize,
    digests: Vec<Option<[u8; 32]>>,
    /// Asked so many times; every third one that could go on rests first.
    asked: usize,
}

struct Slot {
    message: Option<(usize, Message)>,
    piece: usize,
    rested: bool,
}

impl Feed for Pieces {
    fn blocks(&self, slot: usize) -> &[u8] {
        let Slot { message, piece, .. } = &self.slots[slot];
        let (at, message) = message.as_ref().unwrap();
        message.blocks(&self.messages[*at][*piece])
    }
    fn next(&mut self, slot: usize, state: &mut Column) -> Turn {
        self.asked += 1;
        let slot = &mut self.slots[slot];
        slot.rested = !slot.rested && self.asked.is_multiple_of(3);
        if slot.rested {
            return Turn::Rest;
        }
        loop {
            if let Some((at, message)) = &mut slot.message {
                if message.step() {
                    return Turn::Go;
                }
                let pieces = &self.messages[*at];
                if slot.piece + 1 < pieces.len() {
                    slot.piece += 1;
                    message.take(&pieces[slot.piece], slot.piece + 1 == pieces.len());
                    continue;
                }
                assert!(self.digests[*at].replace(Message::digest(state)).is_none());
            }
            slot.message = None;
            let Some(pieces) = self.messages.get(self.next) else { return Turn::End };
            let mut message = Message::new();
            message.take(&pieces[0], pieces.len() == 1);
            *state = Message::START;
            (slot.message, slot.piece) = (Some((self.next, message)), 0);
            self.next += 1;
        }
    }
}

fn cut(message: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
    at.extend([0, message.len()]);
    at.sort_unstable();
    at.windows(2).map(|two| message[two[0]..two[1]].to_vec()).collect()
}

proptest! {
    #[test]
    fn random_pieces_of_random_messages_give_what_the_whole_gives(
        messages in prop::collection::vec((0usize..2000, prop::collection::vec(any::<Index>(), 0..6)), 0..40),
    ) {
        let whole: Vec<Vec<u8>> = messages.iter().enumerate().map(|(i, (len, _))| message(i, *len)).collect();
        let expected: Vec<[u8; 32]> = whole.iter().map(|m| sm3(m)).collect();
        for path in Path::all_here() {
            let mut feed = Pieces {
                messages: whole.iter().zip(&messages).map(|(m, (_, cuts))| cut(m, cuts)).collect(),
                slots: (0..path.lanes()).map(|_| Slot { message: None, piece: 0, rested: false }).collect(),
                next: 0,
                digests: vec![None; whole.len()],
                asked: 0,
            };
            run(path, path.lanes(), &mut feed);
            let digests: Option<Vec<[u8; 32]>> = feed.digests.into_iter().collect();
            prop_assert_eq!(digests.as_ref(), Some(&expected), "{}", path.name());
        }
    }
}
