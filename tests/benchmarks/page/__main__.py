"""How fast and how accessible the built page is: `python -m tests.benchmarks.page` writes `.local/bench/page.json`.

Lighthouse opens views of the page as a phone on a slow network would, some times each, and gives scores of 0 to 100;
the median counts. The first view must not have more than so many bytes on the wire.

What is measured is the page: the built files, and what the stack answers after a call of a model has been charged. The
answers are recorded, and given again by a small server on the same addresses when the stack has stopped. A stack that
runs would compete with the browser for the processors, which no phone of a customer shares with it.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra.local import stack
from infra.local.demo.job import become_customer, use_until_settled
from infra.local.demo.progress import Steps
from infra.local.demo.run import Stack
from infra.paths import LOCAL, PAGE
from infra.setup.jobs import LIGHTHOUSE
from tests.benchmarks.page.recording import Recording, recorded, replayed
from tests.support.browser import ARGUMENTS, CHROMIUM

VIEWS: Final[Mapping[str, str]] = {"home": "/", "pricing": "/pricing", "network": "/network", "how": "/how"}
"""Those that people see without signing in."""
RUNS: Final = 5
SECONDS_MAX: Final = 120
SCORES: Final[Mapping[str, int]] = {"performance": 95, "accessibility": 95, "best-practices": 95}
"""What Lighthouse is asked for, and how much is wanted."""
FIRST_VIEW_BYTES_MAX: Final = 350_000
FILE: Final = LOCAL / "bench" / "page.json"


def report(address: str, file: Path) -> Any:
    """What Lighthouse says of one visit."""
    command: Sequence[str | Path] = [
        *(LIGHTHOUSE / "node_modules" / ".bin" / "lighthouse", address, "--quiet", "--output=json"),
        *(f"--output-path={file}", f"--only-categories={','.join(SCORES)}"),
        f"--chrome-flags={' '.join(('--headless=new', *ARGUMENTS))}",
    ]
    environment = os.environ | {"CHROME_PATH": CHROMIUM}
    subprocess.run(command, env=environment, check=True, timeout=SECONDS_MAX, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text())


def measured(name: str, address: str) -> Mapping[str, int]:
    """Medians: each score, the bytes on the wire, when the largest part is there, and how long the view is blocked."""
    reports = [report(address, FILE.with_name(f"page-{name}-{run}.json")) for run in range(RUNS)]
    scores = {name: round(median(100 * one["categories"][name]["score"] for one in reports)) for name in SCORES}
    audits = {
        "bytes": "total-byte-weight",
        "largest_paint_ms": "largest-contentful-paint",
        "blocked_ms": "total-blocking-time",
    }
    return scores | {
        name: round(median(one["audits"][audit]["numericValue"] for one in reports)) for name, audit in audits.items()
    }


def recording(console: Console) -> tuple[str, Recording]:
    """The page's address, and what the stack answers there once a call is charged; the stack is stopped then."""
    try:
        facts = stack.up(console)
        stack.publish_page()
        with Stack.of(facts) as running:
            steps = Steps(console)
            use_until_settled(running, steps, become_customer(running, steps))
        files = [file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*.*") if ".vite" not in file.parts]
        return facts["page_url"], recorded(facts["page_url"], list(VIEWS.values()), ["", *files])
    finally:
        stack.down()


def main() -> int:
    """Print and keep what was measured; 1 where it is not enough."""
    console = Console()
    address, answers = recording(console)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with replayed(answers):
        found = {name: measured(name, f"{address}#{view}") for name, view in VIEWS.items()}
    FILE.write_text(json.dumps(found, indent=1))
    table = Table("view", *next(iter(found.values())))
    for name, numbers in found.items():
        table.add_row(name, *map(str, numbers.values()))
    console.print(table)
    enough = all(numbers[score] >= wanted for numbers in found.values() for score, wanted in SCORES.items())
    return 0 if enough and found["home"]["bytes"] <= FIRST_VIEW_BYTES_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
