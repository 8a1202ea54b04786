"""Who may import whom; DESIGN section 3."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.local.gateway.template import TEMPLATE
from infra.local.paths import ROOT

PACKAGE: Final = ROOT / "layers" / "common" / "flareflow"
UPSTREAM: Final = {
    "metering": set[str](),
    "statements": {"metering"},
    "attestation": {"statements"},
    "settlement": {"statements", "attestation"},
    "accounts": {"settlement", "metering"},
    "realtime": {"settlement", "metering"},
}
SHARED: Final = {"changes", "errors", "keccak", "plain", "time", "tokens"}
CODECS: Final = {"attestation": {"eth_abi"}}
CHAIN_LIBRARIES: Final = {"web3", "flow_py_sdk"}
RUNTIME_DISTRIBUTIONS: Final = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"}
IMPORT_SECONDS_MAX: Final = 60


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
    resources = yaml_parse(TEMPLATE.read_text())["Resources"].values()
    made = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Serverless::Function"]
    return {Path(properties["CodeUri"]).name: properties for properties in made}


def light_functions() -> list[str]:
    """Functions that get the common layer only."""
    return [name for name, properties in functions().items() if properties["Layers"] == [{"Ref": "CommonLayer"}]]


@pytest.mark.parametrize("package", UPSTREAM)
def test_a_domain_package_knows_only_what_lies_upstream_of_it(package: str) -> None:
    allowed = SHARED | UPSTREAM[package] | {package}
    for source, module in imports_below(PACKAGE / package):
        if module.startswith("flareflow."):
            assert module.split(".")[1] in allowed, f"{source} imports {module}"


@pytest.mark.parametrize("package", UPSTREAM)
def test_a_domain_package_imports_no_aws_http_or_chain_library(package: str) -> None:
    allowed = sys.stdlib_module_names | {"flareflow", "pydantic"} | CODECS.get(package, set())
    for source, module in imports_below(PACKAGE / package):
        assert module.split(".")[0] in allowed, f"{source} imports {module}"


def test_adapters_and_domain_do_not_know_who_puts_them_together() -> None:
    for source, module in imports_below(PACKAGE):
        if "bootstrap" not in source.parts:
            assert not module.startswith("flareflow.bootstrap"), f"{source} imports {module}"


def test_the_local_stack_does_not_put_functions_together() -> None:
    for source, module in imports_below(ROOT / "infra"):
        assert not module.startswith("flareflow.bootstrap"), f"{source} imports {module}"


@pytest.mark.parametrize("function", functions())
def test_a_handler_imports_its_own_composition_root_and_no_adapter(function: str) -> None:
    modules = {module for _, module in imports_below(ROOT / "functions" / function)}
    assert not [module for module in modules if module.startswith("flareflow.adapters")]
    roots = {module for module in modules if module.startswith("flareflow.bootstrap")}
    assert roots == {f"flareflow.bootstrap.{function}"}


def test_functions_without_the_chain_layer_import_nothing_that_only_it_has() -> None:
    # Given what the common layer and Lambda's runtime bring
    lock = (PACKAGE.parent / "requirements.txt").read_text()
    there = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)) | RUNTIME_DISTRIBUTIONS
    # When all those functions are imported, in a process of their own
    imported = modules_after_importing([f"functions.{name}.app" for name in light_functions()])
    # Then every installed package among them is one of those, so neither web3 nor flow-py-sdk
    distributions = packages_distributions()
    needed = {name.lower().replace("_", "-") for module in imported for name in distributions.get(module, [])}
    assert needed <= there
    assert not imported & CHAIN_LIBRARIES


def modules_after_importing(names: list[str]) -> set[str]:
    """The top-level modules that a fresh process has loaded for them."""
    program = f"import json, sys; [__import__(name) for name in {names!r}]; print(json.dumps(list(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{PACKAGE.parent}", "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=IMPORT_SECONDS_MAX,
        check=True,
    )
    return {name.split(".")[0] for name in json.loads(ended.stdout.splitlines()[-1])}
