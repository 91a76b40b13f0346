//! Two assessments of one contract side by side: which clauses, figures and cases differ, and which entries explain it. In:
//! both, and the entries between them. Out: a document. Decides nothing.

use crate::assess::cases::{CaseLine, Sentence, cases};
use crate::assess::{Assessment, ClauseVerdict, Figure, Stamp, Status, View};
use crate::books::{Books, FactLine, Place};
use crate::error::Lang;
use crate::explain::fact_text;
use crate::time::{Instant, words};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most entries that the text lists; the document holds all.
const MOST_ENTRIES: usize = 200;

/// Where one of the two stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Side {
    /// The instant asked for.
    pub as_of: Stamp,
    /// What was known.
    pub known_at: Stamp,
    /// The view.
    pub view: View,
    /// The last entry read; null without a ledger.
    pub head: Option<u64>,
    /// Identity of the text that computed it.
    pub contract_sm3: String,
    /// Status of the contract.
    pub status: Status,
}

/// A figure that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FigureChange {
    /// `status`, `value`, `limit`, `breaches`, `breached_at`, `forecast_breach_at`; of outages `long`, `short`, `downtime_us`, ….
    pub field: &'static str,
    /// Before, as the document has it.
    pub from: serde_json::Value,
    /// After.
    pub to: serde_json::Value,
    /// Both in words.
    #[serde(flatten)]
    pub text: Sentence,
}

/// A case that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CaseChange {
    /// Its name.
    pub case: String,
    /// Before; null where there was none.
    pub from: Option<CaseLine>,
    /// After; null where there is none.
    pub to: Option<CaseLine>,
}

/// A clause that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClauseChange {
    /// Its id.
    pub clause: String,
    /// Figures that differ.
    pub figures: Vec<FigureChange>,
    /// Cases that differ.
    pub cases: Vec<CaseChange>,
    /// Entries that only one of the two rests on.
    pub evidence: Vec<u64>,
    /// Entries recorded between the two that speak of this clause: its evidence, and words on it.
    pub because: Vec<u64>,
}

/// Both, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Diff {
    /// 1.
    pub format: u32,
    /// Id of the contract.
    pub contract: String,
    /// One.
    pub from: Side,
    /// The other.
    pub to: Side,
    /// Clauses that differ, in the contract's order.
    pub clauses: Vec<ClauseChange>,
    /// Figures of the outages of all systems that differ.
    pub outages: Vec<FigureChange>,
    /// What was recorded between the two, by entry.
    pub entries: Vec<FactLine>,
}

impl Diff {
    /// Nothing differs in any figure or case.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty() && self.outages.is_empty()
    }
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
    /// The document as plain text.
    pub fn text(&self, lang: Lang) -> String {
        let pick = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        for (name, side) in [(pick("前：", "from: "), &self.from), (pick("后：", "to: "), &self.to)] {
            let zone = side.as_of.zone;
            let view = match side.view {
                View::Agreed => pick("双方认可", "agreed"),
                View::Claimed => pick("全部主张", "claimed"),
            };
            let (as_of, known_at) = (zone.format(side.as_of.at), zone.format(side.known_at.at));
            line(match lang {
                Lang::Zh => {
                    format!("{name}截至 {as_of}，已知至 {known_at}，{view}口径：{}", side.status.zh())
                }
                Lang::En => {
                    format!("{name}as of {as_of}, known at {known_at}, {view}: {}", side.status.name())
                }
            });
        }
        if self.from.contract_sm3 != self.to.contract_sm3 {
            line(pick("两次所用合同文本不同", "two texts of the contract").to_owned());
        }
        if self.is_empty() {
            line(pick("没有不同", "no difference").to_owned());
        }
        for clause in &self.clauses {
            let because: Vec<String> = clause.because.iter().map(|s| format!("#{s}")).collect();
            let because = if because.is_empty() {
                String::new()
            } else {
                format!("{}{}", pick("  因 ", "  because of "), because.join(" "))
            };
            line(format!("{}{because}", clause.clause));
            for figure in &clause.figures {
                line(format!("  {}", figure.text.get(lang)));
            }
            for case in &clause.cases {
                let state = |c: &Option<CaseLine>| match c {
                    None => pick("无", "none").to_owned(),
                    Some(c) => shown(c, lang),
                };
                line(format!("  {}: {} → {}", case.case, state(&case.from), state(&case.to)));
            }
        }
        for figure in &self.outages {
            line(figure.text.get(lang).to_owned());
        }
        if !self.entries.is_empty() {
            line(pick("其间的记录：", "recorded between:").to_owned());
        }
        for fact in self.entries.iter().take(MOST_ENTRIES) {
            line(format!("  {}", fact_text(fact, lang)));
        }
        if self.entries.len() > MOST_ENTRIES {
            let rest = self.entries.len() - MOST_ENTRIES;
            line(match lang {
                Lang::Zh => format!("  另有 {rest} 条；用 --json 查看"),
                Lang::En => format!("  {rest} more; --json shows them"),
            });
        }
        out
    }
}

