"""Union, class and downtime of outages beside polars, numpy, DuckDB and PostgreSQL: the same columns, the same answers, in
one run, one thread each.

Usage: intervals.py BINARY [--rows N] [--pg-rows N]. BINARY is the example `peer_intervals`, built with --release. Needs numpy,
polars and duckdb; PostgreSQL where its server programs are installed (else that row says so).
Prints a row a peer: the ratio of CPU time (peer over ours), then both in ns an interval, medians of the rounds.
"""

import argparse
import glob
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["POLARS_MAX_THREADS"] = "1"
import duckdb
import numpy as np
import polars as pl

US = 1_000_000
HOUR = 3600 * US
YEAR = 365 * 24 * HOUR


def columns(rows, systems, order):
    """Intervals of a year; lengths so that about half of them touch another of their system."""
    noise = np.random.default_rng(20261124)
    system = noise.integers(0, systems, rows, dtype=np.int32)
    start = noise.integers(0, YEAR, rows, dtype=np.int64)
    end = start + 1 + noise.integers(0, YEAR * systems // rows, rows, dtype=np.int64)
    if order == "sorted":
        by = np.lexsort((end, start, system))
        system, start, end = system[by], start[by], end[by]
    return system, start, end


def timed(rounds, what):
    cpu, wall = [], []
    for _ in range(rounds):
        before, timer = time.process_time(), time.perf_counter()
        answer = what()
        cpu.append(time.process_time() - before)
        wall.append(time.perf_counter() - timer)
    return statistics.median(cpu), statistics.median(wall), answer


def classes(length):
    long = int((length >= HOUR).sum())
    return [long, len(length) - long, int(length.sum())]


def ours(binary, data, systems, rounds):
    with tempfile.TemporaryDirectory() as folder:
        for name, column in zip(("system", "start", "end"), data):
            column.tofile(f"{folder}/{name}")
        done = subprocess.run([binary, folder, str(systems), str(rounds)], stdout=subprocess.PIPE, check=True)
    said = json.loads(done.stdout)
    return [statistics.median(said[k]) for k in ("cpu", "wall", "copy")] + [said["answer"]]


def by_polars(data, systems, rounds, sort):
    """Its best hand-tuned form: systems laid end to end on one axis, a running maximum, and only the boundaries kept."""
    frame = pl.DataFrame({"system": data[0], "start": data[1], "end": data[2]})
    far = int(data[2].max()) + 1
    offset = pl.col("system").cast(pl.Int64) * far if systems > 1 else 0

    def run():
        lazy = frame.lazy().select((offset + pl.col("start")).alias("s"), (offset + pl.col("end")).alias("e"))
        if sort:
            lazy = lazy.sort("s")
        lazy = lazy.with_columns(pl.col("e").cum_max().alias("m")).with_columns(pl.col("m").shift(1).alias("before"))
        new = (pl.col("s") > pl.col("before")).fill_null(True)
        top, edges = pl.collect_all([lazy.select(pl.col("m").last()), lazy.filter(new).select("s", "before")])
        # The end of an episode is the running maximum before the next one's start.
        length = edges["before"].shift(-1).fill_null(top.item()) - edges["s"]
        return classes(length.to_numpy())

    return timed(rounds, run)


def by_numpy(data, systems, rounds, sort):
    """In order: a running maximum. Else starts and ends sorted each by itself: a gap lies where the next start is after the
    end at that place."""
    far = int(data[2].max()) + 1

    def run():
        offset = data[0].astype(np.int64) * far if systems > 1 else 0
        start, end = offset + data[1], offset + data[2]
        if sort:
            start.sort()
            end.sort()
        else:
            end = np.maximum.accumulate(end)
        gap = np.flatnonzero(start[1:] > end[:-1])
        return classes(end[np.append(gap, len(end) - 1)] - start[np.append(0, gap + 1)])

    return timed(rounds, run)


ISLANDS = """
    with a as (select system, s, e,
            max(e) over (partition by system order by s rows between unbounded preceding and 1 preceding) m from iv),
        b as (select system, s, e, sum(case when m is null or s > m then 1 else 0 end)
            over (partition by system order by s rows unbounded preceding) g from a),
        c as (select max(e) - min(s) d from b group by system, g)"""
# Systems end to end on one axis, and only the boundaries kept: half the time of the usual form.
BOUNDARIES = """
    with o as (select system::bigint * {far} + s s, system::bigint * {far} + e e from iv),
        a as (select s, max(e) over (order by s rows between unbounded preceding and 1 preceding) m from o),
        b as (select s, lead(m) over (order by s) before from a where m is null or s > m),
        c as (select coalesce(before, (select max(e) from o)) - s d from b)"""


def by_duckdb(data, form, rounds):
    db = duckdb.connect()
    db.execute("set threads = 1")
    frame = pl.DataFrame({"system": data[0], "s": data[1], "e": data[2]}).to_arrow()
    db.register("frame", frame)
    db.execute("create table iv as select * from frame")
    count = f"select count(*) filter (d >= {HOUR}), count(*) filter (d < {HOUR}), sum(d)::bigint from c"
    query = form.format(far=int(data[2].max()) + 1) + count
    return timed(rounds, lambda: list(db.execute(query).fetchone()))


class Postgres:
    """A server of our own on a socket in a temporary folder."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        self.bin = os.path.dirname(found[-1]) if found else None
        if not self.bin:
            return
        self.folder = tempfile.mkdtemp(prefix="peers-pg-", dir="/tmp")
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "postgres")
        options = f"-k {self.folder} -c listen_addresses= -c max_parallel_workers_per_gather=0 -c work_mem=1GB -c jit=off"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-o", options, "-l", f"{self.folder}/log", "-w", "start")

    def run(self, program, *args, feed=None):
        command = [f"{self.bin}/{program}", *args]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        return subprocess.run(command, input=feed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, cwd="/tmp")

    def sql(self, text, feed=None):
        args = ["-h", self.folder, "-U", "postgres", "-At", "-c", text]
        return self.run("psql", *args, feed=feed).stdout.decode().split("\n")

    def measure(self, data, rounds):
        """The time that the backend itself has used, as its kernel counts it (in ticks of 10 ms)."""
        self.sql("drop table if exists iv; create unlogged table iv(system int, s bigint, e bigint)")
        rows = "\n".join(f"{a}\t{b}\t{c}" for a, b, c in zip(*(column.tolist() for column in data)))
        self.sql("copy iv from stdin", feed=(rows + "\n").encode())
        self.sql("vacuum analyze iv")
        query = f"""
            select count(*) filter (where upper(r) - lower(r) >= {HOUR}), count(*), sum(upper(r) - lower(r))
            from (select unnest(range_agg(int8range(s, e))) r from iv group by system) t;"""
        used = "select split_part(pg_read_file('/proc/self/stat'), ' ', 14)::int + split_part(pg_read_file('/proc/self/stat'), ' ', 15)::int;"
        session = [line for line in self.script(used + (query + used) * rounds) if line]
        ticks = [int(line) for line in session if "|" not in line]
        cpu = [(b - a) / os.sysconf("SC_CLK_TCK") for a, b in zip(ticks, ticks[1:])]
        long, count, down = map(int, session[1].split("|"))
        return statistics.median(cpu), 0, [long, count - long, down]

    def script(self, text):
        return self.run("psql", "-h", self.folder, "-U", "postgres", "-At", feed=text.encode()).stdout.decode().split("\n")

    def close(self):
        if self.bin:
            self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
            shutil.rmtree(self.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--pg-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    postgres = Postgres()
    try:
        wrong = compare(options, postgres)
    finally:
        postgres.close()
    print("\nall answers are the same" if wrong == 0 else f"\n{wrong} answers differ")
    return 0 if wrong == 0 else 1


def compare(options, postgres):
    version = postgres.run("postgres", "--version").stdout.decode().strip() if postgres.bin else "PostgreSQL: not installed"
    print(f"Python {platform.python_version()}, numpy {np.__version__}, polars {pl.__version__}, duckdb {duckdb.__version__}, {version}")
    print(f"load {os.getloadavg()[0]:.1f}; {options.rounds} rounds, medians (databases: one); ratios of CPU time\n")
    print("| columns | peer, its best form | ratio | ours ns | peer ns | ours / memcpy |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for systems in (1, 10_000):
        for order in ("sorted", "unsorted"):
            data = columns(options.rows, systems, order)
            cpu, _, copy, expected = ours(options.binary, data, systems, options.rounds)
            sort = order == "unsorted"
            form = "two sorted key arrays" if sort else "running maximum"
            peers = [
                ("polars, boundary filter", lambda: by_polars(data, systems, options.rounds, sort)),
                (f"numpy, {form}", lambda: by_numpy(data, systems, options.rounds, sort)),
                ("DuckDB, boundary filter", lambda: by_duckdb(data, BOUNDARIES, 1)),
                ("DuckDB, usual islands", lambda: by_duckdb(data, ISLANDS, 1)),
            ]
            name = f"{options.rows:,} x {systems:,}, {order}"
            for peer, measure in peers:
                used, _, answer = measure()
                wrong += answer != expected
                note = "" if answer == expected else f" DIFFERS: {answer} for {expected}"
                scale = 1e9 / options.rows
                print(f"| {name} | {peer}{note} | {used / cpu:.1f}x | {cpu * scale:.1f} | {used * scale:.1f} | {cpu / copy:.1f} |", flush=True)
            if not postgres.bin:
                print(f"| {name} | PostgreSQL range_agg: skipped, its server is not installed | | | | |")
                continue
            small = columns(options.pg_rows, systems, order)
            cpu, _, copy, expected = ours(options.binary, small, systems, options.rounds)
            used, _, answer = postgres.measure(small, 1)
            wrong += answer != expected
            note = "" if answer == expected else f" DIFFERS: {answer} for {expected}"
            scale = 1e9 / options.pg_rows
            name = f"{options.pg_rows:,} x {systems:,}, {order}"
            print(f"| {name} | PostgreSQL range_agg{note} | {used / cpu:.0f}x | {cpu * scale:.1f} | {used * scale:.1f} | {cpu / copy:.1f} |", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
