//! Outages: what was stated about each, and how it stands after corrections. See the accounting page, outages 1 and 2.

use super::agreement::{Lens, Party};
use super::{Interner, Item};
use crate::contract::Accounting;
use crate::error::{Code, Error};
use crate::facts::kinds::{self, Kind};
use crate::facts::{Fact, Standing};
use crate::time::Instant;
use serde_json::{Map, Value};

/// Everything that was stated about one outage, small: there may be millions.
#[derive(Debug)]
pub(crate) struct OutageCase {
    seq: u64,
    recorded_at: Instant,
    claimed: Option<Instant>,
    start: Instant,
    pub(crate) system: u32,
    impact: u32,
    attribution: u32,
    cause: Option<u32>,
    end: Option<End>,
    fixes: Vec<Item>,
    standing: Standing,
}

#[derive(Debug)]
struct End {
    seq: u64,
    recorded_at: Instant,
    claimed: Option<Instant>,
    at: Instant,
}

/// All outages by number.
#[derive(Debug, Default)]
pub(crate) struct OutageStore {
    subjects: Interner,
    cases: Vec<OutageCase>,
    words: Interner,
}

/// How an outage stands as known, in a view, at an instant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutageNow<'a> {
    pub(crate) start: Instant,
    /// As corrected; may lie after the instant asked for, then the outage is open.
    pub(crate) end: Option<Instant>,
    pub(crate) impact: &'a str,
    pub(crate) attribution: &'a str,
    pub(crate) cause: Option<&'a str>,
    /// Of the correction that set the attribution.
    pub(crate) reason: Option<&'a str>,
    /// The entry that set the attribution.
    pub(crate) attributed_by: u64,
    pub(crate) void: bool,
    /// Corrections contradict each other in this view: the end is not after the start.
    pub(crate) empty: bool,
    /// When this changes if nothing more is recorded.
    pub(crate) next: Option<Instant>,
}

impl OutageNow<'_> {
    /// Its impact and attribution count, and it was not voided.
    pub(crate) fn counts(&self, accounting: &Accounting) -> bool {
        !self.void && counted_impact(accounting, self.impact) && !self.excluded(accounting)
    }
    /// It would count but for its attribution.
    pub(crate) fn excluded(&self, accounting: &Accounting) -> bool {
        accounting.excluded_attributions.iter().any(|a| a == self.attribution)
    }
    pub(crate) fn has_counted_impact(&self, accounting: &Accounting) -> bool {
        counted_impact(accounting, self.impact)
    }
}

fn counted_impact(accounting: &Accounting, impact: &str) -> bool {
    accounting.counted_impacts.iter().any(|i| i == impact)
}

static START: std::sync::LazyLock<&'static Kind> =
    std::sync::LazyLock::new(|| kinds::find("outage.start").unwrap_or(&kinds::OTHER));
static END: std::sync::LazyLock<&'static Kind> =
    std::sync::LazyLock::new(|| kinds::find("outage.end").unwrap_or(&kinds::OTHER));

impl OutageStore {
    pub(crate) fn len(&self) -> u32 {
        super::index(self.cases.len())
    }
    pub(crate) fn case(&self, id: u32) -> &OutageCase {
        &self.cases[id as usize]
    }
    pub(crate) fn subject(&self, id: u32) -> &str {
        self.subjects.text(id)
    }
    pub(crate) fn word(&self, number: u32) -> &str {
        self.words.text(number)
    }

    pub(super) fn add(
        &mut self,
        seq: u64,
        recorded_at: Instant,
        fact: Fact,
        party: Party,
    ) -> Result<u32, Error> {
        let Some(id) = self.subjects.find(&fact.subject) else {
            // Whatever else it is, the first fact of a subject must open it.
            let mut standing = Standing::default();
            standing.step(&fact, recorded_at)?;
            if fact.kind.name != "outage.start" {
                return Err(super::unknown(Code::UnknownSubject, &fact));
            }
            return Ok(self.open(seq, recorded_at, &fact, standing));
        };
        let case = &mut self.cases[id as usize];
        case.standing.step(&fact, recorded_at)?;
        if fact.kind.name == "outage.end" {
            case.end = Some(End { seq, recorded_at, claimed: fact.claimed_recorded_at, at: fact.at });
        } else {
            case.fixes.push(super::item(seq, recorded_at, fact, party));
        }
        Ok(id)
    }

    fn open(&mut self, seq: u64, recorded_at: Instant, fact: &Fact, standing: Standing) -> u32 {
        let mut word = |field, default| self.words.number(fact.text(field).unwrap_or(default));
        let case = OutageCase {
            seq,
            recorded_at,
            claimed: fact.claimed_recorded_at,
            start: fact.at,
            system: word("system", ""),
            impact: word("impact", "down"),
            attribution: word("attribution", "supplier"),
            cause: fact.text("cause").map(|cause| self.words.number(cause)),
            end: None,
            fixes: Vec::new(),
            standing,
        };
        self.cases.push(case);
        self.subjects.number(&fact.subject)
    }

