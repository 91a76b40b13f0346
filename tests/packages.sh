#!/usr/bin/env bash
# What building (`build`) or testing (`test`) needs beside the Rust toolchain. As root on Debian it is installed; elsewhere
# it is named, and that ends the run.
set -euo pipefail

missing=()
# A command, and the Debian package that has it.
need() { command -v "$1" > /dev/null 2>&1 || missing+=("$2"); }

need cargo "rustup (https://rustup.rs, Rust 1.95 or newer)"
need cc gcc
"${PYTHON:-python3}" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null ||
    missing+=(python3-venv)
need javac default-jdk-headless
need mvn maven
if [ "${1:-build}" = test ]; then
    need g++ g++
    need cmake cmake
    need bc bc
    need pkg-config pkg-config
    need valgrind valgrind
    need sqlite3 sqlite3
    need zip zip
    need xz xz-utils
    need zstd zstd
    need lz4 lz4
    need openssl openssl
    need chromium chromium
    need chromedriver chromium-driver
    # Real engines of backups, drills and comparisons; the tests start servers of their own.
    compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || need initdb postgresql
    need mariadbd mariadb-server
    [ -n "$(fc-list :lang=zh 2> /dev/null)" ] || missing+=(fontconfig fonts-wqy-microhei)
fi
[ ${#missing[@]} -gt 0 ] || exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && [[ ! " ${missing[*]} " =~ rustup ]]; then
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install --no-install-recommends --yes "${missing[@]}" > /dev/null
else
    printf 'missing: %s\n' "${missing[@]}" >&2
    echo "install these, then run it again" >&2
    exit 1
fi
