//! The monthly platform and security report (运维月报).

use super::draft::{Draft, fit};
use super::issued;
use super::kind::{self, DocumentKind, DocumentOptions};
use super::model::{Block, Cell, Column, Document, Row, Table};
use super::page;
use super::parts::{self, Section};
use super::words::{self, pick};
use crate::account::Account;
use crate::assess::{Ask, Assessment, ClauseVerdict, Figure, OutageRow, Status};
use crate::error::{Code, Error, Result};
use crate::time::{Instant, Interval, Micros};

/// The report in the making.
pub(super) struct Monthly<'a> {
    pub(super) w: Draft<'a>,
    pub(super) span: Interval,
    /// The same question at the month's first instant.
    before: Assessment,
    pub(super) outages: Vec<OutageRow>,
    /// Counted downtime reached at each midnight of the month.
    pub(super) days: Vec<(Instant, Micros)>,
    section: u32,
}

/// The report of a month, sealed.
pub(super) fn build(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let month = kind::month(account, ask, options)?;
    let zone = account.contract_at(ask)?.zone;
    let span = month.interval(zone);
    let mut w = Draft::open(account, DocumentKind::Monthly, ask, options, Some(span.end))?;
    let (as_of, covers) = (w.a.as_of.at, month.name());
    if as_of <= span.start {
        return Err(Error::new(Code::BadRequest, format!("month = {covers:?}")).with_hints(
            format!("nothing is known of it at {}", w.time(as_of)),
            format!("{} 时尚无该月的记录", w.time(as_of)),
        ));
    }
    w.number(DocumentKind::Monthly, &covers);
    w.d.title = format!("{} {}", w.contract.title, covers);
    let until = if as_of < span.end { w.word("（未满月）", " (not over)") } else { "" };
    let stretch = format!("{covers}{until}");
    w.first_meta(w.word("报告月份", "Month"), stretch);
    let before = account.assess(&Ask { as_of: Some(span.start), ..w.ask.clone() })?;
    let days = daily(&w, span)?;
    let mut outages = account.outages(&w.ask)?;
    outages.retain(|o| o.start < span.end && o.end.unwrap_or(as_of) >= span.start);
    let mut report = Monthly { w, span, before, outages, days, section: 0 };
    report.write()?;
    report.w.finish()
}

/// Counted downtime reached at the first instant of each day, and at the end: the account moves forward, so each costs
/// what changed since the one before.
fn daily(w: &Draft<'_>, span: Interval) -> Result<Vec<(Instant, Micros)>> {
    let end = span.end.min(w.a.as_of.at);
    let mut date = w.zone.date(span.start);
    let mut days = Vec::new();
    loop {
        let at = w.zone.midnight(date).min(end);
        let (.., total) = w.account.outage_totals(&Ask { as_of: Some(at), ..w.ask.clone() })?;
        days.push((at, total));
        match date.succ_opt() {
            Some(next) if at < end => date = next,
            _ => return Ok(days),
        }
    }
}

