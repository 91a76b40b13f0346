//! The tables around the clauses: period, accounting, agreement, calendars.

use super::reader::{At, Node, Read};
use super::tables::{AccountingText, AgreementText, ContractText};
use super::values::{Count, Elapsed, MAX_YEARS, Text, kind};
use super::{FORMAT, clauses, hours};
use crate::calendar::{CalendarSpec, Date, OpenHours, Zone};
use crate::contract::{Accounting, Contract, Decimal, Fault, Needs};
use crate::digest::sm3_hex;
use crate::error::{Code, Result};
use crate::facts::kinds;
use crate::time::{DAY, HOUR, Interval, Micros};
use chrono::{Days, Months};
use std::collections::BTreeMap;

/// The calendar that always exists.
pub(crate) const ALWAYS: &str = "7x24";
/// Holiday data that the library carries.
const HOLIDAY_DATA: &[&str] = &["CN"];

/// A newer format says so before its keys are called unknown.
pub(super) fn check_format(root: &Node<'_>) -> Result<()> {
    let Some(node) = root.get("format") else { return Ok(()) };
    let Count(format) = Count::read(&node)?;
    match format {
        FORMAT => Ok(()),
        0 => node.fail(Code::ContractValue, "format = 1", "应为 format = 1"),
        _ => Err(node.error(Code::ContractFormat)),
    }
}

pub(super) fn resolve<'a>(root: &Node<'a>, c: ContractText<'a>) -> Result<Contract> {
    let zone = c.timezone.value.0;
    let (start, end) = (&c.period.value.start, &c.period.value.end);
    let period_dates = (start.value.0, end.value.0);
    check_dates(period_dates, &end.node)?;
    let holidays = c.holidays.map(|h| holiday_data(&h)).transpose()?;
    let amends = match (c.amends, c.from) {
        (Some(amends), Some(from)) => Some((amends.value.0, from.value.0)),
        (None, None) => None,
        (Some(amends), None) => {
            return amends.node.fail(
                Code::ContractMissing,
                "add from = …, the first date on which this text holds",
                "请补充 from = …：本文本自哪一天起生效",
            );
        }
        (None, Some(from)) => {
            return from.node.fail(
                Code::ContractMissing,
                "add amends = …, the SM3 of the replaced text",
                "请补充 amends = …：被替换文本的 SM3",
            );
        }
    };
    let accounting = c.accounting.map_or_else(|| Ok(Accounting::default()), |a| accounting(a.value))?;
    let needs = c.agreement.map_or_else(|| Ok(Needs::default()), |a| needs(a.value))?;
    let mut calendars = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for text in c.calendars.into_iter().flat_map(|c| c.value) {
        let id = text.value.id.clone();
        let spec = hours::calendar(text, holidays.as_deref())?;
        unique(&id, &mut lines)?;
        calendars.insert(spec.id.clone(), spec);
    }
    calendars.entry(ALWAYS.to_owned()).or_insert_with(|| CalendarSpec {
        id: ALWAYS.to_owned(),
        open: OpenHours::default(),
        seasons: Vec::new(),
        holidays: None,
    });
    let mut days = Vec::new();
    for (list, workday) in [(c.holiday_lines, false), (c.workday_lines, true)] {
        for line in list.into_iter().flat_map(|l| l.value) {
            days.push(hours::day_line(line, workday)?);
        }
    }
    let mut lines = BTreeMap::new();
    let mut faults = Vec::new();
    for fault in c.faults.into_iter().flat_map(|f| f.value) {
        unique(&fault.value.id, &mut lines)?;
        let id = fault.value.id.value.0;
        let name = fault.value.name.map_or_else(|| id.clone(), |n| n.value.0);
        faults.push(Fault { id, name });
    }
    let mut lines = BTreeMap::new();
    let mut backups = Vec::new();
    for set in c.backups.into_iter().flat_map(|b| b.value) {
        unique(&set.value.id, &mut lines)?;
        backups.push(super::backups::set(set.value)?);
    }
    let holidays_name = holidays.as_deref();
    let frame = clauses::Frame {
        zone,
        period_dates,
        holidays: holidays_name,
        calendars: &calendars,
        faults: &faults,
        backups: &backups,
    };
    let clauses = clauses::resolve(&frame, c.clauses)?;
    let text = root.source.text;
    Ok(Contract {
        id: c.id.value.0,
        title: c.title.value.0,
        zone,
        holidays,
        period_dates,
        period: instants(zone, period_dates),
        accounting,
        needs,
        calendars,
        days,
        faults,
        backups,
        clauses,
        amends,
        sm3: sm3_hex(text.as_bytes()),
        text: text.into(),
        compiled: crate::contract::Compiled::default(),
    })
}

