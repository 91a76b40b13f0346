#!/bin/sh
# What only several languages at once can show. Needs `make build`; the last line is `N passed, M failed`.
set -eu
cd "$(dirname "$0")/../.."
exec .venv/bin/python tests/cross/many_writers.py "$@"
