"""`python -m infra.local.verify verify 1`: runs `flareflow` with the sources of the running local stack."""

import os
import sys

from flareflow_verify.__main__ import main
from infra.local import stack
from infra.local.launch import Facts
from infra.local.ports import url


def sources(facts: Facts) -> dict[str, str]:
    """What `flareflow` reads from its environment, for the stack of these facts."""
    return {
        "FLAREFLOW_HOST": facts["api_url"],
        "FLAREFLOW_FLOW": url("flow_rest"),
        "FLAREFLOW_FLARE": url("anvil"),
        "FLAREFLOW_FLARE_REGISTRY": facts["flare_registry_address"],
        "FLAREFLOW_POLICY": facts["log_policy"],
    }


def run() -> int:
    """Run the command; return its exit status."""
    try:
        os.environ.update(sources(stack.facts()))
    except FileNotFoundError:
        print("The local stack does not run. `make up` starts it.", file=sys.stderr)
        return 2
    return main(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(run())
