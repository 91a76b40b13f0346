#!/usr/bin/env bash
# Java: the JUnit tests, the shared cases through tests/cross/cases.py, and the month of examples/java, its output compared.
#
#   tests/java/run.sh        (OPSLEDGER_LIB names another shared library than target/debug/libopsledger.so)
#
# Needs a JDK (8 or newer runs the jar; 17 builds it), maven, python3. The last line is `N passed, M failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."

library=$(realpath "${OPSLEDGER_LIB:-target/debug/libopsledger.so}")
java=bindings/java
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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
# The sum of an attribute over Surefire's reports.
sum() {
    { grep -ho "<testsuite [^>]*" $java/target/surefire-reports/TEST-*.xml || true; } |
        sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

rm -rf $java/target/surefire-reports $java/target/native-cache
status=0
mvn -q -B -f $java/pom.xml -Dopsledger.native="$library" verify || status=$?
bad=$(($(sum errors) + $(sum failures)))
passed=$((passed + $(sum tests) - bad - $(sum skipped))) failed=$((failed + bad))
if [ $status != 0 ] && [ $bad = 0 ]; then
    failed=$((failed + 1))
    echo "FAILED mvn verify: status $status"
fi

jar=$(find $java/target -maxdepth 1 -name 'opsledger-*.jar')
run=(java -Xcheck:jni -Dopsledger.cache="$work/cache" -cp)
# Twice: the second on the same ledger, where every fact has its key, so nothing is recorded twice.
for time in first second; do
    check "month, $time" "${run[@]}" "$jar" examples/java/Month.java examples/month "$work/month.ledger"
    mv "$work/output" "$work/printed"
    check "month, $time: prints what the other languages print" diff "$work/printed" examples/month/expected.txt
done
"${PYTHON:-python3}" tests/cross/cases.py "${run[@]}" "$jar:$java/target/test-classes" io.opsledger.CaseDriver > "$work/cases" 2>&1 || true
cat "$work/cases"
counted=$(tail -1 "$work/cases")
if [[ $counted =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
else
    failed=$((failed + 1))
fi
check "a second build needs no network" mvn -o -q -B -f $java/pom.xml -DskipTests -Dopsledger.native="$library" package

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
