//! Entries in words that a buyer understands. A function of the entry, its case and the zone alone, so that a sheet that
//! comes back can be compared with the record.

use crate::calendar::Zone;
use crate::error::Lang;
use crate::facts::Entry;
use crate::facts::kinds::Family as Group;
use crate::facts::terms::term;
use crate::sheets::families::FAMILIES;
use crate::sheets::local;
use crate::time::{Instant, parse_instant};
use serde_json::Value;

/// Fields that no sheet has a head for.
const LABELS: &[(&str, &str)] = &[
    ("actor", "记录方"),
    ("approver", "批准人"),
    ("by", "要求方"),
    ("case", "对象"),
    ("clause", "条款"),
    ("end", "结束时间"),
    ("entry", "记录号"),
    ("from", "自记录号"),
    ("of", "原事件"),
    ("party", "当事方"),
    ("reason", "原因"),
    ("start", "开始时间"),
    ("systems", "系统"),
    ("to", "至"),
];

/// What an entry states: `作废故障 O-17（门户，2026-03-01 08:00 起）；原因：误报`.
pub(super) fn what(entry: &Entry, case: &[Entry], zone: Zone) -> String {
    let fact = &entry.fact;
    let name = if fact.other.is_some() { fact.kind_name() } else { fact.kind.zh };
    let mut out = match fact.subject.as_str() {
        "" => name.to_owned(),
        subject => format!("{name} {subject}"),
    };
    if let Some(opening) = case.first().filter(|first| first.seq != entry.seq) {
        let system = opening.fact.text("system").or(opening.fact.text("severity"));
        let system = system.map_or(String::new(), |s| format!("{}，", word(opening.fact.kind_name(), s)));
        out.push_str(&format!("（{system}{} 起）", local(opening.fact.at, zone)));
    }
    let mut fields: Vec<(&String, &Value)> = fact.body.iter().collect();
    fields.sort_by_key(|(field, _)| place(fact.kind_name(), field));
    for (field, value) in fields {
        if matches!(field.as_str(), "stated_zone" | "text" | "sm3") {
            continue;
        }
        out.push_str(&format!(
            "；{}：{}",
            label(fact.kind_name(), field),
            told(fact.kind_name(), value, zone)
        ));
    }
    out
}

/// Who stated it.
pub(super) fn by(entry: &Entry) -> String {
    let party = entry.fact.party().map_or("未写明", |party| term(Lang::Zh, party));
    let person = entry.fact.actor.as_ref().and_then(|actor| actor.person.as_deref());
    person.map_or_else(|| party.to_owned(), |person| format!("{party} {person}"))
}

/// What follows from a confirmation.
pub(super) fn effect(entry: &Entry) -> &'static str {
    match entry.fact.kind_name() {
        "outage.void" => "确认后，这次故障不再计入次数与时长；确认前照常计入",
        "outage.amend" => "确认后，按更正后的时间、影响或责任方计算；确认前按原记录计算",
        "outage.start" => "确认后，按所述责任方处理；确认前视为供应商责任",
        "exclusion.approve" => "确认后，这段时间不计为故障时间；确认前照常计入",
        "exclusion.void" => "确认后，原来扣除的这段时间重新计入",
        "maintenance.approve"
            if entry.fact.instant("start").is_some_and(|start| start < entry.recorded_at) =>
        {
            "记录晚于窗口开始，不作计划停机扣除"
        }
        "maintenance.approve" => "确认后，这段时间按计划停机扣除；确认前照常计入",
        "maintenance.cancel" => "确认后，这个计划停机窗口取消",
        "incident.withdraw" => "确认后，该事件不再考核；确认前照常考核",
        "incident.amend" => "确认后，按更正后的级别、影响或责任方考核；确认前按原记录考核",
        "incident.report" => "确认后，按所述责任方处理；确认前视为供应商责任",
        "incident.pause" => "确认后，暂停期间不计入时限；确认前照常计时",
        _ => "确认后才在双方认可的口径中生效",
    }
}

fn told(kind: &str, value: &Value, zone: Zone) -> String {
    match value {
        Value::String(text) => match parse_instant(text) {
            Ok(at) => local(at, zone),
            Err(_) => word(kind, text).to_owned(),
        },
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Array(items) => items.iter().map(|item| told(kind, item, zone)).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

/// The head under which a field of a kind stands in its sheet.
fn label<'f>(kind: &str, field: &'f str) -> &'f str {
    let steps = FAMILIES.iter().flat_map(|family| family.steps.iter().map(move |step| (family, step)));
    for (family, step) in steps.filter(|(_, step)| step.kind == kind) {
        let column = step.fields.iter().find(|(_, f)| *f == field).and_then(|(c, _)| family.column(c));
        if let (Some(column), false) = (column, field == "reason") {
            return column.zh;
        }
    }
    let columns = || FAMILIES.iter().flat_map(|family| family.columns).find(|c| c.key == field);
    match LABELS.iter().find(|(name, _)| *name == field) {
        Some((_, zh)) => zh,
        None => columns().map_or(field, |c| c.zh),
    }
}

/// Where a field stands in its sheet; others come last, by name.
fn place(kind: &str, field: &str) -> usize {
    let steps = FAMILIES.iter().flat_map(|family| family.steps);
    let mut of_kind = steps.filter(|step| step.kind == kind);
    of_kind.find_map(|step| step.fields.iter().position(|(_, f)| *f == field)).unwrap_or(usize::MAX)
}

/// A word of the drop-downs in Chinese.
fn word<'t>(kind: &str, text: &'t str) -> &'t str {
    let stem = |kind: &str| kind.split('.').next().unwrap_or_default().to_owned();
    let own = FAMILIES.iter().filter(|f| f.steps.iter().any(|s| stem(s.kind) == stem(kind)));
    let words = own.flat_map(|f| f.columns).flat_map(|c| c.ty.words());
    let ours = words.into_iter().any(|w| *w == text) || matches!(text, "buyer" | "supplier" | "machine");
    if ours { term(Lang::Zh, text) } else { text }
}

/// A correction belongs to the month of what it corrects.
pub(super) fn happened(entry: &Entry, case: &[Entry]) -> Instant {
    let fact = &entry.fact;
    match fact.kind.family {
        Group::Exclusion | Group::Planned => fact.instant("start").unwrap_or(fact.at).min(fact.at),
        _ => case.first().map_or(fact.at, |first| first.fact.at.min(fact.at)),
    }
}