/// Local midnight of the first day to local midnight after the last.
pub(super) fn instants(zone: Zone, (first, last): (Date, Date)) -> Interval {
    // Dates are bounded to the years 1900 to 9998, so the next day exists.
    let after = last.checked_add_days(Days::new(1)).unwrap_or(last);
    Interval::new(zone.midnight(first), zone.midnight(after))
}

/// Refuses an end before its start and stretches of more than [`MAX_YEARS`].
pub(super) fn check_dates((start, end): (Date, Date), at: &Node<'_>) -> Result<()> {
    if end < start {
        return at.fail(
            Code::ContractPeriod,
            format!("it ends before it starts, {start}"),
            format!("结束早于开始日期 {start}"),
        );
    }
    match start.checked_add_months(Months::new(12 * MAX_YEARS)) {
        Some(latest) if end <= latest => Ok(()),
        _ => at.fail(
            Code::ContractPeriod,
            format!("longer than {MAX_YEARS} years from {start}"),
            format!("自 {start} 起超过 {MAX_YEARS} 年"),
        ),
    }
}

/// The name of holiday data that exist.
pub(super) fn holiday_data(name: &At<'_, Text>) -> Result<String> {
    let Text(text) = &name.value;
    if HOLIDAY_DATA.contains(&text.as_str()) {
        return Ok(text.clone());
    }
    name.node.unknown(Code::ContractReference, text, HOLIDAY_DATA.iter().copied())
}

/// Refuses an id that stood before.
pub(super) fn unique(id: &At<'_, Text>, lines: &mut BTreeMap<String, u32>) -> Result<()> {
    let line = id.node.source.place(id.node.span.start).line;
    match lines.insert(id.value.0.clone(), line) {
        None => Ok(()),
        Some(first) => id.node.fail(
            Code::ContractDuplicate,
            format!("the first is in line {first}; give one of them another id"),
            format!("首次定义在第 {first} 行；请为其中之一另取 id"),
        ),
    }
}

impl Default for Accounting {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
        Accounting {
            counted_impacts: words(&["down", "partial"]),
            excluded_attributions: words(&["buyer", "force-majeure"]),
            long_from: HOUR,
            merge_gap: 0,
            maintenance_notice: 0,
            assume_watched: false,
            warn_fraction: Decimal { mantissa: 25, scale: 2 },
            pause_parties: words(&["buyer"]),
            late_after: DAY,
        }
    }
}

fn accounting(a: AccountingText<'_>) -> Result<Accounting> {
    let default = Accounting::default();
    let time = |t: Option<At<'_, Elapsed>>, d: Micros| t.map_or(d, |t| t.value.0);
    if let Some(long) = a.long_from.as_ref().filter(|l| l.value.0 == 0) {
        return positive(&long.node);
    }
    Ok(Accounting {
        counted_impacts: texts(a.counted_impacts).unwrap_or(default.counted_impacts),
        excluded_attributions: texts(a.excluded_attributions).unwrap_or(default.excluded_attributions),
        long_from: time(a.long_from, default.long_from),
        merge_gap: time(a.merge_gap, default.merge_gap),
        maintenance_notice: time(a.maintenance_notice, default.maintenance_notice),
        assume_watched: a.assume_watched.map_or(default.assume_watched, |f| f.value.0),
        warn_fraction: a.warn_fraction.map_or(default.warn_fraction, |f| f.value.0),
        pause_parties: texts(a.pause_parties).unwrap_or(default.pause_parties),
        late_after: time(a.late_after, default.late_after),
    })
}

/// A threshold of zero says nothing: an episode without downtime has no class.
pub(crate) fn positive<T>(node: &Node<'_>) -> Result<T> {
    node.fail(Code::OutOfRange, "above zero; \"1us\" takes every outage", "须大于零；\"1us\" 即任何故障")
}

/// The words of a list.
pub(crate) fn texts(list: Option<At<'_, Vec<At<'_, Text>>>>) -> Option<Vec<String>> {
    list.map(|list| list.value.into_iter().map(|t| t.value.0).collect())
}

fn needs(a: AgreementText<'_>) -> Result<Needs> {
    let mut needs = Needs::default();
    for At { value: Text(name), node } in a.needs.into_iter().flat_map(|n| n.value) {
        match name.as_str() {
            "attribution" => needs.attribution = true,
            "lowering" => needs.lowering = true,
            "late-pause" => needs.late_pause = true,
            _ if name.contains('.') || kinds::find(&name).is_some() => needs.kinds.push(kind(&node)?),
            _ => {
                let conditions = ["attribution", "lowering", "late-pause"].into_iter();
                let known = conditions.chain(kinds::KINDS.iter().map(|k| k.name));
                return node.unknown(Code::ContractReference, &name, known);
            }
        }
    }
    Ok(needs)
}
