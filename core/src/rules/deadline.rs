//! `deadline`: a clock from one fact to another. A case is a subject; it is judged from its own facts. See the accounting
//! page, clocks.

use super::clock::{Allowed, Clock, Hands, Run};
use super::keyed::{breach_totals, earliest};
use super::{Cx, Finding, Rule, Setup, Totals, WaiverChange};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::books::incidents::Report;
use crate::books::subjects::SubjectCase;
use crate::books::tally::{Tally, Verdict};
use crate::books::{Item, Lens};
use crate::calendar::Calendar;
use crate::contract::parse::written::*;
use crate::contract::{Decimal, KindFilter, Limit, Where, Within};
use crate::error::Lang;
use crate::error::{Code, Error, Result};
use crate::facts::kinds::{self, Family};
use crate::rules::say::{self, Listed, Said};
use crate::time::{Instant, Micros};
use serde_json::Value;
use std::collections::BTreeSet;

tables! {
    /// deadline: a clock from one fact to another.
    struct Keys {
        /// Kinds that start the clock.
        "from" from: At<'a, OneOrMany<'a, KindText>>,
        /// Kinds that stop it.
        "to" to: At<'a, OneOrMany<'a, KindText>>,
        /// Fields without which a fact does not stop it.
        "needs" needs: Option<At<'a, OneOrMany<'a, Text>>>,
        /// The limit; or a table of limits by the field that `by` names.
        "within" within: At<'a, WithinText>,
        /// The field that `within` is a table of (default severity).
        "by" by: Option<At<'a, Text>>,
        /// The clock runs inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
        /// Pauses stop it (default false).
        "pausable" pausable: Option<At<'a, Flag>>,
        /// Conditions on the opening fact.
        "where" conditions: Option<At<'a, WhereText>>,
        /// Attributions that are not judged (default none).
        "excluded_attributions" excluded_attributions: Option<At<'a, Vec<At<'a, Text>>>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let kinds =
            |list: At<'_, OneOrMany<'_, KindText>>| list.value.0.into_iter().map(|k| k.value.0).collect();
        let within = self.within.value.0;
        if let (Some(by), Within::One(_)) = (&self.by, &within) {
            return by.node.fail(
                Code::ContractValue,
                "within is one limit; by goes with a table, within = { critical = \"4h\" }",
                "within 只有一个时限；by 须与表并用：within = { critical = \"4h\" }",
            );
        }
        let calendar = self.calendar.map(|c| frame.calendar(c)).transpose()?;
        Ok(Params {
            from: kinds(self.from),
            to: kinds(self.to),
            needs: many(self.needs),
            within,
            by: self.by.map_or_else(|| "severity".to_owned(), |b| b.value.0),
            calendar: calendar.unwrap_or_else(|| ALWAYS.to_owned()),
            pausable: self.pausable.is_some_and(|f| f.value.0),
            conditions: self.conditions.map(|w| w.value.0).unwrap_or_default(),
            excluded_attributions: texts(self.excluded_attributions).unwrap_or_default(),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `from`: the kinds that start the clock.
    pub from: Vec<KindFilter>,
    /// `to`: the kinds that stop it.
    pub to: Vec<KindFilter>,
    /// `needs`: fields without which a `to` does not stop it.
    pub needs: Vec<String>,
    /// `within`.
    pub within: Within,
    /// `by`: the field that `within` is a table of (default `severity`).
    pub by: String,
    /// `calendar` (default `7x24`).
    pub calendar: String,
    /// `pausable` (default false).
    pub pausable: bool,
    /// `where`, on the opening fact.
    pub conditions: Where,
    /// `excluded_attributions` (default none).
    pub excluded_attributions: Vec<String>,
}

impl Params {
    /// It ends with the service restored, so reopening starts it again.
    pub(crate) fn is_repair(&self) -> bool {
        self.to.iter().any(|k| matches!(k.kind.as_str(), "incident.repair" | "incident.restore"))
    }
    /// A duplicate has its own response clock, and no other.
    fn is_response(&self) -> bool {
        self.to.iter().any(|k| k.kind == "incident.respond")
    }
    fn families(&self) -> BTreeSet<Family> {
        self.from.iter().filter_map(|k| kinds::find(&k.kind)).map(|k| k.family).collect()
    }
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        self.from.iter().chain(&self.to).map(KindFilter::name).collect()
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let mut text = Sentence::new(
            format!(
                "自 {} 起，至 {} 止，限 {}",
                say::kinds(&self.from, Lang::Zh),
                say::kinds(&self.to, Lang::Zh),
                say::within(&self.within, Lang::Zh)
            ),
            format!(
                "from {} to {} within {}",
                say::kinds(&self.from, Lang::En),
                say::kinds(&self.to, Lang::En),
                say::within(&self.within, Lang::En)
            ),
        );
        if !self.needs.is_empty() {
            text.add(
                format!("须写明 {}", self.needs.join("、")),
                format!("stating {}", self.needs.join(", ")),
            );
        }
        if self.pausable {
            text.add("可暂停", "may be paused");
        }
        say::calendar(&mut text, &self.calendar);
        say::conditions(&mut text, &self.conditions);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// By subject.
    pub cases: Vec<Case>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.cases
            .iter()
            .map(|c| CaseLine {
                due: c.due,
                settled_at: c.settled_at,
                breached_at: c.breached_at,
                remaining_us: c.remaining_us,
                ..CaseLine::new(&c.subject, Some(c.status))
            })
            .collect()
    }
}

/// One clock.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Case {
    /// Whose.
    pub subject: String,
    /// `met`, `running`, `at-risk`, `paused`, `breached`, `waived` or `no-evidence`.
    pub status: Status,
    /// The due instant; of a breach the one missed; null while paused.
    pub due: Option<Stamp>,
    /// When it stopped, also when late; null while it runs.
    pub settled_at: Option<Stamp>,
    /// When it broke.
    pub breached_at: Option<Stamp>,
    /// What is left on the clock while it runs or is paused, microseconds.
    pub remaining_us: Option<Micros>,
}

/// What the clause keeps of a case beside the verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Timed {
    due: Option<Instant>,
    settled_at: Option<Instant>,
    remaining: Option<Micros>,
    pub(crate) on_time: Vec<Instant>,
    faults: Vec<(u64, Code)>,
    error: Option<String>,
    /// Entries that wait for the other party's word.
    waiting: Vec<u64>,
}

