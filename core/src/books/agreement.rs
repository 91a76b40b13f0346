//! The two parties. In: what was confirmed and disputed. Out: a [`Lens`], through which a rule sees the facts of a view.
//! The only place that knows the views: it hides facts, or single fields of them, before anything is folded.

use crate::assess::View;
use crate::contract::Needs;
use crate::facts::Fact;
use crate::facts::kinds::{self, Kind};
use crate::time::Instant;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{Interner, Item};

/// Who stated a fact: a small number; 0 is nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Party(u8);

impl Party {
    pub(crate) const NOBODY: Party = Party(0);
    const BUYER: Party = Party(1);
    const MACHINE: Party = Party(3);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Say {
    Counts,
    DoesNot,
}

/// A word on an entry.
#[derive(Clone, Copy, Debug)]
struct Statement {
    seq: u64,
    kind: &'static Kind,
    at: Instant,
    recorded_at: Instant,
    party: Party,
    say: Say,
}

/// How an entry stands between the parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody of the other party said anything.
    Unconfirmed,
    /// Confirmed, or a dispute upheld it.
    Confirmed,
    /// Disputed, or a dispute rejected it.
    Disputed,
}

/// Who stated what, and what the other party said to it.
#[derive(Debug)]
pub(crate) struct Record {
    names: Interner,
    /// By entry, from 1.
    parties: Vec<Party>,
    single: BTreeMap<u64, Vec<Statement>>,
    ranges: Vec<(u64, u64, Statement)>,
}

impl Default for Record {
    fn default() -> Self {
        let mut names = Interner::default();
        for name in ["", "buyer", "supplier", "machine"] {
            names.number(name);
        }
        Record { names, parties: Vec::new(), single: BTreeMap::new(), ranges: Vec::new() }
    }
}

impl Record {
    pub(crate) fn party(&mut self, name: Option<&str>) -> Party {
        // More than 252 invented parties share one number; none of them is one of the four that matter.
        Party(u8::try_from(self.names.number(name.unwrap_or_default())).unwrap_or(u8::MAX))
    }
    pub(crate) fn party_name(&self, party: Party) -> Option<&str> {
        (party != Party::NOBODY).then(|| self.names.text(u32::from(party.0)))
    }
    /// Notes who stated the next entry.
    pub(super) fn state(&mut self, party: Party) {
        self.parties.push(party);
    }
    pub(crate) fn party_of(&self, seq: u64) -> Option<Party> {
        self.parties.get(usize::try_from(seq).ok()?.checked_sub(1)?).copied()
    }

    /// Notes an admitted confirmation, dispute or resolution; returns the entries it speaks of.
    pub(super) fn add(&mut self, seq: u64, recorded_at: Instant, fact: &Fact, party: Party) -> (u64, u64) {
        let field = |name: &str| fact.body.get(name).and_then(Value::as_u64).unwrap_or_default();
        let say = match fact.kind.name {
            "fact.confirm" => Say::Counts,
            "dispute.resolve" if fact.text("outcome") == Some("upheld") => Say::Counts,
            _ => Say::DoesNot,
        };
        let statement = Statement { seq, kind: fact.kind, at: fact.at, recorded_at, party, say };
        if fact.body.contains_key("entry") {
            let entry = field("entry");
            self.single.entry(entry).or_default().push(statement);
            (entry, entry)
        } else {
            let range = (field("from"), field("to"));
            self.ranges.push((range.0, range.1, statement));
            range
        }
    }

    /// Kind, `at` and `recorded_at` of a word on these entries.
    pub(crate) fn word(&self, seq: u64, from: u64, to: u64) -> Option<(&'static Kind, Instant, Instant)> {
        let single = self.single.get(&from).into_iter().flatten();
        let ranges = self.ranges.iter().filter(|r| (r.0, r.1) == (from, to)).map(|r| &r.2);
        let found = single.chain(ranges).find(|s| s.seq == seq)?;
        Some((found.kind, found.at, found.recorded_at))
    }

    /// The last word of another party on an entry, as known.
    fn standing(&self, seq: u64, known_at: Instant, limit: u64) -> Standing {
        let owner = self.party_of(seq).unwrap_or(Party::NOBODY);
        let heard = |s: &&Statement| {
            s.recorded_at <= known_at
                && s.seq <= limit
                && match owner {
                    Party::NOBODY | Party::MACHINE => s.party == Party::BUYER,
                    other => s.party != other,
                }
        };
        let single = self.single.get(&seq).into_iter().flatten();
        let ranges =
            self.ranges.iter().filter(|(from, to, _)| (*from..=*to).contains(&seq)).map(|(_, _, s)| s);
        match single.chain(ranges).filter(heard).max_by_key(|s| (s.recorded_at, s.seq)) {
            None => Standing::Unconfirmed,
            Some(s) if s.say == Say::Counts => Standing::Confirmed,
            Some(_) => Standing::Disputed,
        }
    }

