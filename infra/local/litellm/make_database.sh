#!/bin/bash
# Make a Postgres data folder that holds the empty database `litellm` with all of LiteLLM's migrations.
# Each start of the stack copies the folder, so the migrations run only once.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/postgres.sh"

migrations=$1
data=$2
[ -f "$data/COMPLETE" ] && cmp -s "$data/COMPLETE" <(ls "$migrations") && exit 0

rm -rf "$data"
install -d -m 700 -o "$owner" "$data"
as_postgres initdb -D "$data" -A trust -U litellm --no-sync >/dev/null
socket=$(mktemp -d)
chown "$owner" "$socket"
as_postgres pg_ctl -D "$data" -l "$socket/log" -w -o "-c listen_addresses= -c unix_socket_directories=$socket -c fsync=off" start >/dev/null
trap 'as_postgres pg_ctl -D "$data" -m fast -w stop >/dev/null; rm -rf "$socket"' EXIT

client=(-h "$socket" -U litellm -q -v ON_ERROR_STOP=1)
psql "${client[@]}" -d postgres -c 'create database litellm'
find "$migrations" -name migration.sql -print0 | sort -z | xargs -0 cat | PGOPTIONS='-c client_min_messages=warning' psql "${client[@]}" -d litellm >/dev/null
# LiteLLM would create these two indexes by itself after its migrations
psql "${client[@]}" -d litellm \
  -c 'create index if not exists "LiteLLM_SpendLogs_api_key_startTime_idx" on "LiteLLM_SpendLogs" ("api_key", "startTime")' \
  -c 'create index if not exists "LiteLLM_SpendLogs_litellm_call_id_idx" on "LiteLLM_SpendLogs" ("litellm_call_id")'
ls "$migrations" >"$data/COMPLETE"