/// The clocks of a clause.
pub(crate) struct State {
    params: Params,
    families: BTreeSet<Family>,
    calendar: Result<Calendar>,
    tally: Tally<Timed>,
    /// Cases whose verdict changed since a streak last looked.
    changed: Vec<u32>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let (families, calendar) = (params.families(), setup.tools.calendar(&params.calendar));
        State { params: params.clone(), families, calendar, tally: Tally::default(), changed: Vec::new() }
    }

    fn judge(
        &self,
        cx: &Cx<'_>,
        case: &SubjectCase,
        subject: &str,
        without: Option<u64>,
    ) -> Option<Verdict<Timed>> {
        let (events, next) = case.events(&cx.lens, cx.as_of, without);
        // Not judged, or not yet: looked at again when the next known fact is there.
        let waiting = || {
            let (status, more) = (Status::NotDue, Timed::default());
            next.map(|t| Verdict { status, breached_at: None, forecast: None, valid_until: Some(t), more })
        };
        let fixes = case.corrections(&cx.lens, without);
        let opening =
            events.iter().enumerate().find_map(|(i, e)| Some((i, *e, self.opens(e, &fixes, cx.lens)?)));
        let Some((first, opening, report)) = opening else { return waiting() };
        if report.withdrawn()
            || (report.duplicate() && !self.params.is_response())
            || self.params.excluded_attributions.iter().any(|a| a == report.attribution())
            || !cx.holds.contains(opening.at)
        {
            return waiting();
        }
        // A `to` of the same instant stops it, also when it was recorded first.
        let same = |e: &&&Item| e.at == opening.at && self.params.to.iter().any(|k| k.takes(e));
        let after: Vec<&Item> =
            events[..first].iter().filter(same).chain(&events[first + 1..]).copied().collect();
        let mut verdict = match &self.calendar {
            Ok(calendar) => {
                self.timed(cx, calendar, &report, opening, &after).unwrap_or_else(|e| unknown(&e))
            }
            Err(e) => unknown(e),
        };
        if cx.waives(subject) {
            // What is waived, also in advance, breaks nothing.
            verdict.forecast = None;
            if verdict.status == Status::Breached {
                verdict.status = Status::Waived;
            }
        }
        verdict.valid_until = earliest(verdict.valid_until, next);
        Some(verdict)
    }

    /// The report that `item` opens, if it does: conditions look at it as corrected.
    fn opens<'a>(&self, item: &'a Item, fixes: &[&'a Item], lens: Lens<'a>) -> Option<Report<'a>> {
        let kinds = || self.params.from.iter().filter(|k| k.kind == item.kind.name);
        kinds().next()?;
        let report = Report::new(item, fixes.to_vec(), lens);
        let takes = |conditions: &Where| takes(conditions, |field| report.value(field));
        let opens = kinds().any(|k| takes(&k.conditions)) && takes(&self.params.conditions);
        opens.then_some(report)
    }

    fn timed<'a>(
        &'a self,
        cx: &Cx<'a>,
        calendar: &'a Calendar,
        report: &Report<'a>,
        opening: &'a Item,
        after: &[&'a Item],
    ) -> Result<Verdict<Timed>> {
        let clock = Clock {
            params: &self.params,
            calendar,
            days: cx.days,
            zone: cx.contract.zone,
            pause_parties: &cx.contract.accounting.pause_parties,
            lens: cx.lens,
            as_of: cx.as_of,
        };
        let mut more = Timed::default();
        let allowed = self.allowed(&clock, report, opening, after, &mut more)?;
        let run = clock.run(opening, after, allowed)?;
        let (status, remaining, turns) = stands(&clock, &run, opening, allowed, cx.warn)?;
        more.faults.extend(&run.faults);
        more.waiting.extend(&run.late_pauses);
        if cx.lens.wants_lowering() {
            more.waiting.extend(report.lowering());
        }
        more.on_time.clone_from(&run.on_time);
        (more.due, more.settled_at, more.remaining) = (run.breached.or(run.due), run.settled, remaining);
        let runs = matches!(status, Status::Running | Status::AtRisk);
        let due = run.due.filter(|_| runs);
        Ok(Verdict {
            status,
            breached_at: run.breached,
            forecast: due,
            valid_until: earliest(turns, due.map(|d| d + 1)),
            more,
        })
    }

    /// The limit in force, and the instant before which it is never due.
    fn allowed<'a>(
        &self,
        clock: &Clock<'a>,
        report: &Report<'a>,
        opening: &'a Item,
        after: &[&'a Item],
        more: &mut Timed,
    ) -> Result<Allowed> {
        let table = match &self.params.within {
            Within::One(limit) => return Ok(Allowed { limit: *limit, floor: Instant::MIN }),
            Within::By(table) => table,
        };
        // A value without a limit of its own takes the shortest.
        let shortest = clock.dues().shortest(table.values().copied(), opening.at)?;
        let mut look = |seq: u64, value: Option<&str>| match value.and_then(|v| table.get(v)) {
            Some(limit) => *limit,
            None => {
                more.faults.push((seq, Code::UnknownSeverity));
                shortest
            }
        };
        let limit = look(opening.seq, report.opening_text(&self.params.by));
        let mut allowed = Allowed { limit, floor: Instant::MIN };
        let mut waiting = Vec::new();
        for (fix, value) in report.changes(&self.params.by) {
            let limit = look(fix.seq, Some(value));
            let (before, then) =
                (clock.plain_due(allowed.limit, opening.at)?, clock.plain_due(limit, opening.at)?);
            let run = clock.run(opening, after, allowed)?;
            let due = run.breached.or(run.due.filter(|_| run.settled.is_none()));
            let recorded = clock.lens.item_recorded(fix);
            if then > before {
                let too_late = due.is_some_and(|due| recorded > due);
                if too_late || clock.lens.wants_lowering() {
                    waiting.push(fix.seq);
                }
                if (too_late && !clock.lens.is_confirmed(fix.seq)) || clock.lens.hides_lowering(fix.seq) {
                    continue;
                }
            } else if then < before {
                // What was due before the correction was recorded stays due then: nothing heals a breach.
                allowed.floor = allowed.floor.max(due.map_or(recorded, |due| due.min(recorded)));
            }
            allowed.limit = limit;
        }
        more.waiting.extend(waiting);
        Ok(allowed)
    }

    /// For a streak: the cases whose verdict changed since it last asked.
    pub(crate) fn take_changed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.changed)
    }
    pub(crate) fn verdict(&self, case: u32) -> Option<&Verdict<Timed>> {
        self.tally.get(case)
    }
    fn set(&mut self, case: u32, verdict: Option<Verdict<Timed>>) {
        self.tally.set(case, verdict);
        self.changed.push(case);
    }
    fn judged(&self) -> impl Iterator<Item = (u32, &Verdict<Timed>)> {
        self.tally.cases().filter(|(_, v)| v.status != Status::NotDue)
    }
}

