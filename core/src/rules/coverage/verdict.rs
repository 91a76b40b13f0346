//! What the clause says: figures, what is to come, words, evidence.

use super::floor;
use super::gaps::Sums;
use super::sheet::{Instead, Sheet};
use super::stated;
use super::{Detail, Gap, Short, Source, State};
use crate::assess::{Stamp, Status};
use crate::books::Item;
use crate::error::{Code, Lang};
use crate::rules::{self, Cx, Finding, Rule, Totals, WaiverChange, unit};
use crate::time::{DAY, Instant, Interval, Micros, words};
use chrono::Datelike;
use std::collections::BTreeSet;

impl State {
    /// No fact of the duty is there.
    fn is_silent(&self) -> bool {
        match self.params.source {
            Source::Watch => self.watching.evidence.is_empty(),
            Source::Duty | Source::Staff => self.present.is_empty(),
        }
    }
    fn was_owed(&self, as_of: Instant) -> bool {
        self.first_owed.is_some_and(|first| first < as_of)
    }
    /// Owed time, and no fact at all: nothing can be said.
    fn is_blank(&self, as_of: Instant) -> bool {
        self.was_owed(as_of) && self.is_silent()
    }
    /// Of some time up to `as_of` nobody can say whether it is owed.
    fn is_unsure(&self, as_of: Instant) -> bool {
        self.first_unsure.is_some_and(|first| first < as_of)
    }