impl Monthly<'_> {
    fn heading(&mut self, zh: &str, en: &str) {
        self.section += 1;
        let n = self.section;
        self.w.d.heading(1, pick(self.w.lang, format!("{n}　{zh}"), format!("{n}. {en}")));
    }

    fn write(&mut self) -> Result<()> {
        self.w.d.blocks.push(Block::PageBreak);
        self.heading("本月概况", "Summary");
        self.summary()?;
        self.heading("可用性与服务水平", "Availability and service levels");
        self.levels();
        self.downtime()?;
        self.section(&parts::REQUESTS)?;
        self.section(&parts::INCIDENTS)?;
        self.response_times()?;
        for section in parts::LATER {
            self.section(section)?;
        }
        self.section(&parts::BACKUP)?;
        self.backup_state()?;
        self.backup_promises();
        self.section(&parts::SECURITY)?;
        self.section(&parts::INTERFACE)?;
        self.interface_state()?;
        self.heading("数据质量与更正", "Data quality and corrections");
        self.w.record_state()?;
        self.section(&parts::DUTY)?;
        self.section(&parts::OPINION)?;
        self.heading("风险与下月计划", "Risks and plan for the next month");
        self.risks()?;
        self.signatures();
        Ok(())
    }

    /// Figures of the month beside those of the period.
    fn summary(&mut self) -> Result<()> {
        let (lang, span) = (self.w.lang, self.span);
        let standing = page::summary(&self.w.a, lang);
        let status = words::status(lang, self.w.a.status);
        self.w.d.paragraph(pick(
            lang,
            format!("截至本月末，合同整体状态：{status}；{standing}。"),
            format!("At the end of the month the contract stands: {status}; {standing}."),
        ));
        let o = &self.w.a.outages;
        let b = &self.before.outages;
        let month = self.days.last().map_or(0, |d| d.1) - self.days.first().map_or(0, |d| d.1);
        let us = |n: Micros| Cell::text(words::duration(lang, n));
        let line = |zh: &str, en: &str, month: Cell, whole: Cell| {
            Row::new(vec![Cell::text(pick(lang, zh, en)), month, whole])
        };
        let mut rows = vec![
            line("长时间故障", "Long outages", Cell::integer(o.long - b.long), Cell::integer(o.long)),
            line("短时间故障", "Short outages", Cell::integer(o.short - b.short), Cell::integer(o.short)),
            line("计入的故障时间", "Counted downtime", us(month), us(o.downtime_us)),
            line("计划停机", "Planned downtime", us(o.planned_us - b.planned_us), us(o.planned_us)),
            line("未监测时间", "Unknown time", us(o.unknown_us - b.unknown_us), us(o.unknown_us)),
            line(
                "可用率 A（已过时间）",
                "Availability A (elapsed)",
                Cell::text("—"),
                Cell::text(o.availability_elapsed.clone().unwrap_or_default()),
            ),
        ];
        for (register, zh, en) in [
            ("incidents", "事件", "Incidents"),
            ("requests", "服务请求", "Requests"),
            ("changes", "变更", "Changes"),
            ("inspections", "巡检", "Inspections"),
            ("findings", "安全问题", "Security findings"),
            ("backups", "备份", "Backups"),
        ] {
            let all = self.w.rows(register)?;
            let inside: Vec<u64> = all
                .rows
                .iter()
                .filter(|r| span.contains(r.at))
                .filter_map(|r| r.entries.first().copied())
                .collect();
            let every: Vec<u64> = all
                .rows
                .iter()
                .filter(|r| r.at < span.end)
                .filter_map(|r| r.entries.first().copied())
                .collect();
            let count = |n: usize| Cell::integer(i64::try_from(n).unwrap_or(i64::MAX));
            rows.push(line(zh, en, count(inside.len()), count(every.len())));
        }
        let mut table = Table {
            name: self.w.word("概况", "summary").to_owned(),
            caption: self.w.word("本月数字与服务期累计", "The month beside the period so far").to_owned(),
            head: vec![
                Column::left(self.w.word("项目", "What"), 0),
                Column::right(self.w.word("本月", "Month"), 0),
                Column::right(self.w.word("服务期累计", "Period so far"), 0),
            ],
            rows,
            empty: String::new(),
        };
        fit(&mut table, lang);
        self.w.d.table(table);
        self.adjustments()
    }

    /// What was corrected since the last issue.
    fn adjustments(&mut self) -> Result<()> {
        let lang = self.w.lang;
        if self.w.issued.is_empty() {
            return Ok(());
        }
        let found = issued::adjustments(self.w.account, &self.w.issued, &self.w.ask)?;
        let figure = |v: &ClauseVerdict| {
            let value = v.value.as_ref().map(|f| words::figure(lang, f, v.unit)).unwrap_or_default();
            Cell { text: value, ..Cell::status(lang, v.status) }
        };
        let mut rows = Vec::new();
        for x in &found {
            let refs = self.w.refs(&x.entries);
            rows.push(Row::new(vec![
                Cell::text(&x.covers),
                Cell::text(&x.now.id),
                figure(&x.then),
                figure(&x.now),
                refs,
            ]));
        }
        let mut table = Table {
            name: self.w.word("更正", "adjustments").to_owned(),
            caption: self.w.word("对已出具报告的更正", "Adjustments to reports issued before").to_owned(),
            head: vec![
                Column::left(self.w.word("月份", "Month"), 0),
                Column::left(self.w.word("条款", "Clause"), 0),
                Column::left(self.w.word("出具时", "As issued"), 0),
                Column::left(self.w.word("现在", "Now"), 0),
                Column::left(self.w.word("依据", "Entries"), 0),
            ],
            rows,
            empty: self
                .w
                .word(
                    "自上次出具以来，此前各月的结论没有变化。",
                    "Nothing changed in the months issued before.",
                )
                .to_owned(),
        };
        fit(&mut table, lang);
        self.w.d.table(table);
        Ok(())
    }

    /// Every clause: promise, figure, limit, verdict.
    fn levels(&mut self) {
        let lang = self.w.lang;
        let clauses = self.w.a.clauses.clone();
        let mut rows = Vec::new();
        for c in &clauses {
            let before = self.before.clauses.iter().find(|b| b.id == c.id);
            let figure = |f: &Option<Figure>| {
                Cell::text(f.as_ref().map(|f| words::figure(lang, f, c.unit)).unwrap_or_default())
            };
            let mut verdict = Cell::status(lang, c.status);
            if let Some(at) = &c.breached_at {
                verdict.text = self.w.time(at.at);
            }
            let month: Vec<u64> = match before {
                Some(b) => {
                    c.evidence.iter().filter(|seq| b.evidence.binary_search(seq).is_err()).copied().collect()
                }
                None => c.evidence.clone(),
            };
            rows.push(Row::new(vec![
                Cell::text(&c.id),
                Cell::text(self.w.promise(c)),
                month_value(c, before, lang),
                figure(&c.value),
                figure(&c.limit),
                verdict,
                self.w.refs(&month),
            ]));
        }
        let mut table = Table {
            name: self.w.word("服务水平", "service levels").to_owned(),
            caption: self
                .w
                .word("各项承诺：约定、实际、结论", "Every promise: limit, figure, verdict")
                .to_owned(),
            head: vec![
                Column::left(self.w.word("条款", "Clause"), 0),
                Column::left(self.w.word("承诺", "Promise"), 0),
                Column::right(self.w.word("本月", "Month"), 0),
                Column::right(self.w.word("累计", "So far"), 0),
                Column::right(self.w.word("约定", "Limit"), 0),
                Column::left(self.w.word("结论", "Verdict"), 0),
                Column::left(self.w.word("本月依据", "Entries of the month"), 0),
            ],
            rows,
            empty: String::new(),
        };
        fit(&mut table, lang);
        self.w.d.table(table);
        self.w.d.note(self.w.word(
            "“本月依据”只列本月新增的记录；更早的记录见前几期月报的附录。",
            "“Entries of the month” are those that came in the month; earlier ones stand in the annexes of earlier reports.",
        ));
        self.w.views();
        self.w.cases(self.span);
    }

    fn section(&mut self, (zh, en, parts): &Section) -> Result<()> {
        self.heading(zh, en);
        for part in *parts {
            self.w.register(part, self.span)?;
        }
        Ok(())
    }

    /// What may break next, and what is planned.
    fn risks(&mut self) -> Result<()> {
        let lang = self.w.lang;
        let clauses = self.w.a.clauses.clone();
        let mut rows = Vec::new();
        for c in clauses.iter().filter(|c| {
            matches!(c.status, Status::AtRisk | Status::NoEvidence | Status::Breached)
                || c.forecast_breach_at.is_some()
        }) {
            let forecast = c.forecast_breach_at.map(|s| self.w.time(s.at)).unwrap_or_default();
            let left = c.margin.as_ref().map(|m| words::margin(lang, m, c.unit)).unwrap_or_default();
            rows.push(Row::new(vec![
                Cell::text(&c.id),
                Cell::status(lang, c.status),
                Cell::text(pick(lang, &c.text_zh, &c.text_en)),
                Cell::text(left),
                Cell::text(forecast),
            ]));
        }
        let mut table = Table {
            name: self.w.word("风险", "risks").to_owned(),
            caption: self.w.word("须关注的承诺", "Promises to watch").to_owned(),
            head: [
                ("条款", "Clause"),
                ("状态", "Status"),
                ("说明", "What"),
                ("余量", "Left"),
                ("预计违约时刻", "Forecast breach"),
            ]
            .into_iter()
            .map(|(zh, en)| Column::left(pick(lang, zh, en), 0))
            .collect(),
            rows,
            empty: self.w.word("没有。", "None.").to_owned(),
        };
        fit(&mut table, lang);
        self.w.d.table(table);
        let next = self.w.zone.add_months(self.span.end, 1)?;
        self.w.coming(next - self.w.a.as_of.at)
    }

    fn signatures(&mut self) {
        let lines = |zh: &[&str], en: &[&str]| {
            pick(self.w.lang, zh, en).iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()
        };
        let lines = lines(
            &["编制：", "审核：", "日期：　　　　年　　月　　日（盖章）"],
            &["Prepared by:", "Checked by:", "Date, stamp:"],
        );
        let parties = [("供应商（运维单位）", "Supplier"), ("采购方（确认）", "Buyer (confirmed)")];
        let parties = parties.map(|(zh, en)| super::model::Signature {
            party: pick(self.w.lang, zh, en).to_owned(),
            lines: lines.clone(),
        });
        self.w.d.blocks.push(Block::Signatures { parties: parties.to_vec() });
    }
}

/// What a clause's figure grew by in the month, where it is one that grows.
fn month_value(c: &ClauseVerdict, before: Option<&ClauseVerdict>, lang: crate::error::Lang) -> Cell {
    let (Some(Figure::Integer(now)), "count" | "us") = (&c.value, c.unit.unwrap_or_default()) else {
        return Cell::default();
    };
    let was = match before.and_then(|b| b.value.as_ref()) {
        Some(Figure::Integer(was)) => *was,
        _ => 0,
    };
    Cell::text(words::figure(lang, &Figure::Integer(now.saturating_sub(was)), c.unit))
}
