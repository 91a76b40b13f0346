"""Shared vectors as requests to a driver of cases.py: each is a name, a function of the driver that lists what is wrong, and its
arguments."""

import json
import re
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
CST = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)


def load(name):
    return json.loads((ROOT / "tests/vectors" / name).read_text(encoding="utf-8"))


def frame(zone, calendars):
    """A contract that is about these calendars alone; it has to have a clause."""
    return (
        f'format = 1\nid = "calendars"\ntitle = "calendars"\ntimezone = "{zone}"\n'
        'period = { start = "2026-01-01", end = "2026-12-31" }\n'
        f'{calendars}\n[[clause]]\nid = "any"\nrule = "downtime"\nmax = "10h"\n'
    )


def differs(got, wanted):
    return [] if got == wanted else [f"{got} for {wanted}"]


# --- the statutory calendar ---


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=CST)


def between(driver, start, end):
    return int(driver.ask(f"between z {start.isoformat()} {end.isoformat()}")) * MICRO


def workdays(driver, first, after):
    return between(driver, midnight(first), midnight(after)) / DAY


def statutory(driver, calendars):
    driver.account(frame("Asia/Shanghai", calendars), "")
    return []


def span(driver, case):
    first, last = date.fromisoformat(case["from"]), date.fromisoformat(case["to"])
    makeup = [workdays(driver, day, day + DAY) for day in map(date.fromisoformat, case["makeup"])]
    return differs(
        (workdays(driver, first, last + DAY), (last - first).days + 1, makeup), (0, case["days"], [1] * len(makeup))
    )


def day_question(driver, case):
    if case["op"] == "add_workdays":
        # the n-th workday after a day ends when n workdays have passed since that day's end
        start = midnight(date.fromisoformat(case["date"]) + DAY)
        got = EPOCH + int(driver.ask(f"add z {start.isoformat()} {case['n'] * DAY // MICRO}")) * MICRO
        return differs(got, midnight(date.fromisoformat(case["expect"]) + DAY))
    if case["op"] == "is_workday":
        first = date.fromisoformat(case["date"])
        after = first + DAY
    elif case["op"] == "count_workdays":
        first, after = date(case["year"], 1, 1), date(case["year"] + 1, 1, 1)
    elif case["op"] == "count_workdays_month":
        first = date.fromisoformat(case["month"] + "-01")
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    else:
        return [f"unknown question {case['op']}"]
    return differs(workdays(driver, first, after), case["expect"])


# --- working time of Znuny ---


def hours(each):
    spans = []
    for hour in each:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return json.dumps([f"{a:02}:00-{b:02}:00" for a, b in spans])


def znuny(data, case):
    """The peer's calendar: weekdays with hours, and days off that close any of them."""
    worked = data["working_hours"][case["working_hours"]]
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    if not case["vacation_days"]:
        opened = ", ".join(f"{names[i]} = {hours(worked['hours'])}" for i in worked["weekdays_mon0"])
        return frame(case["calendar_tz"], f'[[calendar]]\nid = "z"\nopen = {{ {opened} }}\n')
    # `workday` hours follow days off; a weekend that is worked is a workday of the contract's own
    lines = [f'[[holiday]]\ndate = "2015-{m:02}-{d:02}"\nname = "off"\nyearly = true\n' for m, d in data["vacation_days"]]
    if 5 in worked["weekdays_mon0"]:
        weekends = (date(2014, 1, 1) + n * DAY for n in range(5 * 366))
        lines += [
            f'[[workday]]\ndate = "{day}"\nname = "weekend"\n'
            for day in weekends
            if day.weekday() >= 5 and [day.month, day.day] not in data["vacation_days"]
        ]
    opened = f'[[calendar]]\nid = "z"\nopen = {{ workday = {hours(worked["hours"])} }}\n'
    return frame(case["calendar_tz"], opened + "".join(lines))


def wall(case, key):
    return datetime.fromisoformat(case[key]).replace(tzinfo=ZoneInfo(case["tz"]))


def znuny_delta(driver, data, case):
    driver.account(znuny(data, case), "")
    return differs(between(driver, wall(case, "start"), wall(case, "end")), timedelta(seconds=case["expected_seconds"]))


def znuny_add(driver, data, case):
    driver.account(znuny(data, case), "")
    micros = case["add_working_seconds"] * 1_000_000
    got = EPOCH + int(driver.ask(f"add z {wall(case, 'start').isoformat()} {micros}")) * MICRO
    return differs(got.astimezone(ZoneInfo(case["tz"])).replace(tzinfo=None), datetime.fromisoformat(case["expected_end"]))


# --- the canonical text of facts ---


def statuses():
    """Numbers of errors, by name, as C has them."""
    header = (ROOT / "include/opsledger.h").read_text(encoding="utf-8")
    return {m[1].lower().replace("_", "-"): m[2] for m in re.finditer(r"^#define OPSL_E_(\w+) (\d+)", header, re.MULTILINE)}


BEGINNING = b'{"kind":"outage.start","subject":"O-1","at":"2026-03-01T00:10:00Z","body":{"system":"portal"}}'


def canonical(driver, case, codes, refusal):
    fill = "a" * case.get("fill", 0)
    text = bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].replace("FILL", fill).encode()
    # a fact is a line, so a break between its parts has to be another blank
    text = re.sub(rb"[\r\n]", b" ", text)
    try:
        got = driver.ask(f"append {len(text)}", text)
    except refusal as error:
        return differs(error.args[0], codes[case["error"]] if "error" in case else "success")
    return differs(got, case.get("canonical", case.get("error", "")).replace("FILL", fill))


def all_of_them(refusal):
    calendar = load("calendar.json")
    yield "calendar", statutory, '[[calendar]]\nid = "z"\nopen = { workday = ["00:00-24:00"] }\nholidays = "CN"\n'
    for case in calendar["spans"]:
        yield f"calendar {case['from']} {case['name']}", span, case
    for case in calendar["cases"]:
        yield f"calendar {json.dumps(case)}", day_question, case
    peer = load("znuny_working_time.json")
    for case in peer["delta"]:
        yield f"znuny delta {case['name']}", znuny_delta, peer, case
    for case in peer["add"]:
        yield f"znuny add {case['name']}", znuny_add, peer, case
    # what the vectors end has to have begun
    yield "canonical: O-1 begins", lambda driver: [] if driver.ask(f"append {len(BEGINNING)}", BEGINNING) else ["nothing stored"]
    codes = statuses()
    for case in load("canonical.json")["cases"]:
        if case.get("input") != "":  # a blank line is no fact
            yield f"canonical {case['name']}", partial(canonical, codes=codes, refusal=refusal), case
