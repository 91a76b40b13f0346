//! `backup`: a set of `[[backup]]` is young enough, checked, restored in drills, and kept. Cases: gaps beyond the RPO, turns of
//! verification and of drill, runs that should exist. See the rules page, backup.

mod judge;
pub mod retention;
#[cfg(test)]
mod tests;

use super::{Cx, Finding, Rule, Setup, Totals, WaiverChange, unit, worst};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::books::Item;
use crate::contract::parse::written::*;
use crate::contract::{BackupSet, Limit};
use crate::error::{Code, Lang, Result};
use crate::facts::kinds::Family;
use crate::rules::say::{self, Listed, Said};
use crate::time::{Instant, Interval, Micros, parse_duration};
use judge::{Frame as JudgeFrame, Judged, Record, Run, judge};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

tables! {
    /// backup: RPO, verification, drills and retention of a set.
    struct Keys {
        /// The set of `[[backup]]`.
        "set" set: At<'a, Text>,
        /// From the start of this day on some run must be young enough (default: the period's start and the RPO after it).
        "first" first: Option<At<'a, DateText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, clause: &Node<'a>) -> Result<Params> {
        let At { value: Text(id), node } = self.set;
        let Some(set) = frame.backups.iter().find(|b| b.id == id) else {
            return node.unknown(Code::ContractReference, &id, frame.backups.iter().map(|b| b.id.as_str()));
        };
        if set.rpo.is_none()
            && set.retention.is_none()
            && set.verify_every.is_none()
            && set.drill_every.is_none()
        {
            return clause.fail(
                Code::ContractMissing,
                format!("[[backup]] {id} promises nothing: add rpo, retention, verify_every or drill_every"),
                format!("[[backup]] {id} 未作任何承诺：请补充 rpo、retention、verify_every 或 drill_every"),
            );
        }
        Ok(Params { first: self.first.map(|d| frame.zone.midnight(d.value.0)), set: set.clone() })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// The set, as `[[backup]]` has it.
    pub set: BackupSet,
    /// `first`, the instant; none: the period's start and the RPO after it.
    pub first: Option<Instant>,
}

type Set = BackupSet;

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        vec!["backup.run", "backup.verify", "backup.drill"]
    }
    fn calendar(&self) -> Option<&str> {
        None
    }
    fn words(&self) -> Sentence {
        let set = &self.set;
        let mut text = Sentence::new(format!("备份集 {}", set.id), format!("backup set {}", set.id));
        if let Some(rpo) = set.rpo {
            text.add(format!("RPO {}", say::zh_time(rpo)), format!("RPO {}", say::en_time(rpo)));
        }
        for (every, zh, en) in
            [(set.verify_every, "校验", "verified"), (set.drill_every, "恢复演练", "restored in a drill")]
        {
            if let Some(every) = every {
                text.add(
                    format!("至少每 {} {zh}一次", say::limit(every, Lang::Zh)),
                    format!("{en} at least every {}", say::limit(every, Lang::En)),
                );
            }
        }
        if let Some(rto) = set.rto {
            text.add(format!("RTO {}", say::zh_time(rto)), format!("RTO {}", say::en_time(rto)));
        }
        if set.retention.is_some() {
            text.add("按保留策略留存", "kept as its retention says");
        }
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// Stretches in which no good run was young enough, in order.
    pub gaps: Vec<Gap>,
    /// Turns of verification that have begun and are owed.
    pub verified: Vec<Turn>,
    /// Turns of drill that have begun and are owed.
    pub drilled: Vec<Turn>,
    /// What should exist; null where nothing is promised, or nothing should exist yet.
    pub retained: Option<Retained>,
}

/// A stretch beyond the RPO.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Gap {
    /// Its first instant: the breach instant.
    pub start: Stamp,
    /// When a good run was there again; null: it goes on.
    pub end: Option<Stamp>,
    /// `breached` or `waived`.
    pub status: Status,
}

/// A turn of a duty.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Turn {
    /// The period's start, or the last good one.
    pub from: Stamp,
    /// When the next is due.
    pub due: Stamp,
    /// The `at` of the next good one, late or not.
    pub settled_at: Option<Stamp>,
    /// `met`, `breached`, `at-risk`, `running`, `waived`, `no-evidence`.
    pub status: Status,
}

