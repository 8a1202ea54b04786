"""Our contracts on the local Flow network: one account holds them, with notices short enough to try out."""

from dataclasses import dataclass
from typing import Final

from flareflow.adapters.flow_rest import TransactionResult
from flareflow.adapters.json_cdc import Argument
from flareflow.attestation.request import AttestationTarget
from infra.cadence.deploy import Notices, TrustedFlare, deploy
from infra.local.flow_accounts import LocalAccount, LocalFlow

PROVIDER_UFIX64: Final = 1_000 * 10**8
LOCAL_NOTICES: Final = Notices(trigger=0, plan=0, exit=5)


@dataclass(frozen=True, slots=True)
class LocalDeployer:
    """An account of the local network as the one that gets the contracts."""

    flow: LocalFlow
    account: LocalAccount

    @property
    def address(self) -> str:
        return self.account.address

    def run(self, path: str, *arguments: Argument) -> TransactionResult:
        return self.flow.run(self.account, path, *arguments)


def deploy_locally(
    flow: LocalFlow,
    account: LocalAccount,
    flare: TrustedFlare,
    target: AttestationTarget,
    notices: Notices = LOCAL_NOTICES,
) -> LocalFlow:
    """Deploy everything to `account`; returns the network as it is seen with these contracts."""
    deployed = LocalFlow.at(str(flow.rest.http.base_url), account.address)
    deploy(LocalDeployer(deployed, account), "emulator", flare, target.template(), notices)
    return deployed
