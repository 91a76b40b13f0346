#!/usr/bin/env python3
"""Opens the demo's pages in a headless Chromium and holds them against the documents that their own commands print.

The last line is `N passed, M failed`; screenshots and a PDF are left in out/page for people to look at.
"""

import base64
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).resolve().parents[2]
DEMO, OUT = ROOT / "out/demo", ROOT / "out/page"
HOSTILE = """</style></svg><script>broken=1</script>"'><img src=x onerror="broken=1">"""
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1200,900",
]  # fmt: skip


def browser(profile):
    options = Options()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    # Named, so that nothing is looked up or downloaded.
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))


class Page:
    """A page that is open, and what the browser logged while it opened."""

    def __init__(self, driver, path):
        self.driver = driver
        driver.set_window_size(1200, 900)
        driver.get("about:blank")  # leaves the browser's own start page, which loads much
        driver.get_log("performance"), driver.get_log("browser")
        driver.get(path.as_uri())
        self.console = driver.get_log("browser")
        events = [json.loads(e["message"])["message"] for e in driver.get_log("performance")]
        sent = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        self.requests = [url for url in sent if url != path.as_uri()]
        self.loaded = path.as_uri() in sent
        self.attributes = self.js("return {...document.body.dataset}")

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def each(self, selector, attribute):
        return self.js("return [...document.querySelectorAll(arguments[0])].map(e => e.getAttribute(arguments[1]))", selector, attribute)

    def document(self):
        """What the assess command on the page prints."""
        line = next(l for l in self.js("return document.querySelector('#check').innerText").splitlines() if " assess " in l)
        done = subprocess.run(shlex.split(line), cwd=ROOT, capture_output=True, text=True)
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"{line}: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}:\n  page     {found}\n  expected {expected}")


QUERY = """
    SELECT fact ->> 'subject' AS subject, fact ->> 'at' AS at FROM entry AS e WHERE fact ->> 'kind' = 'outage.start'
    AND NOT EXISTS (SELECT 1 FROM entry AS v WHERE v.fact ->> 'kind' = 'outage.void' AND v.fact ->> 'subject' = e.fact ->> 'subject')
"""


