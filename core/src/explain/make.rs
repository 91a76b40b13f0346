//! Puts an explanation together.

use super::{Explained, Explanation, LeftOut, rule};
use crate::assess::cases::{CaseLine, Sentence, cases};
use crate::assess::{Assessment, ClauseVerdict, Figure, Stamp, Status};
use crate::books::engine::Engine;
use crate::books::{Books, Place};
use crate::contract::{Clause, Contract};
use crate::error::{Code, Error, Lang, Result};
use crate::rules::outage_count::Threshold;
use crate::rules::{OutageScope, RuleParams, outages};
use crate::time::{Instant, Micros, parse_instant, words};
use std::collections::{BTreeMap, BTreeSet};

/// Most names that a hint lists.
const LISTED: usize = 30;

/// What is explained, and from what.
pub(super) struct Cx<'a> {
    pub(super) assessment: &'a Assessment,
    pub(super) contract: &'a Contract,
    pub(super) clause: &'a Clause,
    pub(super) verdict: &'a ClauseVerdict,
    pub(super) engine: &'a Engine,
    pub(super) books: &'a Books,
}

/// Why a clause stands as the assessment says; `case`: only that one.
///
/// # Errors
/// `not-found` for a clause or a case there is not, with those there are.
pub(crate) fn explain(
    assessment: Assessment,
    engine: &Engine,
    books: &Books,
    id: &str,
    case: Option<&str>,
) -> Result<Explanation> {
    let contract = engine.contract().clone();
    let place = contract.clauses.iter().position(|c| c.id == id);
    let found = place.and_then(|i| Some((contract.clauses.get(i)?, assessment.clauses.get(i)?)));
    let Some((clause, verdict)) = found else {
        return Err(missing(format!("clause {id:?}"), contract.clauses.iter().map(|c| c.id.as_str())));
    };
    let cx = Cx { assessment: &assessment, contract: &contract, clause, verdict, engine, books };
    let mut explained = cx.cases();
    if let Some(case) = case {
        let names: Vec<String> = explained.iter().map(|e| e.line.case.clone()).collect();
        explained.retain(|e| is(&e.line, case));
        if explained.is_empty() {
            return Err(missing(format!("case {case:?}"), names.iter().map(String::as_str)));
        }
    }
    let seqs: BTreeSet<u64> = match case {
        Some(_) => explained.iter().flat_map(|e| e.entries.iter().copied()).collect(),
        None => verdict.evidence.iter().copied().collect(),
    };
    let lens = engine.lens(books);
    let facts = seqs.iter().filter_map(|seq| books.statement(*seq, &lens, contract.zone)).collect();
    let mut left_out = cx.left_out();
    if case.is_some() {
        let names = |l: &LeftOut| explained.iter().any(|e| subject_of(&e.line.case) == l.subject);
        left_out.retain(|l| l.entry.is_some_and(|seq| seqs.contains(&seq)) || names(l));
    }
    Ok(Explanation {
        format: 1,
        contract: contract.id.clone(),
        contract_sm3: contract.sm3.clone(),
        view: assessment.view,
        as_of: assessment.as_of,
        known_at: assessment.known_at,
        head: assessment.head.clone(),
        promise: clause.text.clone(),
        clause: verdict.clone(),
        case: case.map(str::to_owned),
        rule: rule::describe(clause),
        conclusion: conclusion(verdict),
        cases: explained,
        facts,
        left_out,
    })
}

fn missing<'a>(what: String, names: impl Iterator<Item = &'a str>) -> Error {
    let names: Vec<&str> = names.collect();
    let mut list = names[..names.len().min(LISTED)].join(", ");
    if names.len() > LISTED {
        // A list that looks whole would say that the rest is not there.
        list.push_str(&format!(", … {}", names.len()));
    }
    if list.is_empty() {
        return Error::new(Code::NotFound, what).with_hints("there is none", "没有可选的");
    }
    Error::new(Code::NotFound, what).with_hints(format!("one of {list}"), format!("可选：{list}"))
}

/// The line is the case that was asked for: by name, or any instant inside a gap.
fn is(line: &CaseLine, case: &str) -> bool {
    if line.case == case {
        return true;
    }
    let inside = |t: Instant| line.start.is_some_and(|s| s.at <= t) && line.end.is_some_and(|e| t < e.at);
    line.case.contains('T') && parse_instant(case).is_ok_and(inside)
}

/// The subject of a case: `subject#2` is its second.
fn subject_of(case: &str) -> &str {
    case.rsplit_once('#').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map_or(case, |(s, _)| s)
}

