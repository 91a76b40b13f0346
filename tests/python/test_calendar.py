"""Working time: the shared cases and vectors, one by one and as columns."""

import ctypes
import functools
import json
from array import array
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from opsledger import Contract, InputError, NotFoundError
from support import CASES, CST, OPEN, us, vectors

DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)


def calendars(zone: str, tables: str) -> Contract:
    """A contract that is about these calendars alone."""
    return Contract.parse(
        f'format = 1\nid = "c"\ntitle = "calendars"\ntimezone = "{zone}"\n'
        'period = { start = "2026-01-01", end = "2026-12-31" }\n'
        f'{tables}\n[[clause]]\nid = "any"\nrule = "downtime"\nmax = "1h"\n'
    )


def load_cases() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))
    if not loaded.get("working_time"):
        pytest.skip(f"{CASES} has no working-time cases")
    return loaded


def test_the_working_time_cases() -> None:
    cases = load_cases()
    contract = calendars("Asia/Shanghai", cases["calendars"])
    wrong = []
    for case in cases["working_time"]:
        start, end = datetime.fromisoformat(case["start"]), datetime.fromisoformat(case["end"])
        between = contract.between(case["calendar"], start, end)
        added = contract.add(case["calendar"], start, case["add_us"] * MICRO)
        if between != case["working_us"] * MICRO or added != datetime.fromisoformat(case["add_gives"]):
            wrong.append(case["name"])
    assert wrong == []


@pytest.mark.parametrize("calendar", ["7x24", "7x8", "workdays"])
def test_the_working_time_cases_as_columns(calendar: str) -> None:
    cases = load_cases()
    contract = calendars("Asia/Shanghai", cases["calendars"])
    mine = [c for c in cases["working_time"] if c["calendar"] == calendar]
    start = np.array([us(datetime.fromisoformat(c["start"])) for c in mine], dtype=np.int64)
    end = array("q", [us(datetime.fromisoformat(c["end"])) for c in mine])
    amount = memoryview(array("q", [c["add_us"] for c in mine]))
    assert contract.between_batch(calendar, start, end).tolist() == [c["working_us"] for c in mine]
    assert contract.add_batch(calendar, start, amount).tolist() == [
        us(datetime.fromisoformat(c["add_gives"])) for c in mine
    ]


def znuny_hours(hours: list[int]) -> str:
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return json.dumps([f"{a:02}:00-{b:02}:00" for a, b in spans])


@functools.cache
def znuny(hours_name: str, vacation_days: bool, zone: str) -> Contract:
    """The peer's calendar: weekdays with hours, and days off that close any of them."""
    data = vectors("znuny_working_time.json")
    hours = data["working_hours"][hours_name]
    weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    spans = znuny_hours(hours["hours"])
    if vacation_days:
        # `workday` hours follow days off; a weekend that is worked is a workday of the contract's own
        opened = "{ workday = " + spans + " }"
        off = "".join(
            f'[[holiday]]\ndate = "2015-{m:02}-{d:02}"\nname = "off"\nyearly = true\n' for m, d in data["vacation_days"]
        )
        vacation = {(m, d) for m, d in data["vacation_days"]}
        extra = ""
        if 5 in hours["weekdays_mon0"]:
            day = date(2015, 1, 1)
            while day < date(2018, 1, 1):
                if day.weekday() >= 5 and (day.month, day.day) not in vacation:
                    extra += f'[[workday]]\ndate = "{day}"\nname = "weekend"\n'
                day += DAY
        lines = off + extra
    else:
        opened = "{ " + ", ".join(f"{weekdays[i]} = {spans}" for i in hours["weekdays_mon0"]) + " }"
        lines = ""
    return calendars(zone, f'[[calendar]]\nid = "z"\nopen = {opened}\n' + lines)


def calendar_of(case: dict[str, Any]) -> Contract:
    return znuny(case["working_hours"], case["vacation_days"], case["calendar_tz"])


def wall(case: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(case[key]).replace(tzinfo=ZoneInfo(case["tz"]))


def test_znuny_working_time_vectors() -> None:
    data = vectors("znuny_working_time.json")
    wrong: list[tuple[str, object]] = []
    for case in data["delta"]:
        got = calendar_of(case).between("z", wall(case, "start"), wall(case, "end"))
        if got != timedelta(seconds=case["expected_seconds"]):
            wrong.append((case["name"], got))
    for case in data["add"]:
        got_at = calendar_of(case).add("z", wall(case, "start"), timedelta(seconds=case["add_working_seconds"]))
        if got_at.astimezone(ZoneInfo(case["tz"])).replace(tzinfo=None) != datetime.fromisoformat(case["expected_end"]):
            wrong.append((case["name"], got_at))
    assert wrong == []
    assert (len(data["delta"]), len(data["add"])) == (14, 16)


def whole_days() -> Contract:
    return calendars("Asia/Shanghai", '[[calendar]]\nid = "d"\nopen = { workday = ["00:00-24:00"] }\nholidays = "CN"\n')


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CST)


def workdays(contract: Contract, start: date, end: date) -> int:
    whole, rest = divmod(contract.between("d", midnight(start), midnight(end)), DAY)
    assert rest == timedelta(0)
    return whole


