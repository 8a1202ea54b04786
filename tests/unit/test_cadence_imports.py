"""What the contracts import of each other."""

import re
from typing import Final

from flareflow.adapters.flow.cadence import CADENCE

FORBIDDEN: Final = {
    "FlareOracleVerifier",
    "FlareSignatures",
    "FlareFDCTriggers",
    "SettlementPages",
    "UsageBasedSubscriptions",
    "DollarRates",
    "BandOracle",
    "EVM",
}


def imports_of(name: str) -> set[str]:
    """The contracts that a contract imports, and those that they import; of others only the names."""
    path = CADENCE / "contracts" / f"{name}.cdc"
    if not path.exists():
        return set()
    direct = set(re.findall(r'^import "(\w+)"$', path.read_text(), re.MULTILINE))
    return direct.union(*(imports_of(other) for other in direct))


def test_exits_depend_on_no_oracle() -> None:
    assert not imports_of("SubscriptionOwnership") & FORBIDDEN
    assert "FlareOracleVerifier" in imports_of("UsageBasedSubscriptions")


def test_plans_in_the_token_depend_on_no_price_oracle() -> None:
    assert not imports_of("UsageBasedSubscriptions") & {"DollarRates", "BandOracle"}


def test_no_transaction_of_an_exit_imports_an_oracle() -> None:
    for name in ("request_exit", "cancel_exit", "withdraw", "close_subscription", "pay_ended"):
        code = (CADENCE / "transactions" / "subscriptions" / f"{name}.cdc").read_text()
        assert not set(re.findall(r'^import "(\w+)"$', code, re.MULTILINE)) & FORBIDDEN
