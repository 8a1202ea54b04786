"""How long a function's code takes to import in a new process, which is most of a cold start.

`python -m tests.benchmarks.imports` writes `.local/bench/imports.json`. Machines differ, so each function is compared
with what every function needs: importing boto3 and making one DynamoDB client. All programs take turns, so that
whatever else the machine does meanwhile slows all of them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from infra.paths import LOCAL, ROOT

ROUNDS: Final = 7
TIMES_BOTO3_CLIENT_MAX: Final = 1.3
"""For the functions that answer a person or a stream; the others run on a schedule."""
BARE: Final = "pass"
BOTO3_CLIENT: Final = "import boto3; boto3.client('dynamodb')"
FILE: Final = LOCAL / "bench" / "imports.json"


def functions() -> Mapping[str, bool]:
    """Each function of the template by its folder, and whether it answers the API, the WebSocket or a stream."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    made = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Serverless::Function"}
    waited_for = {"HttpApi", "DynamoDB"}
    return {
        Path(one["CodeUri"]).name: name in {"SessionAuthorizerFunction", "WebsocketFunction"}
        or any(event["Type"] in waited_for for event in one.get("Events", {}).values())
        for name, one in made.items()
    }


def seconds(program: str) -> float:
    """How long a new interpreter takes for a program, with all compiled files there."""
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'common'}", "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return time.perf_counter() - began


def measured(programs: Mapping[str, str]) -> Mapping[str, float]:
    """The median of each program, in milliseconds; the first round only compiles."""
    rounds = [{name: seconds(program) for name, program in programs.items()} for _ in range(ROUNDS + 1)]
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
