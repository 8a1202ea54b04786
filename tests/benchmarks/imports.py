"""How long a function's code takes to import in a new process, which is most of a cold start.

`python -m tests.benchmarks.imports` writes `.local/bench/imports.json`. Machines differ, so each function is compared
with what every function needs: importing boto3 and making one DynamoDB client. All programs take turns, and what is
measured is the time that the processor spends on each, so that whatever else the machine does meanwhile slows none.
All code is compiled before, that of the functions as well as that of the libraries.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any, Final

from infra.local.aws.gateway.template import read_template
from infra.paths import LOCAL, ROOT

ROUNDS: Final = 7
TIMES_BOTO3_CLIENT_MAX: Final = 1.3
"""For the functions that answer a person or a stream; the others run on a schedule."""
BARE: Final = "pass"
BOTO3_CLIENT: Final = "import boto3; boto3.client('dynamodb')"
FILE: Final = LOCAL / "bench" / "imports.json"
COMPILED: Final = LOCAL / "bench" / "compiled"
HIDDEN: Final = ("click", "pygments", "rich")
"""httpx imports these where they are installed, as in the development environment; the layers do not have them."""


def functions() -> Mapping[str, bool]:
    """Each function of the template by its folder, and whether it answers the API, the WebSocket or a stream."""
    resources = read_template()["Resources"]
    made = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Serverless::Function"}
    waited_for = {"HttpApi", "DynamoDB"}
    return {
        Path(one["CodeUri"]).name: name in {"SessionAuthorizerFunction", "WebsocketFunction"}
        or any(event["Type"] in waited_for for event in one.get("Events", {}).values())
        for name, one in made.items()
    }


def environment() -> Mapping[str, str]:
    """Where the programs find the functions, with what the template sets for all of them."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'common'}", "PYTHONPYCACHEPREFIX": str(COMPILED)}
    of_all: Mapping[str, str] = read_template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**outer, **places, **of_all, "AWS_DEFAULT_REGION": "us-east-1"}


def seconds(program: str, environment: Mapping[str, str]) -> float:
    """How long the processor takes for a program in a new interpreter."""
    hidden = f"import sys; sys.modules |= dict.fromkeys({HIDDEN})"
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", f"{hidden}; {program}"],
        env=environment,
        check=True,
    )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measured(programs: Mapping[str, str]) -> Mapping[str, float]:
    """The median of each program, in milliseconds of the processor; the first round only compiles."""
    around = environment()
    rounds = [{name: seconds(program, around) for name, program in programs.items()} for _ in range(ROUNDS + 1)]
    return {name: 1_000 * median(one[name] for one in rounds[1:]) for name in programs}


def main() -> None:
    found = functions()
    programs = {name: f"import functions.{name}.app" for name in found}
    medians = measured({"bare": BARE, "boto3 client": BOTO3_CLIENT} | programs)
    client = medians["boto3 client"] - medians["bare"]
    over_bare = {name: medians[name] - medians["bare"] for name in found}
    report: dict[str, Any] = {
        "rounds": ROUNDS,
        "bare_interpreter_milliseconds": round(medians["bare"]),
        "boto3_client_milliseconds": round(client),
        "times_boto3_client_max": TIMES_BOTO3_CLIENT_MAX,
        "functions": {
            name: {
                "milliseconds": round(over_bare[name]),
                "times_boto3_client": round(over_bare[name] / client, 2),
                "is_waited_for": found[name],
            }
            for name in sorted(found, key=lambda name: -over_bare[name])
        },
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write(FILE.read_text())


if __name__ == "__main__":
    main()
