//! What is on the list.

use super::{DueItem, DueList, Reason};
use crate::assess::cases::{CaseLine, Sentence, cases};
use crate::assess::{Assessment, ClauseVerdict, Stamp, Status};
use crate::books::Books;
use crate::books::engine::Engine;
use crate::books::registers::{self, Cell};
use crate::contract::{Clause, Contract};
use crate::error::{Lang, Result};
use crate::facts::terms::term;
use crate::rules::due::Dues;
use crate::rules::{RuleParams, sequence};
use crate::time::{Instant, Micros, words};

/// Where the list is made.
struct Cx<'a> {
    now: &'a Assessment,
    ahead: &'a Assessment,
    contract: &'a Contract,
    engine: &'a Engine,
    books: &'a Books,
    items: Vec<DueItem>,
}

/// The list of what lies between `now` and `ahead`: the same contract and record, at the start and the end of the span.
///
/// # Errors
/// What a register answers.
pub(crate) fn list(now: Assessment, ahead: &Assessment, engine: &Engine, books: &Books) -> Result<DueList> {
    let contract = engine.contract();
    let mut cx = Cx { now: &now, ahead, contract, engine, books, items: Vec::new() };
    for (i, clause) in contract.clauses.iter().enumerate() {
        let (Some(then), Some(at)) = (ahead.clauses.get(i), now.clauses.get(i)) else { continue };
        cx.clause(clause, at, then);
    }
    cx.tasks()?;
    cx.planned()?;
    cx.agreement();
    let mut items = cx.items;
    items.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(DueList {
        format: 1,
        contract: contract.id.clone(),
        title: contract.title.clone(),
        contract_sm3: contract.sm3.clone(),
        view: now.view,
        as_of: now.as_of,
        known_at: now.known_at,
        until: ahead.as_of,
        entries: engine.position().limit.min(books.len()),
        head: now.head,
        items,
    })
}

/// By instant, those without one last.
fn key(item: &DueItem) -> (Instant, Reason, &Option<String>, &str) {
    (item.at.map_or(Instant::MAX, |at| at.at), item.reason, &item.clause, &item.case)
}