/// A case in a few words.
fn shown(case: &CaseLine, lang: Lang) -> String {
    let at = |s: Stamp| s.zone.format(s.at);
    let mut parts: Vec<String> = Vec::new();
    parts.extend(case.status.map(|s| if lang == Lang::Zh { s.zh() } else { s.name() }.to_owned()));
    let named = [
        ("到期", "due", case.due),
        ("完成", "done", case.settled_at),
        ("违约", "breached", case.breached_at),
    ];
    for (zh, en, stamp) in named {
        if let Some(s) = stamp {
            parts.push(format!("{} {}", if lang == Lang::Zh { zh } else { en }, at(s)));
        }
    }
    if !case.note.is_empty() {
        parts.push(case.note.get(lang).to_owned());
    }
    parts.join(if lang == Lang::Zh { "，" } else { ", " })
}

/// `from` and `to`, and the entries that one of them knows and the other does not, or that speak of the views.
pub(crate) fn diff(from: &Assessment, to: &Assessment, entries: Vec<FactLine>, books: &Books) -> Diff {
    let mut clauses = Vec::new();
    let empty = |id: &str, c: &ClauseVerdict| ClauseVerdict {
        id: id.to_owned(),
        value: None,
        limit: None,
        margin: None,
        unit: c.unit,
        breaches: 0,
        breached_at: None,
        forecast_breach_at: None,
        status: Status::NotDue,
        evidence: Vec::new(),
        detail: None,
        ..c.clone()
    };
    let mut ids: Vec<&str> = to.clauses.iter().map(|c| c.id.as_str()).collect();
    ids.extend(
        from.clauses.iter().map(|c| c.id.as_str()).filter(|id| !to.clauses.iter().any(|c| c.id == *id)),
    );
    for id in ids {
        let find = |a: &Assessment| a.clauses.iter().find(|c| c.id == id).cloned();
        let (before, after) = match (find(from), find(to)) {
            (Some(b), Some(a)) => (b, a),
            // A clause that only one of the texts has.
            (None, Some(a)) => (empty(id, &a), a),
            (Some(b), None) => (b.clone(), empty(id, &b)),
            (None, None) => continue,
        };
        clauses.extend(clause(&before, &after, &entries, books));
    }
    let side = |a: &Assessment| Side {
        as_of: a.as_of,
        known_at: a.known_at,
        view: a.view,
        head: a.head.as_ref().map(|h| h.seq),
        contract_sm3: a.contract_sm3.clone(),
        status: a.status,
    };
    Diff {
        format: 1,
        contract: to.contract.clone(),
        from: side(from),
        to: side(to),
        clauses,
        outages: outages(from, to),
        entries,
    }
}

fn clause(
    before: &ClauseVerdict,
    after: &ClauseVerdict,
    entries: &[FactLine],
    books: &Books,
) -> Option<ClauseChange> {
    let mut figures = Vec::new();
    let unit = after.unit.or(before.unit);
    let status =
        |s: Status| ((s.zh().to_owned(), s.name().to_owned()), serde_json::to_value(s).unwrap_or_default());
    let figure = |f: &Option<Figure>| (amount(f.as_ref(), unit), serde_json::to_value(f).unwrap_or_default());
    let stamp = |s: &Option<Stamp>| {
        let text = s.map_or_else(|| "-".to_owned(), |s| s.zone.format(s.at));
        ((text.clone(), text), serde_json::to_value(s).unwrap_or_default())
    };
    let count = |n: i64| ((n.to_string(), n.to_string()), n.into());
    let rows = [
        ("status", "状态", "status", status(before.status), status(after.status)),
        ("value", "数值", "value", figure(&before.value), figure(&after.value)),
        ("limit", "限值", "limit", figure(&before.limit), figure(&after.limit)),
        ("breaches", "违约次数", "breaches", count(before.breaches), count(after.breaches)),
        ("breached_at", "违约时刻", "breached at", stamp(&before.breached_at), stamp(&after.breached_at)),
        (
            "forecast_breach_at",
            "预计违约",
            "forecast breach",
            stamp(&before.forecast_breach_at),
            stamp(&after.forecast_breach_at),
        ),
    ];
    for (field, zh, en, from, to) in rows {
        figures.extend(change(field, zh, en, from, to));
    }
    let (old, new) = (cases(before), cases(after));
    let (old, new) = (keyed(&old), keyed(&new));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let mut changed = Vec::new();
    for key in keys {
        let (from, to) = (old.get(key).copied(), new.get(key).copied());
        if from != to {
            changed.push(CaseChange { case: key.0.clone(), from: from.cloned(), to: to.cloned() });
        }
    }
    if figures.is_empty() && changed.is_empty() {
        return None;
    }
    let (a, b): (BTreeSet<u64>, BTreeSet<u64>) =
        (before.evidence.iter().copied().collect(), after.evidence.iter().copied().collect());
    let evidence: Vec<u64> = a.symmetric_difference(&b).copied().collect();
    // An entry speaks of the clause when it is about a case that either side rests on, or a word on such an entry.
    let places: BTreeSet<Place> =
        a.union(&b).map(|seq| books.place(*seq)).filter(|p| *p != Place::Nowhere).collect();
    let about = |seq: u64| {
        places.contains(&books.place(seq))
            || books.subjects.links(seq).any(|id| places.contains(&Place::Subject(id)))
    };
    let speaks = |e: &&FactLine| match books.place(e.seq) {
        Place::Agreement(from, to) => {
            a.union(&b).any(|seq| (from..=to).contains(seq)) || (from == to && about(from))
        }
        Place::Waiver(_) => e.body.get("clause").and_then(|c| c.as_str()) == Some(&after.id),
        _ => about(e.seq),
    };
    let because = entries.iter().filter(speaks).map(|e| e.seq).collect();
    Some(ClauseChange { clause: after.id.clone(), figures, cases: changed, evidence, because })
}

