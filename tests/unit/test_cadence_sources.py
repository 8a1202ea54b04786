"""What holds for the text of every contract."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from flareflow.adapters.flow.cadence import CADENCE

CONTRACTS: Final = sorted((CADENCE / "contracts").glob("*.cdc"))
LINES_MAX: Final = 500
TYPE: Final = re.compile(
    r"^    access\(\w+\) (?:struct|resource)(?: interface)? (\w+).*?^    \}", re.DOTALL | re.MULTILINE
)
FIELD: Final = re.compile(r"^        access\(\w+\) (?:let|var) (\w+)", re.MULTILINE)
WITHOUT_ROOM: Final[Mapping[str, str]] = {
    "CodeUpdates.Offer": "it is taken or withdrawn, and then gone",
    "FlareFDCTriggers.Request": "part of a trigger, which has room",
    "FlareFDCTriggers.Template": "part of a trigger, which has room",
    "FlareFDCTriggers.Delivery": "it lives within one transaction",
    "FlareOracleVerifier.ConfirmedRoot": "replaced within a week; the contract has room",
    "FlareOracleVerifier.Status": "the answer of a view",
    "FlareSignatures.SigningPolicy": "replaced after some reward epochs; the contract has room",
    "GraduatedPricing.Tier": "part of a plan, which has room",
    "GraduatedPricing.Line": "arithmetic within one transaction",
    "SubscriptionTerms.Billed": "an interface; the ledger has room",
    "UsageBasedSubscriptions.Standing": "the answer of a view",
}
"""Types with fields and without a reserved one, which can never get another field, and why that is no loss."""


def types_with_fields(contract: Path) -> Iterator[tuple[str, list[str]]]:
    for found in TYPE.finditer(contract.read_text()):
        fields = FIELD.findall(found.group())
        if fields:
            yield f"{contract.stem}.{found.group(1)}", fields


def test_what_is_stored_can_grow() -> None:
    without = {
        name for contract in CONTRACTS for name, fields in types_with_fields(contract) if "extension" not in fields
    }
    assert without == set(WITHOUT_ROOM)


def test_no_contract_is_longer_than_one_can_read() -> None:
    lengths = {contract.stem: len(contract.read_text().splitlines()) for contract in CONTRACTS}
    assert len(lengths) > 10
    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX} == {}
