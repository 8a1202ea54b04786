"""`python -m infra.local.demo [--stop]`: starts the stack, does the main job, prints the receipt."""

import argparse
import time
from typing import Final

from rich.console import Console

from infra.local import stack
from infra.local.demo.job import JobFailedError, run
from infra.local.demo.progress import Steps
from infra.local.interruption import INTERRUPTED, ended_like_interrupted
from infra.local.server import PortTakenError, ServerFailedError
from infra.local.view import page, shown
from infra.paths import LOCAL

RECEIPT: Final = LOCAL / "demo" / "receipt.json"


def main() -> int:
    """0 when every number agrees and the second run changed nothing."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description=__doc__)
    parser.add_argument("--stop", action="store_true", help="stop the stack afterwards")
    given = parser.parse_args()
    console = Console()
    began = time.perf_counter()
    steps = Steps(console)
    try:
        with ended_like_interrupted():
            console.rule("Starting the local stack")
            facts = stack.up(console)
            steps.seconds["stack"] = time.perf_counter() - began
            console.rule("From a model call to a charge on Flow")
            receipt = run(facts, steps)
    except (PortTakenError, ServerFailedError, JobFailedError) as error:
        console.print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. `make down` stops what still runs.", style="red")
        return INTERRUPTED
    finally:
        if given.stop:
            stack.down()
    receipt.write(RECEIPT)
    receipt.print(console)
    left = "stopped" if given.stop else "still up: `make status`, `make logs`, `make down`"
    console.print(f"{time.perf_counter() - began:.0f} s in all. The stack is {left}.")
    if not given.stop:
        console.print(page(facts["page_url"]), highlight=False, soft_wrap=True)
    console.print(f"The receipt as JSON: {shown(RECEIPT)}", soft_wrap=True)
    return 0 if receipt.is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
