"""Compares the books of the running local stack with their sources, by the operator's command."""

import json
import os
import subprocess
import sys

from pydantic import TypeAdapter

from infra.local.aws.gateway.deployment import sam_environment_file
from infra.local.aws.session import REGION
from infra.local.ports import url

COMMAND = "flareflow.bootstrap.books"
ENVIRONMENTS: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])
FUNCTIONS = ("ChainEventsFunction", "ReconciliationFunction")
"""Functions whose environments have all that the command needs."""


def main() -> int:
    """Run the command with the names of the stack's resources; return its exit status."""
    if not sam_environment_file().exists():
        print("The local stack does not run. `make up` starts it.", file=sys.stderr)
        return 2
    functions = ENVIRONMENTS.validate_python(json.loads(sam_environment_file().read_text()))
    named = {variable: value for function in FUNCTIONS for variable, value in functions[function].items()}
    as_operator = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": url("dynamodb"),
        "AWS_ENDPOINT_URL_S3": url("moto"),
    }
    environment = {**os.environ, **named, **as_operator}
    return subprocess.run([sys.executable, "-m", COMMAND], env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