/// The runs that should exist.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Retained {
    /// When the newest list was made; null: nobody has looked.
    pub listed_at: Option<Stamp>,
    /// How many should exist.
    pub owed: u64,
    /// Those that are not on the list.
    pub missing: Vec<String>,
    /// `met`, `breached`, `waived`, `no-evidence`.
    pub status: Status,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        let gap = |g: &Gap| CaseLine {
            start: Some(g.start),
            end: g.end,
            breached_at: Some(g.start).filter(|_| g.status == Status::Breached),
            note: Sentence::new("超出 RPO", "beyond the RPO"),
            ..CaseLine::new(g.start.zone.format(g.start.at), Some(g.status))
        };
        let turn = |name: &'static str, zh: &'static str, en: &'static str| {
            move |t: &Turn| CaseLine {
                start: Some(t.from),
                due: Some(t.due),
                settled_at: t.settled_at,
                breached_at: Some(t.due).filter(|_| t.status == Status::Breached),
                note: Sentence::new(zh, en),
                ..CaseLine::new(name, Some(t.status))
            }
        };
        let retained = |r: &Retained| {
            let mut note = Sentence::new(format!("应留存 {} 份", r.owed), format!("{} should exist", r.owed));
            if r.listed_at.is_none() {
                note.add("尚未清点", "nobody has looked");
            }
            if !r.missing.is_empty() {
                note.add(format!("缺 {}", r.missing.join("、")), format!("missing {}", r.missing.join(", ")));
            }
            CaseLine {
                settled_at: r.listed_at,
                breached_at: r.listed_at.filter(|_| r.status == Status::Breached),
                note,
                ..CaseLine::new("retained", Some(r.status))
            }
        };
        let mut out: Vec<CaseLine> = self.gaps.iter().map(gap).collect();
        out.extend(self.verified.iter().map(turn("verified", "校验", "verification")));
        out.extend(self.drilled.iter().map(turn("drilled", "恢复演练", "restore drill")));
        out.extend(self.retained.iter().map(retained));
        out
    }
}

/// A fact of the set.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    Run {
        started: Instant,
        finished: Instant,
    },
    /// A verification: failed, or passed at a level.
    Verify {
        at: Instant,
        verdict: Outcome,
        level: u8,
        run: Option<String>,
        /// The runs that were found to be there, where it lists them.
        present: Option<Vec<String>>,
    },
    Drill {
        at: Instant,
        good: bool,
    },
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Pass,
    Fail,
    Open,
}

/// Facts of this set, facts that name no set of the contract, and the `at` of the next one that is not yet there.
type Deeds = (Vec<(u64, Deed)>, Vec<(u64, String)>, Option<Instant>);

