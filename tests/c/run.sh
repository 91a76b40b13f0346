#!/usr/bin/env bash
# The C interface as a host meets it: installed into a fresh prefix, found by pkg-config, linked by gcc.
#
#   tests/c/run.sh        (PROFILE=release takes another build than dev)
#
# Programs: the month of examples/c under valgrind, its output compared; bad input and ledgers (tests/c/*.c) under valgrind; the
# shared cases through tests/c/driver.c. Needs gcc, g++, make, pkg-config, cmake,
# valgrind, python3. The last line is `N passed, M failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
make --silent --no-print-directory install PROFILE="${PROFILE:-dev}" PREFIX="$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

passed=0 failed=0
# check NAME COMMAND...: the command is one check.
check() {
    local name=$1
    shift
    if "$@" > "$work/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $name"
        cat "$work/output"
    fi
}
# count COMMAND...: adds up the command's own last line, `N passed, M failed`.
count() {
    local status=0 last
    "$@" > "$work/output" 2>&1 || status=$?
    grep -v '^[0-9]* passed, [0-9]* failed$' "$work/output" || true
    last=$(grep '^[0-9]* passed, [0-9]* failed$' "$work/output" | tail -1)
    if [ -z "$last" ]; then
        failed=$((failed + 1))
        echo "FAILED $*: status $status, nothing counted"
    else
        local ok=${last%% passed*} bad=${last##*, }
        passed=$((passed + ok)) failed=$((failed + ${bad%% failed}))
        if [ "$status" != 0 ] && [ "${bad%% failed}" = 0 ]; then
            failed=$((failed + 1))
            echo "FAILED $*: status $status"
        fi
    fi
}
# compile SOURCE [FLAG...]: a C99 program without a warning.
compile() {
    local source=$1 name
    shift
    name=$(basename "$source" .c)
    # The flags of pkg-config are words.
    # shellcheck disable=SC2046
    gcc -std=c99 -D_POSIX_C_SOURCE=200809L -g -O1 -pedantic -Wall -Wextra -Werror "$source" -o "$work/$name" \
        $(pkg-config --cflags --libs opsledger) "$@"
}
valgrind=(valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect
    --errors-for-leak-kinds=definite,indirect --error-exitcode=99)

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
check "pkg-config knows the version" test "$(pkg-config --modversion opsledger)" = "$version"
check "compile month" compile examples/c/month.c
check "compile driver" compile tests/c/driver.c
check "compile input" compile tests/c/input.c
check "compile documents" compile tests/c/documents.c
check "compile backup" compile tests/c/backup.c
check "compile ledger" compile tests/c/ledger.c -pthread
check "link the archive" gcc -std=c99 examples/c/month.c -o "$work/static" -I "$prefix/include" \
    "$prefix/lib/libopsledger.a" -lpthread -ldl -lm
check "programs ask for the soname" \
    bash -c "readelf --dynamic '$work/month' | grep -q 'NEEDED.*\[libopsledger.so.${version%%.*}\]'"

cmake=(cmake -S tests/c/cmake -DCMAKE_PREFIX_PATH="$prefix" -DMONTH="$PWD/examples/c/month.c")
check "cmake finds the package" "${cmake[@]}" -B "$work/cmake" -DWANTED="$version"
check "cmake builds a consumer" cmake --build "$work/cmake"
check "cmake's program asks for the soname" \
    bash -c "readelf --dynamic '$work/cmake/month' | grep -q 'NEEDED.*\[libopsledger.so.${version%%.*}\]'"
check "cmake refuses a newer major" bash -c '! "$@"' - "${cmake[@]}" -B "$work/other" -DWANTED="$((${version%%.*} + 1)).0"

check "month under valgrind" "${valgrind[@]}" "$work/month" examples/month "$work/month.ledger"
mv "$work/output" "$work/printed"
check "month prints what the other languages print" diff "$work/printed" examples/month/expected.txt
# Once more on the same ledger: every fact has its key, so nothing is recorded twice.
check "month again" bash -c "'$work/month' examples/month '$work/month.ledger' | diff - examples/month/expected.txt"
check "month, statically linked" bash -c "'$work/static' examples/month '$work/month.ledger' | diff - examples/month/expected.txt"
mkdir "$work/ledgers" "$work/backups"
count "${valgrind[@]}" "$work/input"
count "${valgrind[@]}" "$work/documents"
count "${valgrind[@]}" "$work/backup" "$work/backups"
count "${valgrind[@]}" --child-silent-after-fork=yes "$work/ledger" "$work/ledgers"
count "${PYTHON:-python3}" tests/cross/cases.py "$work/driver"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
