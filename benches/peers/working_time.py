"""Calendar arithmetic beside numpy and pandas: the same questions, the same answers, in one run, one thread each.

Usage: working_time.py BINARY. BINARY is the example `peer_working_time`, built with --release. Needs numpy and pandas.
Prints a row a question: the ratio of CPU time (peer over ours), then both in ns a question, medians of the rounds.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time
import tomllib

import numpy as np
import pandas as pd

US = 1_000_000
HOUR = 3600 * US
DAY = 24 * HOUR
HOLIDAYS = pathlib.Path(__file__).resolve().parents[2] / "core/data/holidays/CN"
EAST_8 = 8 * HOUR  # Asia/Shanghai since 1991
OFFICE = '"08:30-12:00", "14:00-17:30"'
CONTRACT = """format = 1
id = "peers"
title = "peers"
timezone = "{zone}"
period = {{ start = "2018-01-01", end = "2026-12-31" }}
{lines}
[[calendar]]
id = "hours"
open = {{ workday = [{hours}] }}
[[clause]]
id = "c"
rule = "downtime"
max = "10h"
"""


def schedule():
    """Days off and make-up workdays 2018 to 2026, of each year the last version."""
    off, work = set(), set()
    for year in range(2018, 2027):
        path = max(HOLIDAYS.glob(f"{year}*.toml"), key=lambda p: len(p.name))
        notice = tomllib.loads(path.read_text(encoding="utf-8"))
        off |= {np.datetime64(d["date"]) for d in notice["off"]}
        work |= {np.datetime64(d["date"]) for d in notice["work"]}
    return off, work


class Ours:
    def __init__(self, binary, folder, rounds):
        self.binary, self.folder, self.rounds = binary, folder, rounds

    def contract(self, zone, hours, off, work):
        """A contract that names the days itself, so that ours and the peer have the same."""
        lines = "".join(f'[[holiday]]\ndate = "{d}"\n' for d in sorted(off))
        lines += "".join(f'[[workday]]\ndate = "{d}"\n' for d in sorted(work))
        text = CONTRACT.format(zone=zone, lines=lines, hours=hours)
        (self.folder / "contract.toml").write_text(text, encoding="utf-8")

    def ask(self, what, a, b):
        files = [self.folder / name for name in ("contract.toml", "a", "b", "out")]
        a.astype("<i8").tofile(files[1])
        b.astype("<i8").tofile(files[2])
        command = [self.binary, what, *files, str(self.rounds)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return np.fromfile(files[3], "<i8"), json.loads(done.stdout)


def peer(call, rounds):
    times = {"cpu": [], "wall": []}
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        answers = call()
        times["cpu"].append(time.process_time() - cpu)
        times["wall"].append(time.perf_counter() - wall)
    return answers, times


class Prefix:
    """What one writes by hand: open time before each day and in the part of a day, whole arrays at a time."""

    def __init__(self, off, work):
        self.first = int(np.datetime64("2018-01-01").astype("int64"))
        dates = np.arange("2018-01-01", "2027-01-01", dtype="datetime64[D]")
        is_work = np.is_busday(dates, holidays=sorted(off)) | np.isin(dates, sorted(work))
        self.work = is_work.astype(np.int64)
        self.parts = [(510 * 60 * US, 210 * 60 * US), (840 * 60 * US, 210 * 60 * US)]
        self.length = sum(length for _, length in self.parts)
        self.before = np.concatenate(([0], np.cumsum(self.work * self.length)))
        self.workdays = np.flatnonzero(is_work)

    def open(self, t):
        wall = t + EAST_8
        day = wall // DAY
        time_of_day = wall - day * DAY
        day -= self.first
        of_day = sum(np.clip(time_of_day - start, 0, length) for start, length in self.parts)
        return self.before[day] + self.work[day] * of_day

    def between(self, a, b):
        return self.open(b) - self.open(a)

    def add(self, at, n):
        target = self.open(at) + n
        # Every workday is as long as any other, so the day follows without a search.
        which = (target - 1) // self.length
        left = target - which * self.length
        (first, long), (second, _) = self.parts
        time_of_day = np.where(left <= long, first + left, second + left - long)
        return (self.workdays[which] + self.first) * DAY + time_of_day - EAST_8


def row(name, peer_name, ours, theirs):
    (answers, times), (peer_answers, peer_times) = ours, theirs
    counts = len(answers), len(peer_answers)
    wrong = np.flatnonzero(answers[: counts[1]] != peer_answers)
    if len(wrong):
        i = wrong[0]
        raise SystemExit(f"{name}: {peer_name} differs {len(wrong)} times, first {answers[i]} and {peer_answers[i]}")
    nanos = [
        [statistics.median(t[clock]) / count * 1e9 for t, count in zip((times, peer_times), counts)]
        for clock in ("cpu", "wall")
    ]
    (cpu, peer_cpu), (wall, peer_wall) = nanos
    print(
        f"| {name} | {peer_name} | {peer_cpu / cpu:.3g}x | {cpu:.1f} | {peer_cpu:.1f} | {wall:.1f} | {peer_wall:.1f} "
        f"| {counts[0]:,} / {counts[1]:,} |",
        flush=True,
    )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary", type=pathlib.Path)
    arguments.add_argument("--questions", type=int, default=2_000_000, help="a round")
    arguments.add_argument("--slow", type=int, default=2_000, help="questions to pandas")
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    n, rounds = options.questions, options.rounds
    off, work = schedule()
    rng = np.random.default_rng(20261123)
    print(f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}, {platform.machine()}\n")
    print("| question | peer | ratio (CPU) | ours ns | peer ns | ours wall ns | peer wall ns | questions |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        ours = Ours(options.binary.resolve(), pathlib.Path(name), rounds)
        start, end = (np.datetime64(d).astype("datetime64[us]").astype(int) for d in ("2018-01-02", "2025-12-01"))
        at = rng.integers(start, end - 500 * DAY, n)

        # Office hours in Shanghai with make-up workdays.
        ours.contract("Asia/Shanghai", OFFICE, off, work)
        prefix = Prefix(off, work)
        for text, span in (("60 days", 60 * DAY), ("2 years", 730 * DAY)):
            a = rng.integers(start, end - span, n)
            b = a + rng.integers(0, span, n)
            theirs = peer(lambda: prefix.between(a, b), rounds)
            row(f"working time, spans up to {text}", "numpy, prefix sum by hand", ours.ask("between", a, b), theirs)
        for hours in (8, 40, 2000):
            b = np.full(n, hours * HOUR)
            theirs = peer(lambda: prefix.add(at, b), rounds)
            row(f"add {hours} h", "numpy, prefix sum by hand", ours.ask("add", at, b), theirs)

        # The calendars of numpy and pandas know no make-up workdays: the same hours without them, in UTC.
        ours.contract("UTC", OFFICE, off, set())
        stamps = [pd.Timestamp(int(t), unit="us") for t in at[: options.slow]]
        for hours in (8, 40):
            offset = pd.offsets.CustomBusinessHour(
                hours, start=["08:30", "14:00"], end=["12:00", "17:30"], holidays=sorted(off)
            )
            theirs = peer(lambda: np.array([(t + offset).to_datetime64() for t in stamps], "datetime64[us]").view("int64"), 3)
            mine = ours.ask("add", at, np.full(n, hours * HOUR))
            row(f"add {hours} h, no make-up workdays", "pandas CustomBusinessHour", mine, theirs)
        ours.contract("UTC", '"00:00-24:00"', off, set())
        busdays = np.busdaycalendar(holidays=sorted(off))
        first = at // DAY
        last = first + rng.integers(0, 400, n)
        dates = [d.view("datetime64[D]") for d in (first, last)]
        theirs = peer(lambda: np.busday_count(*dates, busdaycal=busdays) * DAY, rounds)
        row("workdays between two dates", "numpy busday_count", ours.ask("between", first * DAY, last * DAY), theirs)
        # The fifth workday after a date ends five workdays after the date's end.
        theirs = peer(lambda: np.busday_offset(dates[0], 5, roll="backward", busdaycal=busdays), rounds)
        theirs = (theirs[0].view("int64") + 1) * DAY, theirs[1]
        row("5 workdays after a date", "numpy busday_offset", ours.ask("add", (first + 1) * DAY, np.full(n, 5 * DAY)), theirs)


if __name__ == "__main__":
    main()