/// The facts of a set by subject; they are judged when somebody asks.
pub(crate) struct State {
    params: Params,
    /// The sets of the contract.
    sets: BTreeSet<String>,
    by_case: BTreeMap<u32, Vec<(u64, Deed)>>,
    /// Facts that name a set which the contract does not have, by subject.
    astray: BTreeMap<u32, Vec<(u64, String)>>,
    /// Facts that are known and not yet there.
    queue: BTreeSet<(Instant, u32)>,
    queued: BTreeMap<u32, Instant>,
    /// The verdict at an instant; none: facts or waivers came since.
    judged: RefCell<Option<(Instant, Arc<Judged>)>>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        State {
            params: params.clone(),
            sets: setup.contract.backups.iter().map(|set| set.id.clone()).collect(),
            by_case: BTreeMap::new(),
            astray: BTreeMap::new(),
            queue: BTreeSet::new(),
            queued: BTreeMap::new(),
            judged: RefCell::new(None),
        }
    }

    /// The facts of a subject that are about this set, those that are about none, and the `at` of the next one that is not
    /// yet there.
    fn deeds(&self, cx: &Cx<'_>, case: u32) -> Deeds {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, None);
        // A check that names no set is about the set of its run.
        let of_run = events.iter().filter(|i| i.kind.name == "backup.run").find_map(|i| i.text("set"));
        let mine = |item: &&&Item| item.text("set").or(of_run) == Some(&self.params.set.id);
        let deeds = events.iter().filter(mine).map(|item| (item.seq, self.deed(item))).collect();
        let named = events.iter().filter_map(|item| Some((item.seq, item.text("set")?)));
        let astray = named.filter(|(_, set)| !self.sets.contains(*set));
        let astray = astray.map(|(seq, set)| (seq, set.to_owned())).collect();
        (deeds, astray, next)
    }

    fn deed(&self, item: &Item) -> Deed {
        let at = item.at;
        let verdict = match item.text("verdict") {
            Some("pass" | "pass-with-remarks") => Outcome::Pass,
            Some("fail") => Outcome::Fail,
            _ => Outcome::Open,
        };
        match item.kind.name {
            "backup.run" => {
                let started = item.instant("started").unwrap_or(at);
                Deed::Run { started, finished: item.instant("finished").unwrap_or(at).max(started) }
            }
            "backup.verify" => {
                let run = item.text("run").map(str::to_owned);
                let list = item.body.as_ref().and_then(|b| b.get("present")?.as_array());
                let present = list.map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect());
                Deed::Verify { at, verdict, level: level(item), run, present }
            }
            "backup.drill" => {
                let rto = item.text("rto").and_then(|t| parse_duration(t).ok());
                let fast = self.params.set.rto.is_none_or(|most| rto.is_some_and(|rto| rto <= most));
                Deed::Drill { at, good: verdict == Outcome::Pass && fast }
            }
            _ => Deed::Other,
        }
    }

    /// The record as if entry `without` were not there.
    fn record(&self, cx: &Cx<'_>, without: Option<u64>) -> Record {
        let mut record = Record::default();
        let mut newest: Option<(Instant, u64)> = None;
        // A verification is about its own subject, or about the run that it names.
        let mut bad = BTreeSet::new();
        for (case, deeds) in &self.by_case {
            for (seq, deed) in deeds {
                if let Deed::Verify { verdict: Outcome::Fail, run, .. } = deed
                    && without != Some(*seq)
                {
                    bad.insert(run.as_deref().unwrap_or(cx.books.subjects.subject(*case)));
                }
            }
        }
        for (case, deeds) in &self.by_case {
            let name = cx.books.subjects.subject(*case);
            for (seq, deed) in deeds.iter().filter(|(seq, _)| without != Some(*seq)) {
                record.facts += 1;
                match deed {
                    Deed::Run { started, finished } => {
                        let bad = bad.contains(name);
                        let (started, finished) = (*started, *finished);
                        record.runs.push(Run { name: name.to_owned(), started, finished, bad });
                    }
                    Deed::Verify { at, verdict, level, present, .. } => {
                        if *verdict == Outcome::Pass && *level >= self.params.set.level {
                            record.verified.push(*at);
                        }
                        if let Some(runs) = present
                            && newest.is_none_or(|n| n < (*at, *seq))
                        {
                            newest = Some((*at, *seq));
                            record.listed = Some((*at, runs.iter().cloned().collect()));
                        }
                    }
                    Deed::Drill { at, good: true } => record.drilled.push(*at),
                    _ => {}
                }
            }
        }
        record.verified.sort_unstable();
        record.drilled.sort_unstable();
        record
    }

    fn judge(&self, cx: &Cx<'_>, without: Option<u64>) -> Judged {
        let waives = |name: &str, stretch: Interval| {
            cx.waives(name)
                || cx
                    .waived
                    .cases
                    .iter()
                    .any(|case| crate::time::parse_instant(case).is_ok_and(|at| stretch.contains(at)))
        };
        let frame = JudgeFrame {
            params: &self.params,
            set: &self.params.set,
            zone: cx.contract.zone,
            period: cx.contract.period,
            holds: cx.holds,
            as_of: cx.as_of,
            warn: cx.warn,
            waives: &waives,
        };
        judge(&self.record(cx, without), &frame)
    }

    fn judged(&self, cx: &Cx<'_>) -> Arc<Judged> {
        if let Some((at, judged)) = &*self.judged.borrow()
            && *at == cx.as_of
        {
            return Arc::clone(judged);
        }
        let judged = Arc::new(self.judge(cx, None));
        *self.judged.borrow_mut() = Some((cx.as_of, Arc::clone(&judged)));
        judged
    }
}

