"""Whoever reads a contract's interface finds a sentence on everything that it offers."""

import re
from pathlib import Path
from typing import Final

import pytest

from flareflow.adapters.flow.cadence import CADENCE
from flareflow.settlement.pricing import charge_ufix64

CONTRACTS: Final = sorted((CADENCE / "contracts").glob("*.cdc"))
CALLS: Final = [*CADENCE.glob("transactions/*/*.cdc"), *CADENCE.glob("scripts/*/*.cdc")]
PUBLIC: Final = re.compile(
    r"\s*access\((?!self|contract\))[\w, |]+\) (?:view )?(?:let|var|fun|event|entitlement|struct|resource|contract)\b"
)
ENTRY: Final = re.compile(r"transaction\b|access\(all\) fun main\(")
UNITS: Final = 10**8
MICROTOKENS: Final = 10**6


def undocumented(source: Path, declaration: re.Pattern[str]) -> list[str]:
    """The declarations that no `///` stands before."""
    lines = source.read_text().splitlines()
    return [
        f"{source.name}:{number + 1}: {line.strip()}"
        for number, line in enumerate(lines)
        if declaration.match(line) and not lines[number - 1].lstrip().startswith("///")
    ]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.stem)
def test_every_public_declaration_is_documented(contract: Path) -> None:
    assert undocumented(contract, PUBLIC) == []


@pytest.mark.parametrize("call", CALLS, ids=lambda path: str(path.relative_to(CADENCE)))
def test_every_transaction_and_script_says_what_it_does(call: Path) -> None:
    assert undocumented(call, ENTRY) == []


def test_the_worked_examples_are_what_the_backend_computes() -> None:
    # Given the table of prices in the contracts' README
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.]+) \|", (CADENCE / "README.md").read_text(), re.MULTILINE)
    assert len(rows) >= 5
    # Then Python computes each
    for tokens, price in rows:
        assert charge_ufix64(int(tokens.replace(",", "")) * MICROTOKENS) == round(float(price) * UNITS)
