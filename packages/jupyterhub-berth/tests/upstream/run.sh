#!/usr/bin/env bash
# JupyterHub's own tests for spawners with BerthSpawner as the class: tests/upstream/run.sh [PYTEST ARGUMENTS]
#
# BERTH_PYTHON is a Python with jupyterhub 5.5.1 (default: what test/stack/venvs.sh made); configurable-http-proxy
# has to be on the PATH. With BERTH_URL and BERTH_TOKEN_FILE set, that service is used instead of the fake.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../../.." && pwd)
python="${BERTH_PYTHON:-$("$root/test/stack/venvs.sh" 5.5.1)/bin/python}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PYTHONPATH="$here/../..:$here/..:$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1
export PATH="$(dirname "$python"):$root/node_modules/.bin:$PATH"
"$python" -m pytest -c "$here/pytest.ini" --rootdir "$here" -p plugin \
  --pyargs jupyterhub.tests.test_spawner jupyterhub.tests.test_named_servers "$@"
