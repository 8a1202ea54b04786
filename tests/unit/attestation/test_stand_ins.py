"""The local contracts, and what our adapter calls, have the selectors and events of Flare's recorded ABIs."""

from typing import Any, Final

import pytest

from flareflow.adapters.flare.contracts import ABIS
from infra.local.flare.solidity import artifacts
from tests.unit.attestation.vectors import recorded

ONLY_LOCAL: Final = {
    "FdcRequestFeeConfigurations": {"setTypeAndSourceFee"},
    "FlareSystemsManager": {"initializeSigningPolicy", "relay"},
    "Relay": {
        "setSigningPolicy",
        "setSigningPolicySetter",
        "firstVotingRoundStartTs",
        "votingEpochDurationSeconds",
        "rewardEpochDurationInVotingEpochs",
        "lastInitializedRewardEpoch",
    },
}
"""How the local voters govern the stand-ins; on Flare other contracts and state do."""


def described(entry: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a function's selector and result, or an event's topics and data."""
    return (
        entry["type"],
        entry["name"],
        tuple((_kind(one), one.get("indexed")) for one in entry["inputs"]),
        tuple(_kind(one) for one in entry.get("outputs", [])),
        entry.get("stateMutability"),
    )


def _kind(parameter: dict[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_kind(one) for one in parameter['components'])}){kind.removeprefix('tuple')}"


def flare_s(name: str) -> set[tuple[Any, ...]]:
    return {described(entry) for entry in recorded(f"abis/I{name}") if entry["type"] in {"function", "event"}}


@pytest.mark.parametrize("name", ABIS)
def test_every_function_that_the_adapter_calls_exists_on_flare(name: str) -> None:
    assert {described(entry) for entry in ABIS[name]} <= flare_s(name)


@pytest.mark.stack
@pytest.mark.parametrize("name", ABIS)
def test_a_stand_in_offers_nothing_but_flares_interface_and_its_named_governance(name: str) -> None:
    # Given a compiled stand-in
    entries = [entry for entry in artifacts()[name]["abi"] if entry["type"] in {"function", "event"}]
    offered = {described(entry) for entry in entries if entry["name"] not in ONLY_LOCAL.get(name, set())}
    # Then all that is not for the local voters only is Flare's, to the last type
    assert offered <= flare_s(name)
    assert offered


@pytest.mark.stack
@pytest.mark.parametrize("name", ABIS)
def test_a_stand_in_has_every_function_that_the_adapter_calls(name: str) -> None:
    offered = {described(entry) for entry in artifacts()[name]["abi"] if "name" in entry}
    assert {described(entry) for entry in ABIS[name]} <= offered
