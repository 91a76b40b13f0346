#!/bin/sh
# A contract year from its facts to a page: fills a ledger, verifies it twice, assesses it as of several instants, and writes
# out/demo/report.html. Where `opsledger` and `year-report` are not on the PATH (make demo puts them there), builds them.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v opsledger >/dev/null || ! command -v year-report >/dev/null; then
    echo "building the command"
    cargo build --quiet --release -p opsledger-cli -p opsledger-example-year
    PATH="$PWD/target/release:$PATH"
fi

year=examples/year
out=out/demo
ledger=$out/year.ledger
contract=contracts/medical-education.toml
OPSLEDGER_LEDGER=$ledger
export OPSLEDGER_LEDGER

step() { printf '\n== %s\n' "$1"; }
# 1 and 3 are verdicts (a clause breached, a clause without evidence), not failures.
assess() {
    status=0
    opsledger assess --lang zh "$@" || status=$?
    case $status in 0 | 1 | 3) ;; *) exit "$status" ;; esac
}

mkdir -p "$out"
rm -f "$ledger" "$ledger"-* "$out"/report*.html

step "建立台账并采用合同 · make the ledger and adopt the contract"
opsledger init --contract "$contract"
step "导入一年的事实（原记录时间保留） · import the year's facts, with the instants at which they were recorded"
opsledger import csv "$year/import.csv"
before=$(opsledger sql 'select max(seq) as seq from entry' --json | tr -dc 0-9)
step "双方确认、异议、豁免 · what each party says of the other's facts"
opsledger append "$year/agreement.jsonl"

step "核对台账 · verify, with this library"
opsledger verify
step "核对台账 · verify, with sqlite3 and cksum alone"
if command -v sqlite3 >/dev/null; then
    tools/verify-ledger.sh "$ledger"
else
    echo "sqlite3 未安装，跳过 · sqlite3 is not installed: tools/verify-ledger.sh $ledger checks the same where it is"
fi

for at in 2026-08-15T00:00:00 2026-08-19T00:00:00 2026-08-21T23:45:00 2026-08-22T09:18:30; do
    step "截至 $at（双方认可口径） · as of, agreed view"
    assess --as-of "$at+08:00"
done
step "同一时刻，全部主张口径 · the same instant, claimed view"
assess --as-of 2026-08-22T09:18:30+08:00 --view claimed
step "同一时刻，确认之前（末条 #$before） · the same instant, before anything was confirmed"
assess --as-of 2026-08-22T09:18:30+08:00 --head "$before"

year-report "$ledger" "$contract" 2026-08-22T09:18:30+08:00 "$out/report.html" zh
year-report "$ledger" "$contract" 2026-08-22T09:18:30+08:00 "$out/report.en.html" en
step "报告 · the page"
echo "file://$PWD/$out/report.html"
echo "在浏览器中打开 out/demo/report.html · open out/demo/report.html in a browser"
