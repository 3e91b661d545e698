#!/usr/bin/env bash
# Python environments for the tests: one per JupyterHub version that the adapter supports, with the adapter installed.
#
#   test/stack/venvs.sh [VERSION...]     all of 4.1.6 5.5.1 6.0.0b2 without arguments; prints one path per line
#
# They live in $BERTH_CACHE/venv/hub-VERSION (BERTH_CACHE defaults to ~/.cache/berth). A second run only compares
# checksums (well under a second); the adapter is installed anew whenever its sources changed. Progress and errors
# go to stderr. Nothing is written into the source tree.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
adapter="$here/../../packages/jupyterhub-berth"
root="${BERTH_CACHE:-$HOME/.cache/berth}/venv"
python="${BERTH_PYTHON:-python3}"
versions=("$@")
[ $# -gt 0 ] || versions=(4.1.6 5.5.1 6.0.0b2)

"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "venvs.sh: $python has no venv module; on Debian: apt-get install python3-venv" >&2
  exit 1
}

# What the adapter's own tests need, in each environment.
common=(pytest==8.4.2 pytest-asyncio==1.2.0 hatchling==1.27.0 requests==2.32.5 websocket-client==1.8.0)
# What only one environment holds: linters, what upstream's own tests import, and the peers that the bench compares with.
tools=(mypy==1.18.2 ruff==0.14.0 vermin==1.6.0 beautifulsoup4==4.14.2 jsonschema==4.25.1 requests-mock==1.12.1
  virtualenv==20.34.0 cryptography==46.0.2 notebook==7.4.7 dockerspawner==14.0.0 PyYAML==6.0.3
  jupyterhub-ldapauthenticator==2.0.2 ldap3==2.9.1)

requirements() { # VERSION
  printf 'jupyterhub==%s\n' "$1"
  printf '%s\n' "${common[@]}"
  [ "$1" != 5.5.1 ] || printf '%s\n' "${tools[@]}"
}

adapter_sum() {
  (cd "$adapter" && find pyproject.toml README.md jupyterhub_berth -type f ! -name '*.pyc' 2>/dev/null |
    LC_ALL=C sort | xargs sha256sum | sha256sum)
}

mkdir -p "$root"
exec 9>"$root/.lock"
flock 9

for version in "${versions[@]}"; do
  env="$root/hub-$version"
  want=$({ requirements "$version"; "$python" -VV; } | sha256sum)
  if [ "$(cat "$env/.requirements" 2>/dev/null)" != "$want" ]; then
    echo "venvs.sh: making $env" >&2
    rm -rf "$env"
    "$python" -m venv "$env" >&2
    requirements "$version" >"$env/requirements.txt"
    "$env/bin/python" -m pip install -q --prefer-binary -r "$env/requirements.txt" >&2
    printf '%s\n' "$want" >"$env/.requirements"
  fi
  if [ -f "$adapter/pyproject.toml" ]; then
    want=$(adapter_sum)
    if [ "$(cat "$env/.adapter" 2>/dev/null)" != "$want" ]; then
      "$env/bin/python" -m pip install -q --no-deps --no-build-isolation --force-reinstall "$adapter" >&2
      printf '%s\n' "$want" >"$env/.adapter"
    fi
  fi
  echo "$env"
done