/// The level of a verification: `L2`, or the number that older facts have. None stated: the least that reads anything.
fn level(item: &Item) -> u8 {
    let value = item.body.as_ref().and_then(|b| b.get("level"));
    let text = value.and_then(|v| v.as_str()).map(|t| t.trim_start_matches('L'));
    let number = text.and_then(|t| t.parse().ok()).or_else(|| value.and_then(|v| v.as_u64()));
    number.and_then(|n| u8::try_from(n).ok()).unwrap_or(1)
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        if cx.books.subjects.case(case).family != Family::Backup {
            return;
        }
        let (deeds, astray, next) = self.deeds(cx, case);
        if astray.is_empty() {
            self.astray.remove(&case);
        } else {
            self.astray.insert(case, astray);
        }
        if let Some(before) = self.queued.remove(&case) {
            self.queue.remove(&(before, case));
        }
        if let Some(next) = next {
            self.queued.insert(case, next);
            self.queue.insert((next, case));
        }
        let same = match self.by_case.get(&case) {
            Some(before) => *before == deeds,
            None => deeds.is_empty(),
        };
        if same {
            return;
        }
        *self.judged.borrow_mut() = None;
        if deeds.is_empty() {
            self.by_case.remove(&case);
        } else {
            self.by_case.insert(case, deeds);
        }
    }

    fn waive(&mut self, _cx: &Cx<'_>, _change: &WaiverChange) {
        *self.judged.borrow_mut() = None;
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        while let Some((_, case)) = self.queue.first().filter(|(t, _)| *t <= cx.as_of).copied() {
            self.touch(cx, case);
        }
    }

    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let judged = self.judged(cx);
        let status = worst(judged.statuses());
        let breaches = i64::try_from(judged.breaches.len()).unwrap_or(i64::MAX);
        Totals {
            status,
            value: Some(breaches),
            limit: Some(0),
            unit: unit::COUNT,
            scale: 0,
            breaches,
            breached_at: judged.breaches.first().copied(),
            forecast: judged.forecast.filter(|_| status != Status::Breached),
        }
    }

    fn sentence(&self, cx: &Cx<'_>, _totals: &Totals) -> (String, String) {
        let judged = self.judged(cx);
        let beyond: Micros = judged
            .gaps
            .iter()
            .map(|g| g.end.unwrap_or_else(|| cx.as_of.min(cx.contract.period.end)).saturating_sub(g.start))
            .fold(0, Micros::saturating_add);
        let count = |turns: &[judge::TurnCase], status| turns.iter().filter(|t| t.status == status).count();
        let (mut zh, mut en) = match judged.gaps.len() {
            0 if judged.rpo == Some(Status::NoEvidence) => {
                ("没有任何备份记录".to_owned(), "no backup on record".to_owned())
            }
            0 => ("未超出 RPO".to_owned(), "never beyond the RPO".to_owned()),
            n => (
                format!("超出 RPO {n} 次，共 {}", say::zh_time(beyond)),
                format!("beyond the RPO {n} times, {} in all", say::en_time(beyond)),
            ),
        };
        if self.params.set.rpo.is_none() {
            (zh, en) = ("未约定 RPO".to_owned(), "no RPO promised".to_owned());
        }
        for (every, turns, name_zh, name_en) in [
            (self.params.set.verify_every, &judged.verified, "校验", "verifications"),
            (self.params.set.drill_every, &judged.drilled, "恢复演练", "drills"),
        ] {
            if every.is_some() {
                let (met, late) = (count(turns, Status::Met), count(turns, Status::Breached));
                zh.push_str(&format!("；{name_zh}按期 {met} 次，逾期 {late} 次"));
                en.push_str(&format!("; {name_en} in time {met}, late {late}"));
            }
        }
        if let Some(r) = &judged.retained {
            match r.listed_at {
                None => {
                    zh.push_str("；留存尚未清点");
                    en.push_str("; nobody has looked what is kept");
                }
                Some(_) => {
                    zh.push_str(&format!("；应留存 {} 份，缺 {} 份", r.owed, r.missing.len()));
                    en.push_str(&format!("; {} should exist, {} are missing", r.owed, r.missing.len()));
                }
            }
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        let judged = self.judged(cx);
        let stamp = |at: Instant| Stamp { at, zone: cx.contract.zone };
        let turn = |t: &judge::TurnCase| Turn {
            from: stamp(t.from),
            due: stamp(t.due),
            settled_at: t.settled_at.map(stamp),
            status: t.status,
        };
        let gap = |g: &judge::GapCase| Gap { start: stamp(g.start), end: g.end.map(stamp), status: g.status };
        Some(super::Detail::Backup(Detail {
            gaps: judged.gaps.iter().map(gap).collect(),
            verified: judged.verified.iter().map(turn).collect(),
            drilled: judged.drilled.iter().map(turn).collect(),
            retained: judged.retained.as_ref().map(|r| Retained {
                listed_at: r.listed_at.map(stamp),
                owed: r.owed,
                missing: r.missing.iter().map(|(name, _)| name.clone()).collect(),
                status: r.status,
            }),
        }))
    }

    fn evidence(&self, _cx: &Cx<'_>) -> Vec<u64> {
        self.by_case.values().flatten().map(|(seq, _)| *seq).collect()
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let all = self.astray.iter().flat_map(|(case, facts)| facts.iter().map(move |fact| (*case, fact)));
        all.map(|(case, (seq, set))| {
            let subject = cx.books.subjects.subject(case);
            Finding::new(Some(*seq), Code::UnknownSet, subject, &format!("set = {set:?}"))
        })
        .collect()
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        let concerns = self.by_case.get(&case).is_some_and(|deeds| deeds.iter().any(|(s, _)| *s == seq));
        concerns && self.judge(cx, Some(seq)).breaches.len() > self.judged(cx).breaches.len()
    }

    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        self.judged(cx).breaches.clone()
    }
}

/// A length that a set may name: time or calendar months; a day count on workdays says nothing about copies.
pub(crate) fn plain_limit(at: &At<'_, LimitText>) -> Result<Limit> {
    match at.value.0 {
        Limit::Workdays(_) => at.node.fail(
            Code::ContractValue,
            "a duration such as \"30d\" or \"3 months\"; workdays do not fit here",
            "时长，如 \"30d\" 或 \"3 months\"；此处不用工作日",
        ),
        limit => Ok(limit),
    }
}
