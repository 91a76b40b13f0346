//! Calendars: hours of days, seasons, days off and workdays of the contract's own.

use super::reader::{At, Node, Read};
use super::tables::{CalendarText, DayText, OpenText, SeasonText};
use crate::calendar::{CalendarSpec, DayLine, Hours, OpenHours, Season};
use crate::error::{Code, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Hours of a day: `["08:30-12:00", "14:00-17:30"]`.
#[derive(Clone)]
pub(crate) struct HoursText(Hours);

impl<'a> Read<'a> for HoursText {
    const EXPECTED: (&'static str, &'static str) =
        ("a list of hours such as [\"09:00-17:00\"]", "时段列表，如 [\"09:00-17:00\"]");
    fn read(node: &Node<'a>) -> Result<Self> {
        let Some(items) = node.items() else { return node.wrong::<Self, _>() };
        let mut hours = Hours::new();
        for item in items {
            let Some((from, to)) = item.value.as_str().and_then(span) else {
                return item.fail(
                    Code::BadCalendar,
                    "write hours as \"09:00-17:00\", from 00:00 to 24:00",
                    "时段写作 \"09:00-17:00\"，范围 00:00 至 24:00",
                );
            };
            if to <= from {
                return item.fail(
                    Code::BadCalendar,
                    "the end is not after the start; hours over midnight are two, \"22:00-24:00\" and \"00:00-06:00\"",
                    "结束不晚于开始；跨零点请写成两段：\"22:00-24:00\" 与 \"00:00-06:00\"",
                );
            }
            if hours.iter().any(|&(a, b)| from < b && a < to) {
                return item.fail(
                    Code::BadCalendar,
                    "these hours overlap others of the day",
                    "与当日其他时段重叠",
                );
            }
            hours.push((from, to));
        }
        hours.sort_unstable();
        Ok(HoursText(hours))
    }
}

impl JsonSchema for HoursText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Hours".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": { "type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$" }
        })
    }
}

/// Minutes from midnight.
fn span(text: &str) -> Option<(u16, u16)> {
    let minute = |t: &str| {
        let (h, m) = t.split_once(':')?;
        let digits = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit());
        let (h, m): (u16, u16) =
            (digits(h) && digits(m)).then(|| Some((h.parse().ok()?, m.parse().ok()?)))??;
        (m < 60 && h * 60 + m <= 24 * 60).then_some(h * 60 + m)
    };
    let (from, to) = text.split_once('-')?;
    Some((minute(from)?, minute(to)?))
}

fn open_hours(open: At<'_, OpenText<'_>>) -> Result<OpenHours> {
    let At { value: o, node } = open;
    let hours = |h: Option<At<'_, HoursText>>| h.map(|h| h.value.0);
    let open = OpenHours {
        every_day: hours(o.every_day),
        workday: hours(o.workday),
        week: [o.mon, o.tue, o.wed, o.thu, o.fri, o.sat, o.sun].map(hours),
    };
    let days = [&open.every_day, &open.workday].into_iter().chain(&open.week);
    if days.flatten().all(|hours| hours.is_empty()) {
        return node.fail(
            Code::BadCalendar,
            "never open; name hours such as every-day = [\"09:00-17:00\"], or leave open out for 7x24",
            "没有任何服务时段；请写明如 every-day = [\"09:00-17:00\"]，全天候则省略 open",
        );
    }
    Ok(open)
}

/// Resolves a `[[calendar]]`; `holidays` are the contract's.
pub(super) fn calendar(text: At<'_, CalendarText<'_>>, holidays: Option<&str>) -> Result<CalendarSpec> {
    let At { value: c, node } = text;
    if c.id.value.0 == super::top::ALWAYS && (c.open.is_some() || c.seasons.is_some()) {
        return node.fail(
            Code::BadCalendar,
            "7x24 is open all the time; give a calendar with hours another id",
            "7x24 即全天候；有服务时段的日历请另取名称",
        );
    }
    if let (None, Some(seasons)) = (&c.open, &c.seasons) {
        return seasons.node.fail(
            Code::BadCalendar,
            "seasons replace the hours of a part of the year; name the others with open = { … }",
            "seasons 只替换一年中的一段；其余时间请用 open = { … } 写明",
        );
    }
    let open = c.open.map(open_hours).transpose()?.unwrap_or_default();
    let seasons = match c.seasons {
        Some(list) => seasons(list.value)?,
        None => Vec::new(),
    };
    let by_workday = open.workday.is_some() || seasons.iter().any(|s| s.open.workday.is_some());
    let own = c.holidays.map(|h| super::top::holiday_data(&h)).transpose()?;
    // Hours that ask for no workday must not depend on a published schedule.
    let holidays = own.or_else(|| by_workday.then(|| holidays.map(str::to_owned)).flatten());
    Ok(CalendarSpec { id: c.id.value.0, open, seasons, holidays })
}

fn seasons(list: Vec<At<'_, SeasonText<'_>>>) -> Result<Vec<Season>> {
    let mut seasons: Vec<Season> = Vec::new();
    for At { value: s, node } in list {
        let season = Season { from: s.from.value.0, to: s.to.value.0, open: open_hours(s.open)? };
        if seasons.iter().any(|other| overlap(other, &season)) {
            return node.fail(
                Code::BadCalendar,
                "this season overlaps an earlier one",
                "与前面的时段（season）重叠",
            );
        }
        seasons.push(season);
    }
    Ok(seasons)
}

fn overlap(a: &Season, b: &Season) -> bool {
    let holds = |s: &Season, d: (u8, u8)| {
        if s.from <= s.to { s.from <= d && d <= s.to } else { s.from <= d || d <= s.to }
    };
    // Two stretches of a circle that meet hold the start of one of them.
    holds(a, b.from) || holds(b, a.from)
}

/// Resolves `[[holiday]]` and `[[workday]]` lines.
pub(super) fn day_line(text: At<'_, DayText<'_>>, workday: bool) -> Result<DayLine> {
    let At { value: d, node } = text;
    let (from, to) = match (d.date, d.from, d.to) {
        (Some(date), None, None) => (date.value.0, date.value.0),
        (None, Some(from), Some(to)) if to.value.0 < from.value.0 => {
            return to.node.fail(Code::ContractPeriod, "the end lies before the start", "结束早于开始");
        }
        (None, Some(from), Some(to)) => (from.value.0, to.value.0),
        (Some(date), _, _) => {
            return date.node.fail(
                Code::ContractValue,
                "either date, or from and to",
                "请写 date，或写 from 与 to，不能并用",
            );
        }
        (None, _, _) => {
            return node.fail(
                Code::ContractMissing,
                "add date = \"2026-05-04\", or from = … and to = …",
                "请补充 date = \"2026-05-04\"，或 from = … 与 to = …",
            );
        }
    };
    let flag = |f: Option<At<'_, super::values::Flag>>| f.is_some_and(|f| f.value.0);
    Ok(DayLine {
        from,
        to,
        name: d.name.map(|n| n.value.0).unwrap_or_default(),
        workday,
        statutory: flag(d.statutory),
        yearly: flag(d.yearly),
    })
}
