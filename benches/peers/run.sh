#!/usr/bin/env bash
# The same work done by known peers, side by side in one run: prints tables of ratios. Needs Python with venv; PostgreSQL's rows
# need its server programs (Debian: postgresql), hashdeep's that program (Debian: hashdeep).
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=target/peers-venv
if [ ! -x $peers/bin/python ]; then
    "${PYTHON:-python3}" -m venv $peers
    $peers/bin/pip install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
fi
cargo build --quiet --release -p opsledger --example peer_intervals --example peer_working_time
cargo build --quiet --release -p opsledger --features backup --example peer_digest
echo "== intervals"
$peers/bin/python benches/peers/intervals.py target/release/examples/peer_intervals
echo
echo "== calendar"
$peers/bin/python benches/peers/working_time.py target/release/examples/peer_working_time
echo
echo "== digests"
$peers/bin/python benches/peers/digest.py target/release/examples/peer_digest
echo
echo "== ledger"
cargo bench --quiet -p opsledger --bench ledger
