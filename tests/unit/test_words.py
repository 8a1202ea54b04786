"""Words that have one meaning, as the glossary says."""

import re
from pathlib import Path
from typing import Final

from infra.paths import ROOT

ACCEPT: Final = re.compile(r"(?i)\baccept(s|ed|ing|able|ance)?\b")
HEADER: Final = "Accept-Encoding"
NO_PLANS: Final = (
    "infra/cadence/contracts/Flare*.cdc",
    "infra/cadence/contracts/SettlementPages.cdc",
    "infra/cadence/contracts/SubscriptionCustody.cdc",
    "infra/cadence/contracts/SubscriptionOwnership.cdc",
    "infra/solidity/src/*",
    "layers/common/flareflow/adapters/flare/*.py",
    "layers/common/flareflow/adapters/flow/*.py",
    "layers/common/flareflow/attestation/*.py",
    "layers/common/flareflow/metering/*.py",
    "layers/common/flareflow/statements/*.py",
    "layers/common/flareflow/transparency/*.py",
    "verify/flareflow_verify/steps/*.py",
    "docs/statement.md",
    "docs/trust.md",
    "docs/verify.md",
    "docs/verify/*.md",
)
"""Files on what is confirmed, signed or checked, with hardly a sentence on plans."""
ON_PLANS: Final = {"docs/trust.md": 1}
GONE: Final = re.compile(r"\b(agreement|settleInPart|Entitlement)\b")
"""Words of earlier contracts that meant several things."""


def sources() -> list[Path]:
    return [path for pattern in NO_PLANS for path in sorted(ROOT.glob(pattern))]


def test_only_owners_accept_and_only_plans() -> None:
    found = {
        str(path.relative_to(ROOT)): len(ACCEPT.findall(path.read_text().replace(HEADER, ""))) for path in sources()
    }
    assert len(found) > len(NO_PLANS)
    assert {name: count for name, count in found.items() if count} == ON_PLANS


def test_no_contract_has_a_word_of_several_meanings() -> None:
    contracts = sorted((ROOT / "infra/cadence/contracts").glob("*.cdc"))
    assert [path.name for path in contracts if GONE.search(path.read_text())] == []
