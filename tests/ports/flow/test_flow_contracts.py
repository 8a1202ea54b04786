"""The ports that read our contracts, with the fakes and with the contracts on the emulator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from flareflow.accounts.models import OnChainSubscription
from flareflow.accounts.ports import OnChainSubscriptions
from flareflow.adapters.flow.contracts import FlowChainLog, FlowLightClient
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.adapters.flow.subscriptions import FlowSubscriptions
from flareflow.settlement.events import ChainEvent, Position, SubscriptionOpened
from flareflow.settlement.ports import ChainLog, LightClient
from infra.local.demo.customer import Subscriber
from tests.fakes.accounts import FakeOnChainSubscriptions
from tests.fakes.settlement import FakeChainLog, FakeFlow, FakeLightClient
from tests.support.flow_emulator import FLOW, REWARD_EPOCH, running_chain

DEPOSIT = 7 * FLOW
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class OnFlow:
    """The ports after one subscription was opened with DEPOSIT by `owner`."""

    subscriptions: OnChainSubscriptions
    light_client: LightClient
    log: ChainLog
    subscription_id: int
    owner: str


def fakes() -> OnFlow:
    owner = "0x01cf0e2f2f715450"
    subscriptions = FakeOnChainSubscriptions()
    subscriptions.open(1, owner)
    opened = SubscriptionOpened(
        subscription_id=1, owner=owner, plan_id=0, plan_version=1, deposit_ufix64=DEPOSIT, balance_after_ufix64=DEPOSIT
    )
    log = FakeChainLog(sealed_height=9, happened=[ChainEvent(Position(3, 0, 1), NOW, "ab" * 32, opened)])
    return OnFlow(subscriptions, FakeLightClient(FakeFlow(), newest=REWARD_EPOCH), log, 1, owner)


@pytest.fixture(scope="module")
def real() -> Iterator[OnFlow]:
    with running_chain() as chain:
        subscriber = Subscriber.open(chain.flow, DEPOSIT)
        scripts = FlowScripts(chain.flow.rest, chain.flow.addresses)
        yield OnFlow(
            FlowSubscriptions(scripts),
            FlowLightClient(scripts),
            FlowChainLog(chain.flow.rest, chain.provider.address),
            subscriber.subscription_id,
            f"0x{subscriber.account.address}",
        )


@pytest.fixture(params=["fake", pytest.param("flow", marks=pytest.mark.stack)])
def on_flow(request: pytest.FixtureRequest) -> OnFlow:
    if request.param == "fake":
        return fakes()
    found: OnFlow = request.getfixturevalue("real")
    return found


def test_an_open_subscription_has_its_owner(on_flow: OnFlow) -> None:
    found = on_flow.subscriptions.find(on_flow.subscription_id)
    assert found == OnChainSubscription(on_flow.subscription_id, on_flow.owner, is_open=True)


def test_a_subscription_that_was_never_opened_is_not_found(on_flow: OnFlow) -> None:
    assert on_flow.subscriptions.find(999) is None


def test_the_light_client_knows_the_policy_that_it_began_with(on_flow: OnFlow) -> None:
    assert on_flow.light_client.latest_reward_epoch() == REWARD_EPOCH


def test_the_opening_is_in_the_log_with_its_amounts(on_flow: OnFlow) -> None:
    # Given everything up to the latest sealed block
    events = on_flow.log.events(0, on_flow.log.latest_sealed_height())
    # When the openings are picked
    (opened,) = [event.happened for event in events if isinstance(event.happened, SubscriptionOpened)]
    # Then they say who and how much, in 1e-8 FLOW
    assert (opened.subscription_id, opened.owner) == (on_flow.subscription_id, on_flow.owner)
    assert (opened.deposit_ufix64, opened.balance_after_ufix64) == (DEPOSIT, DEPOSIT)


def test_events_come_in_the_order_in_which_they_happened(on_flow: OnFlow) -> None:
    positions = [event.position for event in on_flow.log.events(0, on_flow.log.latest_sealed_height())]
    assert positions == sorted(positions)
