//! The cases of a clause in one shape, whatever its rule: what a list, a diff or an explanation of cases reads. In: the
//! clause's detail. Out: lines. Decides nothing.

use super::{ClauseVerdict, Stamp, Status};
use crate::error::Lang;
use crate::facts::terms::term;
use crate::rules::Detail;
use crate::rules::coverage::Gap;
use crate::rules::recurring::Owed;
use crate::rules::sequence::Problem;
use crate::time::{Micros, words};
use schemars::JsonSchema;
use serde::Serialize;

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sentence {
    /// In Chinese.
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

impl Sentence {
    /// In both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Sentence {
        Sentence { text_zh: zh.into(), text_en: en.into() }
    }
    /// In one of them.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.text_zh,
            Lang::En => &self.text_en,
        }
    }
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        self.text_zh.is_empty()
    }
    /// Adds a further part.
    pub(crate) fn add(&mut self, zh: impl AsRef<str>, en: impl AsRef<str>) {
        if !self.is_empty() {
            self.text_zh.push('；');
            self.text_en.push_str("; ");
        }
        self.text_zh.push_str(zh.as_ref());
        self.text_en.push_str(en.as_ref());
    }
}

/// One case of a clause.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CaseLine {
    /// How a waiver names it; a gap by its start.
    pub case: String,
    /// Its status; null where the rule gives single cases none.
    pub status: Option<Status>,
    /// Where it starts, of a stretch of time.
    pub start: Option<Stamp>,
    /// Where that ends.
    pub end: Option<Stamp>,
    /// When it is due; of a breach the instant missed.
    pub due: Option<Stamp>,
    /// When it was done, also when late.
    pub settled_at: Option<Stamp>,
    /// When it broke.
    pub breached_at: Option<Stamp>,
    /// What is left of its time, microseconds.
    pub remaining_us: Option<Micros>,
    /// Its figures and what is missing, in words.
    pub note: Sentence,
}

impl CaseLine {
    pub(crate) fn new(case: impl Into<String>, status: Option<Status>) -> CaseLine {
        CaseLine {
            case: case.into(),
            status,
            start: None,
            end: None,
            due: None,
            settled_at: None,
            breached_at: None,
            remaining_us: None,
            note: Sentence::default(),
        }
    }
    /// Not decided yet.
    pub fn is_open(&self) -> bool {
        matches!(self.status, Some(Status::Running | Status::AtRisk | Status::Paused))
    }
}

/// The cases a clause shows, in its order; none for rules that show none.
pub fn cases(clause: &ClauseVerdict) -> Vec<CaseLine> {
    clause.detail.as_ref().map_or_else(Vec::new, of)
}

fn of(detail: &Detail) -> Vec<CaseLine> {
    match detail {
        Detail::Deadline(d) => d
            .cases
            .iter()
            .map(|c| CaseLine {
                due: c.due,
                settled_at: c.settled_at,
                breached_at: c.breached_at,
                remaining_us: c.remaining_us,
                ..CaseLine::new(&c.subject, Some(c.status))
            })
            .collect(),
        Detail::Findings(d) => {
            let found = d.cases.iter().map(|c| CaseLine {
                due: c.due,
                settled_at: c.settled_at,
                breached_at: c.due.filter(|_| c.status == Status::Breached),
                ..CaseLine::new(&c.subject, Some(c.status))
            });
            found.chain(d.rounds.iter().flatten().map(owed)).collect()
        }
        Detail::Recurring(d) => d.owed.iter().map(owed).collect(),
        Detail::Streak(d) => d
            .elements
            .iter()
            .map(|e| {
                let status = if e.late { Status::Breached } else { Status::Met };
                let note = Sentence::new(
                    if e.late {
                        format!("未按时，连续第 {} 次", e.run)
                    } else {
                        "按时，重新计数".to_owned()
                    },
                    if e.late {
                        format!("late, {} in a row", e.run)
                    } else {
                        "in time, counted anew".to_owned()
                    },
                );
                CaseLine {
                    settled_at: Some(e.at).filter(|_| !e.late),
                    breached_at: Some(e.at).filter(|_| e.late),
                    note,
                    ..CaseLine::new(&e.subject, Some(status))
                }
            })
            .collect(),
        Detail::Coverage(d) => d.gaps.iter().chain(&d.coming).map(gap).collect(),
        Detail::Availability(d) => d.spans.iter().map(span).collect(),
        Detail::Sequence(d) => d.cases.iter().map(|c| in_order(c, &d.violations)).collect(),
        Detail::Documents(d) => d.items.iter().map(item).collect(),
        Detail::Score(d) => d
            .lines
            .iter()
            .map(|l| CaseLine {
                note: Sentence::new(
                    format!("违约 {} 次，扣 {} 分", l.breaches, l.off),
                    format!("{} breaches, {} points off", l.breaches, l.off),
                ),
                ..CaseLine::new(&l.clause, None)
            })
            .collect(),
    }
}

