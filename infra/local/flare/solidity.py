"""The compiled Solidity stand-ins; they are compiled when their sources change, and kept under `.local/`."""

import hashlib
import json
import os
import subprocess
from functools import cache
from typing import Any, Final

from infra.paths import LOCAL, ROOT

SOLIDITY: Final = ROOT / "infra" / "solidity"
COMPILE_SECONDS: Final = 600


@cache
def artifacts() -> dict[str, Any]:
    """ABI and creation bytecode by contract name."""
    digest = hashlib.sha256()
    for source in sorted([*SOLIDITY.glob("src/*.sol"), SOLIDITY / "compile.js"]):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    kept = LOCAL / "solidity" / f"{digest.hexdigest()[:16]}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_compiled())
    compiled: dict[str, Any] = json.loads(kept.read_bytes())
    return compiled


def _compiled() -> bytes:
    environment = {**os.environ, "NODE_PATH": str(LOCAL / "node" / "node_modules")}
    command = ["node", str(SOLIDITY / "compile.js")]
    return subprocess.run(command, env=environment, check=True, timeout=COMPILE_SECONDS, capture_output=True).stdout
