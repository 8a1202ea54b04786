"""FlareFlow's contracts on the local Flow network."""

from dataclasses import dataclass
from typing import Final

from flareflow.adapters.json_cdc import Argument, ufix64
from flareflow.attestation.request import AttestationTarget
from infra.cadence.deploy import Notices, TrustedFlare, deploy
from infra.local.anvil import CHAIN_ID
from infra.local.fdc.verifier import SOURCE_ID
from infra.local.flare import ROUNDS_PER_REWARD_EPOCH
from infra.local.flow_accounts import LocalAccount, LocalFlow, service_account

CONTRACTS_ACCOUNT_UFIX64: Final = 1_000 * 10**8
MAINNET_FEES: Final = (10**8, 10_000, 4_000 * 10**8)
"""Surge factor 1.0, inclusion 0.0001 and execution 4000.0 FLOW: what mainnet asks since December 2025."""

NOTICES: Final = Notices(trigger=0, plan=0, exit=5)
"""Nobody has to be warned for days of what happens on a chain that lives for minutes."""


@dataclass(frozen=True, slots=True)
class LocalDeployer:
    """The account that gets the contracts, with its key in memory."""

    flow: LocalFlow
    account: LocalAccount

    @property
    def address(self) -> str:
        return self.account.address

    def run(self, path: str, *arguments: Argument) -> object:
        return self.flow.run(self.account, path, *arguments)


def deploy_contracts(first_policy: bytes, statement_url_prefix: str) -> str:
    """Deploy everything to a new account and return its address, with 0x."""
    with LocalFlow.at() as flow:
        flow.run(service_account(), "admin/set_fees.cdc", *map(ufix64, MAINNET_FEES))
        account = flow.create_account(CONTRACTS_ACCOUNT_UFIX64)
    flare = TrustedFlare(CHAIN_ID, ROUNDS_PER_REWARD_EPOCH, first_policy)
    statements = AttestationTarget(SOURCE_ID, statement_url_prefix).template()
    with LocalFlow.at(contract_address=account.address) as flow:
        deploy(LocalDeployer(flow, account), "emulator", flare, statements, NOTICES)
    return f"0x{account.address}"
