"""`python -m infra.deploy`: deploys the contracts to Flow testnet or mainnet, or updates them there."""

from infra.deploy.command import main
from infra.deploy.networks import MAINNET, TESTNET

if __name__ == "__main__":
    raise SystemExit(main([TESTNET, MAINNET]))
