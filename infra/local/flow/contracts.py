"""FlareFlow's contracts on the local Flow network."""

from dataclasses import dataclass
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, string, ufix64
from flareflow.attestation.request import AttestationTarget
from infra.deploy.contracts import contract_code, deploy
from infra.deploy.networks import PUBLIC_SOURCE
from infra.local.flow.accounts import LocalAccount, LocalFlow, service_account
from infra.local.flow.network import STATEMENT_URL_PREFIX, emulator

MAINNET_FEES: Final = (10**8, 10_000, 4_000 * 10**8)
"""Surge factor 1.0, inclusion 0.0001 FLOW and execution 4000.0 FLOW: mainnet's since December 2025."""


@dataclass(frozen=True, slots=True)
class LocalDeployer:
    """`Deployer` by an account whose key is in memory."""

    flow: LocalFlow
    account: LocalAccount

    @property
    def address(self) -> str:
        return self.account.address

    def run(self, path: str, *arguments: Argument) -> object:
        return self.flow.run(self.account, path, *arguments)


def deploy_contracts(first_policy: bytes) -> str:
    """Deploy everything to the service account, where `flow.json` has it, and return its address, with 0x."""
    account, network = service_account(), emulator()
    statements = AttestationTarget(PUBLIC_SOURCE, STATEMENT_URL_PREFIX)
    with LocalFlow.at() as flow:
        flow.run(account, "admin/set_fees.cdc", *map(ufix64, MAINNET_FEES))
        flare = network.flare.trusting(first_policy)
        deploy_stand_ins(LocalDeployer(flow, account))
        deploy(LocalDeployer(flow, account), network.name, flare, statements, network.terms)
    return f"0x{account.address}"


def deploy_stand_ins(service: LocalDeployer) -> None:
    """What other networks bring and the emulator does not: a price oracle behind Band's interface."""
    code = contract_code("BandOracle", "emulator", service.address)
    service.run("deploy/deploy_contract.cdc", code, string("BandOracle"))