fn owed(o: &Owed) -> CaseLine {
    let mut note = Sentence::default();
    if !o.missing_parts.is_empty() {
        let zh: Vec<&str> = o.missing_parts.iter().map(|p| term(Lang::Zh, p)).collect();
        note.add(format!("缺 {}", zh.join("、")), format!("missing {}", o.missing_parts.join(", ")));
    }
    CaseLine {
        start: Some(o.start),
        end: Some(o.end),
        due: o.due,
        settled_at: o.settled_at,
        breached_at: o.due.filter(|_| o.status == Status::Breached),
        note,
        ..CaseLine::new(&o.unit, Some(o.status))
    }
}

fn gap(g: &Gap) -> CaseLine {
    let mut note = Sentence::default();
    for short in &g.roles {
        note.add(
            format!("{} {} 人，应 {} 人", term(Lang::Zh, &short.role), short.have, short.need),
            format!("{}: {} of {}", short.role, short.have, short.need),
        );
    }
    let us = g.end.at - g.start.at;
    note.add(format!("时长 {}", words(us, Lang::Zh)), format!("for {}", words(us, Lang::En)));
    CaseLine {
        start: Some(g.start),
        end: Some(g.end),
        note,
        ..CaseLine::new(g.start.zone.format(g.start.at), Some(g.status))
    }
}

fn span(s: &crate::rules::availability::Span) -> CaseLine {
    let mut note = Sentence::default();
    if let Some(a) = &s.availability {
        note.add(format!("可用率 {a}"), format!("availability {a}"));
    }
    let (down, allowed) = (s.downtime_us, s.allowed_us);
    note.add(
        format!("故障 {}，整段允许 {}", words(down, Lang::Zh), words(allowed, Lang::Zh)),
        format!("{} down, {} allowed in the whole span", words(down, Lang::En), words(allowed, Lang::En)),
    );
    if let Some(credit) = &s.credit {
        note.add(format!("抵扣 {credit}"), format!("credit {credit}"));
    }
    CaseLine { start: Some(s.start), end: Some(s.end), note, ..CaseLine::new(&s.span, Some(s.status)) }
}

fn in_order(c: &crate::rules::sequence::Case, all: &[crate::rules::sequence::Violation]) -> CaseLine {
    let mut line = CaseLine::new(&c.subject, Some(c.status));
    for v in all.iter().filter(|v| v.subject == c.subject) {
        let (zh, en) = match v.problem {
            Problem::Missing => ("缺少", "missing"),
            Problem::Late => ("过晚", "late"),
            Problem::Failed => ("未通过", "failed"),
            Problem::ShortNotice => ("提前不足", "short notice"),
        };
        let step = crate::facts::kinds::find(&v.step).map_or("", |k| k.zh);
        line.note.add(format!("{step}（{}）{zh}", v.step), format!("{} {en}", v.step));
        if c.status == Status::Breached {
            line.breached_at = line.breached_at.into_iter().chain([v.at]).min_by_key(|s| s.at);
        } else {
            line.due = line.due.into_iter().chain([v.at]).min_by_key(|s| s.at);
        }
    }
    line
}

fn item(i: &crate::rules::documents::Item) -> CaseLine {
    let case = i.person.as_ref().map_or_else(|| i.kind.clone(), |p| format!("{}/{p}", i.kind));
    let mut note = Sentence::default();
    if !i.missing_faults.is_empty() {
        let missing = &i.missing_faults;
        note.add(
            format!("未覆盖故障类型 {}", missing.join("、")),
            format!("faults not covered: {}", missing.join(", ")),
        );
    }
    if let Some(digest) = &i.digest {
        note.add(format!("摘要 {digest}"), format!("digest {digest}"));
    }
    CaseLine { due: i.due, settled_at: i.settled_at, note, ..CaseLine::new(case, Some(i.status)) }
}
