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
from samtranslator.yaml_helper import yaml_parse

from infra.local.aws.gateway.template import TEMPLATE
from infra.paths import ROOT

PACKAGE: Final = ROOT / "layers" / "common" / "flareflow"
DOMAIN: Final = ("metering", "statements", "attestation", "settlement", "accounts", "realtime", "books")
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
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT}:{PACKAGE.parent}", "AWS_DEFAULT_REGION": "us-east-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=IMPORT_SECONDS_MAX,
        check=False,
    )
