"""Figures of many systems from columns: the same as a model in plain Python, and as the account's; nothing copied."""

import hashlib
import random
import sys
import tracemalloc
from array import array
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import opsledger
import pytest
from opsledger import Account, Contract, InputError, SystemFigures, outages_batch
from support import CONTRACT, EPOCH, HOUR, OPEN, at, us, vectors

MINUTE = 60_000_000
Row = tuple[int, int, int]
PERIOD = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 11, tzinfo=UTC))


def minute(n: int) -> int:
    return us(PERIOD[0]) + n * MINUTE


def model(rows: list[Row], windows: list[Row], systems: int, as_of: int, gap: int, long_from: int) -> list[list[int]]:
    """One cell a minute, straight from the definitions: long, short, pending, downtime, planned for each system."""
    low, high = us(PERIOD[0]), us(PERIOD[1])
    elapsed = min(high, as_of)
    answer = []
    for s in range(systems):
        mine = sorted((a, min(b, as_of), b > as_of) for system, a, b in rows if system == s and a <= as_of)
        planned = {
            t for system, a, b in windows if system in (s, -1) for t in range(a, b, MINUTE)
        }
        episodes: list[dict[str, Any]] = []
        for a, b, is_open in mine:
            if episodes and a - episodes[-1]["end"] <= gap:
                last = episodes[-1]
                last["end"] = max(last["end"], b)
                last["open"] |= is_open
            else:
                last = {"end": b, "open": is_open, "cells": set()}
                episodes.append(last)
            last["cells"] |= set(range(a, b, MINUTE)) - planned
        figures = [0, 0, 0, 0, 0]
        down: set[int] = set()
        for e in episodes:
            cells = e["cells"]
            down |= {t for t in cells if low <= t < high}
            if not cells or not low <= min(cells) < high:
                continue
            is_open = e["open"] or as_of < e["end"] + gap
            kind = 0 if len(cells) * MINUTE >= long_from else 2 if is_open else 1
            figures[kind] += 1
        figures[3] = len(down) * MINUTE
        figures[4] = len({t for t in planned if low <= t < elapsed} - down) * MINUTE
        answer.append(figures)
    return answer


def table(figures: SystemFigures) -> list[list[int]]:
    columns = (figures.long_count, figures.short_count, figures.pending_count, figures.downtime_us, figures.planned_us)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def random_rows(rng: random.Random, systems: int) -> tuple[list[Row], list[Row], int]:
    as_of = minute(rng.randrange(0, 16_000))
    rows = []
    for _ in range(rng.randrange(0, 40)):
        start = minute(rng.randrange(-200, 16_000))
        end = OPEN if rng.random() < 0.1 else start + rng.randrange(1, 200) * MINUTE
        rows.append((rng.randrange(systems), start, end))
    windows = []
    for _ in range(rng.randrange(0, 6)):
        start = minute(rng.randrange(-100, 15_000))
        windows.append((rng.randrange(-1, systems), start, start + rng.randrange(1, 600) * MINUTE))
    return rows, windows, as_of


def columns(rows: list[Row]) -> tuple[Any, Any, Any]:
    """Three kinds of buffer at once."""
    return (
        np.array([r[0] for r in rows], dtype=np.int32),
        array("q", [r[1] for r in rows]),
        memoryview(array("q", [r[2] for r in rows])),
    )


@pytest.mark.parametrize("seed", range(60))
def test_against_a_model(seed: int) -> None:
    rng = random.Random(seed)
    systems = rng.choice([1, 2, 5])
    rows, windows, as_of = random_rows(rng, systems)
    gap, long_from = rng.choice([0, 0, 5, 60]) * MINUTE, rng.choice([30, 60, 90]) * MINUTE
    if rng.random() < 0.5:
        rows.sort(key=lambda row: row[1])
    system, start, end = columns(rows)
    window_system, window_start, window_end = columns(windows)
    figures = outages_batch(
        system,
        start,
        end,
        systems=systems,
        as_of=EPOCH + timedelta(microseconds=as_of),
        period=PERIOD,
        merge_gap=timedelta(microseconds=gap),
        long_from=timedelta(microseconds=long_from),
        window_system=window_system,
        window_start=window_start,
        window_end=window_end,
    )
    assert table(figures) == model(rows, windows, systems, as_of, gap, long_from)


