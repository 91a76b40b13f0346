#!/usr/bin/env python3
"""Backups as an operator and an auditor meet them: the command, killed and interrupted; the page docs/backup.md, as it stands.

    tests/backup/run.py        (OPSLEDGER names another command than target/debug/opsledger)

Needs coreutils 9, openssl 3, sqlite3. The last line is `N passed, M failed`.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = os.environ.get("OPSLEDGER", str(ROOT / "target/debug/opsledger"))
DISTID = "distid:1234567812345678"
TESTS: list[Callable[[Path], None]] = []


def test(function: Callable[[Path], None]) -> Callable[[Path], None]:
    TESTS.append(function)
    return function


def run(*words: object, status: int = 0, lang: str = "en") -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    environment.pop("OPSLEDGER_LEDGER", None)
    command = [COMMAND, *map(str, words), "--lang", lang]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == status, f"{command}: {done.returncode}, not {status}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def report(*words: object, status: int = 0) -> dict:
    return json.loads(run("backup", *words, "--json", status=status))


def shell(command: str, **variables: object) -> subprocess.CompletedProcess:
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)


def make(folder: Path, megabytes: int = 1) -> Path:
    """A set as people have them: a big file, small ones, Chinese names, blanks."""
    (folder / "库").mkdir(parents=True)
    (folder / "库" / "platform.bin").write_bytes(random.Random(7).randbytes(megabytes << 20))
    for i in range(30):
        (folder / f"说明 {i}.txt").write_text(f"第 {i} 个文件\n", encoding="utf-8")
    return folder


def keys(folder: Path) -> tuple[Path, Path]:
    private, public = folder / "seal.pem", folder / "seal.pub.pem"
    made = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out $PRIVATE && openssl pkey -in $PRIVATE -pubout -out $PUBLIC"
    done = shell(made, PRIVATE=private, PUBLIC=public)
    assert done.returncode == 0, done.stderr
    return private, public


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def failed(document: dict) -> list[tuple[str, str]]:
    return [(p["kind"], p["path"]) for p in document["problems"] if p["weight"] == "fail"]


def entries(ledger: Path) -> list[dict]:
    lines = run("show", "--all", "--ledger", ledger, "--json").splitlines()
    return [json.loads(line)["fact"] for line in lines]


@test
def sealed_verified_damaged_verified(work: Path) -> None:
    bag, ledger = make(work / "2026-03-02"), work / "l"
    private, public = keys(work)
    run("init", "--ledger", ledger)
    text = run("backup", "seal", bag, "--set", "platform-db", "--key", private, "--ledger", ledger, "--info", "Contact-Name=测试员01")
    assert "pass" in text.splitlines()[0] and "recorded: entries 1" in text
    text = run("backup", "verify", bag, "--key", public, "--ledger", ledger, "--report", work / "r.json")
    first, second = text.splitlines()[:2]
    assert ": pass (verify L2" in first and second.startswith("coverage: "), text
    # A pass says what it did not look at.
    assert "L3 that it can be restored" in text and "L4 that platform and standby agree" in text
    text = run("backup", "verify", bag, "--key", public, lang="zh")
    assert "通过" in text.splitlines()[0] and "本次未查" in text
    saved = shell("cksum -a sm3 --untagged $R | cut -d' ' -f1", R=work / "r.json").stdout.strip()
    assert entries(ledger)[1]["body"]["report_sm3"] == saved
    for name, kind in [("库/platform.bin", "checksum-mismatch"), ("说明 3.txt", "checksum-mismatch")]:
        flip(bag / "data" / name, 5)
        found = report("verify", bag, "--key", public, status=1)
        assert found["verdict"] == "fail" and (kind, f"data/{name}") in failed(found), found
    (bag / "data" / "说明 4.txt").unlink()
    (bag / "data" / "extra").write_text("x")
    text = run("backup", "verify", bag, "--key", public, "--ledger", ledger, status=1)
    for name in ["data/库/platform.bin", "data/说明 3.txt", "data/说明 4.txt", "data/extra"]:
        assert name in text, text
    fact = entries(ledger)[2]
    assert (fact["kind"], fact["subject"], fact["body"]["verdict"]) == ("backup.verify", "2026-03-02", "fail")
    assert fact["body"]["problems"]["kinds"]["checksum-mismatch"] == 2
    assert "sound: 3 entries" in run("verify", "--ledger", ledger)


@test
def exit_statuses(work: Path) -> None:
    bag = make(work / "b")
    report("verify", bag, status=3)  # no digest: unverifiable
    run("backup", "seal", bag)
    assert report("verify", bag)["verdict"] == "pass-with-remarks"  # unsigned
    run("backup", "verify", bag, "--sample", "5/4", status=2)
    run("backup", "verify", bag, "--io-limit", "quick", status=2)
    run("backup", "verify", bag, "--kind", "tapes", status=2)
    run("backup", "verify", bag, "--level", "L4", status=2)
    run("backup", "seal", bag, status=2)  # sealed already
    run("backup", "verify", work / "nowhere", status=4)
    run("backup", "verify", bag, "--ledger", work / "none", status=4)
    run("backup", "verify", bag, "--manifest-sm3", "0" * 64, status=1)
    (work / "empty").mkdir()
    assert report("verify", work / "empty", status=3)["verdict"] == "unverifiable"


@test
def a_killed_verification_leaves_no_half_entry(work: Path) -> None:
    bag, ledger = make(work / "b", megabytes=2), work / "l"
    run("init", "--ledger", ledger)
    run("backup", "seal", bag, "--set", "s", "--ledger", ledger)
    command = [COMMAND, "backup", "verify", bag, "--ledger", ledger, "--io-limit", "20MB", "--json"]
    chance = random.Random(20260302)
    killed = 0
    for _ in range(40):
        before = len(entries(ledger))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.16))
        process.kill()
        said = process.communicate()[0]
        killed += process.returncode == -signal.SIGKILL
        after = entries(ledger)
        # One whole entry or none; one at least where the report was given.
        assert len(after) - before in (0, 1), (before, len(after))
        assert len(after) == before + 1 or not said
        assert all(f["body"]["verdict"] in ("pass", "pass-with-remarks") for f in after), after
        run("verify", "--ledger", ledger)
    assert killed >= 10, f"only {killed} of 40 were killed while they ran"
    before = len(entries(ledger))
    report("verify", bag, "--ledger", ledger)
    assert len(entries(ledger)) == before + 1


@test
def ctrl_c_ends_it_cleanly(work: Path) -> None:
    bag, ledger = make(work / "b", megabytes=4), work / "l"
    run("init", "--ledger", ledger)
    run("backup", "seal", bag)
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [COMMAND, "backup", "verify", bag, "--ledger", ledger, "--io-limit", "400kB", "--lang", "en"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        sent = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - sent < 2, "it took too long to stop"
        assert (process.returncode, out) == (4, ""), (process.returncode, out, err)
        assert "cancel" in err.lower(), err
    assert entries(ledger) == []


@test
def a_file_that_grows_is_unstable_never_damage(work: Path) -> None:
    bag = make(work / "b", megabytes=2)
    run("backup", "seal", bag)
    done = threading.Event()

    def grow() -> None:
        with (bag / "data" / "库" / "platform.bin").open("ab", buffering=0) as file:
            size = file.tell()
            while not done.is_set():
                file.write(b"x")
                time.sleep(0.002)
            file.truncate(size)

    # Slow enough that it is being read while it grows.
    command = [COMMAND, "backup", "verify", str(bag), "--level", "L1", "--io-limit", "4MB", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(0.2)
    thread = threading.Thread(target=grow)
    thread.start()
    out = process.communicate()[0]
    done.set()
    thread.join()
    found = json.loads(out)
    assert (found["verdict"], process.returncode, failed(found)) == ("unstable-read", 3, []), found["problems"]
    assert ("changed-while-read", "data/库/platform.bin") in [(p["kind"], p["path"]) for p in found["problems"]]
    assert report("verify", bag)["verdict"] == "pass-with-remarks"


@test
def the_limit_holds(work: Path) -> None:
    bag = make(work / "b", megabytes=3)
    run("backup", "seal", bag)
    started = time.monotonic()
    found = report("verify", bag, "--level", "L1", "--io-limit", "2MB")
    took = time.monotonic() - started
    assert found["coverage"]["bytes_read"] > 3_000_000 and 1.2 < took < 6, took


@test
def a_sample_reads_everything_in_t_runs(work: Path) -> None:
    bag, ledger = make(work / "b", megabytes=1), work / "l"
    for i in range(60):
        (bag / f"f{i}").write_bytes(bytes([i]) * 20_000)
    run("init", "--ledger", ledger)
    run("backup", "seal", bag, "--set", "s", "--ledger", ledger)
    for where in (["--ledger", ledger], ["--state", work / "state"]):
        runs = [report("verify", bag, "--level", "L1", "--sample", "1/4", *where) for _ in range(4)]
        read = sum(r["coverage"]["bytes_read"] for r in runs)
        assert read >= runs[0]["coverage"]["bytes"], read
        assert all(r["coverage"]["bytes_read"] < r["coverage"]["bytes"] and r["coverage"]["not_covered"] for r in runs)
    # Damage anywhere is found in one of four runs.
    for name in ("f0", "f31", "f59", "库/platform.bin"):
        flip(bag / "data" / name, 11)
        four = [json.loads(shell(f"'{COMMAND}' backup verify '{bag}' --level L1 --sample 1/4 --ledger '{ledger}' --json").stdout) for _ in range(4)]
        assert any(("checksum-mismatch", f"data/{name}") in failed(r) for r in four), name
        flip(bag / "data" / name, 11)


@test
def where_the_sets_stand(work: Path) -> None:
    ledger, contract, place = work / "l", work / "c.toml", work / "runs"
    contract.write_text(
        'format = 1\nid = "c"\ntitle = "t"\ntimezone = "Asia/Shanghai"\nperiod = { start = "2026-01-01", end = "2027-12-31" }\n'
        '[[backup]]\nid = "db"\nkind = "files"\nrpo = "24h"\nretention = "30d"\nverify_every = "1 months"\n'
        '[[clause]]\nid = "long"\nrule = "outage-count"\nat_least = "1h"\nmax = 2\n'
    )
    run("init", "--ledger", ledger, "--contract", contract)
    assert report("status", "--ledger", ledger, status=1)["problems"][0]["kind"] == "no-run"
    run("backup", "seal", make(place / "B-1"), "--set", "db", "--ledger", ledger)
    run("backup", "seal", make(place / "B-2"), "--set", "files", "--ledger", ledger, status=4)
    found = report("status", "--ledger", ledger, "--folder", f"db={place}")
    standing = found["status"]["sets"][0]
    assert (standing["newest"], standing["runs"], standing["rpo"]) == ("B-1", 1, 24 * 3600 * 10**6)
    assert standing["present"] == ["B-1", "B-2"] and entries(ledger)[-1]["body"]["present"] == ["B-1", "B-2"]
    (place / "B-1").rename(work / "B-1")
    missing = report("status", "--ledger", ledger, "--folder", f"db={place}", status=1)
    assert ("run-missing", "db", "B-1") in [(p["kind"], p["path"], p.get("detail")) for p in missing["problems"]]
    text = run("backup", "status", "--ledger", ledger, lang="zh")
    assert "db" in text and "通过" in text.splitlines()[0], text


@test
def drills_and_comparisons_of_sqlite(work: Path) -> None:
    ledger, live = work / "l", work / "live.db"
    run("init", "--ledger", ledger)
    made = shell("sqlite3 $DB 'create table t(id integer primary key, v text); insert into t values (1, \"甲\"), (2, \"乙\")'", DB=live)
    assert made.returncode == 0, made.stderr
    (work / "set").mkdir()
    (work / "set" / "app.db").write_bytes(live.read_bytes())
    run("backup", "seal", work / "set", "--set", "app", "--kind", "sqlite", "--source", f"sqlite:{live}", "--ledger", ledger)
    drilled = report("drill", work / "set", "--rto", "1h", "--ledger", ledger)
    assert drilled["verdict"] in ("pass", "pass-with-remarks") and drilled["drill"]["rto"] > 0, drilled
    fact = entries(ledger)[-1]
    assert fact["kind"] == "backup.drill" and fact["body"]["tables_equal"] == 1 and fact["body"]["digests_equal"] is True
    run("verify", "--ledger", ledger)


def commands() -> dict[str, str]:
    """The auditor's commands of docs/backup.md, by name."""
    page = (ROOT / "docs/backup.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n# audit: (\S+)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 8 == len(dict(blocks)), [name for name, _ in blocks]
    return dict(blocks)


@test
def the_auditors_way(work: Path) -> None:
    bag, ledger = make(work / "b"), work / "l"
    private, public = keys(work)
    run("init", "--ledger", ledger)
    sealed = report("seal", bag, "--set", "platform-db", "--key", private, "--ledger", ledger)
    run("backup", "verify", bag, "--key", public, "--ledger", ledger, "--report", work / "r.json")
    audit = commands()
    names = {"BAG": bag, "PUB": public, "LEDGER": ledger, "REPORT": work / "r.json", "DIGEST": sealed["manifest_sm3"]}

    def by(name: str) -> tuple[bool, str]:
        done = shell(audit[name], **names)
        return done.returncode == 0, done.stdout.strip() if done.returncode == 0 else done.stdout + done.stderr

    def ours() -> bool:
        return subprocess.run([COMMAND, "backup", "verify", bag, "--key", public, "--json"], capture_output=True, check=False).returncode == 0

    checks = ["digests", "digests-sha256", "tags", "signature"]
    assert ours() and all(by(name)[0] for name in checks), [(name, by(name)) for name in checks]
    assert by("digest-of-all") == (True, sealed["manifest_sm3"])
    facts = [json.loads(line) for line in by("facts")[1].splitlines()]
    assert [f["kind"] for f in facts] == ["backup.run", "backup.verify"], facts
    assert by("report") == (True, facts[1]["body"]["report_sm3"])
    sound, said = by("chain")
    assert sound and said.startswith("2 entries, head "), said
    assert said.split()[-1] == run("export", "--ledger", ledger).splitlines()[-1].split("\t")[4]

    # The same verdicts on what is wrong.
    def agree(broken: str, change: Callable[[], None], undo: Callable[[], None]) -> None:
        change()
        assert not by(broken)[0] and not ours(), broken
        undo()
        assert by(broken)[0] and ours(), broken

    big = bag / "data" / "库" / "platform.bin"
    agree("digests", lambda: flip(big, 77), lambda: flip(big, 77))
    agree("digests-sha256", lambda: flip(big, 77), lambda: flip(big, 77))
    agree("tags", lambda: (bag / "data" / "more").write_text("x") and None, lambda: (bag / "data" / "more").unlink())
    agree("tags", lambda: flip(bag / "bag-info.txt", 3), lambda: flip(bag / "bag-info.txt", 3))
    signature = bag / "signature-sm2.der"
    agree("signature", lambda: flip(signature, 20), lambda: flip(signature, 20))
    copy = work / "forged"
    run("snapshot", copy, "--ledger", ledger)
    forged = shell("chmod u+w $L; sqlite3 $L \"drop trigger if exists entry_update; drop trigger if exists entry_no_update\" \"select 1\"; "
                   "for t in $(sqlite3 $L \"select name from sqlite_schema where type = 'trigger'\"); do sqlite3 $L \"drop trigger $t\"; done; "
                   "sqlite3 $L \"update entry set fact = replace(fact, 'platform-db', 'standby-db') where seq = 1\"", L=copy)
    assert forged.returncode == 0, forged.stderr
    names["LEDGER"] = copy
    assert not by("chain")[0] and "broken at 1" in by("chain")[1]
    run("verify", "--ledger", copy, status=1)


def main() -> int:
    passed = bad = 0
    wanted = sys.argv[1:]
    for function in TESTS:
        if wanted and function.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as work:
            try:
                function(Path(work))
                passed += 1
            except Exception:
                bad += 1
                print(f"FAILED {function.__name__}")
                traceback.print_exc(limit=-3, file=sys.stdout)
    print(f"{passed} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