/// Value against limit.
fn conclusion(v: &ClauseVerdict) -> Sentence {
    let mut text = Sentence::new(v.text_zh.clone(), v.text_en.clone());
    let figure = |f: &Figure, lang| match (f, v.unit) {
        (Figure::Integer(us), Some("us")) => words(*us, lang),
        (Figure::Integer(fen), Some("fen")) => {
            let sign = if *fen < 0 { "-" } else { "" };
            let fen = fen.unsigned_abs();
            if lang == Lang::Zh {
                format!("{sign}{}.{:02} 元", fen / 100, fen % 100)
            } else {
                format!("CNY {sign}{}.{:02}", fen / 100, fen % 100)
            }
        }
        (Figure::Integer(n), _) => n.to_string(),
        (Figure::Points(p), _) => p.clone(),
    };
    if let (Some(value), Some(limit), Some(margin)) = (&v.value, &v.limit, &v.margin) {
        text.add(
            format!(
                "限值 {} − 数值 {} = 余量 {}",
                figure(limit, Lang::Zh),
                figure(value, Lang::Zh),
                figure(margin, Lang::Zh)
            ),
            format!(
                "limit {} − value {} = {} left",
                figure(limit, Lang::En),
                figure(value, Lang::En),
                figure(margin, Lang::En)
            ),
        );
        if v.unit == Some("points") {
            text = Sentence::new(v.text_zh.clone(), v.text_en.clone());
            text.add(
                format!(
                    "得分 {} − 下限 {} = 余量 {}",
                    figure(value, Lang::Zh),
                    figure(limit, Lang::Zh),
                    figure(margin, Lang::Zh)
                ),
                format!(
                    "score {} − least {} = {} left",
                    figure(value, Lang::En),
                    figure(limit, Lang::En),
                    figure(margin, Lang::En)
                ),
            );
        }
    }
    let at = |s: &Stamp| s.zone.format(s.at);
    if let Some(breached) = &v.breached_at {
        text.add(format!("违约时刻 {}", at(breached)), format!("breached at {}", at(breached)));
    }
    if let Some(forecast) = &v.forecast_breach_at {
        text.add(
            format!("若不再有新记录，{} 违约", at(forecast)),
            format!("breaks at {} if nothing more is recorded", at(forecast)),
        );
    }
    text.add(format!("故为{}", v.status.zh()), format!("so it is {}", v.status.name()));
    text
}

