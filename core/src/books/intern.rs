//! Words that repeat in a million facts, kept once.

use std::sync::Arc;

/// Words by number, numbers by word.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    words: Vec<Arc<str>>,
    #[allow(clippy::disallowed_types, reason = "only looked up, never walked")]
    numbers: std::collections::HashMap<Arc<str>, u32>,
}

impl Interner {
    /// The number of a word, a new one if need be.
    pub(crate) fn number(&mut self, word: &str) -> u32 {
        if let Some(n) = self.numbers.get(word) {
            return *n;
        }
        let n = super::index(self.words.len());
        let word: Arc<str> = word.into();
        self.words.push(word.clone());
        self.numbers.insert(word, n);
        n
    }
    /// The number of a word that is known.
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }
    pub(crate) fn text(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |w| w)
    }
    pub(crate) fn shared(&self, number: u32) -> Arc<str> {
        self.words.get(number as usize).map_or_else(|| "".into(), Arc::clone)
    }
}
