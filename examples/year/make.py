#!/usr/bin/env python3
"""Writes the demo's input from the real outages: import.csv, agreement.jsonl and facts.jsonl. No dependency.

    examples/year/make.py [FOLDER]        (default: beside this file)

The outages (O-01 to O-47) are real, to the second: source/outages.csv. Everything else (incidents, approvals,
confirmations, disputes) is made up to answer them, and each such fact says so with body.example = true.

Entry numbers count from the contract's adoption, which is entry 1 of a ledger made by `init --contract`; the loose
file facts.jsonl starts with a note in its place, so that both have the same numbers.
"""
import csv
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
LOCAL = timezone(timedelta(hours=8))
FIRST_ENTRY = 2
# When the source published its percentages, and the demo asks last.
ASKED = datetime(2026, 8, 22, 9, 18, 30, tzinfo=LOCAL)
ACTORS = {
    "monitor": {"party": "machine", "person": "upptime"},
    "supplier": {"party": "supplier", "person": "运维值班"},
    "manager": {"party": "supplier", "person": "项目经理"},
    "buyer": {"party": "buyer", "person": "信息中心"},
}


def local(text):
    """`08-13 19:10` or `08-13 19:10:30`, local time of 2026."""
    parts = text if text.count(":") == 2 else text + ":00"
    return datetime.strptime("2026-" + parts, "%Y-%m-%d %H:%M:%S").replace(tzinfo=LOCAL)


def fact(kind, subject, at, body, by, recorded=None, key=None):
    """A fact with the instant at which it was recorded: at once for machines, two minutes later for people."""
    at = local(at) if isinstance(at, str) else at
    if recorded is None:
        recorded = at if by == "monitor" else at + timedelta(minutes=2)
    elif isinstance(recorded, str):
        recorded = local(recorded)
    out = {"kind": kind}
    if subject:
        out["subject"] = subject
    out |= {"at": at, "recorded_at": recorded, "actor": ACTORS[by], "body": body}
    if key:
        out["key"] = key
    return out


def made_up(kind, subject, at, by, recorded=None, **body):
    return fact(kind, subject, at, body | {"example": True}, by, recorded)


def outages():
    rows = list(csv.DictReader((HERE / "source/outages.csv").open(encoding="utf-8")))
    rows.sort(key=lambda r: (r["start_utc"], r["service"]))
    instant = datetime.fromisoformat
    for n, row in enumerate(rows, 1):
        subject, code = f"O-{n:02}", row["http_code"]
        cause = "探测无响应" if code == "0" else f"探测返回 HTTP {code}"
        start, end = (instant(row[k].replace("Z", "+00:00")).astimezone(LOCAL) for k in ("start_utc", "end_utc"))
        body = {"system": row["service"], "impact": "down", "cause": cause, "commit": row["down_commit"]}
        yield fact("outage.start", subject, start, body, "monitor", key=f"{subject}:{row['down_commit']}")
        yield fact("outage.end", subject, end, {"commit": row["up_commit"]}, "monitor", key=f"{subject}:{row['up_commit']}")


def watching():
    """When the source began to watch each service."""
    starts = {}
    for row in csv.DictReader((HERE / "source/published.csv").open(encoding="utf-8")):
        starts.setdefault(row["monitoring_start_utc"][:10], []).append(row)
    for day, rows in sorted(starts.items()):
        first = min(r["monitoring_start_utc"] for r in rows).replace("Z", "+00:00")
        systems = sorted(r["service"] for r in rows)
        at = datetime.fromisoformat(first).astimezone(LOCAL)
        yield fact("watch.start", "", at, {"systems": systems}, "monitor", key=f"watch:{day}")
        # The source checks every 5 to 10 minutes; an hourly sign of life says the same in fewer lines.
        while (at := at + timedelta(hours=1)) <= ASKED:
            yield fact("watch.seen", "", at, {"systems": systems}, "monitor", key=f"seen:{day}:{at:%m%dT%H}")


def incident(subject, report, by, severity, steps, **body):
    """A report and its steps: (kind, at, fields), each by the supplier unless `by` says else."""
    body = {"severity": severity, "affects_use": True} | body
    yield made_up("incident.report", subject, report, by, **body)
    for kind, at, fields in steps:
        fields = dict(fields)
        who, recorded = fields.pop("by", "supplier"), fields.pop("recorded", None)
        yield made_up(f"incident.{kind}", subject, at, who, recorded, **fields)


def answer(person, arrangement):
    return {"person": person, "arrangement": arrangement}


