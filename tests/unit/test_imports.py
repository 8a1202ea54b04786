"""What the import contracts in pyproject.toml cannot say: libraries, composition roots, layers of Lambda."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

import pytest

from infra.paths import ROOT
from tests.benchmarks.imports import functions as benchmarked
from tests.support.deployment import template_source

PACKAGE: Final = ROOT / "layers" / "common" / "flareflow"
DOMAIN: Final = ("metering", "statements", "attestation", "settlement", "accounts", "realtime", "webhooks", "books")
RUNTIME_DISTRIBUTIONS: Final = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"}
IMPORT_SECONDS_MAX: Final = 60
LOADED_WHERE_USED: Final = {
    "httpx": "what asks Flow or LiteLLM is imported by the composition root's function that makes it",
    "rlp": "only a proof of an account is encoded with it",
    "Crypto": "a hash or a signature is made by few routes",
    "aws_lambda_powertools.utilities.batch": "streams have a queue for failures only",
    "aws_lambda_powertools.utilities.parameters": "a secret is read where it is compared or sent",
}
"""Modules that a cold start of a function waits for in vain, and why."""
ASKED_BY_EACH_EVENT: Final = {"enforcement": {"httpx"}}
"""What a function needs for whatever it is called for."""
NOT_READ: Final = {
    "account_api": ("metering.usage_events", "accounts.usage_history", "accounts.standing", "realtime.models"),
    "credit_leases": ("statements", "realtime", "webhooks", "metering.calls", "adapters.dynamodb.usage_items"),
    "enforcement": ("attestation", "statements", "realtime", "webhooks", "metering.calls"),
    "key_provisioning": ("metering", "settlement", "statements", "realtime", "webhooks"),
    "operator_api": ("adapters.litellm", "metering.commands", "metering.usage_events", "statements", "realtime"),
    "pending_push": ("attestation", "statements", "metering.price_book", "accounts.ports"),
    "public_api": ("accounts.quoting", "metering.price_book", "settlement.ports", "statements.models"),
    "session_authorizer": ("settlement", "metering"),
    "usage_ingest": ("accounts", "settlement", "realtime", "webhooks", "statements.models"),
    "wallet_auth": ("metering", "settlement", "realtime"),
    "webhook_api": ("metering", "settlement", "realtime"),
    "websocket": ("attestation", "statements", "metering.calls", "metering.usage_events"),
}
"""Rooms and modules of FlareFlow that no event of a function needs, or that only some of its routes do."""
ROUTES: Final = "aws_lambda_powertools.event_handler"
ALL_EVENTS: Final = "aws_lambda_powertools.utilities.data_classes"
WITHOUT_ROUTES: Final = {
    "enforcement": {ROUTES, ALL_EVENTS},
    "pending_push": {ROUTES, ALL_EVENTS},
    "session_authorizer": {ROUTES},
    "websocket": {ROUTES, ALL_EVENTS},
}
"""Functions that need no resolver of routes, and what they leave out with it: forms of the events of all services."""


def imports(source: Path) -> Iterator[str]:
    """Every module that a source names in an import, wherever in the file."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            yield f"{node.module}"


def imports_below(folder: Path) -> Iterator[tuple[Path, str]]:
    for source in sorted(folder.rglob("*.py")):
        for module in imports(source):
            yield source.relative_to(ROOT), module


def functions() -> dict[str, dict[str, Any]]:
    """The properties of each function of the template, by the name of its folder."""
    resources = template_source()["Resources"].values()
    made = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Serverless::Function"]
    return {Path(properties["CodeUri"]).name: properties for properties in made}


def light_functions() -> list[str]:
    """Functions that get the common layer only."""
    return [name for name, properties in functions().items() if properties["Layers"] == [{"Ref": "CommonLayer"}]]


@pytest.mark.parametrize("package", DOMAIN)
def test_a_domain_package_imports_no_library_but_pydantic(package: str) -> None:
    allowed = sys.stdlib_module_names | {"flareflow", "pydantic"}
    for source, module in imports_below(PACKAGE / package):
        assert module.split(".")[0] in allowed, f"{source} imports {module}"


@pytest.mark.parametrize("function", functions())
def test_a_handler_imports_its_own_composition_root_and_no_adapter(function: str) -> None:
    modules = {module for _, module in imports_below(ROOT / "functions" / function)}
    assert not [module for module in modules if module.startswith("flareflow.adapters")]
    roots = {module for module in modules if module.startswith("flareflow.bootstrap")}
    assert roots == {f"flareflow.bootstrap.{function}"}


def test_functions_without_the_chain_layer_need_nothing_that_only_it_has() -> None:
    # Given the modules that the common layer and Lambda's runtime do not bring, web3 and flow-py-sdk among them
    lock = (PACKAGE.parent / "requirements.txt").read_text()
    there = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)) | RUNTIME_DISTRIBUTIONS
    brought_by = packages_distributions()
    missing = [module for module, names in brought_by.items() if there.isdisjoint(map(lock_name, names))]
    assert set(missing) >= {"web3", "flow_py_sdk"}
    # When the functions are imported where none of them can be
    handlers = [f"functions.{function}.app" for function in light_functions()]
    ended = import_without(missing, handlers)
    # Then all are there
    assert len(handlers) > 5
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize("function", sorted(name for name, is_waited_for in benchmarked().items() if is_waited_for))
def test_a_function_that_somebody_waits_for_imports_late_what_few_events_need(function: str) -> None:
    # When its module is imported, as at a cold start
    program = f"import sys, functions.{function}.app; print(*sys.modules)"
    loaded = run_alone(program).stdout.split()
    # Then nothing is there that most events do not need
    assert "boto3" in loaded
    late = {*LOADED_WHERE_USED, *(f"flareflow.{one}" for one in NOT_READ[function])}
    late |= WITHOUT_ROUTES.get(function, set())
    late -= ASKED_BY_EACH_EVENT.get(function, set())
    assert [module for module in loaded if any(f"{module}.".startswith(f"{one}.") for one in late)] == []


def lock_name(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def import_without(missing: list[str], handlers: list[str]) -> subprocess.CompletedProcess[str]:
    """Import the handlers in a new process where `missing` modules cannot be; it prints those that fail, and why."""
    program = (
        "import sys, importlib\n"
        f"sys.modules.update(dict.fromkeys({missing!r}))\n"
        f"for handler in {handlers!r}:\n"
        "    try:\n"
        "        importlib.import_module(handler)\n"
        "    except ImportError as error:\n"
        "        print(handler, error)\n"
    )
    return run_alone(program)


def run_alone(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a new process that finds functions and layer, and nothing else of this repository."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{PACKAGE.parent}", "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=IMPORT_SECONDS_MAX,
        check=False,
    )
