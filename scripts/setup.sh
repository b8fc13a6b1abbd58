#!/usr/bin/env bash
# Makes .venv from requirements.lock. uv itself is pinned there too and comes from PyPI through pip.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ]; then
  echo "setup: no Python 3.11 or newer found. Debian: apt-get install python3 python3-pip" >&2
  exit 2
fi
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
# The block of the lock that pins uv: from its name to the next package's.
awk '/^uv==/ {on = 1} /^[a-zA-Z0-9]/ && !/^uv==/ {on = 0} on' requirements.lock > "$pins"

echo "setup: installing uv" >&2
if ! "$PYTHON" -m pip --version > /dev/null 2>&1; then
  # Debian's bare python3 has neither pip nor ensurepip.
  echo "setup: $PYTHON has no pip. Debian: apt-get install python3-pip (or python3-venv)" >&2
  exit 2
fi
"$PYTHON" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
  --upgrade --target .uv --require-hashes -r "$pins"

# Trust what this machine trusts, where it has a store: a company's proxy is in there.
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
  export UV_SYSTEM_CERTS=true
fi
echo "setup: installing the pinned packages into .venv" >&2
.uv/bin/uv venv --quiet --allow-existing --python "$PYTHON" .venv
.uv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
.uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
