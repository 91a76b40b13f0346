//! Which facts count: known, admitted, in the view.

use super::Question;
use opsledger::assess::View;
use opsledger::contract::Contract;
use opsledger::facts::kinds::ActsBy;
use opsledger::facts::{Entry, admit};
use opsledger::time::Instant;

/// The record as a question sees it.
pub(crate) struct Record<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) q: Question,
    /// Admitted and known, in seq order; not yet filtered by view or `as_of`.
    known: Vec<&'a Entry>,
    /// Known and refused by admit.
    pub(crate) refused: Vec<&'a Entry>,
    /// Of the known ones those in the view, by (`at`, seq).
    in_view: Vec<&'a Entry>,
}

/// What the other party last said of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    Confirmed,
    Disputed,
    Upheld,
    Rejected,
}

impl<'a> Record<'a> {
    pub(crate) fn new(contract: &'a Contract, entries: &'a [Entry], q: Question) -> Record<'a> {
        let mut known = Vec::new();
        let mut refused = Vec::new();
        for (i, e) in entries.iter().enumerate() {
            if e.recorded_at > q.known_at {
                continue;
            }
            let earlier: Vec<&Entry> = entries[..i].iter().collect();
            match admit(&e.fact, e.recorded_at, &earlier) {
                Ok(()) => known.push(e),
                Err(_) => refused.push(e),
            }
        }
        let mut record = Record { contract, q, known, refused, in_view: Vec::new() };
        record.in_view = record.of_view();
        record
    }

    /// Corrections act as soon as they are known, everything else from its `at` on.
    pub(crate) fn there(&self, e: &Entry) -> bool {
        e.fact.kind.acts_by == ActsBy::RecordedAt || e.fact.at <= self.q.as_of
    }

    /// The last valid word of the other party, by (`recorded_at`, seq).
    pub(crate) fn word(&self, e: &Entry) -> Option<Word> {
        let mut said: Vec<&Entry> = self.known.iter().copied().filter(|w| self.speaks_of(w, e)).collect();
        said.sort_by_key(|w| (w.recorded_at, w.seq));
        said.last().map(|w| match (w.fact.kind.name, w.fact.text("outcome")) {
            ("fact.confirm", _) => Word::Confirmed,
            ("fact.dispute", _) => Word::Disputed,
            (_, Some("upheld")) => Word::Upheld,
            _ => Word::Rejected,
        })
    }

    fn speaks_of(&self, word: &Entry, e: &Entry) -> bool {
        if !matches!(word.fact.kind.name, "fact.confirm" | "fact.dispute" | "dispute.resolve") {
            return false;
        }
        let number = |field: &str| word.fact.body.get(field).and_then(|v| v.as_u64());
        let names = match (number("entry"), number("from"), number("to")) {
            (Some(entry), _, _) => entry == e.seq,
            (None, Some(from), Some(to)) => from <= e.seq && e.seq <= to && e.seq < word.seq,
            _ => false,
        };
        let other_party = match (e.fact.party(), word.fact.party()) {
            (_, None) => false,
            (None | Some("machine"), Some(speaker)) => speaker == "buyer",
            (Some(writer), Some(speaker)) => writer != speaker,
        };
        names && other_party
    }

    pub(crate) fn confirmed(&self, e: &Entry) -> bool {
        matches!(self.word(e), Some(Word::Confirmed | Word::Upheld))
    }

    /// Known, admitted and in the view, by (`at`, seq); `as_of` is not looked at.
    pub(crate) fn in_view(&self) -> Vec<&'a Entry> {
        self.in_view.clone()
    }

    /// Kinds that need a confirmation are withheld whole until they have it.
    fn of_view(&self) -> Vec<&'a Entry> {
        let needs = &self.contract.needs.kinds;
        let mut facts: Vec<&Entry> = self
            .known
            .iter()
            .copied()
            .filter(|e| {
                self.q.view == View::Claimed
                    || !needs.iter().any(|k| k == e.fact.kind_name())
                    || self.confirmed(e)
            })
            .collect();
        facts.sort_by_key(|e| (e.fact.at, e.seq));
        facts
    }

    /// As [`Record::in_view`], only what is there at `as_of`.
    pub(crate) fn facts(&self) -> Vec<&'a Entry> {
        self.in_view().into_iter().filter(|e| self.there(e)).collect()
    }

    /// Corrections of a kind and subject, in the order in which they hold: (`recorded_at`, seq).
    pub(crate) fn corrections(&self, kind: &str, subject: &str) -> Vec<&'a Entry> {
        let mut found: Vec<&Entry> = self
            .facts()
            .into_iter()
            .filter(|e| e.fact.kind.name == kind && e.fact.subject == subject)
            .collect();
        found.sort_by_key(|e| (e.recorded_at, e.seq));
        found
    }

    /// The condition `attribution` (a `subcontractor` is named apart, so it needs the word too): to anyone but the supplier counts once confirmed, and reads `supplier` before.
    pub(crate) fn attribution<'e>(&self, e: &'e Entry) -> Option<&'e str> {
        let stated = e.fact.text("attribution")?;
        let withheld = self.q.view == View::Agreed
            && self.contract.needs.attribution
            && stated != "supplier"
            && !self.confirmed(e);
        Some(if withheld { "supplier" } else { stated })
    }

    /// The condition `lowering`: a field that lowers is absent until confirmed.
    pub(crate) fn withheld_lowering(&self, e: &Entry) -> bool {
        self.q.view == View::Agreed && self.contract.needs.lowering && !self.confirmed(e)
    }

    /// Entries, refused ones too, of which the other party's last word is against them: a dispute, or a resolution that
    /// rejected them.
    pub(crate) fn disputed(&self) -> Vec<u64> {
        let against = |e: &&&Entry| matches!(self.word(e), Some(Word::Disputed | Word::Rejected));
        let mut found: Vec<u64> =
            self.known.iter().chain(&self.refused).filter(against).map(|e| e.seq).collect();
        found.sort_unstable();
        found
    }

    /// Waivers of a clause that act: by another party than the one who owes, from their `at` on.
    pub(crate) fn waived(&self, clause: &opsledger::contract::Clause, case: Option<&str>) -> bool {
        self.facts().into_iter().any(|e| {
            e.fact.kind.name == "waive"
                && e.fact.text("clause") == Some(&clause.id)
                && e.fact.party().is_some_and(|p| p != clause.party)
                && e.fact.text("case").is_none_or(|named| Some(named) == case)
        })
    }

    /// The later of the two.
    pub(crate) fn until(&self, end: Option<Instant>) -> Instant {
        end.unwrap_or(self.q.as_of)
    }
}
