//! A rule with its parameters in words.

use crate::assess::cases::Sentence;
use crate::contract::Clause;

/// The rule of a clause with its parameters.
pub(crate) fn describe(clause: &Clause) -> Sentence {
    let mut text = clause.rule.words();
    if clause.holds.is_some() {
        text.add("仅评判所列期间内开始的", "only what starts in the stretch it holds for");
    }
    text
}
