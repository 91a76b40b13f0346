#!/bin/sh
# Builds the extension and installs it, with its console script, into .venv of this checkout.
#
#   bindings/python/build.sh [OPTIONS OF maturin develop, such as --release]
#
# PYTHON names the interpreter that makes .venv (default python3; 3.11 or newer). The extension is compiled into the
# workspace's target folder with the settings that plain cargo uses (.cargo/config.toml), so nothing is compiled twice.
# Once the packages are there, no network is needed.
set -eu
cd "$(dirname "$0")/../.."
venv=$PWD/.venv
needs=bindings/python/requirements-dev.txt
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
if ! cmp -s "$needs" "$venv/.installed"; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$needs"
    cp "$needs" "$venv/.installed"
fi
VIRTUAL_ENV=$venv "$venv/bin/maturin" develop --quiet --manifest-path bindings/python/Cargo.toml "$@"
