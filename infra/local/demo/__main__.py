"""`python -m infra.local.demo [--stop]`: bring the stack up, do the main job, print the receipt."""

import argparse
import time

from rich.console import Console

from infra.local import stack
from infra.local.demo.job import JobFailedError, run
from infra.local.demo.progress import Steps
from infra.local.server import PortTakenError, ServerFailedError
from infra.paths import LOCAL

RECEIPT = LOCAL / "demo" / "receipt.json"


def main() -> int:
    """0 when every number agrees and the second run changed nothing."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo")
    parser.add_argument("--stop", action="store_true", help="stop the stack afterwards")
    given = parser.parse_args()
    console = Console()
    began = time.perf_counter()
    steps = Steps(console)
    try:
        console.rule("Starting the local stack")
        facts = stack.up(console)
        steps.seconds["stack"] = time.perf_counter() - began
        console.rule("From a model call to a charge on Flow")
        receipt = run(facts, steps)
    except (PortTakenError, ServerFailedError, JobFailedError) as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1
    finally:
        if given.stop:
            stack.down()
    receipt.write(RECEIPT)
    receipt.print(console)
    left = "stopped" if given.stop else "still up: `make status`, `make logs`, `make down`"
    console.print(f"{time.perf_counter() - began:.0f} s in all. The stack is {left}. Also as JSON: {RECEIPT}")
    return 0 if receipt.is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
