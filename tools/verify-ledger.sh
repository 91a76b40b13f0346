#!/bin/sh
# Checks a ledger without opsledger: with sqlite3, and cksum (coreutils 9) or openssl for SM3.
#
#   verify-ledger.sh LEDGER [FROM [TO]]
#
# Every fact's hash, the chain of heads, the sequence, the order of recorded_at, and the triggers. Prints the first bad entry,
# the same as `opsledger verify` does; that facts are canonical and keys unique only the latter checks.
# Exit status: 0 sound, 1 broken, 2 wrong usage, no ledger, or a tool is missing.
set -u
LC_ALL=C
export LC_ALL

batch=2000
zeros=0000000000000000000000000000000000000000000000000000000000000000
abc=66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0 # SM3 of "abc" (GB/T 32905-2016)

fail() {
    echo "verify-ledger.sh: $1" >&2
    exit 2
}
broken() {
    echo "broken: $1"
    exit 1
}

[ $# -ge 1 ] && [ $# -le 3 ] || fail "usage: verify-ledger.sh LEDGER [FROM [TO]]"
for number in "${2:-1}" "${3:-1}"; do
    case $number in '' | 0* | *[!0-9]*) fail "not an entry's number: $number" ;; esac
done
[ -f "$1" ] || fail "$1: no such file"
case $1 in /*) ledger=$1 ;; *) ledger=$PWD/$1 ;; esac

command -v sqlite3 >/dev/null || fail "sqlite3 is not installed"
if [ "$(printf abc | cksum -a sm3 --untagged 2>/dev/null | cut -c1-64)" = $abc ]; then
    sm3() { cksum -a sm3 --untagged "$@"; }
elif [ "$(printf abc | openssl dgst -sm3 -r 2>/dev/null | cut -c1-64)" = $abc ]; then
    sm3() { openssl dgst -sm3 -r "$@"; }
else
    fail "neither cksum nor openssl here knows SM3"
fi
tab=$(printf '\t')
query() { sqlite3 -init /dev/null -batch -noheader -separator "$tab" -readonly "$ledger" "$1"; }

application=$(query 'PRAGMA application_id; PRAGMA user_version' | tr '\n' ' ') || fail "$1: cannot be read"
[ "$application" = "1330664268 1 " ] || fail "$1: not a ledger of format 1"

from=${2:-1}
to=${3:-$(query 'SELECT coalesce(max(seq), 0) FROM entry')} || fail "$1: cannot be read"
[ "$(query 'SELECT count(*) FROM entry WHERE seq < 1')" = 0 ] || broken "entry 1: entry-added"

# Two small files an entry: in memory where that is possible.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm
folder=$(TMPDIR=${TMPDIR:-/tmp} mktemp -d) || fail "no temporary folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
cd "$folder" || fail "no temporary folder"

at=$from
last=$zeros
while [ "$at" -le "$to" ]; do
    end=$((at + batch - 1))
    [ "$end" -le "$to" ] || end=$to
    find . -type f -exec rm -f {} +
    range="FROM entry WHERE seq BETWEEN $at - 1 AND $end ORDER BY seq"
    query "SELECT writefile('h' || seq, CAST(head AS BLOB)), writefile('f' || seq, CAST(fact AS BLOB)) $range" >/dev/null
    query "SELECT seq, typeof(head) = 'text' AND typeof(fact) = 'text' AND length(head) = length(CAST(head AS BLOB)),
        replace(head, char(10), ' ') $range" >rows
    : >sums
    [ ! -s rows ] || sm3 [hf]* >sums || fail "hashing failed"
    result=$(awk -F '\t' -v want="$at" -v end="$end" -v prev=$zeros '
        function bad(what) { print "entry " want ": " what; found = 1; exit }
        FILENAME == "sums" { split($0, part, " "); sub(/^[*]/, "", part[2]); sum[part[2]] = part[1]; next }
        $1 == want - 1 { prev = sum["h" $1]; time = $4; next }
        $1 != want { bad("entry-missing") }
        !$2 { bad("not-text") }
        NF != 6 || $3 !~ /^[1-9][0-9]*$/ || $5 $6 !~ /^[0-9a-f]+$/ || length($5) != 64 || length($6) != 64 || $4 !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9][.][0-9][0-9][0-9][0-9][0-9][0-9]Z$/ {
            bad("head-malformed") }
        $3 "" != want "" { bad("seq-wrong") }
        $6 != sum["f" want] { bad("fact-changed") }
        $5 != prev { bad("chain-broken") }
        $4 "" < time "" { bad("time-backwards") }
        { prev = sum["h" want]; time = $4; want++ }
        END { if (found) exit; if (want <= end) bad("entry-missing"); print "ok " prev }' sums rows)
    case $result in
    "ok "*) last=${result#ok } ;;
    *) broken "$result" ;;
    esac
    at=$((end + 1))
done

schema=$(query "SELECT type || ' ' || name || ': ' || sql FROM sqlite_master
    WHERE tbl_name = 'entry' COLLATE NOCASE AND type <> 'index' ORDER BY type, name")
expected="table entry: CREATE TABLE entry(seq INTEGER PRIMARY KEY, head TEXT NOT NULL, fact TEXT NOT NULL)
trigger entry_keep: CREATE TRIGGER entry_keep BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END
trigger entry_same: CREATE TRIGGER entry_same BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END"
[ "$schema" = "$expected" ] || broken "the table or its triggers were changed:
$schema"
echo "sound: entries $from to $to, last head $last"