def incidents():
    yield from incident("I-01", "08-13 19:10", "buyer", "minor", [
        ("respond", "08-13 19:32", answer("工程师甲", "远程排查论坛网关")),
        ("restore", "08-13 19:56:10", {}),
        ("diagnose", "08-13 20:30", {"report": "论坛上游 502，进程内存耗尽"}),
        ("repair", "08-13 20:40", {}),
    ], outage="O-01", channel="phone")
    yield from incident("I-02", "08-14 14:00", "monitor", "major", [
        ("respond", "08-14 14:20", answer("工程师乙", "检查开发环境发布流水线")),
        ("restore", "08-14 15:07:33", {}),
        ("diagnose", "08-14 15:30", {"report": "发布脚本误删静态文件"}),
        ("repair", "08-14 16:10", {}),
    ], outage="O-02", affects_use=False, channel="monitor")
    # The automatic reply stops no clock; the answer of a person comes 25 minutes late and is waived later.
    yield from incident("I-03", "08-16 01:40", "monitor", "major", [
        ("respond", "08-16 01:40:30", {"auto": True}),
        ("respond", "08-16 03:05", answer("工程师甲", "联系上游并切换镜像")),
        ("diagnose", "08-16 03:30", {"report": "上游代码托管平台中断"}),
        ("restore", "08-16 05:31:32", {}),
        ("repair", "08-16 06:20", {}),
    ], outage="O-03", channel="monitor")
    # Repaired, then down again: reopened, with what was left on the clock.
    yield from incident("I-04", "08-18 16:58", "buyer", "critical", [
        ("respond", "08-18 17:10", answer("工程师甲", "两人分查主站与检索")),
        ("onsite.request", "08-18 17:15", {"by": "buyer"}),
        ("restore", "08-18 17:07:45", {}),
        ("repair", "08-18 17:30", {}),
        ("reopen", "08-18 18:25", {"by": "buyer"}),
        ("diagnose", "08-18 18:40", {"report": "宿主机网络抖动，七个系统同时不可用"}),
        ("onsite.arrive", "08-18 18:50", {"person": "工程师丙"}),
        ("restore", "08-18 18:58:22", {}),
        ("repair", "08-18 19:40", {}),
    ], outage="O-05", channel="phone")
    # Repaired in time, but recorded two days later: flagged as late.
    yield from incident("I-05", "08-19 01:10", "monitor", "minor", [
        ("respond", "08-19 01:48", answer("值班乙", "重启反向代理")),
        ("diagnose", "08-19 02:50", {"report": "反向代理连接数耗尽"}),
        ("repair", "08-19 10:00", {"recorded": "08-21 10:30"}),
    ], outage="O-21", channel="monitor")
    # The pause comes after the repair: a data fault without effect.
    yield from incident("I-06", "08-19 22:35", "buyer", "minor", [
        ("respond", "08-19 22:41", answer("工程师乙", "延长升级并回退索引")),
        ("repair", "08-19 22:50", {}),
        ("pause", "08-19 22:52", {"party": "buyer", "reason": "等待采购方确认恢复"}),
        ("diagnose", "08-19 23:20", {"report": "计划停机超时 17 分钟"}),
    ], outage="O-23", channel="email")
    yield from incident("I-07", "08-20 05:12", "monitor", "major", [
        ("respond", "08-20 05:40", answer("值班乙", "扩容检索节点")),
        ("diagnose", "08-20 06:50", {"report": "目录检索节点内存不足"}),
        ("repair", "08-20 12:20", {}),
    ], outage="O-26", channel="monitor")
    # The first answer names no arrangement and stops nothing. The buyer's pause keeps the repair in time.
    yield from incident("I-08", "08-20 15:18", "buyer", "major", [
        ("respond", "08-20 15:50", {"person": "值班乙"}),
        ("respond", "08-20 16:26", answer("工程师甲", "定位主站上游并准备变更")),
        ("diagnose", "08-20 17:05", {"report": "主站上游 502，需变更路由"}),
        ("pause", "08-20 17:30", {"party": "buyer", "reason": "等待采购方批准变更"}),
        ("resume", "08-20 19:00", {"party": "buyer", "by": "buyer"}),
        ("repair", "08-21 00:10", {}),
    ], outage="O-30", channel="phone")
    yield from incident("I-09", "08-20 16:05", "buyer", "critical", [
        ("respond", "08-20 16:20", answer("工程师丙", "到场处理检索集群")),
        ("onsite.arrive", "08-20 17:50", {"person": "工程师丙"}),
        ("diagnose", "08-20 17:58", {"report": "检索集群脑裂"}),
        ("repair", "08-20 21:35", {}),
    ], outage="O-34", onsite=True, channel="phone")
    yield from incident("I-10", "08-20 22:15", "monitor", "minor", [
        ("respond", "08-20 22:31", answer("值班乙", "观察自动补全接口")),
        ("diagnose", "08-20 23:40", {"report": "论坛与补全接口共用网关超时"}),
        ("repair", "08-20 23:50", {}),
    ], outage="O-37", channel="monitor")
    yield from incident("I-11", "08-21 00:08", "buyer", "critical", [
        ("respond", "08-21 00:30", answer("工程师甲", "恢复演练环境数据库")),
        ("diagnose", "08-21 02:00", {"report": "数据库连接池配置错误"}),
        ("repair", "08-21 05:10", {}),
    ], outage="O-39", channel="phone")
    yield from incident("I-12", "08-21 15:33", "buyer", "critical", [
        ("respond", "08-21 15:58", answer("工程师乙", "回退连接池配置")),
        ("diagnose", "08-21 17:20", {"report": "连接池修复不彻底"}),
        ("repair", "08-21 20:05", {}),
    ], outage="O-42", channel="phone")
    yield from incident("I-13", "08-21 23:38", "buyer", "minor", [
        ("respond", "08-21 23:55", answer("值班乙", "重启目录检索并保留现场")),
        ("diagnose", "08-22 01:20", {"report": "目录检索索引损坏，需重建"}),
    ], outage="O-45", channel="phone")


