#!/bin/bash
# Install LiteLLM, its query engine and an empty migrated database into the folder given.
# From registries only (PyPI, npm); Debian's `postgresql` must be there. Needs uv on PATH, or its path in UV.
set -euo pipefail

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$kit/../../.." && pwd)
mkdir -p "$1"
home=$(cd "$1" && pwd)

echo "LiteLLM's Python packages"
[ -x "$home/venv/bin/python" ] || "${UV:-uv}" venv --quiet --python "${PYTHON:-python3.13}" "$home/venv"
# copied and not linked: Prisma changes its own package below, which must not change uv's cache
"${UV:-uv}" pip sync --quiet --require-hashes --link-mode copy --python "$home/venv/bin/python" "$root/requirements/litellm.txt"

echo "the query engine's node packages"
cp "$kit"/query_engine/{package.json,package-lock.json,.npmrc} "$home/"
(cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --silent)

echo "Prisma's client for LiteLLM's schema"
packages=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
grep -v binaryTargets "$packages/litellm/proxy/schema.prisma" >"$home/schema.prisma"  # these engines are for other machines
export PRISMA_HOME_DIR="$home/prisma" PRISMA_QUERY_ENGINE_BINARY="$kit/query_engine/query-engine"
export PRISMA_SCHEMA_ENGINE_BINARY="$kit/query_engine/schema-engine" PRISMA_HIDE_UPDATE_MESSAGE=1 CHECKPOINT_DISABLE=1
export NODE_PATH="$home/node_modules" PATH="$home/venv/bin:$PATH" npm_config_ignore_scripts=true
prisma generate --schema "$home/schema.prisma" >/dev/null

echo "compiling the Python packages"
"$home/venv/bin/python" -m compileall -q -j 0 "$packages"

echo "an empty database with LiteLLM's tables"
"$kit/make_database.sh" "$packages/litellm_proxy_extras/migrations" "$home/database"
