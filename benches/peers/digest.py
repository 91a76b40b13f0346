"""Digests of files from the page cache beside the tools of the field: the same files, the same digests, in one run.

Usage: digest.py BINARY. BINARY is the example `peer_digest`, built with --release. Needs `cksum` (coreutils 9), `openssl`,
`hashdeep`, `taskset` and the Python package `bagit`; what is not there is said and left out. Prints a row a peer: the ratio of
CPU time (peer over ours) for the same bytes, then both in MB a CPU second and a wall second, medians of the rounds. A round runs
ours and the peers one after the other. Ours on one processor is run in every form that the processor has.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MB = 1_000_000
ONE = min(os.sched_getaffinity(0))
FORMS = ("scalar", "avx2", "avx512vl", "avx512")


def measured(command, form=None, cwd=None):
    """Runs a command: CPU seconds, wall seconds, what it printed, what it told."""
    environment = os.environ | ({"OPSLEDGER_DIGEST": form} if form else {})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=cwd)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise SystemExit(f"{command[:4]}: status {process.returncode}: {err.read()[-500:]}")
        return used.ru_utime + used.ru_stime, wall, out.read().decode(), err.read().decode()


class Ours:
    def __init__(self, binary):
        self.binary = binary

    def run(self, mode, names, form=None, one=True):
        before = ["taskset", "-c", str(ONE)] if one else []
        cpu, wall, out, told = measured([*before, str(self.binary), mode, str(names)], form)
        told = json.loads(told)
        digests = dict(reversed(line.split("  ", 1)) for line in out.splitlines())
        return cpu, wall, digests, told["peak"] / MB, told["path"]


def openssl(algorithm, paths):
    """As many files a call as a command line holds."""
    cpu = wall = 0
    digests = {}
    for i in range(0, len(paths), 1000):
        took = measured(["openssl", "dgst", "-r", f"-{algorithm}", *paths[i : i + 1000]])
        cpu, wall = cpu + took[0], wall + took[1]
        digests |= {name: digest for digest, name in (line.split(" *", 1) for line in took[2].splitlines())}
    return cpu, wall, digests


def peers(folder, paths, sums, names):
    """Name, what runs it (CPU, wall, digests or None), all with SM3's digests known to be right."""
    check = ["cksum", "-a", "sm3", "--check", "--quiet", str(sums)]
    yield "cksum -a sm3 --check", lambda: (*measured(check)[:2], None)
    yield "openssl dgst -sm3", lambda: openssl("sm3", paths)
    yield "openssl dgst -sha256", lambda: (*openssl("sha256", paths)[:2], None)
    if shutil.which("hashdeep"):
        yield "hashdeep -c sha256", lambda: (*measured(["hashdeep", "-c", "sha256", "-j0", "-f", str(names)])[:2], None)
    else:
        print("hashdeep is not here", file=sys.stderr)
    bag = folder.parent / "bag"
    command = [sys.executable, "-m", "bagit"]
    if subprocess.run([*command, "--version"], capture_output=True).returncode:
        print("bagit is not here", file=sys.stderr)
        return
    if not bag.exists():
        (bag / "data").mkdir(parents=True)
        for path in paths:
            os.link(path, bag / "data" / pathlib.Path(path).name)
        (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        digests = openssl("sha256", paths)[2]
        lines = (f"{digest}  data/{pathlib.Path(path).name}\n" for path, digest in digests.items())
        (bag / "manifest-sha256.txt").write_text("".join(lines))
    yield "bagit.py --validate, sha256", lambda: (*measured([*command, "--quiet", "--validate", str(bag)])[:2], None)


def compare(title, ours, modes, folder, count, size, rounds):
    paths = []
    for i in range(count):
        path = folder / f"{i:05}"
        paths.append(str(path))
        with open(path, "wb") as out:
            for _ in range(max(1, size // (1 << 20))):
                out.write(os.urandom(min(size, 1 << 20)))
    names, sums = folder.parent / "names", folder.parent / "sums"
    names.write_text("".join(f"{path}\n" for path in paths))
    expected = openssl("sm3", paths)[2]
    sums.write_text("".join(f"SM3 ({path}) = {digest}\n" for path, digest in expected.items()))
    total = count * size
    theirs = {name: [] for name, _ in peers(folder, paths, sums, names)}
    mine = {}
    for _ in range(rounds):
        for mode in modes:
            for form in (*FORMS, None):
                took = ours.run(mode, names, form, one=form is not None)
                if form in (None, took[4]):
                    mine.setdefault((mode, form), []).append(took)
                if mode != "chunks" and took[2] != expected:
                    raise SystemExit(f"ours, {mode}, {form}: digests differ from openssl's")
                if mode == "chunks" and took[2] != mine["chunks", "scalar"][0][2]:
                    raise SystemExit(f"ours, {mode}, {form}: digests differ from the plain form's")
        for name, run in peers(folder, paths, sums, names):
            took = run()
            if took[2] not in (None, expected):
                raise SystemExit(f"{name}: digests differ")
            theirs[name].append(took)
    print(f"\n{title}, medians of {rounds} rounds:\n")
    print("| ours | peer | ratio (CPU) | ratio (wall) | ours MB/CPU s | peer MB/CPU s | ours MB/s | peer MB/s | ours peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (mode, form), runs in mine.items():
        cpu, wall = (statistics.median(run[i] for run in runs) for i in (0, 1))
        label = f"{mode}, {form + ', one thread' if form else 'all cores'}"
        for name, others in theirs.items():
            peer_cpu, peer_wall = (statistics.median(run[i] for run in others) for i in (0, 1))
            rates = " | ".join(f"{total / t / MB:.0f}" for t in (cpu, peer_cpu, wall, peer_wall))
            print(f"| {label} | {name} | {peer_cpu / cpu:.2f}x | {peer_wall / wall:.2f}x | {rates} | {max(r[3] for r in runs):.0f} |")
    for path in paths:
        os.unlink(path)
    shutil.rmtree(folder.parent / "bag", ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--small", type=int, default=20_000, help="files of 16 KiB")
    arguments.add_argument("--big", type=int, default=1 << 30, help="bytes of each of the two big files, whole MiB")
    arguments.add_argument("--folder", type=pathlib.Path, help="where the files are made")
    options = arguments.parse_args()
    for command in (["cksum", "--version"], ["openssl", "version"]):
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0])
    ours = Ours(options.binary.resolve())
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name) / "files"
        folder.mkdir()
        compare(f"{options.small} x 16 KiB", ours, ["whole"], folder, options.small, 16384, options.rounds)
        size = options.big // (1 << 20) * (1 << 20)
        for count in (1, 2):
            compare(f"{count} x {size >> 20} MiB", ours, ["whole", "chunks", "both"], folder, count, size, max(1, options.rounds // 2))


if __name__ == "__main__":
    main()
