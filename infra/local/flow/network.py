"""The Flow emulator of the local stack as a network that contracts are deployed to."""

from datetime import UTC, datetime
from typing import Final

from infra.deploy.account import DeployerKey
from infra.deploy.contracts import Notices, Terms
from infra.deploy.networks import FlowNetwork, StandIns
from infra.local.flare.fdc.voters import policy_of
from infra.local.flare.network import LOCAL_FLARE
from infra.local.flow.accounts import service_account
from infra.local.ports import HOST, port, url

STATEMENT_HOST: Final = "statements.flareflow.test"
"""A name that only the local FDC resolves, to the gateway: it stands in for DNS and TLS."""

STATEMENT_URL_PREFIX: Final = f"https://{STATEMENT_HOST}/v1/statements/"
EPOCH_SECONDS: Final = 10
NOTICES: Final = Notices(trigger=10, plan=10, update=10, exit=5, epoch=EPOCH_SECONDS, settlement=0, revenue=0)
"""Short, because this chain lives for minutes and has no users to warn."""


def emulator() -> FlowNetwork:
    """The emulator on the ports of the local stack; the contracts go to its service account."""
    account = service_account()
    return FlowNetwork(
        name="emulator",
        rest_url=url("flow_rest"),
        access=f"{HOST}:{port('flow_grpc')}",
        flare=LOCAL_FLARE,
        terms=Terms(NOTICES),
        stand_ins=StandIns(DeployerKey(f"0x{account.address}", account), current_policy(), STATEMENT_URL_PREFIX),
    )


def current_policy() -> bytes:
    """The signing policy of the local voters in the present reward epoch, encoded."""
    reward_epoch = LOCAL_FLARE.reward_epoch_at(datetime.now(UTC))
    return policy_of(reward_epoch, LOCAL_FLARE.rounds_per_reward_epoch).encode()
