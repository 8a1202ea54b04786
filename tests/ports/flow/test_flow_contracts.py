"""The ports that read our contracts, with the fakes and with the contracts on the emulator."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from flareflow.accounts.models import OnChainSubscription
from flareflow.accounts.ports import OnChainSubscriptions
from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken, FlowDollarRates, FlowLightClient
from flareflow.adapters.flow.json_cdc import string, ufix64, uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.adapters.flow.subscriptions import FlowSubscriptions
from flareflow.errors import FlowRefusedError
from flareflow.settlement.events import ChainEvent, PlanAdded, SubscriptionOpened
from flareflow.settlement.ports import ChainLog, DepositToken, DollarRates, LightClient
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import DEFAULT_TIERS, Tiers
from infra.deploy.contracts import Money
from infra.local.demo.customer import Subscriber
from infra.local.flow.accounts import service_account
from tests.fakes.accounts import FakeOnChainSubscriptions
from tests.fakes.settlement import FakeChainLog, FakeDepositToken, FakeDollarRates, FakeFlow, FakeLightClient
from tests.support.dollars import SET_PRICE
from tests.support.flow_emulator import FLOW, REWARD_EPOCH, running_chain

DEPOSIT = 7 * FLOW
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


RATE_AGE_MAX = Money().rate_age
LAST_RATE = """
    import "SubscriptionCustody"
    access(all) fun main(): UFix64? { return SubscriptionCustody.rate?.dollars }
"""


@dataclass(frozen=True)
class OnFlow:
    """The ports after one subscription was opened with DEPOSIT by `owner`."""

    subscriptions: OnChainSubscriptions
    light_client: LightClient
    log: ChainLog
    rates: DollarRates
    token: DepositToken
    subscription_id: int
    owner: str
    set_price: Callable[[int, int], None]
    """Sets the oracle's price of FLOW in 1e-8 dollars, of so many seconds ago."""
    rate_on_chain: Callable[[], object]
    """The last rate that the contract has used; None if it has used none."""


def fakes() -> OnFlow:
    owner = "0x01cf0e2f2f715450"
    subscriptions = FakeOnChainSubscriptions()
    subscriptions.open(1, owner)
    opened = SubscriptionOpened(
        subscription_id=1, owner=owner, plan_id=0, plan_version=1, deposit_ufix64=DEPOSIT, balance_after_ufix64=DEPOSIT
    )
    log = FakeChainLog(sealed_height=9, happened=[ChainEvent(Position(3, 0, 1), NOW, "ab" * 32, opened)])
    rates = FakeDollarRates(refusal="BandOracle: there is no price of FLOW")

    def set_price(price: int, age: int) -> None:
        rates.rate_ufix64, rates.refusal = price, "DollarRates: the price of FLOW is of" if age > RATE_AGE_MAX else None

    return OnFlow(
        subscriptions=subscriptions,
        light_client=FakeLightClient(FakeFlow(), newest=REWARD_EPOCH),
        log=log,
        rates=rates,
        token=FakeDepositToken(),
        subscription_id=1,
        owner=owner,
        set_price=set_price,
        rate_on_chain=lambda: None,
    )


@pytest.fixture(scope="module")
def real() -> Iterator[OnFlow]:
    with running_chain() as chain:
        subscriber = Subscriber.open(chain.flow, DEPOSIT)
        scripts = FlowScripts(chain.flow.rest, chain.flow.addresses)

        def set_price(price: int, age: int) -> None:
            arguments = string("FLOW"), ufix64(price), uint64(int(time.time()) - age)
            chain.flow.run_code(service_account(), SET_PRICE, *arguments)

        yield OnFlow(
            subscriptions=FlowSubscriptions(scripts),
            light_client=FlowLightClient(scripts),
            log=FlowChainLog(chain.flow.rest, chain.provider.address),
            rates=FlowDollarRates(scripts, subscriber.account.address),
            token=FlowDepositToken(scripts),
            subscription_id=subscriber.subscription_id,
            owner=f"0x{subscriber.account.address}",
            set_price=set_price,
            rate_on_chain=lambda: chain.evaluate(LAST_RATE),
        )


@pytest.fixture
def emulator_log(real: OnFlow) -> ChainLog:
    return real.log


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
    events = on_flow.log.events(0, on_flow.log.latest_sealed_height()).events
    # When the openings are picked
    (opened,) = [event.happened for event in events if isinstance(event.happened, SubscriptionOpened)]
    # Then they say who and how much, in 1e-8 FLOW
    assert (opened.subscription_id, opened.owner) == (on_flow.subscription_id, on_flow.owner)
    assert (opened.deposit_ufix64, opened.balance_after_ufix64) == (DEPOSIT, DEPOSIT)


@pytest.mark.stack
def test_plans_are_in_the_log_with_their_prices(emulator_log: ChainLog) -> None:
    events = emulator_log.events(0, emulator_log.latest_sealed_height()).events
    (added,) = [event.happened for event in events if isinstance(event.happened, PlanAdded)]
    assert (added.plan_id, added.plan_version, added.is_in_dollars) == (0, 1, False)
    assert Tiers(added.tiers) == DEFAULT_TIERS


def test_a_rate_is_read_without_changing_anything_and_refused_when_it_is_too_old(on_flow: OnFlow) -> None:
    # Given an oracle that has no price yet
    with pytest.raises(FlowRefusedError, match="BandOracle: there is no price of FLOW"):
        on_flow.rates.now()
    # When it has one, then that is the rate, and the contract still has used none
    on_flow.set_price(25_000_000, 60)
    assert on_flow.rates.now() == 25_000_000
    assert on_flow.rate_on_chain() is None
    # When its price gets too old, then there is none again
    on_flow.set_price(25_000_000, RATE_AGE_MAX + 60)
    with pytest.raises(FlowRefusedError, match="DollarRates: the price of FLOW is of"):
        on_flow.rates.now()


def test_flow_is_no_dollar(on_flow: OnFlow) -> None:
    assert on_flow.token.is_dollar() is False


def test_events_come_in_the_order_in_which_they_happened(on_flow: OnFlow) -> None:
    positions = [event.position for event in on_flow.log.events(0, on_flow.log.latest_sealed_height()).events]
    assert positions == sorted(positions)


def test_an_answer_covers_every_block_that_was_asked_for(on_flow: OnFlow) -> None:
    sealed = on_flow.log.latest_sealed_height()
    assert on_flow.log.events(0, sealed).read_to == sealed