GITHUB = "上游代码托管平台中断，属不可抗力"


def corrections():
    """What helps the supplier, and so needs the buyer's confirmation."""
    yield made_up("outage.amend", "O-02", "08-14 17:00", "manager", impact="test-only", reason="开发环境，不影响正常使用")
    yield made_up("outage.amend", "O-03", "08-16 09:30", "manager", attribution="force-majeure", reason=GITHUB)
    yield made_up("outage.amend", "O-04", "08-16 09:32", "manager", attribution="force-majeure", reason=GITHUB)
    yield made_up("maintenance.approve", "M-01", "08-17 15:00", "manager", start=local("08-19 22:00"),
                  end=local("08-19 22:30"), systems=["facet-demo"], approver="信息中心")
    yield made_up("exclusion.approve", "X-01", "08-19 10:00", "manager", start=local("08-18 20:40"),
                  end=local("08-18 20:55"), approver="信息中心", reason="采购方机房网络割接")


def agreement(facts):
    """What the buyer and the supplier say of each other's facts; appended, not imported."""
    last = FIRST_ENTRY + len(facts) - 1
    entry = {f["subject"]: FIRST_ENTRY + i for i, f in enumerate(facts) if f["kind"] == "outage.amend"}
    start = FIRST_ENTRY
    for stop in [*sorted(entry.values()), last + 1]:
        if start < stop:
            yield made_up("fact.confirm", "", "08-22 09:11", "buyer", **{"from": start, "to": stop - 1})
        start = stop + 1
    yield made_up("fact.confirm", "", "08-22 09:12", "manager", **{"from": FIRST_ENTRY, "to": last})
    yield made_up("fact.dispute", "", "08-22 09:13", "buyer", entry=entry["O-03"],
                  reason="合同约定的镜像切换未执行，不属不可抗力")
    yield made_up("waive", "", "08-22 09:14", "buyer", clause="support.respond", case="I-03", approver="信息中心",
                  reason="夜间上游中断，响应迟延未造成影响")


def text(value):
    """Instants in local time, whole seconds unless there is a fraction."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {k: text(v) for k, v in value.items()}
    return value


def line(f, *leave_out):
    return json.dumps({k: text(v) for k, v in f.items() if k not in leave_out}, ensure_ascii=False)


def write_csv(path, facts):
    fields = sorted({f"body.{name}" for f in facts for name in f["body"]})
    heads = ["kind", "subject", "at", "key", "recorded_at", "actor.person", "actor.party", *fields]
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.DictWriter(out, heads, lineterminator="\n")
        rows.writeheader()
        for f in facts:
            row = {k: text(f[k]) for k in ("kind", "subject", "at", "key", "recorded_at") if k in f}
            row |= {f"actor.{k}": v for k, v in f["actor"].items()}
            row |= {f"body.{k}": cell(v) for k, v in f["body"].items()}
            rows.writerow(row)


def cell(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, list) else text(value)


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    facts = [*watching(), *outages(), *incidents(), *corrections()]
    facts.sort(key=lambda f: (f["recorded_at"], f["at"], f.get("subject", "")))
    said = list(agreement(facts))
    write_csv(out / "import.csv", facts)
    (out / "agreement.jsonl").write_text("".join(line(f, "recorded_at") + "\n" for f in said), encoding="utf-8")
    note = made_up("x.note", "", facts[0]["at"], "monitor", text="stands where a ledger has contract.adopt; see README.md")
    loose = [note, *facts, *said]
    (out / "facts.jsonl").write_text("".join(line(f) + "\n" for f in loose), encoding="utf-8")


if __name__ == "__main__":
    main()
