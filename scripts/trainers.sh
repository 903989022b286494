#!/usr/bin/env bash
# Installs the trainers that tests/test_trainers.py runs beside TRL, each with the versions it asks for, which are not
# academe's: an environment each in .trainers (10 GB, 4 minutes). Without it those tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
for trainer in axolotl llamafactory; do
    [ -x ".trainers/$trainer/bin/python" ] || "${PYTHON:-python3}" -m venv ".trainers/$trainer"
    ".trainers/$trainer/bin/python" -m pip --disable-pip-version-check install --quiet --no-compile "$trainer"
done