def test_calendar_vectors() -> None:
    contract = whole_days()
    data = vectors("calendar.json")
    for span in data["spans"]:
        first, last = date.fromisoformat(span["from"]), date.fromisoformat(span["to"])
        assert workdays(contract, first, last + DAY) == 0, span
        assert (last - first).days + 1 == span["days"]
        for day in map(date.fromisoformat, span["makeup"]):
            assert workdays(contract, day, day + DAY) == 1, span
    for case in data["cases"]:
        match case["op"]:
            case "is_workday":
                day = date.fromisoformat(case["date"])
                assert workdays(contract, day, day + DAY) == case["expect"], case
            case "add_workdays":
                # the n-th workday after a day ends when n workdays have passed since that day's end
                day = date.fromisoformat(case["date"])
                end = contract.add("d", midnight(day + DAY), case["n"] * DAY).astimezone(CST)
                assert end == midnight(date.fromisoformat(case["expect"]) + DAY), case
            case "count_workdays":
                assert workdays(contract, date(case["year"], 1, 1), date(case["year"] + 1, 1, 1)) == case["expect"]
            case "count_workdays_month":
                first = date.fromisoformat(case["month"] + "-01")
                after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
                assert workdays(contract, first, after) == case["expect"], case
            case other:
                pytest.fail(f"a case of an unknown kind: {other}")


def test_the_notice_known_then() -> None:
    contract = whole_days()
    day = date(2020, 1, 31)
    before, after = (datetime(2020, 1, d, 12, tzinfo=CST) for d in (26, 28))
    assert contract.between("d", midnight(day), midnight(day + DAY), known_at=before) == DAY
    assert contract.between("d", midnight(day), midnight(day + DAY), known_at=after) == timedelta(0)
    assert workdays(contract, day, day + DAY) == 0
    column = np.array([us(midnight(day))]), np.array([us(midnight(day + DAY))])
    assert contract.between_batch("d", *column, known_at=before).tolist() == [86_400_000_000]


def test_a_year_without_a_schedule_is_named() -> None:
    contract = whole_days()
    with pytest.raises(InputError, match="2031") as caught:
        contract.between("d", midnight(date(2031, 1, 5)), midnight(date(2031, 1, 6)))
    assert caught.value.code == "no-schedule"
    fine, bad = us(midnight(date(2026, 1, 5))), us(midnight(date(2031, 1, 5)))
    with pytest.raises(InputError, match="2031") as caught:
        contract.add_batch("d", np.array([fine, bad]), np.array([1, 1]))
    assert (caught.value.code, caught.value.row) == ("no-schedule", 2)


def test_an_unknown_calendar(contract: Contract) -> None:
    now = datetime(2026, 1, 1, tzinfo=CST)
    with pytest.raises(NotFoundError, match="7x9"):
        contract.between("7x9", now, now)
    with pytest.raises(NotFoundError, match="7x9"):
        contract.between_batch("7x9", np.zeros(1, np.int64), np.zeros(1, np.int64))


def test_columns_of_a_wrong_kind(contract: Contract) -> None:
    good = np.zeros(4, np.int64)
    for bad in [
        np.zeros(4, np.int32),
        np.zeros(4, np.float64),
        np.zeros((2, 2), np.int64),
        np.zeros(8, np.int64)[::2],
        np.zeros(4, ">i8"),
        bytes(32),
        [0, 0, 0, 0],
        None,
    ]:
        with pytest.raises(InputError, match="end must be a one-dimensional, contiguous buffer of int64") as caught:
            contract.between_batch("7x24", good, bad)  # type: ignore[arg-type]
        assert caught.value.code == "wrong-type"
    with pytest.raises(InputError, match="start has 4 rows, end has 3") as caught:
        contract.between_batch("7x24", good, good[:3])
    assert caught.value.code == "bad-request"


def test_results_are_lent_not_copied(contract: Contract) -> None:
    start = np.arange(100_000, dtype=np.int64)
    start.flags.writeable = False
    lent = contract.between_batch("7x24", start, start + 5)
    assert (lent.format, lent.ndim, lent.shape, lent.readonly, lent.contiguous) == ("q", 1, (100_000,), True, True)
    one, two = np.asarray(lent), np.asarray(lent)
    assert one.__array_interface__["data"] == two.__array_interface__["data"]
    assert not one.flags.owndata and not one.flags.writeable and (one == 5).all()
    del lent
    assert (two == 5).all()  # the memory lives as long as someone looks at it


def test_empty_columns(contract: Contract) -> None:
    empty = np.zeros(0, np.int64)
    assert contract.between_batch("7x24", empty, empty).tolist() == []
    assert len(contract.add_batch("7x24", array("q"), array("q"))) == 0


def test_the_ends_of_the_axis(contract: Contract) -> None:
    low, high = us(datetime(1900, 1, 1, tzinfo=UTC)), us(datetime(9999, 12, 31, tzinfo=UTC))
    assert contract.between_batch("7x24", array("q", [low]), array("q", [high])).tolist() == [high - low]
    for beyond in (OPEN, -OPEN, high + 2 * 86_400_000_000):
        with pytest.raises(InputError) as caught:
            contract.between_batch("7x24", array("q", [low, min(low, beyond)]), array("q", [high, max(high, beyond)]))
        assert (caught.value.code, caught.value.row) == ("out-of-range", 2)
    with pytest.raises(InputError) as caught:
        contract.add_batch("7x24", array("q", [high]), array("q", [OPEN]))
    assert (caught.value.code, caught.value.row) == ("out-of-range", 1)


def test_the_machine_s_byte_order_by_any_name(contract: Contract) -> None:
    ours = (ctypes.c_int64 * 2)(1, 2)  # exports "<l" on a little-endian machine
    assert memoryview(ours).format != "q"
    assert contract.between_batch("7x24", ours, (ctypes.c_int64 * 2)(6, 8)).tolist() == [5, 6]
