#!/bin/bash
# Run Postgres on a fresh copy of the migrated data folder: TEMPLATE DATA PORT
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/postgres.sh"

rm -rf "$2"
cp -a "$1" "$2"
# nothing is synced to disk, because no data has to survive the machine
exec "${as_user[@]}" "$postgres_bin/postgres" -D "$2" -p "$3" \
  -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c timezone=UTC \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off