impl Cx<'_> {
    fn stamp(&self, at: Instant) -> Stamp {
        Stamp { at, zone: self.contract.zone }
    }

    fn cases(&self) -> Vec<Explained> {
        match &self.clause.rule {
            RuleParams::OutageCount(p) => self.episodes(&p.scope, Some((p.threshold, p.max))),
            RuleParams::Downtime(p) => self.episodes(&p.scope, None),
            _ => {
                let by_subject = self.by_subject();
                let lines = cases(self.verdict).into_iter();
                lines.map(|line| self.single(line, &by_subject)).collect()
            }
        }
    }

    /// The evidence of the clause by the subjects it names.
    fn by_subject(&self) -> BTreeMap<String, Vec<u64>> {
        let mut map: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for seq in &self.verdict.evidence {
            if let Place::Subject(id) = self.books.place(*seq) {
                map.entry(self.books.subjects.subject(id).to_owned()).or_default().push(*seq);
            }
            for id in self.books.subjects.links(*seq) {
                map.entry(self.books.subjects.subject(id).to_owned()).or_default().push(*seq);
            }
        }
        map
    }

    /// A case of one subject or unit.
    fn single(&self, mut line: CaseLine, by_subject: &BTreeMap<String, Vec<u64>>) -> Explained {
        let mut entries = by_subject.get(subject_of(&line.case)).cloned().unwrap_or_default();
        match &self.clause.rule {
            RuleParams::Deadline(_) | RuleParams::Findings(_) if line.start.is_none() => {
                let opening =
                    |seq: &&u64| self.clause.rule.kinds().iter().any(|k| self.kind_of(**seq) == Some(*k));
                let at = entries.iter().filter(opening).filter_map(|seq| self.at_of(*seq)).min();
                line.start = at.map(|at| self.stamp(at));
            }
            // A unit rests on what happened from its start to its due instant, or completed it.
            _ if entries.is_empty() && line.start.is_some() => {
                let from = line.start.map_or(Instant::MIN, |s| s.at);
                let ends = [line.end, line.due, line.settled_at].into_iter().flatten().map(|s| s.at);
                let until = ends.max().unwrap_or(Instant::MAX);
                let inside = |seq: &&u64| self.at_of(**seq).is_some_and(|at| from <= at && at <= until);
                entries = self.verdict.evidence.iter().filter(inside).copied().collect();
            }
            _ => {}
        }
        entries.sort_unstable();
        entries.dedup();
        let step = self.step(&line);
        Explained { line, step, entries }
    }

    fn kind_of(&self, seq: u64) -> Option<&'static str> {
        let Place::Subject(id) = self.books.place(seq) else { return None };
        let items = &self.books.subjects.case(id).items;
        items.iter().find(|i| i.seq == seq).map(|i| i.kind.name)
    }

    fn at_of(&self, seq: u64) -> Option<Instant> {
        let lens = self.engine.lens(self.books);
        self.books.statement(seq, &lens, self.contract.zone).map(|f| f.at.at)
    }

    /// From when, due when, done when, and by how much.
    fn step(&self, line: &CaseLine) -> Sentence {
        let mut text = Sentence::default();
        let at = |s: Stamp| s.zone.format(s.at);
        match (line.start, line.end) {
            (Some(start), Some(end)) => {
                text.add(format!("{} 至 {}", at(start), at(end)), format!("{} to {}", at(start), at(end)));
            }
            (Some(start), None) => text.add(format!("自 {} 起", at(start)), format!("from {}", at(start))),
            _ => {}
        }
        if let Some(due) = line.due {
            text.add(format!("到期 {}", at(due)), format!("due {}", at(due)));
        }
        let apart = |us: Micros| (words(us.abs(), Lang::Zh), words(us.abs(), Lang::En));
        match (line.settled_at, line.due) {
            (Some(done), Some(due)) => {
                let (zh, en) = apart(done.at - due.at);
                let late = done.at > due.at;
                text.add(
                    format!("{} 完成，{} {zh}", at(done), if late { "超时" } else { "余" }),
                    format!("done {}, {en} {}", at(done), if late { "late" } else { "to spare" }),
                );
            }
            (Some(done), None) => text.add(format!("{} 完成", at(done)), format!("done {}", at(done))),
            (None, Some(due)) => {
                let left = due.at - self.assessment.as_of.at;
                let (zh, en) = apart(left);
                text.add(
                    if left >= 0 {
                        format!("未完成，距到期 {zh}")
                    } else {
                        format!("未完成，已逾期 {zh}")
                    },
                    if left >= 0 {
                        format!("not done, {en} to go")
                    } else {
                        format!("not done, {en} overdue")
                    },
                );
            }
            (None, None) => {}
        }
        if let Some(us) = line.remaining_us.filter(|_| line.status == Some(Status::Paused)) {
            let (zh, en) = apart(us);
            text.add(format!("计时暂停，余 {zh}"), format!("the clock is stopped, {en} left"));
        }
        if !line.note.is_empty() {
            text.add(&line.note.text_zh, &line.note.text_en);
        }
        text
    }

    /// Episodes, counted and summed one after the other.
    fn episodes(&self, scope: &OutageScope, class: Option<(Threshold, i64)>) -> Vec<Explained> {
        let lines = self.engine.lines();
        let whole = self.clause.holds.unwrap_or(self.contract.period);
        let spans = outages::spans(self.contract, whole, scope.per);
        let same = |l: &&crate::books::lines::Line| l.is(&scope.systems, scope.calendar.as_deref(), &spans);
        let Some(line) = lines.list.iter().find(same) else { return Vec::new() };
        let (lens, as_of) = (self.engine.lens(self.books), self.assessment.as_of.at);
        let mut out = Vec::new();
        for span in &spans {
            let (mut count, mut sum): (i64, Micros) = (0, 0);
            for e in line.timeline.episodes(*span) {
                let first = e.members.first().map_or("", |id| self.books.outages.subject(*id));
                let counted = e.first_down.is_some_and(|t| span.contains(t));
                let mut case = CaseLine::new(first, None);
                (case.start, case.end) = (Some(self.stamp(e.start)), Some(self.stamp(e.end)));
                case.note.add(
                    format!("故障时间 {}", words(e.downtime, Lang::Zh)),
                    format!("down {}", words(e.downtime, Lang::En)),
                );
                if e.members.len() > 1 {
                    let n = e.members.len();
                    case.note.add(format!("{n} 条故障合并"), format!("{n} outages in one"));
                }
                if e.open {
                    case.note.add("未结束", "open");
                }
                match class {
                    Some((threshold, max)) => {
                        let of_class = counted
                            && match threshold {
                                Threshold::AtLeast(us) => e.downtime >= us,
                                Threshold::Below(us) => !e.open && e.downtime > 0 && e.downtime < us,
                            };
                        if of_class {
                            count += 1;
                            let beyond = count > max;
                            case.status = Some(if beyond { Status::Breached } else { Status::Met });
                            case.note.add(
                                format!("第 {count} 次{}，限 {max} 次", if beyond { "，超出" } else { "" }),
                                format!(
                                    "number {count} of at most {max}{}",
                                    if beyond { ", beyond it" } else { "" }
                                ),
                            );
                        } else {
                            case.note.add("不属于本条计数", "not counted here");
                        }
                    }
                    None => {
                        let inside = crate::time::Interval::new(e.start, e.end).clip(*span);
                        let whole = inside.start == e.start && inside.end == e.end;
                        sum += e.downtime;
                        if whole {
                            case.note.add(
                                format!("累计 {}", words(sum, Lang::Zh)),
                                format!("{} so far", words(sum, Lang::En)),
                            );
                        } else {
                            sum -= e.downtime;
                            case.note.add(
                                "跨期，只计期内部分",
                                "reaches beyond the span: only the part inside counts",
                            );
                        }
                    }
                }
                let entries = outages::episode_evidence(self.books, lines, &lens, as_of, &e);
                let step = self.step(&case);
                out.push(Explained { line: case, step, entries });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_how_many_there_are() {
        let names: Vec<String> = (0..=LISTED).map(|i| format!("c{i}")).collect();
        let hint =
            |n: usize| missing("clause".to_owned(), names[..n].iter().map(String::as_str)).text(Lang::En);
        assert!(hint(LISTED + 1).contains("c29, … 31"), "{}", hint(LISTED + 1));
        assert!(!hint(LISTED).contains('…'));
    }
}