/// Status, what is left, and the instant at which it turns at-risk.
fn stands(
    clock: &Clock<'_>,
    run: &Run<'_>,
    opening: &Item,
    allowed: Allowed,
    warn: Decimal,
) -> Result<(Status, Option<Micros>, Option<Instant>)> {
    if run.breached.is_some() {
        return Ok((Status::Breached, None, None));
    }
    let whole = match allowed.limit {
        Limit::Elapsed(us) => us,
        limit => clock.plain_due(limit, opening.at)? - opening.at,
    };
    match (&run.hands, run.due) {
        (Hands::Stopped { .. }, _) => Ok((Status::Met, None, None)),
        (Hands::Paused { used, .. }, _) => Ok((Status::Paused, Some((whole - used).max(0)), None)),
        (Hands::Running { .. }, due) => {
            let due = due.ok_or_else(|| Error::new(Code::Internal, "a running clock is due"))?;
            let left = clock.dues().left(allowed.limit, opening.at, due, clock.as_of, warn)?;
            let status = if left.at_risk { Status::AtRisk } else { Status::Running };
            Ok((status, Some(left.us), left.turns))
        }
    }
}

/// A case that cannot be judged.
fn unknown(e: &Error) -> Verdict<Timed> {
    let more = Timed { error: Some(e.detail().to_owned()), ..Timed::default() };
    Verdict { status: Status::NoEvidence, breached_at: None, forecast: None, valid_until: None, more }
}

