//! The charts of the monthly report, each with its figures.

use super::chart;
use super::draft::fit;
use super::figures::{self, Amount, Bar, Lane};
use super::kind::Month;
use super::model::{Cell, Chart, Column, Row, Table};
use super::monthly::Monthly;
use super::page;
use super::parts;
use super::words::{self, pick};
use crate::assess::document::ratio;
use crate::assess::{Stamp, Status};
use crate::books::registers;
use crate::calendar::Zone;
use crate::contract::{Limit, Within};
use crate::error::Result;
use crate::rules::{Detail, RuleParams, deadline};
use crate::time::{Instant, Interval, Micros};
use std::collections::BTreeMap;

/// Bars that a chart of cases shows.
const MOST_BARS: usize = 60;
/// Missing runs that are named; the assessment names all.
const MOST_MISSING: usize = 20;

impl Monthly<'_> {
    /// Outages of the month: list, timeline, by day, budget.
    pub(super) fn downtime(&mut self) -> Result<()> {
        let (lang, zone, as_of) = (self.w.lang, self.w.zone, self.w.a.as_of.at);
        let mut rows = Vec::new();
        let mut class: BTreeMap<String, &'static str> = BTreeMap::new();
        for e in &self.w.a.outages.episodes {
            class.extend(e.outages.iter().map(|s| (s.clone(), e.class)));
        }
        let mut by_system: BTreeMap<&str, Vec<Bar>> = BTreeMap::new();
        for o in &self.outages {
            let kind = if o.counted { class.get(&o.subject).copied().unwrap_or("none") } else { "excluded" };
            let end = o.end.unwrap_or(as_of);
            by_system.entry(&o.system).or_default().push(Bar {
                span: Interval::new(o.start, end).clip(self.span),
                class: match kind {
                    "long" => "outage long",
                    "short" => "outage short",
                    "pending" => "outage pending",
                    "excluded" => "outage excluded",
                    _ => "outage",
                },
                title: format!(
                    "{} {} {}",
                    o.subject,
                    self.w.time(o.start),
                    words::duration(lang, end - o.start)
                ),
            });
        }
        let lanes: Vec<Lane> =
            by_system.into_iter().map(|(name, bars)| Lane { name: name.to_owned(), bars }).collect();
        for o in &self.outages.clone() {
            let kind = if o.counted { class.get(&o.subject).copied().unwrap_or("none") } else { "excluded" };
            let kind = if kind == "excluded" {
                self.w.word("不计", "not counted")
            } else {
                words::term(lang, kind)
            };
            let kind = kind.to_owned();
            let end = o.end.map_or_else(|| self.w.word("未结束", "open").to_owned(), |t| self.w.time(t));
            rows.push(Row::new(vec![
                Cell::text(&o.subject),
                Cell::text(&o.system),
                Cell::text(self.w.time(o.start)),
                Cell::text(end),
                Cell::text(words::duration(lang, o.end.unwrap_or(as_of) - o.start)),
                Cell::text(kind),
                Cell::text(format!(
                    "{} / {}",
                    words::term(lang, &o.impact),
                    words::term(lang, &o.attribution)
                )),
                Cell::text(o.cause.clone().unwrap_or_default()),
                self.w.refs(&[o.entry]),
            ]));
        }
        let mut table = Table {
            name: self.w.word("故障", "outages").to_owned(),
            caption: self.w.word("本月故障", "Outages of the month").to_owned(),
            head: [
                ("编号", "Subject"),
                ("系统", "System"),
                ("开始", "Start"),
                ("结束", "End"),
                ("历时", "Lasted"),
                ("类别", "Class"),
                ("影响 / 责任", "Impact / attribution"),
                ("原因", "Cause"),
                ("依据", "Entries"),
            ]
            .into_iter()
            .map(|(zh, en)| Column::left(pick(lang, zh, en), 0))
            .collect(),
            rows,
            empty: self.w.word("本月没有故障。", "No outage in the month.").to_owned(),
        };
        fit(&mut table, lang);
        if !self.outages.is_empty() {
            let legend = [
                ("long", "长时间", "long"),
                ("short", "短时间", "short"),
                ("pending", "进行中", "pending"),
                ("excluded", "不计", "not counted"),
            ];
            let chart = Chart {
                caption: self.w.word("故障时间轴", "Timeline of outages").to_owned(),
                note: String::new(),
                figure: figures::lanes(&lanes, self.span, as_of, zone),
                legend: legend
                    .into_iter()
                    .map(|(class, zh, en)| (class, pick(lang, zh, en).to_owned()))
                    .collect(),
                table: table.clone(),
            };
            self.w.d.chart(chart);
        } else {
            self.w.d.table(table);
        }
        self.by_day();
        self.budget();
        parts::DOWNTIME.iter().try_for_each(|part| self.w.register(part, self.span))
    }

    pub(super) fn by_day(&mut self) {
        let (lang, zone) = (self.w.lang, self.w.zone);
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        for pair in self.days.windows(2) {
            let ((start, was), (end, is)) = (pair[0], pair[1]);
            let (down, date) = (is - was, zone.date(start));
            let up = ratio(end - start - down, end - start).unwrap_or_default();
            columns.push(Amount {
                label: date.format("%d").to_string(),
                us: down,
                class: if down > 0 { "bar bad" } else { "bar good" },
                title: format!("{date} {}", words::duration(lang, down)),
            });
            if down == 0 {
                continue;
            }
            rows.push(Row::new(vec![
                Cell::text(date.to_string()),
                Cell::text(words::duration(lang, down)),
                Cell::text(up),
            ]));
        }
        let head = vec![
            Column::left(self.w.word("日期", "Day"), 12),
            Column::right(self.w.word("计入的故障时间", "Counted downtime"), 24),
            Column::right(self.w.word("可用率", "Availability"), 14),
        ];
        let name = self.w.word("每日可用", "by day").to_owned();
        let caption = self.w.word("每日计入的故障时间", "Counted downtime by day").to_owned();
        let chart = Chart {
            caption,
            note: self
                .w
                .word("未列出的日期没有计入的故障。", "Nothing counted on days that are not listed.")
                .to_owned(),
            figure: figures::amounts(&columns, None, lang),
            legend: Vec::new(),
            table: Table {
                name,
                head,
                rows,
                empty: self.w.word("本月没有计入的故障。", "Nothing counted in the month.").to_owned(),
                ..Table::default()
            },
        };
        self.w.d.chart(chart);
    }

    pub(super) fn budget(&mut self) {
        let (lang, zone) = (self.w.lang, self.w.zone);
        let found = page::budget_clause(&self.w.a, &self.w.contract);
        let curve = chart::Curve {
            points: chart::curve_points(&self.w.a, self.w.contract.period),
            limit: found.and_then(|(_, max)| max),
            breached_at: found.and_then(|(c, _)| c.breached_at).map(|s| s.at),
            forecast_at: found.and_then(|(c, _)| c.forecast_breach_at).map(|s| s.at),
            as_of: self.w.a.as_of.at,
        };
        let rows = month_ends(&curve.points, self.w.zone)
            .into_iter()
            .map(|(month, us)| Row::new(vec![Cell::text(month), Cell::text(words::duration(lang, us))]));
        let table = Table {
            name: self.w.word("故障时间预算", "budget").to_owned(),
            head: vec![
                Column::left(self.w.word("截至月末", "End of month"), 20),
                Column::right(self.w.word("累计故障时间", "Downtime so far"), 24),
            ],
            rows: rows.collect(),
            ..Table::default()
        };
        let chart = Chart {
            caption: self.w.word("故障时间预算", "Downtime budget").to_owned(),
            note: self
                .w
                .word("服务期内累计计入的故障时间与约定上限。", "Counted downtime so far against the limit.")
                .to_owned(),
            figure: figures::burn(&curve, self.w.contract.period, zone, lang),
            legend: Vec::new(),
            table,
        };
        self.w.d.chart(chart);
    }

    /// How long each incident waited for the answer that its clause asks for.
    pub(super) fn response_times(&mut self) -> Result<()> {
        let (lang, span) = (self.w.lang, self.span);
        let rows = self.w.rows("incidents")?;
        let contract = self.w.contract.clone();
        let answers = contract.clauses.iter().zip(&self.w.a.clauses).find_map(|(clause, verdict)| {
            let RuleParams::Deadline(p) = &clause.rule else { return None };
            let Some(Detail::Deadline(d)) = &verdict.detail else { return None };
            p.to.iter().any(|k| k.kind == "incident.respond").then(|| (limit(p), d.cases.clone()))
        });
        let Some((limit, cases)) = answers else { return Ok(()) };
        let mut columns = Vec::new();
        let mut out = Vec::new();
        for row in rows.rows.iter().filter(|r| span.contains(r.at)).take(MOST_BARS) {
            let Some(case) = cases.iter().find(|c| c.subject == row.subject) else { continue };
            let Some(settled) = case.settled_at else { continue };
            let took = settled.at - row.at;
            columns.push(Amount {
                label: row.subject.clone(),
                us: took,
                class: match case.status {
                    Status::Breached => "bar breached",
                    Status::Met => "bar met",
                    _ => "bar unknown",
                },
                title: format!("{} {}", row.subject, words::duration(lang, took)),
            });
            let cell = Cell { text: words::duration(lang, took), ..Cell::status(lang, case.status) };
            out.push(Row::new(vec![Cell::text(&row.subject), cell, self.w.refs(&row.entries)]));
        }
        if columns.is_empty() {
            return Ok(());
        }
        let table = Table {
            name: self.w.word("响应用时", "response times").to_owned(),
            head: vec![
                Column::left(self.w.word("事件", "Incident"), 16),
                Column::left(self.w.word("响应用时", "Time to respond"), 30),
                Column::left(self.w.word("依据", "Entries"), 16),
            ],
            rows: out,
            ..Table::default()
        };
        let caption = self.w.word("响应用时", "Time to respond").to_owned();
        let note = self.w.word(
            "自申报至明确响应，按自然时间；判定按条款的服务时间。",
            "From report to answer on the clock; verdicts go by the clause's hours.",
        );
        let figure = figures::amounts(&columns, limit, lang);
        self.w.d.chart(Chart { caption, note: note.to_owned(), figure, legend: Vec::new(), table });
        Ok(())
    }

    pub(super) fn interface_state(&mut self) -> Result<()> {
        let rows = self.w.rows("interface")?;
        let (lang, as_of) = (self.w.lang, self.w.a.as_of.at);
        let mut lanes: BTreeMap<&str, Vec<Bar>> = BTreeMap::new();
        for row in &rows.rows {
            let end = match rows.cell(row, "up_at") {
                Some(registers::Cell::Instant(at)) => *at,
                _ => as_of,
            };
            let lane = lanes.entry(&row.subject).or_default();
            let span = Interval::new(row.at, end.max(row.at)).clip(self.span);
            if span.start < span.end {
                let title = format!(
                    "{} {} {}",
                    row.subject,
                    self.w.time(row.at),
                    words::duration(lang, end - row.at)
                );
                lane.push(Bar { span, class: "bar bad", title });
            }
        }
        let lanes: Vec<Lane> =
            lanes.into_iter().map(|(name, bars)| Lane { name: name.to_owned(), bars }).collect();
        self.state_chart(lanes, "接口中断", "Interfaces down", &[("bad", "中断或异常", "down or unknown")]);
        Ok(())
    }

    pub(super) fn backup_state(&mut self) -> Result<()> {
        let rows = self.w.rows("backups")?;
        let lang = self.w.lang;
        let mut lanes: BTreeMap<String, Vec<Bar>> = BTreeMap::new();
        for row in rows.rows.iter().filter(|r| self.span.contains(r.at)) {
            let set = match rows.cell(row, "set") {
                Some(registers::Cell::Text(set)) => set.clone(),
                _ => row.subject.clone(),
            };
            let verdict = match rows.cell(row, "verdict") {
                Some(registers::Cell::Text(v)) => v.clone(),
                _ => String::new(),
            };
            let end = match rows.cell(row, "finished") {
                Some(registers::Cell::Instant(at)) => *at,
                _ => row.at,
            };
            lanes.entry(set).or_default().push(Bar {
                span: Interval::new(row.at.min(end), end.max(row.at)),
                class: if verdict == "fail" { "bar bad" } else { "bar good" },
                title: format!("{} {} {}", row.subject, self.w.time(row.at), words::term(lang, &verdict)),
            });
        }
        let lanes: Vec<Lane> = lanes.into_iter().map(|(name, bars)| Lane { name, bars }).collect();
        self.state_chart(
            lanes,
            "备份执行",
            "Backups run",
            &[("good", "完成", "done"), ("bad", "校验未通过", "verification failed")],
        );
        Ok(())
    }

    /// What each set promises and how the month kept it: gaps, turns, what should exist.
    pub(super) fn backup_promises(&mut self) {
        let (lang, span) = (self.w.lang, self.span);
        let contract = self.w.contract.clone();
        let mut rows = Vec::new();
        for (clause, verdict) in contract.clauses.iter().zip(&self.w.a.clauses) {
            let (RuleParams::Backup(p), Some(Detail::Backup(d))) = (&clause.rule, &verdict.detail) else {
                continue;
            };
            let time = |at: Option<Stamp>| at.map_or_else(Cell::default, |at| Cell::text(self.w.time(at.at)));
            let mut row = |what: (&str, &str), from, until, settled, status, note: String| {
                rows.push(Row::new(vec![
                    Cell::text(&p.set.id),
                    Cell::text(pick(lang, what.0, what.1)),
                    time(from),
                    time(until),
                    time(settled),
                    Cell::status(lang, status),
                    Cell::text(note),
                ]));
            };
            let touches = |from: Stamp, to: Option<Stamp>| {
                from.at < span.end && to.is_none_or(|to| to.at >= span.start)
            };
            for gap in d.gaps.iter().filter(|g| touches(g.start, g.end)) {
                let note = match gap.end {
                    Some(end) => words::duration(lang, end.at - gap.start.at),
                    None => pick(lang, "仍在持续", "goes on").to_owned(),
                };
                row(("超出 RPO", "beyond the RPO"), Some(gap.start), gap.end, None, gap.status, note);
            }
            for (turns, what) in
                [(&d.verified, ("校验", "verification")), (&d.drilled, ("恢复演练", "restore drill"))]
            {
                for turn in turns.iter().filter(|t| touches(t.from, t.settled_at)) {
                    row(what, Some(turn.from), Some(turn.due), turn.settled_at, turn.status, String::new());
                }
            }
            if let Some(kept) = &d.retained {
                let mut note =
                    pick(lang, format!("应留存 {} 份", kept.owed), format!("{} should exist", kept.owed));
                if !kept.missing.is_empty() {
                    let names = kept.missing.iter().take(MOST_MISSING).map(String::as_str);
                    let names = names.collect::<Vec<_>>().join(", ");
                    note.push_str(&pick(
                        lang,
                        format!("，缺 {} 份：{names}", kept.missing.len()),
                        format!(", {} missing: {names}", kept.missing.len()),
                    ));
                }
                row(("留存", "kept"), None, None, kept.listed_at, kept.status, note);
            }
        }
        if rows.is_empty() {
            return;
        }
        let mut table = Table {
            name: self.w.word("备份承诺", "backup promises").to_owned(),
            caption: self.w.word("备份承诺的履行", "What was promised of backups").to_owned(),
            head: [
                ("备份集", "Set"),
                ("事项", "What"),
                ("自", "From"),
                ("至（到期）", "Until (due)"),
                ("完成", "Done"),
                ("结论", "Verdict"),
                ("说明", "Note"),
            ]
            .into_iter()
            .map(|(zh, en)| Column::left(pick(lang, zh, en), 0))
            .collect(),
            rows,
            ..Table::default()
        };
        fit(&mut table, lang);
        self.w.d.table(table);
    }

    pub(super) fn state_chart(
        &mut self,
        lanes: Vec<Lane>,
        zh: &str,
        en: &str,
        legend: &[(&'static str, &str, &str)],
    ) {
        if lanes.iter().all(|l| l.bars.is_empty()) {
            return;
        }
        let lang = self.w.lang;
        let rows = lanes.iter().map(|l| {
            let n = i64::try_from(l.bars.len()).unwrap_or(i64::MAX);
            let total: Micros = l.bars.iter().map(|b| b.span.len()).sum();
            Row::new(vec![Cell::text(&l.name), Cell::integer(n), Cell::text(words::duration(lang, total))])
        });
        let table = Table {
            name: pick(lang, zh, en).to_owned(),
            head: vec![
                Column::left(self.w.word("名称", "Name"), 24),
                Column::right(self.w.word("次数", "Times"), 8),
                Column::right(self.w.word("合计历时", "Together"), 24),
            ],
            rows: rows.collect(),
            ..Table::default()
        };
        let figure = figures::lanes(&lanes, self.span, self.w.a.as_of.at, self.w.zone);
        let legend = legend.iter().map(|(class, zh, en)| (*class, pick(lang, *zh, *en).to_owned())).collect();
        self.w.d.chart(Chart {
            caption: pick(lang, zh, en).to_owned(),
            note: String::new(),
            figure,
            legend,
            table,
        });
    }
}

/// The one limit of a clock, where it has one.
fn limit(p: &deadline::Params) -> Option<Micros> {
    match &p.within {
        Within::One(Limit::Elapsed(us)) => Some(*us),
        _ => None,
    }
}

/// What was reached by the end of each calendar month that the curve touches.
fn month_ends(points: &[(Instant, Micros)], zone: Zone) -> Vec<(String, Micros)> {
    let mut ends: Vec<(String, Micros)> = Vec::new();
    // The first point is the period's start.
    for (at, us) in points.iter().skip(1) {
        // An instant at midnight ends the day before it.
        let month = Month::of(zone.date(at - 1)).name();
        match ends.last_mut() {
            Some((last, total)) if *last == month => *total = *us,
            _ => ends.push((month, *us)),
        }
    }
    ends
}
