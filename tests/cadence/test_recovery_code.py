"""The EVM code inside the light client is what its source says."""

import os
import subprocess

import pytest

from infra.local.flare.solidity import COMPILE_SECONDS, SOLIDITY
from infra.paths import LOCAL, ROOT

pytestmark = pytest.mark.stack


def test_the_deployed_recovery_code_is_compiled_from_its_source() -> None:
    # When the source is compiled
    compiled = subprocess.run(
        ["node", str(SOLIDITY / "compile_yul.js")],
        env={**os.environ, "NODE_PATH": str(LOCAL / "node" / "node_modules")},
        check=True,
        timeout=COMPILE_SECONDS,
        capture_output=True,
        text=True,
    ).stdout
    # Then the contract deploys exactly that
    contract = (ROOT / "infra" / "cadence" / "contracts" / "FlareSignatures.cdc").read_text()
    assert f'"{compiled}".decodeHex()' in contract
