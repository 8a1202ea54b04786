#!/bin/bash
# Run LiteLLM behind the gate: run_gate.sh PYTHON OUTBOX_FOLDER. Records that an earlier stack has left are of keys that
# no longer exist, so the folder is emptied first.
set -euo pipefail
rm -rf "$2"
exec "$1" -m flareflow_gate
