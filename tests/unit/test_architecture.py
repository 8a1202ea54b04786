"""The imports of the code, the contracts in pyproject.toml and the pictures in docs/architecture.md agree."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, Final

from infra.paths import ROOT
from tests.unit.test_imports import PACKAGE, functions, imports_below

LINT_IMPORTS: Final = Path(sys.executable).parent / "lint-imports"
LINT_SECONDS_MAX: Final = 120
GROUP: Final = re.compile(r"subgraph (\w+)\n(.*?)\n    end", re.DOTALL)
ARROW: Final = re.compile(r"^ +(\w+) --> (\w+)$", re.MULTILINE)

type Arrow = tuple[str, str]


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def allowed_into_the_domain() -> set[Arrow]:
    """(importer, domain package) for each import within flareflow that a `protected` contract allows."""
    return {
        (part_of(importer), part_of(protected))
        for contract in contracts()
        if contract["type"] == "protected"
        for protected in contract["protected_modules"]
        for importer in contract["allowed_importers"]
        if importer.startswith("flareflow.")
    }


def part_of(module: str) -> str:
    """The box of the pictures that a module of flareflow is in: its package, for adapters their own."""
    names = module.split(".")
    return names[2] if names[1] == "adapters" and len(names) > 2 else names[1]


def pictures() -> str:
    blocks = re.findall(
        r"^```mermaid\n(.*?)^```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL | re.MULTILINE
    )
    return "".join(blocks)


def groups() -> dict[str, set[str]]:
    """The boxes of the pictures that hold several parts, with these parts."""
    return {name: set(parts.split()) for name, parts in GROUP.findall(pictures())}


def drawn() -> set[Arrow]:
    """Every arrow between parts, an arrow to a group as one to each of its parts; arrows from groups only sum up."""
    members = groups()
    arrows = [(start, end) for start, end in ARROW.findall(pictures()) if start not in members]
    return {(start, part) for start, end in arrows for part in members.get(end, {end})}


@cache
def imported() -> dict[Arrow, set[str]]:
    """Which part imports which, with the files where; modules of flareflow that all may import are left out."""
    parts = {path.name for path in PACKAGE.iterdir() if path.is_dir()} | groups()["adapters"]
    found = defaultdict(set)
    for source, module in imports_below(PACKAGE):
        start = part_of(".".join(source.relative_to(PACKAGE.relative_to(ROOT).parent).with_suffix("").parts))
        found[start, module].add(str(source))
    for function in functions():
        for source, module in imports_below(ROOT / "functions" / function):
            found["functions", module].add(str(source))
    arrows: defaultdict[Arrow, set[str]] = defaultdict(set)
    for (start, module), sources in found.items():
        end = part_of(module) if module.startswith("flareflow.") else ""
        if end in parts and end != start:
            arrows[start, end] |= sources
    return arrows


def test_every_import_keeps_the_contracts() -> None:
    ended = subprocess.run(
        [str(LINT_IMPORTS), "--no-logo", "--no-cache"],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'proxy'}:{ROOT / 'verify'}:{PACKAGE.parent}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LINT_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_the_pictures_show_who_may_import_each_domain_package() -> None:
    domain = groups()["domain"]
    assert {arrow for arrow in drawn() if arrow[1] in domain and arrow[0] != "functions"} == allowed_into_the_domain()


def test_every_import_between_parts_is_an_arrow_of_the_pictures() -> None:
    missing = {arrow: sources for arrow, sources in imported().items() if arrow not in drawn()}
    assert not missing


def test_the_cadence_folder_holds_no_python() -> None:
    assert list((ROOT / "infra" / "cadence").rglob("*.py")) == []


def test_every_arrow_of_the_pictures_is_an_import() -> None:
    members = groups()
    for start, end in ARROW.findall(pictures()):
        starts, ends = members.get(start, {start}), members.get(end, {end})
        assert any((one, other) in imported() for one in starts for other in ends), f"{start} --> {end}"
