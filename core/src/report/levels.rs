//! Clauses case by case, and what falls due next, as tables.

use super::draft::{Draft, fit};
use super::model::{Cell, Column, Row, Table};
use super::words::{self, pick};
use crate::assess::cases::{CaseLine, cases};
use crate::assess::{Stamp, Status};
use crate::due::Reason;
use crate::error::Result;
use crate::time::{Interval, Micros};

/// Lines that a table of cases or of what falls due shows; the commands `explain` and `due` list all.
const MOST_LINES: usize = 300;

impl Draft<'_> {
    /// Every case within a stretch that is not simply met, of every clause.
    pub(super) fn cases(&mut self, span: Interval) {
        let lang = self.lang;
        let clauses = self.a.clauses.clone();
        let mut rows = Vec::new();
        let mut left = 0;
        for clause in &clauses {
            for case in cases(clause).iter().filter(|case| is_of(case, span)) {
                if rows.len() == MOST_LINES {
                    left += 1;
                    continue;
                }
                let stretch = case
                    .start
                    .zip(case.end)
                    .map(|(a, b)| format!("{} – {}", self.time(a.at), self.time(b.at)));
                let told: Vec<String> = stretch
                    .into_iter()
                    .chain((!case.note.is_empty()).then(|| case.note.get(lang).to_owned()))
                    .collect();
                let time = |s: &Option<Stamp>| Cell::text(s.map(|s| self.time(s.at)).unwrap_or_default());
                let status = case.status.map_or_else(Cell::default, |s| Cell::status(lang, s));
                rows.push(Row::new(vec![
                    Cell::text(&clause.id),
                    Cell::text(&case.case),
                    status,
                    time(&case.due),
                    time(&case.settled_at),
                    Cell::text(told.join("\n")),
                ]));
            }
        }
        let heads = [
            ("条款", "Clause"),
            ("个案", "Case"),
            ("结论", "Verdict"),
            ("到期", "Due"),
            ("完成", "Settled"),
            ("说明", "What"),
        ];
        let mut table = Table {
            name: self.word("未达标个案", "cases").to_owned(),
            caption: self
                .word("未达标、豁免与待定的个案", "Cases that are breached, waived or not decided")
                .to_owned(),
            head: heads.map(|(zh, en)| Column::left(pick(lang, zh, en), 0)).to_vec(),
            rows,
            empty: self.word("没有。", "None.").to_owned(),
        };
        fit(&mut table, lang);
        self.d.table(table);
        self.rest(left, "opsledger explain");
    }

    /// What falls due within a span after the document's instant, at risk, or waits for somebody.
    pub(super) fn coming(&mut self, within: Micros) -> Result<()> {
        let lang = self.lang;
        let due = self.account.due(&self.ask, within)?;
        // What waits for a word stands in the state of the record.
        let items = due.items.iter().filter(|i| !matches!(i.reason, Reason::Confirm | Reason::Dispute));
        let items: Vec<_> = items.collect();
        let mut rows = Vec::new();
        for item in items.iter().take(MOST_LINES) {
            let refs = self.refs(&item.entries);
            rows.push(Row::new(vec![
                Cell::text(item.at.map(|s| self.time(s.at)).unwrap_or_default()),
                Cell::text(item.reason.name(lang)),
                Cell::text(item.clause.clone().unwrap_or_default()),
                Cell::text(&item.case),
                Cell::text(words::term(lang, &item.party)),
                Cell::text(item.text.get(lang)),
                refs,
            ]));
        }
        let heads = [
            ("时间", "At"),
            ("事由", "Why"),
            ("条款", "Clause"),
            ("个案", "Case"),
            ("责任方", "Who acts"),
            ("说明", "What"),
            ("依据", "Entries"),
        ];
        let mut table = Table {
            name: self.word("下期待办", "due").to_owned(),
            caption: self
                .word(
                    "下月到期、有风险与待处理的事项",
                    "What falls due, is at risk or waits in the next month",
                )
                .to_owned(),
            head: heads.map(|(zh, en)| Column::left(pick(lang, zh, en), 0)).to_vec(),
            rows,
            empty: self.word("没有。", "None.").to_owned(),
        };
        fit(&mut table, lang);
        self.d.table(table);
        self.rest(items.len().saturating_sub(MOST_LINES), "opsledger due");
        Ok(())
    }

    fn rest(&mut self, left: usize, command: &str) {
        if left > 0 {
            self.d.note(pick(
                self.lang,
                format!("另有 {left} 项，可用 {command} 查看。"),
                format!("{left} more: see {command}."),
            ));
        }
    }
}

/// The case is not simply met, and something of it falls into the stretch or is open at its end.
fn is_of(case: &CaseLine, span: Interval) -> bool {
    let decided = matches!(case.status, None | Some(Status::Met | Status::NotDue));
    let inside = [&case.start, &case.due, &case.settled_at, &case.breached_at];
    !decided && (case.is_open() || inside.into_iter().flatten().any(|s| span.contains(s.at)))
}
