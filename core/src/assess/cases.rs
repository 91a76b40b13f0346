//! The cases of a clause in one shape, whatever its rule: what a list, a diff or an explanation of cases reads. In: the
//! clause's detail. Out: lines. Decides nothing.

use super::{ClauseVerdict, Stamp, Status};
use crate::error::Lang;
use crate::time::Micros;
use schemars::JsonSchema;
use serde::Serialize;

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sentence {
    /// In Chinese.
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

impl Sentence {
    /// In both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Sentence {
        Sentence { text_zh: zh.into(), text_en: en.into() }
    }
    /// In one of them.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.text_zh,
            Lang::En => &self.text_en,
        }
    }
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        self.text_zh.is_empty()
    }
    /// Adds a further part.
    pub(crate) fn add(&mut self, zh: impl AsRef<str>, en: impl AsRef<str>) {
        if !self.is_empty() {
            self.text_zh.push('；');
            self.text_en.push_str("; ");
        }
        self.text_zh.push_str(zh.as_ref());
        self.text_en.push_str(en.as_ref());
    }
}

/// One case of a clause.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CaseLine {
    /// How a waiver names it; a gap by its start.
    pub case: String,
    /// Its status; null where the rule gives single cases none.
    pub status: Option<Status>,
    /// Where it starts, of a stretch of time.
    pub start: Option<Stamp>,
    /// Where that ends.
    pub end: Option<Stamp>,
    /// When it is due; of a breach the instant missed.
    pub due: Option<Stamp>,
    /// When it was done, also when late.
    pub settled_at: Option<Stamp>,
    /// When it broke.
    pub breached_at: Option<Stamp>,
    /// What is left of its time, microseconds.
    pub remaining_us: Option<Micros>,
    /// Its figures and what is missing, in words.
    pub note: Sentence,
}

impl CaseLine {
    pub(crate) fn new(case: impl Into<String>, status: Option<Status>) -> CaseLine {
        CaseLine {
            case: case.into(),
            status,
            start: None,
            end: None,
            due: None,
            settled_at: None,
            breached_at: None,
            remaining_us: None,
            note: Sentence::default(),
        }
    }
    /// Not decided yet.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Some(Status::Running | Status::AtRisk | Status::Paused))
    }
}

/// The cases a clause shows, in its order; none for rules that show none.
pub fn cases(clause: &ClauseVerdict) -> Vec<CaseLine> {
    clause.detail.as_ref().map_or_else(Vec::new, crate::rules::Detail::cases)
}
