"""FlareFlow's contracts on the local Flow network."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, ufix64
from flareflow.attestation.request import AttestationTarget
from infra.deploy.contracts import deploy
from infra.deploy.networks import LOCAL_FLARE, PUBLIC_SOURCE, flow_network
from infra.local.flare.fdc.voters import policy_of
from infra.local.flow.accounts import LocalAccount, LocalFlow, service_account

MAINNET_FEES: Final = (10**8, 10_000, 4_000 * 10**8)
"""Surge factor 1.0, inclusion 0.0001 and execution 4000.0 FLOW: what mainnet asks since December 2025."""

STATEMENT_HOST: Final = "statements.flareflow.test"
"""Known to the local FDC only, which finds the gateway there: it stands in for DNS and TLS."""

STATEMENT_URL_PREFIX: Final = f"https://{STATEMENT_HOST}/v1/statements/"


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


def current_policy() -> bytes:
    """The signing policy of the local voters in the reward epoch that runs now."""
    reward_epoch = LOCAL_FLARE.reward_epoch_at(datetime.now(UTC))
    return policy_of(reward_epoch, LOCAL_FLARE.rounds_per_reward_epoch).encode()


def deploy_contracts(first_policy: bytes) -> str:
    """Deploy everything to the service account, where `flow.json` has it, and return its address, with 0x."""
    account, network = service_account(), flow_network("emulator")
    statements = AttestationTarget(PUBLIC_SOURCE, STATEMENT_URL_PREFIX).template()
    with LocalFlow.at() as flow:
        flow.run(account, "admin/set_fees.cdc", *map(ufix64, MAINNET_FEES))
        flare = network.flare.trusting(first_policy)
        deploy(LocalDeployer(flow, account), network.name, flare, statements, network.notices)
    return f"0x{account.address}"
