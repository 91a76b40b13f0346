#!/bin/sh
# What only several languages at once can show. Needs `make build`; each check ends with a line `N passed, M failed`.
set -eu
cd "$(dirname "$0")/../.."
status=0
.venv/bin/python tests/cross/documents.py || status=1
.venv/bin/python tests/cross/backups.py || status=1
.venv/bin/python tests/cross/many_writers.py "$@" || status=1
exit $status