impl Cx<'_> {
    fn stamp(&self, at: Instant) -> Stamp {
        Stamp { at, zone: self.contract.zone }
    }

    /// After `as_of`, and not after the end of the span.
    fn within(&self, at: Instant) -> bool {
        self.now.as_of.at < at && at <= self.ahead.as_of.at
    }

    fn clause(&mut self, clause: &Clause, now: &ClauseVerdict, then: &ClauseVerdict) {
        match &clause.rule {
            RuleParams::Streak(p) => {
                if now.status == Status::AtRisk {
                    let effect = p.effect.as_deref().unwrap_or_default();
                    let text = Sentence::new(
                        format!("再有 1 次未按时即达到连续 {} 次：{effect}", p.length),
                        format!("one more late makes {} in a row: {effect}", p.length),
                    );
                    let at = now.forecast_breach_at;
                    self.push(clause, Reason::Streak, at, &CaseLine::new(&clause.id, Some(now.status)), text);
                }
                return;
            }
            RuleParams::Judgement(p) => return self.judgement(clause, &p.by, p.due, now),
            RuleParams::Sequence(p) => self.notices(clause, p),
            _ => {}
        }
        let before = cases(now);
        let lines = cases(then);
        for line in &lines {
            let was = before.iter().find(|b| b.case == line.case && b.start == line.start);
            self.case(clause, was, line);
        }
        // A forecast of single cases stands with each of them.
        if lines.is_empty()
            && before.is_empty()
            && let Some(at) = now.forecast_breach_at.filter(|at| self.within(at.at))
        {
            let text = Sentence::new("若不再有新记录，届时违约", "breaks then if nothing more is recorded");
            self.push(clause, Reason::Forecast, Some(at), &CaseLine::new(&clause.id, Some(now.status)), text);
        }
    }

    /// A case as it would stand at the end of the span, and as it stands now.
    fn case(&mut self, clause: &Clause, was: Option<&CaseLine>, line: &CaseLine) {
        let status = was.and_then(|w| w.status);
        let shown = CaseLine { status, ..line.clone() };
        let title = self.title(clause);
        if matches!(clause.rule, RuleParams::Coverage(_)) {
            return self.gap(clause, line, &title);
        }
        if matches!(clause.rule, RuleParams::Availability(_)) {
            let breaks = line.breached_at.or(was.and_then(|w| w.end)).filter(|at| self.within(at.at));
            if line.status == Some(Status::Breached) && status != Some(Status::Breached) {
                self.push(clause, Reason::Forecast, breaks, &shown, title);
            } else if status == Some(Status::AtRisk) {
                self.push(clause, Reason::AtRisk, was.and_then(|w| w.end), &shown, title);
            }
            return;
        }
        if matches!(clause.rule, RuleParams::Backup(_)) && line.due.is_none() {
            return self.too_old(clause, &shown, title);
        }
        let due = was.and_then(|w| w.due).or(line.due);
        match (status, due) {
            (Some(Status::Met | Status::Waived), _) => {}
            (Some(Status::Paused), _) => {
                let parties = self.contract.accounting.pause_parties.join(", ");
                let left = line.remaining_us.unwrap_or_default();
                let mut text = title;
                text.add(
                    format!("计时暂停，余 {}", words(left, Lang::Zh)),
                    format!("the clock is stopped, {} left", words(left, Lang::En)),
                );
                self.push(clause, Reason::Paused, None, &shown, text);
                if let Some(item) = self.items.last_mut() {
                    item.party = parties;
                }
            }
            // Nothing heals a breach, and still somebody has to do it.
            (Some(Status::Breached), due)
                if was.is_some_and(|w| w.settled_at.is_none()) && self.can_be_late(clause) =>
            {
                self.push(clause, Reason::Overdue, due, &shown, title);
            }
            (Some(Status::Breached), _) => {}
            (_, Some(due)) if self.within(due.at) && line.settled_at.is_none() => {
                self.push(clause, Reason::Due, Some(due), &shown, self.left(title, due));
            }
            (Some(Status::AtRisk), due) => self.push(clause, Reason::AtRisk, due, &shown, title),
            _ => {}
        }
    }

    /// A breached case of it is still open work.
    fn can_be_late(&self, clause: &Clause) -> bool {
        matches!(
            clause.rule,
            RuleParams::Deadline(_)
                | RuleParams::Findings(_)
                | RuleParams::Recurring(_)
                | RuleParams::Documents(_)
                | RuleParams::Backup(_)
        )
    }

    /// The newest backup is too old, or will be if none is made.
    fn too_old(&mut self, clause: &Clause, line: &CaseLine, title: Sentence) {
        let Some(start) = line.start.filter(|_| line.end.is_none()) else { return };
        match line.status {
            Some(Status::Breached) => self.push(clause, Reason::Overdue, Some(start), line, title),
            None if self.within(start.at) => self.push(clause, Reason::Forecast, Some(start), line, title),
            _ => {}
        }
    }

    fn gap(&mut self, clause: &Clause, line: &CaseLine, title: &Sentence) {
        let (Some(start), Some(end)) = (line.start, line.end) else { return };
        let from = start.at.max(self.now.as_of.at);
        let until = end.at.min(self.ahead.as_of.at);
        if from >= until {
            return;
        }
        let mut text = title.clone();
        text.add(&line.note.text_zh, &line.note.text_en);
        let status = if start.at <= self.now.as_of.at { Status::Breached } else { Status::AtRisk };
        let shown = CaseLine { status: Some(status), end: Some(end), ..line.clone() };
        let twice = |i: &DueItem| {
            i.reason == Reason::Gap && i.clause.as_ref() == Some(&clause.id) && i.case == line.case
        };
        if !self.items.iter().any(twice) {
            self.push(clause, Reason::Gap, Some(start), &shown, text);
        }
    }

    fn judgement(
        &mut self,
        clause: &Clause,
        by: &str,
        due: Option<crate::calendar::Date>,
        now: &ClauseVerdict,
    ) {
        let end = due.and_then(|d| d.succ_opt()).map(|d| self.contract.zone.midnight(d));
        let due = end.unwrap_or(self.contract.period.end);
        let reason = match () {
            () if !now.evidence.is_empty() => return,
            () if self.within(due) => Reason::Judgement,
            () if due <= self.now.as_of.at => Reason::Overdue,
            () => return,
        };
        let text = self.title(clause);
        let line = CaseLine::new(&clause.id, Some(now.status));
        self.push(clause, reason, Some(self.stamp(due)), &line, text);
        if let Some(item) = self.items.last_mut() {
            by.clone_into(&mut item.party);
        }
    }

    /// Notices that run: the first instant at which the step they announce is in order.
    fn notices(&mut self, clause: &Clause, params: &sequence::Params) {
        let Some(notice) = &params.notice else { return };
        let Ok(calendar) = self.engine.tools().calendar(&params.calendar) else { return };
        let dues = Dues { calendar: &calendar, days: &self.engine.tools().days, zone: self.contract.zone };
        let (lens, as_of) = (self.engine.lens(self.books), self.now.as_of.at);
        for id in 0..self.books.subjects.len() {
            let (events, _) = self.books.subjects.case(id).events(&lens, as_of, None);
            let done = events.iter().any(|e| params.then.takes(e));
            let Some(from) = events.iter().find(|e| notice.from.takes(e)).filter(|_| !done) else { continue };
            // Without a schedule the instant is not known, and the assessment says so.
            let Ok(at) = dues.after(notice.at_least, from.at) else { continue };
            if !self.within(at) {
                continue;
            }
            let mut text = self.title(clause);
            text.add("预告期至此届满，此前不得生效", "the notice ends then; not in effect before");
            let line = CaseLine::new(self.books.subjects.subject(id), None);
            let seq = from.seq;
            self.push(clause, Reason::Notice, Some(self.stamp(at)), &line, text);
            if let Some(item) = self.items.last_mut() {
                item.entries = vec![seq];
            }
        }
    }

    fn title(&self, clause: &Clause) -> Sentence {
        let text = clause.text.as_deref().unwrap_or(&clause.id);
        Sentence::new(text, text)
    }

    fn left(&self, mut text: Sentence, due: Stamp) -> Sentence {
        let left: Micros = due.at - self.now.as_of.at;
        text.add(format!("距到期 {}", words(left, Lang::Zh)), format!("{} to go", words(left, Lang::En)));
        text
    }

    fn push(
        &mut self,
        clause: &Clause,
        reason: Reason,
        at: Option<Stamp>,
        line: &CaseLine,
        mut text: Sentence,
    ) {
        if reason != Reason::Gap && !line.note.is_empty() {
            text.add(&line.note.text_zh, &line.note.text_en);
        }
        self.items.push(DueItem {
            reason,
            at,
            end: line.end.filter(|_| reason == Reason::Gap),
            clause: Some(clause.id.clone()),
            case: line.case.clone(),
            status: line.status,
            party: clause.party.clone(),
            text,
            entries: Vec::new(),
        });
    }

    /// Tasks on call that are not done.
    fn tasks(&mut self) -> Result<()> {
        let rows = registers::rows(registers::find("tasks")?, self.engine, self.books);
        for row in &rows.rows {
            let text_of = |key| match rows.cell(row, key) {
                Some(Cell::Text(text)) => Some(text.clone()),
                _ => None,
            };
            if !matches!(rows.cell(row, "done_at"), Some(Cell::Empty))
                || rows.cell(row, "accepted_at") != Some(&Cell::Empty)
            {
                continue;
            }
            let due = match rows.cell(row, "due") {
                Some(Cell::Instant(at)) => Some(*at),
                Some(Cell::Text(date)) => {
                    let day = date.parse::<crate::calendar::Date>().ok().and_then(|d| d.succ_opt());
                    day.map(|d| self.contract.zone.midnight(d))
                }
                _ => None,
            };
            if due.is_some_and(|due| due > self.ahead.as_of.at) {
                continue;
            }
            let what = text_of("text").or(text_of("doc")).unwrap_or_default();
            let late = due.is_some_and(|due| due <= self.now.as_of.at);
            let by = text_of("by").unwrap_or_else(|| "buyer".to_owned());
            self.items.push(DueItem {
                reason: if late { Reason::Overdue } else { Reason::Task },
                at: due.map(|at| self.stamp(at)),
                end: None,
                clause: None,
                case: row.subject.clone(),
                status: None,
                party: if by == "supplier" { "buyer" } else { "supplier" }.to_owned(),
                text: Sentence::new(
                    format!("任务 {what}（{} 下达）", term(Lang::Zh, &by)),
                    format!("task {what} (assigned by {by})"),
                ),
                entries: row.entries.clone(),
            });
        }
        Ok(())
    }

    /// Planned windows that share an instant with the span.
    fn planned(&mut self) -> Result<()> {
        let rows = registers::rows(registers::find("planned")?, self.engine, self.books);
        for row in &rows.rows {
            let instant = |key| match rows.cell(row, key) {
                Some(Cell::Instant(at)) => Some(*at),
                _ => None,
            };
            let (Some(start), Some(end)) = (instant("start"), instant("end")) else { continue };
            let cancelled = rows.cell(row, "state") == Some(&Cell::Text("cancelled".to_owned()));
            if cancelled || start >= self.ahead.as_of.at || end <= self.now.as_of.at {
                continue;
            }
            let column = |key: &str, lang| {
                let i = rows.column(key)?;
                Some(rows.columns[i].text(&row.cells[i], lang, rows.zone)).filter(|t| !t.is_empty())
            };
            let systems = |lang, all: &str| column("systems", lang).unwrap_or_else(|| all.to_owned());
            self.items.push(DueItem {
                reason: Reason::Planned,
                at: Some(self.stamp(start)),
                end: Some(self.stamp(end)),
                clause: None,
                case: row.subject.clone(),
                status: None,
                party: "supplier".to_owned(),
                text: Sentence::new(
                    format!("计划停机：{}", systems(Lang::Zh, "全部系统")),
                    format!("planned downtime: {}", systems(Lang::En, "all systems")),
                ),
                entries: row.entries.clone(),
            });
        }
        Ok(())
    }

    /// Entries that wait for a word, and those in dispute.
    fn agreement(&mut self) {
        let lens = self.engine.lens(self.books);
        let lists = [(Reason::Confirm, &self.now.unconfirmed), (Reason::Dispute, &self.now.disputed)];
        for (reason, seqs) in lists {
            for seq in seqs {
                let Some(fact) = self.books.statement(*seq, &lens, self.contract.zone) else { continue };
                // A machine's word, or nobody's in particular, is the buyer's to confirm.
                let party = if fact.party.as_deref() == Some("buyer") { "supplier" } else { "buyer" };
                let line = |lang, by: &str| {
                    format!("#{seq} {} {} {}（{by}）", fact.name(lang), fact.subject, fact.told(lang))
                };
                self.items.push(DueItem {
                    reason,
                    at: None,
                    end: None,
                    clause: None,
                    case: seq.to_string(),
                    status: None,
                    party: party.to_owned(),
                    text: Sentence::new(
                        line(Lang::Zh, &fact.who(Lang::Zh)),
                        line(Lang::En, &fact.who(Lang::En)),
                    ),
                    entries: vec![*seq],
                });
            }
        }
    }
}
