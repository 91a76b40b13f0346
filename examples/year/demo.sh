#!/bin/sh
# A contract year from its facts to what is signed: keeps the ledger through the year, verifies it twice, says how the contract
# stood at the end of each month, and leaves reports in out/demo. Where the commands are not on the PATH (make demo puts them
# there), builds them.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v opsledger >/dev/null || ! command -v year-report >/dev/null || ! command -v year-keep >/dev/null; then
    echo "building the commands"
    cargo build --quiet --release -p opsledger-cli -p opsledger-example-year
    PATH="$PWD/target/release:$PATH"
fi

out=out/demo
ledger=$out/year.ledger
contract=$out/contract.toml
end=2026-09-14T10:02:00+08:00
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
rm -rf "$ledger" "$ledger"-* "$out"/report*.html "$out"/assess-*.txt "$out/monthly" "$out/acceptance" "$contract"

step "记账一年：合同期 2025-09-01 至 2026-08-31，每条事实按其记录时刻入台账 · keep the ledger through the year"
year-keep contracts/medical-education.toml "$out"
opsledger sql "select fact ->> 'kind' as kind, count(*) as entries from entry group by 1 order by 2 desc limit 12"

step "核对台账 · verify, with this library"
opsledger verify
step "核对台账 · verify, with sqlite3 and cksum alone"
if command -v sqlite3 >/dev/null; then
    tools/verify-ledger.sh "$ledger"
else
    echo "sqlite3 未安装，跳过 · sqlite3 is not installed: tools/verify-ledger.sh $ledger checks the same where it is"
fi

step "全部主张口径与更正之前 · in the claimed view, and as known before the corrections"
assess --as-of "$end" --view claimed >"$out/assess-claimed.txt"
assess --as-of 2026-03-18T16:00:00+08:00 --known-at 2026-03-18T16:00:00+08:00 >"$out/assess-as-known-then.txt"
echo "$out/assess-claimed.txt  $out/assess-as-known-then.txt"

step "十二份月报，各按提交当日的台账写成并记入台账 · the twelve monthly reports, each made on its day and recorded"
ls "$out/monthly"
step "验收资料 · the acceptance package"
opsledger report acceptance --as-of "$end" --out "$out/acceptance" --lang zh >"$out/acceptance.txt"
echo "$(wc -l <"$out/acceptance.txt") 个文件 files: $out/acceptance（目录 index: 000-验收资料目录.html）"

step "报告 · the page"
year-report "$ledger" "$contract" "$end" "$out/report.html" zh
year-report "$ledger" "$contract" "$end" "$out/report.en.html" en
echo "file://$PWD/$out/report.html"

step "逐月履约情况（双方认可口径） · how it stood at the end of each month, agreed view"
year-report "$ledger" "$contract" standing \
    2025-10-01T00:00:00+08:00 2025-11-01T00:00:00+08:00 2025-12-01T00:00:00+08:00 2026-01-01T00:00:00+08:00 \
    2026-02-01T00:00:00+08:00 2026-03-01T00:00:00+08:00 2026-04-01T00:00:00+08:00 2026-05-01T00:00:00+08:00 \
    2026-06-01T00:00:00+08:00 2026-07-01T00:00:00+08:00 2026-08-01T00:00:00+08:00 2026-09-01T00:00:00+08:00 "$end"
