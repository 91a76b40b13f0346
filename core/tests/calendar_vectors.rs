//! Calendars against the published schedules and against peers: each case as the peer has it, each difference written
//! down and asserted.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use chrono::{Datelike, NaiveDateTime, Weekday};
use opsledger::calendar::recurring::{Missing, On, Recurring};
use opsledger::calendar::{Calendar, CalendarSpec, Date, DayLine, Days, OpenHours, Zone};
use opsledger::contract::Contract;
use opsledger::error::Code;
use opsledger::time::{Instant, Interval, SECOND, parse_instant};
use serde_json::Value;

fn read(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn vectors(file: &str) -> Value {
    read(&format!("{}/../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR")))
}

/// The cases of the accounting; another file by `OPSLEDGER_CASES=path`.
fn cases() -> Value {
    let own = format!("{}/../tests/cases/accounting.json", env!("CARGO_MANIFEST_DIR"));
    read(&std::env::var("OPSLEDGER_CASES").unwrap_or(own))
}

fn list<'a>(doc: &'a Value, key: &str) -> &'a Vec<Value> {
    doc[key].as_array().unwrap()
}
fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} in {case}"))
}
fn int(case: &Value, key: &str) -> i64 {
    case[key].as_i64().unwrap_or_else(|| panic!("{key} in {case}"))
}
fn date(text: &str) -> Date {
    text.parse().unwrap()
}
fn at(text: &str) -> Instant {
    parse_instant(text).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Long after every notice that the library carries.
const LATER: &str = "2026-11-23T00:00:00+08:00";

fn cn(known_at: &str) -> Days {
    Days::new(Some("CN"), &[], at(known_at)).unwrap()
}

#[test]
fn published_schedules() {
    let doc = vectors("calendar.json");
    let days = cn(LATER);
    let (mut off, mut makeup) = (0, 0);
    for span in list(&doc, "spans") {
        let given = date(text(span, "from")).iter_days().take_while(|d| *d <= date(text(span, "to")));
        let given: Vec<Date> = given.collect();
        assert_eq!(given.len() as i64, int(span, "days"));
        for d in &given {
            assert!(!days.is_workday(*d).unwrap(), "{d} {}", text(span, "name"));
        }
        for d in list(span, "makeup").iter().map(|d| date(d.as_str().unwrap())) {
            assert!(days.is_workday(d).unwrap(), "{d}");
            assert!(d.weekday().num_days_from_monday() >= 5);
            makeup += 1;
        }
        off += given.len();
    }
    assert_eq!((off, makeup), (116, 26));
    let count = |first: Date, keep: &dyn Fn(Date) -> bool| {
        first.iter_days().take_while(|d| keep(*d)).filter(|d| days.is_workday(*d).unwrap()).count() as i64
    };
    for case in list(&doc, "cases") {
        match text(case, "op") {
            "is_workday" => {
                assert_eq!(
                    days.is_workday(date(text(case, "date"))).unwrap(),
                    case["expect"] == true,
                    "{case}"
                );
            }
            "add_workdays" => {
                let later = days.add_workdays(date(text(case, "date")), int(case, "n") as u32).unwrap();
                assert_eq!(later, date(text(case, "expect")), "{case}");
            }
            "count_workdays" => {
                let first = Date::from_ymd_opt(int(case, "year") as i32, 1, 1).unwrap();
                assert_eq!(count(first, &|d| d.year() == first.year()), int(case, "expect"), "{case}");
            }
            "count_workdays_month" => {
                let first = date(&format!("{}-01", text(case, "month")));
                assert_eq!(count(first, &|d| d.month() == first.month()), int(case, "expect"), "{case}");
            }
            op => panic!("unknown op {op}"),
        }
    }
    assert_eq!(list(&doc, "cases").len(), 26);
}

#[test]
fn statutory_days() {
    let days = cn(LATER);
    for (year, expected) in [(2023, 11), (2024, 11), (2025, 13), (2026, 13)] {
        let first = Date::from_ymd_opt(year, 1, 1).unwrap();
        let of_year = first.iter_days().take_while(|d| d.year() == year);
        assert_eq!(of_year.filter(|d| days.is_statutory(*d).unwrap()).count(), expected, "{year}");
    }
    let e = days.is_statutory(date("2021-10-01")).unwrap_err();
    assert_eq!((e.code(), e.detail()), (Code::NoStatutory, "2021-10-01 (CN)"));
    let e = days.is_statutory(date("2027-10-01")).unwrap_err();
    assert_eq!((e.code(), e.detail()), (Code::NoSchedule, "2027 (CN)"));
    // The notice of 2023 names this day of a year whose own source has no marks.
    assert!(!days.is_statutory(date("2022-12-31")).unwrap());
}

#[test]
fn a_notice_is_known_from_its_publication_on() {
    // 2020 changed in mid-holiday, on 2020-01-27.
    let [before, after] = ["2020-01-26T23:59:59.999999+08:00", "2020-01-27T00:00:00+08:00"].map(cn);
    for (d, was, is) in [
        ("2020-01-30", false, false),
        ("2020-01-31", true, false),
        ("2020-02-01", true, false),
        ("2020-02-02", false, false),
        ("2020-02-03", true, true),
        ("2020-10-10", true, true),
    ] {
        assert_eq!(before.is_workday(date(d)).unwrap(), was, "{d}");
        assert_eq!(after.is_workday(date(d)).unwrap(), is, "{d}");
    }
    assert_eq!(before.valid_until(), Some(at("2020-01-27T00:00:00+08:00")));
    assert_eq!(after.valid_until(), Some(at("2022-12-08T00:00:00+08:00")));
    assert_eq!(cn(LATER).valid_until(), None);
    let ids = |days: &Days| days.sources().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(&before), ["CN/2018", "CN/2019", "CN/2020", "CN/2021", "CN/2022"]);
    assert_eq!(ids(&after), ["CN/2018", "CN/2019", "CN/2020-2", "CN/2021", "CN/2022"]);
    // A notice changes the last days of the year before.
    let [before, after] = ["2022-12-07T12:00:00+08:00", "2022-12-08T00:00:00+08:00"].map(cn);
    let sources = |days: &Days| days.sources_between(date("2022-12-01"), date("2022-12-31"));
    assert_eq!(sources(&before).len(), 1);
    assert_eq!(sources(&after).iter().map(|s| s.0.as_str()).collect::<Vec<_>>(), ["CN/2022", "CN/2023"]);
    // What is not published is not guessed.
    let e = cn("2025-11-29T12:00:00+08:00").is_workday(date("2026-01-04")).unwrap_err();
    assert_eq!((e.code(), e.detail()), (Code::NoSchedule, "2026 (CN)"));
    assert!(cn("2025-11-30T00:00:00+08:00").is_workday(date("2026-01-04")).unwrap());
    for year in [1900, 2017, 2027, 9999] {
        let e = cn(LATER).is_workday(Date::from_ymd_opt(year, 6, 1).unwrap()).unwrap_err();
        assert!(e.code() == Code::NoSchedule && e.detail().starts_with(&format!("{year} (CN")), "{e:?}");
    }
    assert_eq!(Days::new(Some("XX"), &[], 0).unwrap_err().code(), Code::NotFound);
    for (_, sm3) in cn(LATER).sources() {
        assert!(sm3.len() == 64 && sm3.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}

fn line(from: &str, to: &str, workday: bool, statutory: bool, yearly: bool) -> DayLine {
    DayLine { from: date(from), to: date(to), name: String::new(), workday, statutory, yearly }
}

#[test]
fn lines_of_the_contract_win() {
    let own = [
        line("2027-05-01", "2027-05-05", false, true, false),
        line("2027-05-03", "2027-05-03", true, false, false),
        line("2026-12-30", "2027-01-02", false, false, true),
        line("2026-10-08", "2026-10-08", false, false, false),
        line("2026-10-03", "2026-10-03", true, false, false),
        line("2026-01-02", "2026-01-02", true, false, false),
    ];
    let days = Days::new(Some("CN"), &own, at(LATER)).unwrap();
    for (d, workday) in [
        ("2026-10-08", false),
        ("2026-10-03", true),
        // dated before yearly, and yearly before the notice
        ("2026-01-02", true),
        ("2026-12-30", false),
        ("2025-12-31", false),
        // the shorter of two lines
        ("2027-05-02", false),
        ("2027-05-03", true),
        ("2030-01-01", false),
    ] {
        assert_eq!(days.is_workday(date(d)).unwrap(), workday, "{d}");
    }
    for (d, statutory) in [
        ("2027-05-01", true),
        ("2027-05-03", false),
        ("2026-10-03", false),
        ("2026-01-01", true),
        ("2020-01-01", false),
    ] {
        assert_eq!(days.is_statutory(date(d)).unwrap(), statutory, "{d}");
    }
    // Lines answer for the days they name, not for the rest of an unpublished year.
    assert_eq!(days.is_workday(date("2027-05-06")).unwrap_err().code(), Code::NoSchedule);
    let spec = workdays(&[(0, 1440)]);
    let calendar = Calendar::new(&spec, Zone::parse("Asia/Shanghai").unwrap(), &days).unwrap();
    let day = 86_400 * SECOND;
    let between = |a, b| calendar.between(at(a), at(b));
    assert_eq!(between("2027-05-01T00:00:00+08:00", "2027-05-06T00:00:00+08:00").unwrap(), day);
    assert_eq!(between("2026-12-29T00:00:00+08:00", "2027-01-03T00:00:00+08:00").unwrap(), day);
    let e = between("2026-12-29T00:00:00+08:00", "2027-01-03T00:00:00.000001+08:00").unwrap_err();
    assert!(e.code() == Code::NoSchedule && e.detail().starts_with("2027"), "{e:?}");
    let wrong = line("2026-01-02", "2026-01-01", false, false, false);
    assert_eq!(Days::new(None, &[wrong], 0).unwrap_err().code(), Code::BadCalendar);
}

fn workdays(hours: &[(u16, u16)]) -> CalendarSpec {
    let open = OpenHours { workday: Some(hours.to_vec()), ..OpenHours::default() };
    CalendarSpec { id: "w".into(), open, seasons: Vec::new(), holidays: Some("CN".into()) }
}

#[test]
fn unpublished_years_are_errors_only_where_they_are_touched() {
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let calendar = Calendar::new(&workdays(&[(540, 1020)]), zone, &cn(LATER)).unwrap();
    let (start, end) = (at("2018-01-01T00:00:00+08:00"), at("2027-01-01T00:00:00+08:00"));
    assert!(calendar.between(start, end).unwrap() > 0);
    assert!(!calendar.open_in(Interval::new(start, end)).unwrap().is_empty());
    for (a, b, year) in [(start - 1, end, "2017"), (start, end + 1, "2027"), (end, end + 1, "2027")] {
        for e in [calendar.between(a, b).unwrap_err(), calendar.open_in(Interval::new(a, b)).unwrap_err()] {
            assert!(e.code() == Code::NoSchedule && e.detail().starts_with(year), "{e:?}");
        }
    }
    // The last working microsecond of 2026 can be reached, none after it; nothing is owed at once.
    let last = at("2026-12-31T17:00:00+08:00");
    assert_eq!(calendar.add(last - 2, 2).unwrap(), last);
    assert_eq!(calendar.add(end, 0).unwrap(), end);
    for (from, n, year) in [(last - 2, 3, "2027"), (end, 1, "2027"), (start - 1, 1, "2017")] {
        let e = calendar.add(from, n).unwrap_err();
        assert!(e.code() == Code::NoSchedule && e.detail().starts_with(year), "{e:?}");
    }
}

#[test]
fn working_time_cases() {
    let doc = cases();
    let head = "format = 1\nid = \"c\"\ntitle = \"t\"\ntimezone = \"Asia/Shanghai\"\nholidays = \"CN\"\n\
                period = { start = \"2026-01-01\", end = \"2026-12-31\" }\n";
    let clause = "\n[[clause]]\nid = \"c\"\nrule = \"downtime\"\nmax = \"10h\"\n";
    let contract = Contract::parse(&format!("{head}{}{clause}", text(&doc, "calendars"))).unwrap();
    for case in list(&doc, "working_time") {
        let calendar = contract.hours(text(case, "calendar"), at(LATER)).unwrap();
        let start = at(text(case, "start"));
        let working = calendar.between(start, at(text(case, "end"))).unwrap();
        assert_eq!(working, int(case, "working_us"), "{case}");
        let due = calendar.add(start, int(case, "add_us")).unwrap();
        assert_eq!(due, at(text(case, "add_gives")), "{case}");
        assert_eq!(contract.zone.format(due), text(case, "add_gives"), "{case}");
    }
    assert!(list(&doc, "working_time").len() >= 150);
}

/// Znuny's working hours as a calendar.
fn znuny(doc: &Value, case: &Value) -> Calendar {
    let named = &doc["working_hours"][text(case, "working_hours")];
    let hours: Vec<(u16, u16)> = list(named, "hours")
        .iter()
        .map(|h| h.as_u64().unwrap() as u16)
        .map(|h| (h * 60, h * 60 + 60))
        .collect();
    let mut open = OpenHours::default();
    for day in list(named, "weekdays_mon0") {
        open.week[day.as_u64().unwrap() as usize] = Some(hours.clone());
    }
    // Hours of days of the week do not ask for workdays, so days off need the other way of writing them.
    let all_week = open.week.iter().all(Option::is_some);
    let mut own: Vec<DayLine> = Vec::new();
    if case["vacation_days"] == true {
        open = OpenHours { workday: Some(hours), ..OpenHours::default() };
        own.extend(list(doc, "vacation_days").iter().map(|md| {
            let d = format!("2000-{:02}-{:02}", md[0].as_u64().unwrap(), md[1].as_u64().unwrap());
            line(&d, &d, false, false, true)
        }));
        if all_week {
            own.push(line("1900-01-01", "2100-12-31", true, false, true));
        }
    }
    let spec = CalendarSpec { id: "znuny".into(), open, seasons: Vec::new(), holidays: None };
    let zone = Zone::parse(text(case, "calendar_tz")).unwrap();
    Calendar::new(&spec, zone, &Days::new(None, &own, 0).unwrap()).unwrap()
}

fn local(case: &Value, key: &str) -> Instant {
    let naive = NaiveDateTime::parse_from_str(text(case, key), "%Y-%m-%d %H:%M:%S").unwrap();
    let time = naive.time() - chrono::NaiveTime::MIN;
    Zone::parse(text(case, "tz")).unwrap().at(naive.date(), time.num_microseconds().unwrap())
}

/// No difference to the peer: 14 spans and 16 additions.
#[test]
fn znuny_working_time() {
    let doc = vectors("znuny_working_time.json");
    for case in list(&doc, "delta") {
        let calendar = znuny(&doc, case);
        let working = calendar.between(local(case, "start"), local(case, "end")).unwrap();
        assert_eq!(working, int(case, "expected_seconds") * SECOND, "{case}");
    }
    for case in list(&doc, "add") {
        let due =
            znuny(&doc, case).add(local(case, "start"), int(case, "add_working_seconds") * SECOND).unwrap();
        assert_eq!(due, local(case, "expected_end"), "{case}");
    }
    assert_eq!((list(&doc, "delta").len(), list(&doc, "add").len()), (14, 16));
}

fn zabbix(case: &Value) -> Vec<Interval> {
    let length = int(case, "period_s") * SECOND;
    let active = Interval::new(at(text(case, "active_since")), at(text(case, "active_until")));
    let number = |key: &str| case[key].as_u64().map(|n| n as u32);
    let on = match text(case, "type") {
        "onetime" => {
            let start = at(text(case, "onetime_start"));
            return vec![Interval::new(start, start + length).clip(active)];
        }
        "daily" => On::Days { every: number("every").unwrap_or(1) },
        "weekly" => {
            let weekday = Weekday::try_from(number("weekday").unwrap() as u8).unwrap();
            On::Weeks { every: number("every").unwrap_or(1), weekdays: vec![weekday] }
        }
        "monthly" => On::MonthDay {
            months: vec![number("month").unwrap()],
            every: 1,
            day: number("day").unwrap(),
            missing: Missing::Skip,
        },
        kind => panic!("unknown type {kind}"),
    };
    let windows = Recurring { on, start: int(case, "start_time_s") * SECOND, length };
    windows.expand(Zone::parse(text(case, "tz")).unwrap(), active).unwrap()
}

/// One difference to the peer, case 6: a window whose start a clock set forward skips. Zabbix drops it; here it starts at
/// the first instant that exists, 03:00 on 2020-03-08, and lasts its hour. The window was agreed, and one time a year a
/// quiet omission would put its downtime on the supplier.
#[test]
fn zabbix_maintenance() {
    let doc = vectors("zabbix_maintenance_dst.json");
    let mut differences = Vec::new();
    for case in list(&doc, "cases") {
        let windows = zabbix(case);
        for (time, peer) in list(case, "times").iter().zip(list(case, "in_maintenance")) {
            let time = time.as_str().unwrap();
            let ours = windows.iter().any(|w| w.contains(at(time)));
            if peer != ours {
                differences.push((int(case, "index"), time, ours));
            }
        }
    }
    assert_eq!(differences, [(6, "2020-03-08T03:00:00-05:00", true), (6, "2020-03-08T03:59:00-05:00", true)]);
    assert_eq!(list(&doc, "cases").len(), 22);
}