    /// How outage `id` stands; none while it is not known, or withheld. `without`: as if this entry were not there.
    pub(crate) fn now<'a>(
        &'a self,
        id: u32,
        lens: &Lens<'_>,
        as_of: Instant,
        accounting: &Accounting,
        without: Option<u64>,
    ) -> Option<OutageNow<'a>> {
        let case = self.case(id);
        let there = |seq: u64| without != Some(seq);
        if !there(case.seq) || !lens.sees(*START, case.seq, case.recorded_at) {
            return None;
        }
        let mut attribution = self.word(case.attribution);
        if attribution != "supplier" && lens.hides_attribution(case.seq) {
            attribution = "supplier";
        }
        let mut now = OutageNow {
            start: case.start,
            end: None,
            impact: self.word(case.impact),
            attribution,
            cause: case.cause.map(|c| self.word(c)),
            reason: None,
            attributed_by: case.seq,
            void: false,
            empty: false,
            next: None,
        };
        let mut next = |t: Instant| {
            if t > as_of {
                now.next = Some(now.next.map_or(t, |n: Instant| n.min(t)));
            }
            t <= as_of
        };
        if let Some(end) = &case.end
            && there(end.seq)
            && lens.sees(*END, end.seq, end.recorded_at)
            && next(end.at)
        {
            now.end = Some(end.at);
        }
        if !case.fixes.is_empty() {
            case.correct(&mut now, lens, accounting, there);
        }
        let t = now.start;
        if t > as_of {
            now.next = Some(now.next.map_or(t, |n| n.min(t)));
        }
        if let Some(end) = now.end {
            if end <= now.start {
                (now.end, now.empty) = (Some(now.start), true);
            } else if end > as_of {
                now.next = Some(now.next.map_or(end, |n| n.min(end)));
            }
        }
        Some(now)
    }
}

impl OutageCase {
    /// Applies the corrections: the last by (recorded, seq) holds, field by field; a void beats every amend.
    fn correct<'a>(
        &'a self,
        now: &mut OutageNow<'a>,
        lens: &Lens<'_>,
        accounting: &Accounting,
        there: impl Fn(u64) -> bool,
    ) {
        for fix in self.ordered(lens, there) {
            if fix.kind.name == "outage.void" {
                now.void = true;
                continue;
            }
            let hidden = lens.hides_lowering(fix.seq);
            if let Some(start) = fix.instant("start")
                && !(hidden && start > now.start)
            {
                now.start = start;
            }
            if let Some(end) = fix.instant("end")
                && !(hidden && now.end.is_none_or(|e| end < e))
            {
                now.end = Some(end);
            }
            if let Some(impact) = fix.text("impact")
                && !(hidden && counted_impact(accounting, now.impact) && !counted_impact(accounting, impact))
            {
                now.impact = impact;
            }
            if let Some(attribution) = fix.text("attribution") {
                let hidden = attribution != "supplier" && lens.hides_attribution(fix.seq);
                now.attribution = if hidden { "supplier" } else { attribution };
                now.attributed_by = fix.seq;
                now.reason = fix.text("reason");
            }
        }
    }

    fn ordered(&self, lens: &Lens<'_>, there: impl Fn(u64) -> bool) -> Vec<&Item> {
        let mut fixes: Vec<&Item> = self.fixes.iter().filter(|f| there(f.seq) && lens.sees_item(f)).collect();
        fixes.sort_by_key(|f| (lens.item_recorded(f), f.seq));
        fixes
    }

    /// Entries that a correction of this outage lowers a figure with.
    pub(crate) fn lowering<'a>(
        &'a self,
        store: &'a OutageStore,
        lens: &Lens<'_>,
        accounting: &Accounting,
    ) -> Vec<u64> {
        let (mut start, mut end) = (self.start, self.end.as_ref().map(|e| e.at));
        let mut impact = store.word(self.impact);
        let mut seqs = Vec::new();
        for fix in self.ordered(lens, |_| true) {
            let counts = |impact| counted_impact(accounting, impact);
            let lower = fix.instant("start").is_some_and(|s| s > start)
                || fix.instant("end").is_some_and(|n| end.is_none_or(|e| n < e))
                || fix.text("impact").is_some_and(|i| counts(impact) && !counts(i));
            if lower {
                seqs.push(fix.seq);
            }
            start = fix.instant("start").unwrap_or(start);
            end = fix.instant("end").or(end);
            impact = fix.text("impact").unwrap_or(impact);
        }
        seqs
    }

    /// What the opening entry says.
    pub(crate) fn stated(&self, store: &OutageStore) -> Map<String, Value> {
        let fields = [("system", self.system), ("impact", self.impact), ("attribution", self.attribution)];
        let fields = fields.into_iter().chain(self.cause.map(|cause| ("cause", cause)));
        fields.map(|(name, word)| (name.to_owned(), store.word(word).into())).collect()
    }
    pub(crate) fn opening(&self) -> u64 {
        self.seq
    }
    /// An attribution to anyone but the supplier stands in the opening entry.
    pub(crate) fn attributes_away(&self, store: &OutageStore) -> bool {
        store.word(self.attribution) != "supplier"
    }
    pub(crate) fn fixes(&self) -> &[Item] {
        &self.fixes
    }
    /// Every entry of it that is known, with kind, `at`, `recorded_at` and the claimed instant.
    pub(crate) fn entries(&self, lens: &Lens<'_>) -> Vec<(u64, &'static Kind, Instant, Instant)> {
        let recorded = lens.recorded(self.seq, self.recorded_at, self.claimed);
        let mut entries = vec![(self.seq, *START, self.start, recorded)];
        if let Some(end) = &self.end
            && lens.knows(end.seq, end.recorded_at)
        {
            entries.push((end.seq, *END, end.at, lens.recorded(end.seq, end.recorded_at, end.claimed)));
        }
        for fix in self.fixes.iter().filter(|f| lens.knows(f.seq, f.recorded_at)) {
            entries.push((fix.seq, fix.kind, fix.at, lens.item_recorded(fix)));
        }
        entries.retain(|(seq, ..)| *seq <= lens.limit);
        entries
    }
}
