"""`make mutants`: make every fault of the catalogue in a copy of the repository, and see that a test notices it.

Ends with 1 when a fault survives, when a test that noticed one fails without any, or when a fault cannot be made.
"""

import argparse
import subprocess
import time

from infra.local.interruption import INTERRUPTED, ended_like_interrupted
from infra.paths import ROOT
from tests.mutants.catalogue import FAULTS
from tests.mutants.running import Verdict, sample, try_all


def main() -> int:
    arguments = _arguments()
    names = arguments.names or {fault.group for fault in FAULTS}
    chosen = [fault for fault in FAULTS if any(map(fault.belongs_to, names))]
    if not chosen:
        print(f"No fault's name begins so. They begin with: {', '.join(sorted({fault.group for fault in FAULTS}))}")
        return 1
    if arguments.sample:
        commit = _commit()
        chosen = sample(chosen, arguments.sample, commit)
        print(f"{len(chosen)} of {len(FAULTS)} faults, chosen by commit {commit[:10]}; `make mutants` tries them all")
    began = time.monotonic()
    try:
        with ended_like_interrupted():
            outcomes = try_all(chosen)
    except KeyboardInterrupt:
        print("Interrupted. Its servers are stopped and its copies of the repository removed.")
        return INTERRUPTED
    caught = sum(outcome.verdict is Verdict.CAUGHT for outcome in outcomes)
    print(f"{caught} of {len(chosen)} faults were caught, in {time.monotonic() - began:.0f} s")
    return 0 if caught == len(chosen) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("names", nargs="*", help="only faults of this name, or whose name begins with these words")
    parser.add_argument("--sample", type=int, help="only so many, chosen by the commit among the quick ones")
    return parser.parse_args()


def _commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
