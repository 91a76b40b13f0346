#!/usr/bin/env python3
"""Reads the demo's documents back (python-docx, openpyxl, headless Chromium) and holds them against the assessment.

The last line is `N passed, M failed`; screenshots are left in out/documents for people to look at.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import docx
import openpyxl
from docx.oxml.ns import qn
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).resolve().parents[2]
LEDGER = ROOT / "out/demo/year.ledger"
OUT = ROOT / "out/documents"
MONTH, END = "2026-08", "2026-09-01T00:00:00+08:00"
KNOWN = "2026-12-31T00:00:00+08:00"
HOSTILE = ["=1+1", "+cmd", "-2", "@SUM(A1)", '</style><script>broken=1</script><img src=x onerror="broken=1">', "../../x", "a\u0001b\u202ec"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip
STATUS = {
    "zh": {"met": "达标", "breached": "违约", "at-risk": "有风险", "no-evidence": "无证据", "waived": "已豁免", "not-due": "未到期"},
    "en": {name: name for name in ("met", "breached", "at-risk", "no-evidence", "waived", "not-due")},
}


def opsledger(*args, ledger=LEDGER, facts=None):
    done = subprocess.run(
        ["opsledger", *args, "--ledger", str(ledger)], cwd=ROOT, capture_output=True, text=True, input=facts, check=False
    )
    if done.returncode not in (0, 1, 3):
        raise AssertionError(f"opsledger {' '.join(args)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def made(kind, folder, *args, lang="zh", ledger=LEDGER, known=KNOWN):
    told = json.loads(
        opsledger("report", kind, *args, "--out", str(folder), "--lang", lang, "--known-at", known, "--json", ledger=ledger)
    )
    return told, {Path(f["file"]).suffix[1:]: Path(f["file"]) for f in told["files"]}


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}:\n  document {found}\n  expected {expected}")


def rows(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def assessment(as_of=END):
    return json.loads(opsledger("assess", "--as-of", as_of, "--known-at", KNOWN, "--json"))


def test_docx_says_what_the_assessment_says(folder):
    """Every clause with its status and figure; structure that a word processor understands."""
    truth = assessment()
    for lang in ("zh", "en"):
        told, files = made("monthly", folder / lang, "--month", MONTH, lang=lang)
        d = docx.Document(files["docx"])
        section = d.sections[0]
        assert abs(section.page_width.mm - 210) < 1 and abs(section.page_height.mm - 297) < 1, section.page_width.mm
        headings = [p.text for p in d.paragraphs if p.style.name.lower() == "heading 1"]
        assert len(headings) == 16, headings
        levels = next(rows(t) for t in d.tables if t.rows[0].cells[0].text in ("条款", "Clause") and len(t.columns) == 7)
        equal([r[0] for r in levels[1:]], [c["id"] for c in truth["clauses"]], "clauses")
        for row, clause in zip(levels[1:], truth["clauses"]):
            assert row[5].startswith(STATUS[lang][clause["status"]]), (row, clause["status"])
            if clause["unit"] == "count":
                equal(row[3].split()[0], str(clause["value"]), clause["id"])
            assert ("示例值" in row[1] or "example value" in row[1]) == clause["assumed"], row
        for table in d.tables:
            first = table.rows[0]._tr
            heads = first.findall(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
            bold = table.rows[0].cells[0].paragraphs[0].style.name
            assert heads or bold == "Cell Head", "a table without a repeated head"
        footer = "".join(p.text for p in section.footer.paragraphs)
        assert told["number"] in footer and told["content_sm3"] in footer, footer
        instructions = "".join(e.text or "" for e in section.footer._element.iter(qn("w:instrText")))
        assert "PAGE" in instructions and "NUMPAGES" in instructions, instructions
        fonts = d.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:rFonts')}")
        equal(fonts.get(qn("w:eastAsia")), "宋体", "font")
        meta = dict(rows(d.tables[0]))
        head = truth["head"]
        assert f"#{head['seq']} {head['sm3']}" in meta.values() and truth["contract_sm3"] in meta.values(), meta
        assert END in meta.values() and KNOWN in meta.values(), meta


def test_links_of_a_docx_lead_to_entries(folder):
    _, files = made("monthly", folder, "--month", MONTH)
    d = docx.Document(files["docx"])
    body = d.element.body
    anchors = {e.get(qn("w:anchor")) for e in body.iter(qn("w:hyperlink"))}
    places = {e.get(qn("w:name")) for e in body.iter(qn("w:bookmarkStart"))}
    assert anchors and anchors <= places, anchors - places
    entries = rows(d.tables[-1])
    shown = opsledger("show", entries[1][0].lstrip("#"), "--json")
    assert entries[1][2] in shown, shown


def test_xlsx_keeps_what_was_stated(folder):
    truth = assessment()
    for kind, args in (("monthly", ["--month", MONTH]), ("ledger", []), ("roster", ["--month", MONTH]), ("incident", ["--subject", "I-01"])):
        _, files = made(kind, folder, *args)
        book = openpyxl.load_workbook(files["xlsx"])
        for sheet in book.worksheets:
            assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9, sheet.title
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", f"{sheet.title}!{cell.coordinate} is a formula"
        for sheet in book.worksheets[1:]:
            equal(sheet.freeze_panes, "A2", sheet.title)
            assert sheet.max_row < 3 or sheet.auto_filter.ref, sheet.title
        if kind == "monthly":
            levels = book["服务水平"]
            equal([r[0].value for r in levels.iter_rows(min_row=2)], [c["id"] for c in truth["clauses"]], "clauses")
            summary = {r[0].value: r[2].value for r in book["概况"].iter_rows(min_row=2)}
            equal(summary["长时间故障"], truth["outages"]["long"], "long outages")
            equal(summary["短时间故障"], truth["outages"]["short"], "short outages")


def test_incident_report_tells_its_clocks(folder):
    truth = assessment(KNOWN)
    _, files = made("incident", folder, "--subject", "I-01")
    d = docx.Document(files["docx"])
    clocks = next(rows(t) for t in d.tables if t.rows[0].cells[0].text == "承诺")[1:]
    cases = [case["status"] for c in truth["clauses"] if c["rule"] == "deadline" for case in c["detail"]["cases"] if case["subject"] == "I-01"]
    equal([row[4] for row in clocks], [STATUS["zh"][s] for s in cases], "clocks of I-01")


def test_acceptance_package_can_be_checked_without_this_program(folder):
    told, _ = made("acceptance", folder)
    sums = (folder / "SM3SUMS").read_text(encoding="utf-8").splitlines()
    assert len(sums) == len(list(folder.iterdir())) - 4, len(sums)
    for line in sums[:: max(1, len(sums) // 12)]:
        digest, name = line.split("  ", 1)
        done = subprocess.run(["openssl", "dgst", "-sm3", "-r", str(folder / name)], capture_output=True, text=True, check=True)
        equal(done.stdout.split()[0], digest, name)
    index = openpyxl.load_workbook(next(folder.glob("000-*.xlsx")))
    listed = {r[1].value: r[4].value for r in index.worksheets[1].iter_rows(min_row=2)}
    equal(listed, dict(reversed(line.split("  ", 1)) for line in sums), "index")
    form = docx.Document(next(folder.glob("001-*.docx")))
    truth = json.loads(next(folder.glob("*assessment-agreed.json")).read_text(encoding="utf-8"))
    clauses = next(rows(t) for t in form.tables if t.rows[0].cells[0].text == "序号" and len(t.columns) == 7)[1:]
    equal([row[4] for row in clauses], [STATUS["zh"][c["status"]] for c in truth["clauses"]], "verdicts")
    assert len(told["files"]) == len(sums) + 4


def test_an_issued_report_is_recorded_and_corrected_by_the_next(folder):
    ledger = folder / "l"
    shutil.copy(LEDGER, ledger)
    told = json.loads(opsledger("report", "monthly", "--month", MONTH, "--lang", "zh", "--format", "docx", "--out", str(folder), "--issue", "--person", "工程师甲", "--json", ledger=ledger))
    entry = json.loads(opsledger("show", str(told["entry"]), "--json", ledger=ledger).splitlines()[0])
    body = entry["fact"]["body"] if "fact" in entry else entry["body"]
    equal((body["kind"], body["covers"], body["digest"]), ("monthly", MONTH, told["files"][0]["sm3"]), "report.submit")
    again = json.loads(opsledger("report", "monthly", "--month", MONTH, "--lang", "zh", "--format", "html", "--out", str(folder), "--json", ledger=ledger))
    # The demo's year handed in the first.
    equal((again["version"], told["version"]), (3, 2), "versions")
    page = Path(again["files"][0]["file"]).read_text(encoding="utf-8")
    assert "对已出具报告的更正" in page


def hostile_ledger(folder):
    ledger = folder / "hostile"
    subprocess.run(["opsledger", "init", "--ledger", str(ledger), "--contract", "contracts/medical-education.toml"], cwd=ROOT, check=True, capture_output=True)
    facts = []
    for i, text in enumerate(HOSTILE):
        at = f"2026-08-0{i + 1}T08:00:00+08:00"
        facts += [
            {"kind": "outage.start", "subject": f"{text} O", "at": at, "body": {"system": text, "cause": text}},
            {"kind": "outage.end", "subject": f"{text} O", "at": at.replace("08:00:00", "08:05:00"), "body": {}},
            {"kind": "incident.report", "subject": f"{text} I", "at": at, "body": {"severity": "minor", "affects_use": True, "channel": text}},
            {"kind": "request.open", "subject": f"{text} Q", "at": at, "body": {"type": text, "unit": text}},
        ]
    opsledger("append", "-", ledger=ledger, facts="\n".join(json.dumps(f) for f in facts))
    return ledger


def test_nothing_breaks_out(folder):
    ledger = hostile_ledger(folder)
    for kind, args in (("monthly", ["--month", MONTH]), ("ledger", []), ("incident", ["--subject", "../../x I"])):
        told, files = made(kind, folder / kind, *args, "--format", "docx,xlsx,html", ledger=ledger)
        for path in files.values():
            assert path.resolve().parent == (folder / kind).resolve(), path
        book = openpyxl.load_workbook(files["xlsx"])
        cells = [c for s in book.worksheets for r in s.iter_rows() for c in r if c.value is not None]
        assert all(c.data_type != "f" for c in cells)
        looks = [c for c in cells if isinstance(c.value, str) and c.value.startswith(("=", "+", "-", "@"))]
        assert all(c.quotePrefix for c in looks), kind
        assert looks or kind == "incident", kind
        text = "".join(t.text or "" for t in docx.Document(files["docx"]).element.body.iter(qn("w:t")))
        assert "\u202e" not in text and "\u0001" not in text and ("<script>" in text or kind == "incident"), kind


def browser(profile):
    options = Options()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    # Named, so that nothing is looked up or downloaded.
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))


def test_pages_load_nothing_and_fit_phone_and_desk(folder):
    ledger = hostile_ledger(folder)
    pages = [
        ("monthly", made("monthly", folder / "1", "--month", MONTH)[1]["html"]),
        ("monthly-en", made("monthly", folder / "2", "--month", MONTH, lang="en")[1]["html"]),
        ("incident", made("incident", folder / "3", "--subject", "I-01")[1]["html"]),
        ("ledger", made("ledger", folder / "4")[1]["html"]),
        ("roster", made("roster", folder / "5", "--month", MONTH)[1]["html"]),
        ("hostile", made("monthly", folder / "6", "--month", MONTH, ledger=ledger)[1]["html"]),
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    driver = browser(folder / "profile")
    try:
        for name, path in pages:
            for label, width in (("desk", 1200), ("phone", 390)):
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": label == "phone"})
                driver.get("about:blank")
                driver.get_log("performance"), driver.get_log("browser")
                driver.get(path.as_uri())
                console = [e for e in driver.get_log("browser")]
                equal(console, [], f"{name} {label} console")
                events = [json.loads(e["message"])["message"] for e in driver.get_log("performance")]
                sent = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
                equal([u for u in sent if u != path.as_uri()], [], f"{name} {label} requests")
                wide = driver.execute_script("return document.documentElement.scrollWidth")
                assert wide <= width, f"{name}: {wide} wide on {width}"
                equal(driver.execute_script("return [typeof broken, document.querySelectorAll('script,img').length]"), ["undefined", 0], name)
                dead = driver.execute_script("return [...document.querySelectorAll('a')].filter(a => !document.querySelector(a.getAttribute('href'))).length")
                equal(dead, 0, f"{name}: links that lead nowhere")
                driver.save_screenshot(str(OUT / f"{name}-{label}.png"))
        name, path = pages[0]
        driver.get(path.as_uri())
        charts = driver.execute_script("return [...document.querySelectorAll('figure')].map(f => [f.dataset.chart, f.querySelectorAll('svg rect, svg circle').length])")
        assert {"故障", "每日可用", "故障时间预算", "响应用时"} <= {c for c, _ in charts} and all(n for _, n in charts), charts
    finally:
        driver.quit()


def main():
    tests = [(name, f) for name, f in globals().items() if name.startswith("test_")]
    failed = 0
    for name, test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Path(folder))
                print(f"ok   {name}")
            except Exception:
                failed += 1
                print(f"FAIL {name}")
                traceback.print_exc(file=sys.stdout)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