def test_the_account_says_the_same(contract: Contract) -> None:
    rng = random.Random(7)
    facts: list[dict[str, Any]] = []
    rows = []
    for i in range(40):
        start = at("03-01 00:00") + timedelta(minutes=rng.randrange(40_000))
        end = start + timedelta(minutes=rng.randrange(1, 120))
        rows.append((0, us(start), us(end)))
        facts.append({"kind": "outage.start", "subject": f"O-{i}", "at": start, "body": {"system": "portal"}})
        facts.append({"kind": "outage.end", "subject": f"O-{i}", "at": end})
    facts.sort(key=lambda fact: fact["at"])
    as_of = at("04-15 00:00")
    account = Account(contract)
    account.add(facts)
    outages = account.assess(as_of, as_of)["outages"]
    figures = outages_batch(*columns(rows), systems=1, as_of=as_of, contract=contract)
    assert table(figures) == [
        [outages["long"], outages["short"], outages["pending"], outages["downtime_us"], outages["planned_us"]]
    ]
    assert outages["long"] > 0 and outages["short"] > 0


def test_issue_regressions() -> None:
    """What other tools got wrong with overlaps, maintenance and open outages, each with the right figure."""
    cases = vectors("issue_regressions.json")["interval_cases"]
    for case in cases:
        low, high = (datetime.fromisoformat(t) for t in case["window"])
        rows = [(0, us(datetime.fromisoformat(a)), OPEN if b is None else us(datetime.fromisoformat(b))) for a, b in case["outages"]]
        windows = [(-1, us(datetime.fromisoformat(a)), us(datetime.fromisoformat(b))) for a, b in case["maintenance"]]
        system, start, end = columns(rows)
        window_system, window_start, window_end = columns(windows)
        figures = outages_batch(
            system,
            start,
            end,
            systems=1,
            as_of=high,
            period=(low, high),
            merge_gap=timedelta(0),
            long_from=timedelta(hours=1),
            window_system=window_system,
            window_start=window_start,
            window_end=window_end,
        )
        assert figures.downtime_us[0] == round(case["right"]["counted_down_s"] * 1_000_000), case["id"]
    assert len(cases) == 12


def one(**changes: Any) -> SystemFigures:
    arguments: dict[str, Any] = {
        "system": np.array([0], np.int32),
        "start": np.array([minute(0)]),
        "end": np.array([minute(90)]),
        "systems": 1,
        "as_of": PERIOD[1],
        "period": PERIOD,
        "merge_gap": timedelta(0),
        "long_from": timedelta(hours=1),
    }
    arguments |= changes
    system, start, end = (arguments.pop(k) for k in ("system", "start", "end"))
    return outages_batch(system, start, end, **arguments)


def test_read_only_inputs_are_read_in_place() -> None:
    start = np.array([minute(0)])
    start.flags.writeable = False
    assert table(one(start=start, system=memoryview(array("i", [0])).toreadonly())) == [[1, 0, 0, 90 * MINUTE, 0]]


def test_views_into_larger_memory_are_read_in_place() -> None:
    """A slice of a column is read where it lies: the numbers before and after it would give other figures."""
    block = np.array([7, minute(0), 7], np.int64)
    assert table(one(start=block[1:2])) == [[1, 0, 0, 90 * MINUTE, 0]]


