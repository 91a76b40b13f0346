//! Registers as sections: which ones, which of their columns, counted by what; and the state of the record.

use super::draft::{Draft, fit, touches};
use super::model::{Cell, Column, Pair, Row, Table};
use super::words::pick;
use crate::books::registers::{self, Rows};
use crate::error::Result;
use crate::time::Interval;
use std::collections::BTreeMap;

/// A register in a section.
pub(super) struct Part {
    pub(super) register: &'static str,
    pub(super) keys: &'static [&'static str],
    /// A row of before still belongs here while this column is empty.
    pub(super) open: Option<&'static str>,
    /// Columns by whose values rows are counted.
    pub(super) by: &'static [&'static str],
}

pub(super) const fn part(
    register: &'static str,
    keys: &'static [&'static str],
    open: Option<&'static str>,
    by: &'static [&'static str],
) -> Part {
    Part { register, keys, open, by }
}

/// Sections that are registers: Chinese, English, parts.
pub(super) type Section = (&'static str, &'static str, &'static [Part]);

pub(super) const DOWNTIME: &[Part] = &[
    part(
        "planned",
        &[
            "subject",
            "start",
            "end",
            "systems",
            "approved_at",
            "approver",
            "cancelled_at",
            "in_time",
            "state",
        ],
        None,
        &[],
    ),
    part("exclusions", &["subject", "start", "end", "approver", "reason", "void", "void_reason"], None, &[]),
];
pub(super) const REQUESTS: Section = (
    "服务请求",
    "Service requests",
    &[
        part(
            "requests",
            &[
                "subject",
                "opened_at",
                "type",
                "channel",
                "unit",
                "answered_at",
                "answer",
                "closed_at",
                "score",
                "state",
            ],
            Some("closed_at"),
            &["type", "channel", "state"],
        ),
        part(
            "tasks",
            &["subject", "assigned_at", "by", "text", "doc", "due", "done_at", "accepted_at", "state"],
            Some("done_at"),
            &["state"],
        ),
    ],
);
pub(super) const INCIDENTS: Section = (
    "事件",
    "Incidents",
    &[part(
        "incidents",
        &[
            "subject",
            "severity",
            "affects_use",
            "attribution",
            "reported_at",
            "responded_at",
            "response",
            "diagnosis",
            "restored_at",
            "repaired_at",
            "elapsed",
            "outage",
            "state",
        ],
        Some("repaired_at"),
        &["severity", "state"],
    )],
);
pub(super) const LATER: &[Section] = &[
    (
        "变更与发布",
        "Changes and releases",
        &[part(
            "changes",
            &[
                "subject",
                "type",
                "by",
                "requested_at",
                "approved_at",
                "approved_by",
                "tested_at",
                "test",
                "deployed_at",
                "version",
                "rolled_back_at",
                "state",
            ],
            None,
            &["type", "state"],
        )],
    ),
    (
        "巡检与维护",
        "Inspection and upkeep",
        &[
            part(
                "inspections",
                &["subject", "completed_at", "type", "covers", "parts", "person", "findings"],
                None,
                &["type"],
            ),
            part(
                "work",
                &[
                    "subject",
                    "logged_at",
                    "asset",
                    "action",
                    "person",
                    "minutes",
                    "result",
                    "incident",
                    "change",
                ],
                None,
                &["person"],
            ),
            part(
                "errors",
                &["subject", "registered_at", "system", "signature", "count", "incident", "cause", "action"],
                None,
                &["system"],
            ),
        ],
    ),
    (
        "容量与趋势",
        "Capacity and trend",
        &[part("metrics", &["recorded_at", "name", "system", "value", "unit", "covers"], None, &[])],
    ),
];
pub(super) const BACKUP: Section = (
    "备份与恢复",
    "Backup and restore",
    &[
        part(
            "backups",
            &["subject", "set", "started", "finished", "took", "bytes", "verified_at", "verdict"],
            None,
            &["set", "verdict"],
        ),
        part("verifications", &["subject", "done_at", "check", "set", "level", "verdict"], None, &[]),
        part("restores", &["subject", "done_at", "set", "rto", "rpo", "verdict"], None, &[]),
        part("drills", &["subject", "run_at", "plan", "fault", "rto", "rpo", "result"], None, &[]),
    ],
);
pub(super) const SECURITY: Section = (
    "信息安全",
    "Security",
    &[
        part(
            "findings",
            &[
                "subject",
                "source",
                "severity",
                "system",
                "opened_at",
                "fixed_at",
                "elapsed",
                "verified_at",
                "verification",
                "transferred_to",
                "state",
            ],
            Some("fixed_at"),
            &["source", "severity", "state"],
        ),
        part(
            "assessments",
            &["subject", "completed_at", "scheme", "agency", "level", "score", "conclusion"],
            None,
            &[],
        ),
        part("rectification", &["subject", "done_at", "scope", "covers"], None, &[]),
    ],
);
pub(super) const INTERFACE: Section = (
    "接口状态",
    "Interfaces",
    &[
        part(
            "interface",
            &["subject", "what", "from", "up_at", "lasted", "cause"],
            Some("up_at"),
            &["subject"],
        ),
        part(
            "alarms",
            &["subject", "raised_at", "target", "severity", "acked_at", "cleared_at", "lasted", "state"],
            Some("cleared_at"),
            &["severity"],
        ),
        part("windows", &["subject", "opened_at", "until", "closed_at", "lasted"], Some("closed_at"), &[]),
        part(
            "transfers",
            &[
                "subject",
                "queued_at",
                "sent_at",
                "sends",
                "acked_at",
                "rejected_at",
                "reject_reason",
                "state",
            ],
            None,
            &["state"],
        ),
    ],
);
pub(super) const DUTY: Section = (
    "值班与重要活动",
    "Duty and events",
    &[
        part("duty", &["role", "person", "start", "end", "signed_in_at", "log"], None, &["role"]),
        part("events", &["subject", "name", "start", "end", "party"], None, &[]),
        part(
            "staff",
            &[
                "person",
                "role",
                "joined_at",
                "replace_requested_at",
                "replace_approved_at",
                "replaced_at",
                "left_at",
                "state",
            ],
            None,
            &[],
        ),
    ],
);
pub(super) const OPINION: Section = (
    "满意度与建议",
    "Satisfaction and advice",
    &[
        part("surveys", &["subject", "submitted_at", "party", "unit", "score", "text"], None, &[]),
        part(
            "advice",
            &["subject", "submitted_at", "kind", "text", "answered_at", "answer", "state"],
            None,
            &[],
        ),
    ],
);

impl Draft<'_> {
    /// A register over a stretch, counted by its columns.
    pub(super) fn register(&mut self, part: &Part, span: Interval) -> Result<()> {
        let rows = self.rows(part.register)?;
        let keep = |r: &registers::Row| touches(&rows, r, span, part.open);
        let table = self.register_table(&rows, part.keys, keep);
        if table.rows.len() > 1 && !part.by.is_empty() {
            self.counts(&rows, part, &keep);
        }
        self.d.table(table);
        Ok(())
    }

    /// How many rows there are of each value, in one line a column.
    fn counts(&mut self, rows: &Rows, part: &Part, keep: &impl Fn(&registers::Row) -> bool) {
        let lang = self.lang;
        let mut pairs = Vec::new();
        for key in part.by {
            let Some(i) = rows.column(key) else { continue };
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            for row in rows.rows.iter().filter(|r| keep(r)) {
                let text = rows.columns[i].text(&row.cells[i], lang, self.zone);
                *counts.entry(if text.is_empty() { "—".to_owned() } else { text }).or_default() += 1;
            }
            let parts: Vec<String> = counts.iter().map(|(value, n)| format!("{value} {n}")).collect();
            let head = format!("{} · {}", pick(lang, rows.zh, rows.en), rows.columns[i].head(lang));
            pairs.push(Pair::new(head, parts.join(pick(lang, "，", ", "))));
        }
        self.d.pairs(pairs);
    }

    /// The state of the record.
    pub(super) fn record_state(&mut self) -> Result<()> {
        let lang = self.lang;
        let lists = [
            ("待对方确认", "Unconfirmed", self.a.unconfirmed.clone()),
            ("有异议", "Disputed", self.a.disputed.clone()),
            ("已豁免", "Waived", self.a.waived.clone()),
            ("逾期补记且使数字降低", "Recorded late, lowering a figure", self.a.late.clone()),
        ];
        let mut pairs = Vec::new();
        for (zh, en, seqs) in lists {
            let value = if seqs.is_empty() { Cell::text(self.word("无", "none")) } else { self.refs(&seqs) };
            pairs.push(Pair::new(pick(lang, zh, en), value));
        }
        self.d.pairs(pairs);
        let faults = self.a.faults.clone();
        let mut rows = Vec::new();
        for f in &faults {
            let refs = self.refs(&f.seq.into_iter().collect::<Vec<u64>>());
            rows.push(Row::new(vec![
                Cell::text(&f.subject),
                Cell::text(pick(lang, &f.text_zh, &f.text_en)),
                Cell::text(f.code),
                refs,
            ]));
        }
        let mut table = Table {
            name: self.word("数据问题", "data faults").to_owned(),
            caption: self
                .word(
                    "数据问题（不影响任何数字，只列明原因）",
                    "Data faults (none has any effect on a figure)",
                )
                .to_owned(),
            head: [("编号", "Subject"), ("说明", "What"), ("代码", "Code"), ("依据", "Entries")]
                .into_iter()
                .map(|(zh, en)| Column::left(pick(lang, zh, en), 0))
                .collect(),
            rows,
            empty: self.word("没有数据问题。", "No data fault.").to_owned(),
        };
        fit(&mut table, lang);
        self.d.table(table);
        Ok(())
    }
}
