"""`flow.json` has every address that our Cadence needs on every network, and agrees with the code."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow.adapters.flow.cadence import CADENCE
from infra.deploy.networks import MAINNET, TESTNET
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY
from infra.local.ports import OFFSETS, PORT_BASE_DEFAULT

FLOW_JSON: Final[dict[str, Any]] = json.loads((CADENCE / "flow.json").read_text())
NETWORKS: Final = ("emulator", "testnet", "mainnet")
OURS: Final = set(FLOW_JSON["contracts"])
ADDRESS: Final = re.compile("[0-9a-f]{16}")


def imports(source: Path) -> set[str]:
    return set(re.findall(r'^\s*import "(\w+)"', source.read_text(), re.MULTILINE))


def deployed() -> list[str]:
    """Our contracts in the order of `flow.json`, in which `flow project deploy` deploys them."""
    names: list[str] = FLOW_JSON["deployments"]["emulator"]["emulator-account"]
    return names


def test_our_contracts_are_those_in_the_folder() -> None:
    assert {source.stem for source in (CADENCE / "contracts").glob("*.cdc")} == OURS == set(deployed())
    for name, contract in FLOW_JSON["contracts"].items():
        assert (CADENCE / contract["source"]).resolve() == (CADENCE / "contracts" / f"{name}.cdc").resolve()


@pytest.mark.parametrize("network", NETWORKS)
def test_everything_that_our_cadence_imports_has_an_address_on_every_network(network: str) -> None:
    imported = set().union(*map(imports, CADENCE.rglob("*.cdc")))
    assert imported >= OURS
    for name in imported - OURS:
        assert ADDRESS.fullmatch(FLOW_JSON["dependencies"][name]["aliases"][network])


def test_no_dependency_is_named_that_nothing_imports() -> None:
    assert set(FLOW_JSON["dependencies"]) <= set().union(*map(imports, CADENCE.rglob("*.cdc")))


@pytest.mark.parametrize("name", FLOW_JSON["dependencies"])
def test_a_dependency_is_taken_from_where_it_is_on_mainnet(name: str) -> None:
    dependency = FLOW_JSON["dependencies"][name]
    assert dependency["source"] == f"mainnet://{dependency['aliases']['mainnet']}.{name}"


def test_a_contract_is_deployed_after_those_that_it_imports() -> None:
    for position, name in enumerate(deployed()):
        ours = imports(CADENCE / "contracts" / f"{name}.cdc") & OURS
        assert ours <= set(deployed()[:position])


def test_our_contracts_have_an_address_on_the_emulator_only() -> None:
    assert [contract["aliases"] for contract in FLOW_JSON["contracts"].values()] == [
        {"emulator": SERVICE_ADDRESS} for _ in OURS
    ]


def test_the_only_key_is_the_published_one_of_every_emulator() -> None:
    account = {"address": SERVICE_ADDRESS, "key": SERVICE_PRIVATE_KEY}
    assert FLOW_JSON["accounts"] == {"emulator-account": account}


def test_the_access_nodes_are_those_of_the_deployment() -> None:
    public = {network.name: network.access for network in (TESTNET, MAINNET)}
    emulator = f"127.0.0.1:{PORT_BASE_DEFAULT + OFFSETS['flow_grpc']}"
    assert FLOW_JSON["networks"] == {"emulator": emulator} | public