    /// Gaps that run or begin within `lookahead` after `as_of` by the roster in force: each whole, and its part there.
    fn ahead(&self, as_of: Instant) -> impl Iterator<Item = (Interval, Interval)> + '_ {
        let sight = Interval::new(as_of, as_of.saturating_add(self.params.lookahead));
        let gaps = &self.roster.gaps;
        let running = gaps.at(as_of).map(|gap| {
            // With its part before, which is as it was, not as it was planned.
            let start = self.actual().gaps.running(as_of).map_or(gap.start, |before| before.start);
            Interval { start, ..gap }
        });
        let running = running.filter(|whole| gaps.counts(*whole));
        let whole = running.into_iter().chain(gaps.after(as_of)).take_while(move |gap| gap.start < sight.end);
        whole.map(move |gap| (gap, gap.clip(sight))).filter(|(_, part)| !part.is_empty())
    }

    /// When the first gap breaks if nothing more is recorded: the one that runs, or one in sight.
    fn forecast(&self, as_of: Instant) -> Option<Instant> {
        if self.is_silent() {
            return None;
        }
        let gaps = &self.actual().gaps;
        let breaks = |gap: Interval| gaps.breaks_at(gap.start);
        let running = gaps.running(as_of).filter(|gap| gaps.counts(*gap) && breaks(*gap) >= as_of);
        let coming = self.ahead(as_of).map(|(whole, _)| whole).filter(|whole| whole.start >= as_of);
        running.into_iter().chain(coming).find(|gap| !self.waivers.take(*gap)).map(breaks)
    }

    fn gap(&self, cx: &Cx<'_>, sheet: &Sheet, gap: Interval, status: Status) -> Gap {
        let roles = match self.params.source {
            Source::Watch => Vec::new(),
            _ => floor::short(gap, &sheet.presences(gap, &Instead::new()), &self.needs),
        };
        let short = |(role, have): (usize, i64)| {
            let (name, need) = &self.params.roles[role];
            Short { role: name.clone(), have, need: *need }
        };
        let stamp = |at| Stamp { at, zone: cx.contract.zone };
        let roles = roles.into_iter().map(short).collect();
        Gap { start: stamp(gap.start), end: stamp(gap.end), status, roles }
    }

    fn sums(&self, as_of: Instant) -> Sums {
        if self.is_blank(as_of) { Sums::default() } else { self.actual().gaps.sums(&self.waivers) }
    }

    /// Touches owed time up to `until`.
    fn touches_owed(&self, span: Interval, until: Instant) -> bool {
        let span = Interval { end: span.end.min(until), ..span };
        let first = self.time.partition_point(|o| o.end <= span.start);
        self.time.get(first).is_some_and(|o| !o.clip(span).is_empty())
    }

    /// The stretch that an assignment or a joining speaks of, if its role is owed.
    fn stretch(&self, item: &Item) -> Option<Interval> {
        let owed = item.text("role").is_some_and(|role| self.roles.contains_key(role));
        match item.kind.name {
            "duty.assign" if owed => stated::span(item),
            "staff.join" if owed => Some(Interval::new(item.at, Instant::MAX)),
            _ => None,
        }
    }

    /// A sign-in of the case serves a shift in owed time up to `until`.
    fn signs_in(&self, case: u32, until: Instant) -> bool {
        let (Some(signing), Some(stated)) = (&self.signing, self.cases.get(&case)) else { return false };
        let mut served = stated.sign_ins.iter().flat_map(|s| signing.served(s));
        served.any(|other| signing.counted(other).iter().any(|p| self.touches_owed(p.span, until)))
    }
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        self.touch_case(cx, case);
    }
    fn watch(&mut self, cx: &Cx<'_>) {
        self.watch_systems(cx);
    }
    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        self.change_waivers(cx, change);
    }
    fn advance(&mut self, cx: &Cx<'_>) {
        self.settle(cx);
    }

    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let as_of = cx.as_of;
        let (sums, blank) = (self.sums(as_of), self.is_blank(as_of));
        let breached = sums.breached > 0;
        let status = match () {
            () if blank => Status::NoEvidence,
            () if breached => Status::Breached,
            () if self.is_unsure(as_of) => Status::NoEvidence,
            () if self.ahead(as_of).next().is_some() => Status::AtRisk,
            () if sums.waived > 0 => Status::Waived,
            () if self.was_owed(as_of) => Status::Met,
            () => Status::NotDue,
        };
        let first = || self.actual().gaps.breached_at(&self.waivers);
        Totals {
            status,
            value: (!blank).then_some(sums.length),
            limit: None,
            unit: unit::US,
            scale: 0,
            breaches: sums.breached,
            breached_at: breached.then(first).flatten(),
            forecast: if breached { None } else { self.forecast(as_of) },
        }
    }

    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let (gap_zh, gap_en, none_zh, none_en) = match self.params.source {
            Source::Duty => ("缺岗", "gaps in duty", "没有任何值班记录", "no record of duty"),
            Source::Staff => ("空缺", "gaps in staffing", "没有任何人员记录", "no record of staff"),
            Source::Watch => ("未监测", "gaps in watching", "没有任何监测记录", "no record of watching"),
        };
        let mut zh = format!("应覆盖时段内{none_zh}");
        let mut en = format!("{none_en} in the owed time");
        if let Some(length) = totals.value {
            let sums = self.sums(cx.as_of);
            let (gaps, waived) = (sums.breached + sums.waived, sums.waived);
            (zh, en) = (format!("{gap_zh} {gaps} 段"), format!("{gap_en}: {gaps}"));
            if gaps > 0 {
                zh.push_str(&format!("，共 {}", words(length, Lang::Zh)));
                en.push_str(&format!(", {} in all", words(length, Lang::En)));
            }
            if waived > 0 {
                zh.push_str(&format!("，其中豁免 {waived} 段"));
                en.push_str(&format!(", {waived} of them waived"));
            }
        }
        let coming = self.ahead(cx.as_of).count();
        if coming > 0 {
            let (sight_zh, sight_en) = match self.params.lookahead {
                us if us % DAY == 0 => (format!("{} 天", us / DAY), format!("{} d", us / DAY)),
                us => (words(us, Lang::Zh), words(us, Lang::En)),
            };
            zh.push_str(&format!("；今后 {sight_zh}内将{gap_zh} {coming} 段"));
            en.push_str(&format!("; to come within {sight_en}: {coming}"));
        }
        if self.is_unsure(cx.as_of) {
            zh.push_str("；部分日期是否应覆盖无法确定");
            en.push_str("; of some days it is not known whether they are owed");
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<rules::Detail> {
        let mut detail = Detail { gaps: Vec::new(), coming: Vec::new() };
        if !self.is_blank(cx.as_of) {
            let sheet = self.actual();
            let status = |waived| if waived { Status::Waived } else { Status::Breached };
            let listed = sheet.gaps.listed(&self.waivers);
            detail.gaps = listed.map(|l| self.gap(cx, sheet, l.gap, status(l.waived))).collect();
        }
        let ahead = self.ahead(cx.as_of);
        detail.coming = ahead.map(|(_, part)| self.gap(cx, &self.roster, part, Status::AtRisk)).collect();
        Some(rules::Detail::Coverage(detail))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let until = cx.as_of.saturating_add(self.params.lookahead);
        let mut seqs = self.watching.evidence.clone();
        for case in &self.present {
            let items = || cx.books.subjects.case(*case).items.iter().filter(|i| cx.there(i));
            let on_duty = |i: &Item| self.stretch(i).is_some_and(|s| self.touches_owed(s, until));
            if items().any(on_duty) || self.signs_in(*case, until) {
                seqs.extend(items().filter(|i| self.bears(i)).map(|i| i.seq));
            }
        }
        for case in self.events.keys() {
            let items = cx.books.subjects.case(*case).items.iter();
            let declared = items.filter(|i| i.kind.name == "event.declare" && cx.there(i));
            let owed = declared.filter(|i| stated::span(i).is_some_and(|s| self.touches_owed(s, until)));
            seqs.extend(owed.map(|i| i.seq));
        }
        seqs
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let mut years: BTreeSet<(Code, i32)> = BTreeSet::new();
        let mut found = Vec::new();
        for u in &self.unsure {
            let judged = u.span.clip(self.holds);
            let year = cx.contract.zone.date(u.span.start).year();
            // One a year: of a source without the mark, the first of its days.
            if !judged.is_empty() && judged.start < cx.as_of && years.insert((u.code, year)) {
                found.push(Finding::new(None, u.code, &cx.clause.id, &u.detail));
            }
        }
        found
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        !self.is_blank(cx.as_of) && self.helps(cx, case, seq)
    }

    fn late(&self, cx: &Cx<'_>) -> Vec<u64> {
        let mut seqs = Vec::new();
        for case in self.present.iter().filter(|_| self.params.source == Source::Duty) {
            let assigned =
                cx.books.subjects.case(*case).items.iter().filter(|i| i.kind.name == "duty.assign");
            for item in assigned.filter(|i| cx.there(i)) {
                let over =
                    |s: Interval| cx.lens.item_recorded(item) > s.end && self.touches_owed(s, cx.as_of);
                seqs.extend(self.stretch(item).filter(|s| over(*s)).map(|_| item.seq));
            }
        }
        seqs
    }

    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        if self.is_blank(cx.as_of) {
            return Vec::new();
        }
        let gaps = &self.actual().gaps;
        let breached = gaps.listed(&self.waivers).filter(|l| !l.waived);
        breached.map(|l| gaps.breaks_at(l.gap.start)).collect()
    }

    fn excess(&self, cx: &Cx<'_>) -> Micros {
        self.sums(cx.as_of).excess
    }

    fn excess_passes(&self, cx: &Cx<'_>, us: Micros) -> Option<Instant> {
        if self.is_blank(cx.as_of) {
            return None;
        }
        let passed = self.passed.get_or_init(|| {
            let breached = self.actual().gaps.listed(&self.waivers).filter(|l| !l.waived);
            let before = |length: &mut Micros, gap: Interval| {
                *length += gap.len();
                Some((*length - gap.len(), gap))
            };
            breached.map(|l| l.gap).scan(0, before).collect()
        });
        let (before, gap) =
            passed.get(passed.partition_point(|(before, _)| *before <= us).checked_sub(1)?)?;
        let inside = us - before;
        // Not before the gap shows.
        (inside < gap.len()).then(|| (gap.start + inside).max(self.actual().gaps.breaks_at(gap.start)))
    }
}
