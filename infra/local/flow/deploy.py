"""`python -m infra.local.flow.deploy`: deploys the contracts to the running emulator, or updates them there."""

from infra.deploy.command import main
from infra.local.flow.network import emulator

if __name__ == "__main__":
    raise SystemExit(main([emulator()]))