    fn is_empty(&self) -> bool {
        self.single.is_empty() && self.ranges.is_empty()
    }
}

/// `[agreement] needs`, with the kinds looked up. `late-pause` is not among them: a late pause never counts without a
/// confirmation, whatever the contract needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct NeedSet {
    kinds: Vec<&'static Kind>,
    attribution: bool,
    lowering: bool,
}

impl NeedSet {
    pub(crate) fn new(needs: &Needs) -> NeedSet {
        NeedSet {
            kinds: needs.kinds.iter().filter_map(|k| kinds::find(k)).collect(),
            attribution: needs.attribution,
            lowering: needs.lowering,
        }
    }
    fn names(&self, kind: &'static Kind) -> bool {
        self.kinds.iter().any(|k| std::ptr::eq(*k, kind))
    }
}

/// What is known, in one view.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    pub(crate) known_at: Instant,
    /// Entries after it are not looked at.
    pub(crate) limit: u64,
    pub(crate) view: View,
    pub(crate) needs: &'a NeedSet,
    pub(crate) record: &'a Record,
}

impl Lens<'_> {
    /// Known by then.
    pub(crate) fn knows(&self, seq: u64, recorded_at: Instant) -> bool {
        seq <= self.limit && recorded_at <= self.known_at
    }
    /// Known, and counts in this view as a whole.
    pub(crate) fn sees(&self, kind: &'static Kind, seq: u64, recorded_at: Instant) -> bool {
        self.knows(seq, recorded_at) && (!self.withheld(kind) || self.is_confirmed(seq))
    }
    pub(crate) fn sees_item(&self, item: &Item) -> bool {
        self.sees(item.kind, item.seq, item.recorded_at)
    }
    fn withheld(&self, kind: &'static Kind) -> bool {
        self.view == View::Agreed && self.needs.names(kind)
    }
    pub(crate) fn standing(&self, seq: u64) -> Standing {
        self.record.standing(seq, self.known_at, self.limit)
    }
    pub(crate) fn is_confirmed(&self, seq: u64) -> bool {
        !self.record.is_empty() && self.standing(seq) == Standing::Confirmed
    }
    /// When it was recorded, for lateness, notice and the order of corrections: what an import states once the other party
    /// confirmed it, else the ledger's.
    pub(crate) fn recorded(&self, seq: u64, recorded_at: Instant, claimed: Option<Instant>) -> Instant {
        match claimed {
            Some(claimed) if self.is_confirmed(seq) => claimed,
            _ => recorded_at,
        }
    }
    pub(crate) fn item_recorded(&self, item: &Item) -> Instant {
        self.recorded(item.seq, item.recorded_at, item.claimed)
    }
    /// An attribution stated by this entry reads `supplier` until it is confirmed.
    pub(crate) fn hides_attribution(&self, seq: u64) -> bool {
        self.view == View::Agreed && self.needs.attribution && !self.is_confirmed(seq)
    }
    /// A field of this entry that lowers a figure is absent until it is confirmed.
    pub(crate) fn hides_lowering(&self, seq: u64) -> bool {
        self.view == View::Agreed && self.needs.lowering && !self.is_confirmed(seq)
    }
    /// Lowering a figure needs a confirmation.
    pub(crate) fn wants_lowering(&self) -> bool {
        self.needs.lowering
    }
    /// This kind needs a confirmation, or attributing it to anyone but the supplier does.
    pub(crate) fn wants_word(&self, kind: &'static Kind, attributes_away: bool) -> bool {
        self.needs.names(kind) || (self.needs.attribution && attributes_away)
    }
    /// Entries that the other party disputes now.
    pub(crate) fn disputed(&self) -> Vec<u64> {
        let mut seqs: Vec<u64> = self.record.single.keys().copied().collect();
        for (from, to, _) in &self.record.ranges {
            seqs.extend(*from..=(*to).min(self.limit));
        }
        seqs.sort_unstable();
        seqs.dedup();
        seqs.retain(|seq| *seq <= self.limit && self.standing(*seq) == Standing::Disputed);
        seqs
    }
}