impl KindFilter {
    pub(crate) fn takes(&self, item: &Item) -> bool {
        let value = |field: &str| item.body.as_ref()?.get(field).cloned();
        item.kind.name == self.kind && takes(&self.conditions, value)
    }
}

/// Each field has one of the values.
pub(crate) fn takes(conditions: &Where, value: impl Fn(&str) -> Option<Value>) -> bool {
    conditions.iter().all(|(field, values)| value(field).is_some_and(|v| values.contains(&v)))
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        let subject = cx.books.subjects.case(case);
        if !self.families.contains(&subject.family) {
            return;
        }
        let verdict = self.judge(cx, subject, cx.books.subjects.subject(case), None);
        self.set(case, verdict);
    }

    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        for case in change.subjects(cx) {
            self.touch(cx, case);
        }
    }

    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        self.tally.breach_instants()
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        // What is left on running clocks changes with every instant; it is only shown in the detail and computed there.
        while let Some(case) = self.tally.due(cx.as_of) {
            self.touch(cx, case);
        }
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        breach_totals(&self.tally)
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let count = |s: &[Status]| self.judged().filter(|(_, v)| s.contains(&v.status)).count();
        let met = count(&[Status::Met]);
        let open = count(&[Status::Running, Status::AtRisk, Status::Paused]);
        let waived = count(&[Status::Waived]);
        let breaches = totals.breaches;
        let mut zh = format!("按时 {met} 件，超时 {breaches} 件，进行中 {open} 件");
        let mut en = format!("{met} in time, {breaches} late, {open} running");
        if waived > 0 {
            zh.push_str(&format!("，豁免 {waived} 件"));
            en.push_str(&format!(", {waived} waived"));
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        let mut cases: Vec<Case> = Vec::new();
        for (id, _) in self.judged() {
            let subject = cx.books.subjects.subject(id);
            // Judged anew, so that what is left is of this instant.
            let Some(v) = self.judge(cx, cx.books.subjects.case(id), subject, None) else { continue };
            cases.push(Case {
                subject: subject.to_owned(),
                status: v.status,
                due: cx.stamp(v.more.due),
                settled_at: cx.stamp(v.more.settled_at),
                breached_at: cx.stamp(v.breached_at),
                remaining_us: v.more.remaining,
            });
        }
        cases.sort_by(|a, b| a.subject.as_bytes().cmp(b.subject.as_bytes()));
        Some(super::Detail::Deadline(Detail { cases }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let named = |i: &Item| {
            let name = i.kind.name;
            let clock = ["incident.pause", "incident.resume", "incident.reopen"];
            self.params.from.iter().chain(&self.params.to).any(|k| k.kind == name)
                || i.is_correction()
                || (clock.contains(&name) && (self.params.is_repair() || self.params.pausable))
        };
        let mut seqs = Vec::new();
        for (id, _) in self.judged() {
            let items = cx.books.subjects.case(id).items.iter();
            seqs.extend(items.filter(|i| cx.there(i) && named(i)).map(|i| i.seq));
        }
        seqs
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for (id, v) in self.judged() {
            let subject = cx.books.subjects.subject(id);
            found
                .extend(v.more.faults.iter().map(|(seq, code)| Finding::new(Some(*seq), *code, subject, "")));
            if let Some(detail) = &v.more.error {
                found.push(Finding::new(None, Code::NoSchedule, subject, detail));
            }
        }
        found
    }

    fn waiting(&self, _cx: &Cx<'_>) -> Vec<u64> {
        self.judged().flat_map(|(_, v)| v.more.waiting.iter().copied()).collect()
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        let with = self.tally.get(case).and_then(|v| v.breached_at);
        let subject = cx.books.subjects.subject(case);
        let without = self.judge(cx, cx.books.subjects.case(case), subject, Some(seq));
        // A breach that is not there, or that comes later, because of this entry.
        match (with, without.and_then(|v| v.breached_at)) {
            (None, Some(_)) => true,
            (Some(with), Some(without)) => with > without,
            _ => false,
        }
    }

    fn as_deadline(&mut self) -> Option<&mut State> {
        Some(self)
    }
}

/// The report of an incident as a streak looks at it.
pub(crate) fn report<'a>(case: &'a SubjectCase, lens: Lens<'a>, as_of: Instant) -> Option<Report<'a>> {
    let (events, _) = case.events(&lens, as_of, None);
    let opening = events.into_iter().find(|e| e.kind.name == "incident.report")?;
    Some(Report::new(opening, case.corrections(&lens, None), lens))
}
