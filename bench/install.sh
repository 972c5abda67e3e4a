#!/usr/bin/env bash
# Installs what `make bench` compares with, into the folder that is named: the Oxigraph server,
# rdflib-endpoint and the library for charts from PyPI, Comunica from npm; Virtuoso, wrk, curl
# and Node.js by apt, where they are missing and apt may be used. What cannot be had is left out
# of the comparison, and that is told.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
place=${1:?name a folder}
mkdir -p "$place/node"

missing=()
command -v virtuoso-t > /dev/null || missing+=(virtuoso-opensource-7-bin)
for tool in wrk curl; do command -v "$tool" > /dev/null || missing+=("$tool"); done
command -v npm > /dev/null || missing+=(nodejs npm)
if ((${#missing[@]})); then
    if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
        echo "apt installs ${missing[*]}" >&2
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" \
            || echo "apt could not install all of ${missing[*]}" >&2
    else
        echo "not installed, and only root may: apt-get install ${missing[*]}" >&2
    fi
fi
command -v wrk > /dev/null || { echo "nothing can be measured without wrk" >&2; exit 1; }

# A stamp is as new as the list of packages that it stands for.
if [ "$here/../requirements/bench.txt" -nt "$place/python/.installed" ]; then
    test -x "$place/python/bin/python" || "${PYTHON:-python3}" -m venv "$place/python"
    "$place/python/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r "$here/../requirements/bench.txt"
    touch "$place/python/.installed"
fi
if command -v npm > /dev/null && [ "$here/node/package-lock.json" -nt "$place/node/.installed" ]; then
    cp "$here"/node/package.json "$here"/node/package-lock.json "$here"/node/.npmrc "$place/node/"
    if (cd "$place/node" && npm ci --no-audit --no-fund --loglevel=error >&2); then
        touch "$place/node/.installed"
    else
        echo "npm could not install Comunica" >&2
    fi
fi
