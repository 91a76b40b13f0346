#!/bin/sh
# The demo's documents read back by the office formats' own libraries and opened in a headless Chromium. Uses what
# `make build PROFILE=dev` left in target/debug, and builds it where it is not.
set -eu
cd "$(dirname "$0")/../.."
cargo build --quiet -p opsledger-cli -p opsledger-example-year
PATH="$PWD/target/debug:$PATH"
export PATH
venv=target/documents-venv
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
if ! cmp -s tests/documents/requirements.txt "$venv/.installed"; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement tests/documents/requirements.txt
    cp tests/documents/requirements.txt "$venv/.installed"
fi
mkdir -p out
[ -f out/demo/year.ledger ] || examples/year/demo.sh >out/demo.log 2>&1 || { cat out/demo.log; exit 1; }
exec "$venv/bin/python" tests/documents/documents.py
