#!/usr/bin/env bash
# A Python environment with schemathesis, which writes requests of its own from the contract; prints its path.
#
# It lives in $BERTH_CACHE/venv/schemathesis (BERTH_CACHE defaults to ~/.cache/berth). A second run only compares a
# checksum. Errors go to stderr. Nothing is written into the source tree.
set -euo pipefail

root="${BERTH_CACHE:-$HOME/.cache/berth}/venv"
env="$root/schemathesis"
python="${BERTH_PYTHON:-python3}"
requirements=(schemathesis==4.32.5)

"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "schemathesis.sh: $python has no venv module; on Debian: apt-get install python3-venv" >&2
  exit 1
}

mkdir -p "$root"
exec 9>"$root/.schemathesis.lock"
flock 9

want=$({ printf '%s\n' "${requirements[@]}"; "$python" -VV; } | sha256sum)
if [ "$(cat "$env/.requirements" 2>/dev/null)" != "$want" ]; then
  echo "schemathesis.sh: making $env" >&2
  rm -rf "$env"
  "$python" -m venv "$env" >&2
  "$env/bin/python" -m pip install -q --prefer-binary "${requirements[@]}" >&2
  printf '%s\n' "$want" >"$env/.requirements"
fi
echo "$env"
