"""How fast and how accessible the built page is: `python -m tests.benchmarks.page` writes `.local/bench/page.json`.

Lighthouse opens views of the page on the running stack as a phone on a slow network would, some times each, and gives
scores of 0 to 100; the median counts. The first view must not have more than so many bytes on the wire.
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
from infra.paths import LOCAL
from infra.setup.jobs import LIGHTHOUSE
from tests.support.browser import ARGUMENTS, CHROMIUM

VIEWS: Final[Mapping[str, str]] = {"home": "", "pricing": "#/pricing", "network": "#/network", "how": "#/how"}
"""Those that people see without signing in."""
RUNS: Final = 3
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
    """The median of each score, the bytes on the wire, and when the largest part of the view is there."""
    reports = [report(address, FILE.with_name(f"page-{name}-{run}.json")) for run in range(RUNS)]
    scores = {name: round(median(100 * one["categories"][name]["score"] for one in reports)) for name in SCORES}
    audits = {"bytes": "total-byte-weight", "largest_paint_ms": "largest-contentful-paint"}
    return scores | {
        name: round(median(one["audits"][audit]["numericValue"] for one in reports)) for name, audit in audits.items()
    }


def main() -> int:
    """Print and keep what was measured; 1 where it is not enough."""
    console = Console()
    address = stack.up(console)["page_url"]
    stack.publish_page()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    found = {name: measured(name, address + view) for name, view in VIEWS.items()}
    FILE.write_text(json.dumps(found, indent=1))
    table = Table("view", *next(iter(found.values())))
    for name, numbers in found.items():
        table.add_row(name, *map(str, numbers.values()))
    console.print(table)
    enough = all(numbers[score] >= wanted for numbers in found.values() for score, wanted in SCORES.items())
    return 0 if enough and found["home"]["bytes"] <= FIRST_VIEW_BYTES_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