def test_nothing_is_copied() -> None:
    """Millions of rows, and Python's and the process's memory grow by the results alone."""
    n, systems = 4_000_000, 1000
    system = np.repeat(np.arange(systems, dtype=np.int32), n // systems)
    start = np.tile(np.arange(n // systems, dtype=np.int64) * 2 * MINUTE + minute(0), systems)
    end = start + MINUTE
    references = [sys.getrefcount(column) for column in (system, start, end)]
    tracemalloc.start()
    try:
        figures = outages_batch(
            system, start, end, systems=systems, as_of=PERIOD[1], period=PERIOD, merge_gap=timedelta(0), long_from=timedelta(hours=1)
        )
        views = [np.asarray(v) for v in (figures.long_count, figures.short_count, figures.downtime_us)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000  # the columns are 80 MB
    assert [sys.getrefcount(column) for column in (system, start, end)] == references
    assert (views[1] == n // systems).all() and (views[2] == n // systems * MINUTE).all()
    # the figures stand in rows of 40 bytes; each column is a view of the same memory
    addresses = {v.__array_interface__["data"][0] for v in views}
    assert max(addresses) - min(addresses) < 40 and len(addresses) == 3
    assert all(v.strides == (40,) and not v.flags.owndata for v in views)


def test_buffers_are_held_while_read_and_let_go() -> None:
    column = array("q", [minute(0)])
    one(start=column)
    column.append(1)  # an exported array could not grow: BufferError


def test_results_are_read_only_and_outlive_their_owner() -> None:
    downtime = one().downtime_us
    assert downtime.readonly and len(downtime) == 1 and downtime[0] == 90 * MINUTE
    with pytest.raises(TypeError):
        downtime[0] = 1
    assert one(systems=3).long_count.tolist() == [1, 0, 0]
    assert len(one(systems=3)) == 3
    # who asks for packed bytes gets told, not given wrong ones
    with pytest.raises(BufferError):
        hashlib.sha256(one(systems=2).downtime_us.obj)
    assert downtime.tobytes() == (90 * MINUTE).to_bytes(8, sys.byteorder)


def test_a_contract_gives_the_terms(contract: Contract) -> None:
    gapped = Contract.parse(CONTRACT.replace("assume_watched", 'merge_gap = "1h"\nlong_from = "2h"\nassume_watched'))
    system = np.zeros(2, np.int32)
    start, end = np.array([minute(0), minute(100)]), np.array([minute(61), minute(161)])
    as_of = datetime(2026, 2, 1, tzinfo=UTC)
    assert table(outages_batch(system, start, end, systems=1, as_of=as_of, contract=contract))[0][:2] == [2, 0]
    assert table(outages_batch(system, start, end, systems=1, as_of=as_of, contract=gapped))[0][:2] == [1, 0]
    given = outages_batch(system, start, end, systems=1, as_of=as_of, contract=gapped, merge_gap=timedelta(0))
    assert table(given)[0][:2] == [0, 2]


@pytest.mark.parametrize(
    ("changes", "code", "row"),
    [
        ({"system": np.array([1], np.int32)}, "out-of-range", 1),
        ({"system": np.array([-1], np.int32)}, "out-of-range", 1),
        ({"end": np.array([minute(0)])}, "end-before-start", 1),
        ({"end": np.array([minute(1), minute(2)])}, "bad-request", None),
        ({"system": np.array([0], np.int64)}, "wrong-type", None),
        ({"start": np.array([0.5])}, "wrong-type", None),
        ({"start": [minute(0)]}, "wrong-type", None),
        ({"period": None}, "bad-request", None),
        ({"long_from": None}, "bad-request", None),
        ({"window_start": np.array([1])}, "bad-request", None),
        ({"as_of": datetime(2026, 1, 1)}, "naive-time", None),
        ({"systems": 2**62}, "out-of-range", None),
    ],
)
def test_bad_columns(changes: dict[str, Any], code: str, row: int | None) -> None:
    with pytest.raises(opsledger.OpsledgerError) as caught:
        one(**changes)
    assert (caught.value.code, caught.value.row) == (code, row)
    if code != "end-before-start":
        assert isinstance(caught.value, InputError)


def test_negative_systems() -> None:
    with pytest.raises(OverflowError):
        one(systems=-1)


def test_hour_is_an_hour() -> None:
    assert table(one(end=np.array([minute(0) + HOUR - 1])))[0][:2] == [0, 1]
    assert table(one(end=np.array([minute(0) + HOUR])))[0][:2] == [1, 0]