/// A case's name and start, and how many of the same came before it (a streak shows a subject more than once).
type Key = (String, Option<Instant>, usize);

fn keyed(lines: &[CaseLine]) -> BTreeMap<Key, &CaseLine> {
    let mut seen: BTreeMap<(&str, Option<Instant>), usize> = BTreeMap::new();
    let mut map = BTreeMap::new();
    for line in lines {
        let start = line.start.map(|s| s.at);
        let n = seen.entry((&line.case, start)).or_default();
        map.insert((line.case.clone(), start, *n), line);
        *n += 1;
    }
    map
}

type Shown = ((String, String), serde_json::Value);

fn change(field: &'static str, zh: &str, en: &str, from: Shown, to: Shown) -> Option<FigureChange> {
    if from.1 == to.1 {
        return None;
    }
    let text =
        Sentence::new(format!("{zh} {} → {}", from.0.0, to.0.0), format!("{en} {} → {}", from.0.1, to.0.1));
    Some(FigureChange { field, from: from.1, to: to.1, text })
}

/// A figure in words, Chinese and English.
fn amount(figure: Option<&Figure>, unit: Option<&str>) -> (String, String) {
    match (figure, unit) {
        (None, _) => ("-".to_owned(), "-".to_owned()),
        (Some(Figure::Integer(us)), Some("us")) => (words(*us, Lang::Zh), words(*us, Lang::En)),
        (Some(Figure::Integer(fen)), Some("fen")) => {
            let sign = if *fen < 0 { "-" } else { "" };
            let fen = fen.unsigned_abs();
            let yuan = format!("{sign}{}.{:02}", fen / 100, fen % 100);
            (format!("{yuan} 元"), format!("CNY {yuan}"))
        }
        (Some(Figure::Integer(n)), _) => (n.to_string(), n.to_string()),
        (Some(Figure::Points(p)), _) => (p.clone(), p.clone()),
    }
}

fn outages(from: &Assessment, to: &Assessment) -> Vec<FigureChange> {
    let (a, b) = (&from.outages, &to.outages);
    let count = |n: i64| -> Shown { ((n.to_string(), n.to_string()), n.into()) };
    let time = |us: i64| -> Shown { ((words(us, Lang::Zh), words(us, Lang::En)), us.into()) };
    let text = |t: &Option<String>| -> Shown {
        let shown = t.clone().unwrap_or_else(|| "-".to_owned());
        ((shown.clone(), shown), t.clone().into())
    };
    [
        ("long", "长故障", "long outages", count(a.long), count(b.long)),
        ("short", "短故障", "short outages", count(a.short), count(b.short)),
        ("pending", "未定故障", "pending outages", count(a.pending), count(b.pending)),
        ("downtime_us", "故障时间", "downtime", time(a.downtime_us), time(b.downtime_us)),
        ("planned_us", "计划停机", "planned", time(a.planned_us), time(b.planned_us)),
        ("unknown_us", "未知时间", "unknown", time(a.unknown_us), time(b.unknown_us)),
        (
            "availability_elapsed",
            "可用率 A",
            "availability A",
            text(&a.availability_elapsed),
            text(&b.availability_elapsed),
        ),
        (
            "availability_eligible",
            "可用率 B",
            "availability B",
            text(&a.availability_eligible),
            text(&b.availability_eligible),
        ),
    ]
    .into_iter()
    .filter_map(|(field, zh, en, from, to)| change(field, zh, en, from, to))
    .collect()
}

#[cfg(test)]
mod tests;
