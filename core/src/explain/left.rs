//! What did not count for a clause, or counts and is marked, and why.

use super::LeftOut;
use super::make::Cx;
use crate::assess::cases::{Sentence, cases};
use crate::books::Place;
use crate::books::incidents::Report;
use crate::error::Lang;
use crate::facts::kinds::{self, Family};
use crate::rules::{RuleParams, deadline};
use std::collections::BTreeSet;

impl Cx<'_> {
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let a = self.assessment;
        let lists: [(&str, &[u64], &str, &str); 4] = [
            (
                "unconfirmed",
                &a.unconfirmed,
                "待对方确认，未按其主张计",
                "waits for the other party; not counted as claimed",
            ),
            ("disputed", &a.disputed, "对方有异议", "disputed by the other party"),
            ("late", &a.late, "逾期补记且使数字降低", "recorded late, and lowers a figure"),
            ("waived", &a.waived, "豁免", "waived"),
        ];
        let mut out = Vec::new();
        for (why, seqs, zh, en) in lists {
            for seq in seqs.iter().filter(|seq| self.concerns(**seq)) {
                let lens = self.engine.lens(self.books);
                let fact = self.books.statement(*seq, &lens, self.contract.zone);
                let (subject, told) = match &fact {
                    Some(f) => (f.subject.clone(), [f.told(Lang::Zh), f.told(Lang::En)]),
                    None => Default::default(),
                };
                let [told_zh, told_en] = told;
                let text = Sentence::new(format!("{zh} {told_zh}"), format!("{en} {told_en}"));
                out.push(LeftOut { entry: Some(*seq), subject, why, text });
            }
        }
        if self.on_outages() {
            for e in &a.outages.excluded {
                let cause = e.cause.as_deref().unwrap_or("-");
                let text = Sentence::new(format!("排除：{cause}"), format!("excluded: {cause}"));
                out.push(LeftOut { entry: Some(e.entry), subject: e.subject.clone(), why: "excluded", text });
            }
        }
        if let RuleParams::Deadline(p) = &self.clause.rule {
            self.not_judged(p, &mut out);
        }
        for f in &a.faults {
            if f.seq.is_some_and(|seq| self.concerns(seq)) || f.subject == self.clause.id {
                let text = Sentence::new(f.text_zh.clone(), f.text_en.clone());
                out.push(LeftOut { entry: f.seq, subject: f.subject.clone(), why: "fault", text });
            }
        }
        out
    }

    fn on_outages(&self) -> bool {
        matches!(
            self.clause.rule,
            RuleParams::OutageCount(_) | RuleParams::Downtime(_) | RuleParams::Availability(_)
        )
    }

    /// The entry belongs to what this clause looks at.
    fn concerns(&self, seq: u64) -> bool {
        if self.verdict.evidence.binary_search(&seq).is_ok() {
            return true;
        }
        match self.books.place(seq) {
            Place::Outage(_) | Place::Window(_) => self.on_outages(),
            Place::Subject(id) => {
                let case = self.books.subjects.case(id);
                let reads: BTreeSet<Family> = self
                    .clause
                    .rule
                    .kinds()
                    .into_iter()
                    .filter_map(|k| kinds::find(k).map(|k| k.family))
                    .collect();
                let item = case.items.iter().find(|i| i.seq == seq);
                let named = item.is_some_and(|i| {
                    i.is_correction()
                        || self.clause.rule.kinds().contains(&i.kind.name)
                        || i.kind.name == "incident.pause"
                });
                named && reads.contains(&case.family)
            }
            Place::Waiver(n) => {
                self.books.waivers.get(n as usize).is_some_and(|w| w.clause == self.clause.id)
            }
            _ => false,
        }
    }

    /// Cases whose clock would start and that are not judged, with the reason.
    fn not_judged(&self, p: &deadline::Params, out: &mut Vec<LeftOut>) {
        let lens = self.engine.lens(self.books);
        let as_of = self.assessment.as_of.at;
        let judged: BTreeSet<String> = cases(self.verdict).into_iter().map(|c| c.case).collect();
        let holds = self.clause.holds.unwrap_or(self.contract.period);
        for id in 0..self.books.subjects.len() {
            let subject = self.books.subjects.subject(id);
            if judged.contains(subject) {
                continue;
            }
            let case = self.books.subjects.case(id);
            let (events, _) = case.events(&lens, as_of, None);
            let Some(opening) = events.into_iter().find(|e| p.from.iter().any(|k| k.kind == e.kind.name))
            else {
                continue;
            };
            let report = Report::new(opening, case.corrections(&lens, None), lens);
            let (why, zh, en) = match () {
                () if report.withdrawn() => ("withdrawn", "已撤回".to_owned(), "withdrawn".to_owned()),
                () if report.duplicate() => (
                    "duplicate",
                    "重复事件，只评判原事件".to_owned(),
                    "a duplicate: judged once, on the original".to_owned(),
                ),
                () if p.excluded_attributions.iter().any(|a| a == report.attribution()) => (
                    "attribution",
                    format!("责任在 {}", crate::facts::terms::term(Lang::Zh, report.attribution())),
                    format!("attributed to {}", report.attribution()),
                ),
                () if !holds.contains(opening.at) => (
                    "outside",
                    "不在本条评判期间内".to_owned(),
                    "outside the stretch the clause holds for".to_owned(),
                ),
                // Other conditions choose what the promise speaks of at all.
                () => continue,
            };
            out.push(LeftOut {
                entry: Some(opening.seq),
                subject: subject.to_owned(),
                why,
                text: Sentence::new(zh, en),
            });
        }
    }
}