def outages_by(as_of):
    """Subjects of the outages that have begun and are not void (the buyer confirmed that one), by name, from the ledger."""
    command = ["opsledger", "sql", QUERY, "--json", "--ledger", "out/demo/year.ledger"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    instant = datetime.fromisoformat
    rows = json.loads(done.stdout)["rows"]
    return sorted(subject for subject, at in rows if instant(at) <= instant(as_of))


def head_matches_the_document(page):
    document = page.document()
    head = document["head"]
    expected = {
        "contract": document["contract"], "contractSm3": document["contract_sm3"], "view": document["view"],
        "asOf": document["as_of"], "knownAt": document["known_at"], "status": document["status"],
        "headSeq": str(head["seq"]), "headSm3": head["sm3"],
    }  # fmt: skip
    equal(page.attributes, expected, "head")


def clauses_match_the_document(page):
    clauses = page.document()["clauses"]
    written = (DEMO / "contract.toml").read_text(encoding="utf-8").count("\n[[clause]]\n")
    equal(len(clauses), written, "clauses")
    equal(page.each(".clause", "data-clause"), [c["id"] for c in clauses], "ids")
    equal(page.each(".clause", "data-status"), [c["status"] for c in clauses], "statuses")
    equal(page.each(".clause", "data-value"), ["" if c["value"] is None else str(c["value"]) for c in clauses], "values")
    shown = page.js("return [...document.querySelectorAll('.clause')].map(e => e.innerText)")
    language = "text_zh" if page.js("return document.documentElement.lang") == "zh-CN" else "text_en"
    for clause, text in zip(clauses, shown):
        assert clause[language] in text, f"{clause['id']}: {clause[language]!r} is not to be read in {text!r}"


def one_bar_an_outage(page):
    bars = page.each("rect.outage", "data-subject")
    equal(sorted(bars), outages_by(page.attributes["asOf"]), "bars")
    outside = page.js("""
        const frame = document.querySelector('#timeline').getBoundingClientRect();
        return [...document.querySelectorAll('rect.outage')].filter(bar => {
            const b = bar.getBoundingClientRect();
            return b.width < 1 || b.height < 1 || b.left < frame.left || b.right > frame.right + 1 || b.bottom > frame.bottom;
        }).map(bar => bar.dataset.subject)""")
    equal(outside, [], "bars that cannot be seen")


def the_curve_ends_at_the_total(page):
    document = page.document()
    downtime = next(c for c in document["clauses"] if c["id"] == "quality.downtime")
    curves = page.each("[data-burn]", "data-burn")
    assert "period" in curves, curves
    for curve in curves:
        points = page.each(f"[data-burn={curve}] .point", "data-total-us")
        equal(points[-1], str(document["outages"]["downtime_us"]), curve)
        equal(points, sorted(points, key=int), f"{curve} only rises")
        breach = page.each(f"[data-burn={curve}] .breach", "data-at")
        equal(breach, [downtime["breached_at"]] if downtime["breached_at"] else [], f"{curve}: breach")
    forecast = page.js("return document.querySelectorAll('path.forecast').length > 0")
    equal(forecast, downtime["forecast_breach_at"] is not None, "forecast")


def nothing_is_requested_or_logged(page):
    assert page.loaded, "the performance log does not show the page itself"
    equal(page.requests, [], "requests")
    equal(page.console, [], "console")
    equal(page.js("return performance.getEntriesByType('resource').length"), 0, "resources")


def nothing_sticks_out(page):
    for width in (1200, 820, 390):
        page.driver.set_window_size(width, 900)
        wide = page.js("return [document.documentElement.scrollWidth, innerWidth]")
        out = page.js("""
            return [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg'))
                .filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))""")
        assert wide[0] <= wide[1], f"{wide[0]} wide in a window of {wide[1]}: {out}"
    page.driver.set_window_size(1200, 900)


def the_published_figures_stand_beside_ours(page):
    rows = page.js("return [...document.querySelectorAll('.extra tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    equal(len(rows), 18, "services")
    equal([r[2] for r in rows], [r[1] for r in rows], "by its rule")
    equal(sum(r[3] == r[1] for r in rows), 9, "with nothing left out")


def names_stay_names(page):
    equal(page.js("return ['broken' in window, document.scripts.length, document.images.length]"), [False, 0, 0], "hostile")
    equal(page.each("rect.outage", "data-subject"), [HOSTILE], "the bar's subject")
    assert HOSTILE in page.js("return document.querySelector('#outages').innerText"), "the name is not to be read"
    equal((page.requests, page.console), ([], []), "requests and console")


def hostile_page(folder):
    """A page of one outage whose every name tries to break out."""
    facts, contract, out = folder / "facts.jsonl", folder / "contract.toml", folder / "hostile.html"
    body = {"system": HOSTILE, "cause": HOSTILE}
    fact = {"kind": "outage.start", "subject": HOSTILE, "at": "2026-03-02T08:10:00+08:00", "body": body}
    facts.write_text(json.dumps(fact) + "\n", encoding="utf-8")
    text = (ROOT / "contracts/medical-education.toml").read_text(encoding="utf-8")
    text = text.replace('"省医学教育系统年度运维服务"', json.dumps(HOSTILE)).replace('"采购方有权解除合同"', json.dumps(HOSTILE))
    contract.write_text(text, encoding="utf-8")
    command = ["opsledger", "report", "--facts", facts, "--contract", contract, "--as-of", "2026-03-02T09:00:00+08:00"]
    command += ["--known-at", "2026-03-02T09:00:00+08:00", "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out


def keep(page, name):
    """A screenshot of the whole page."""
    height = page.js("return document.documentElement.scrollHeight")
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1200, "height": height, "deviceScaleFactor": 1, "mobile": False}
    )
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    (OUT / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def prints_on_a4(page):
    options = {"preferCSSPageSize": True, "printBackground": True}
    pdf = base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", options)["data"])
    (OUT / "report.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF") and b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf, "not A4"


def its_commands_answer_as_it_says(page):
    blocks = page.js("return [...document.querySelectorAll('#check pre')].map(e => e.innerText)")
    asked = [b.split("→") for b in blocks if "→" in b]
    equal(len(asked), 2, "commands with an answer")
    for line, answer in asked:
        done = subprocess.run(shlex.split(line), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0 and answer.strip() in done.stdout.split(), f"{line}: {done.stdout}{done.stderr}"


def the_input_is_what_the_script_writes(_):
    names = ("import.csv", "agreement.jsonl", "facts.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "examples/year/make.py", folder], check=True, cwd=ROOT)
        for name in names:
            equal((Path(folder) / name).read_bytes() == (ROOT / "examples/year" / name).read_bytes(), True, name)


EVERY = [
    head_matches_the_document, clauses_match_the_document, one_bar_an_outage, the_curve_ends_at_the_total,
    nothing_is_requested_or_logged, nothing_sticks_out,
]  # fmt: skip


ONCE = [
    the_published_figures_stand_beside_ours, its_commands_answer_as_it_says, the_input_is_what_the_script_writes, prints_on_a4,
]  # fmt: skip


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # While an outage is still open: a forecast instead of a breach.
        ask = ["--ledger", "out/demo/year.ledger", "--as-of", "2026-08-20T16:20:00+08:00", "--lang", "zh"]
        subprocess.run(["opsledger", "report", *ask, "--out", folder / "open.html"], check=True, capture_output=True, cwd=ROOT)
        pages = [
            ("report", DEMO / "report.html", [*EVERY, *ONCE]),
            ("report.en", DEMO / "report.en.html", [*EVERY, the_published_figures_stand_beside_ours]),
            ("open", folder / "open.html", EVERY),
            ("hostile", hostile_page(folder), [names_stay_names, nothing_sticks_out]),
        ]
        driver = browser(folder / "profile")
        try:
            for name, path, checks in pages:
                page = Page(driver, path)
                for check in checks:
                    try:
                        check(page)
                        passed += 1
                        print(f"ok      {name}: {check.__name__}")
                    except Exception:
                        failed += 1
                        print(f"FAILED  {name}: {check.__name__}")
                        traceback.print_exc(limit=1, file=sys.stdout)
                keep(page, name)
        finally:
            driver.quit()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
