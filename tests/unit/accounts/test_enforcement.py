"""Keys work exactly while their subscription can pay."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.accounts.enforcement import RATE_GRACE, Enforce, can_pay, once_each
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.errors import KeyIssuerUnavailableError, RaceLostError
from flareflow.metering.models import LiveTotals, Usage
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.journal import SubscriptionStatus
from flareflow.settlement.pricing import Currency, Tariff, charge_ufix64
from tests.fakes.accounts import ALICE, FakeKeyIssuer, FakeLedger, FakeMeteredUsage, FakeVirtualKeys
from tests.fakes.settlement import FakeKnownRates

TOKENS = 1_000_000
FLOW = 100_000_000
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class House:
    """Subscription 7 with a deposit of 1 FLOW (50,000 tokens) and two keys."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    keys: FakeVirtualKeys = field(default_factory=FakeVirtualKeys)
    issuer: FakeKeyIssuer = field(default_factory=FakeKeyIssuer)
    rates: FakeKnownRates = field(default_factory=FakeKnownRates)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.ledger.open(7, ALICE, FLOW)
        for name in ("one", "two"):
            self.add_key(name)

    def add_key(self, name: str) -> None:
        key_hash = self.issuer.issue(name, 7, ALICE).key_hash
        self.keys.keys[key_hash] = VirtualKey(key_hash, 7, name, KeyStatus.ACTIVE, NOON)
        self.issuer.calls.clear()

    def enforce(self) -> None:
        Enforce(self.ledger, self.usage, self.keys, self.issuer, self.rates, lambda: self.now).run(7)

    def statuses(self) -> set[KeyStatus]:
        return {key.status for key in self.keys.keys.values()}

    def blocked(self) -> set[bool]:
        return set(self.issuer.blocked.values())


@pytest.fixture
def house() -> House:
    return House()


def test_keys_work_while_the_balance_exceeds_the_price_of_metered_usage(house: House) -> None:
    house.usage.meter(7, counted=49_999 * TOKENS)
    house.enforce()
    assert (house.statuses(), house.blocked(), house.issuer.calls) == ({KeyStatus.ACTIVE}, {False}, [])


def test_keys_are_blocked_when_metered_usage_costs_the_whole_balance(house: House) -> None:
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    assert (house.statuses(), house.blocked()) == ({KeyStatus.BLOCKED}, {True})


def test_unconfirmed_usage_blocks_keys_too(house: House) -> None:
    house.usage.meter(7, counted=25_000 * TOKENS, unconfirmed=25_000 * TOKENS)
    house.enforce()
    assert house.blocked() == {True}


def test_a_top_up_makes_keys_work_again(house: House) -> None:
    # Given keys that are blocked
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    # When the deposit is topped up
    house.ledger.top_up(7, FLOW)
    house.enforce()
    # Then they work
    assert (house.statuses(), house.blocked()) == ({KeyStatus.ACTIVE}, {False})


@pytest.mark.parametrize(
    "status", [SubscriptionStatus.SUSPENDED, SubscriptionStatus.EXITING, SubscriptionStatus.CLOSED]
)
def test_only_an_active_subscriptions_keys_work(house: House, status: SubscriptionStatus) -> None:
    house.ledger.set_status(7, status)
    house.enforce()
    assert house.blocked() == {True}


def test_enforcing_again_asks_litellm_for_nothing(house: House) -> None:
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    house.issuer.calls.clear()
    house.enforce()
    assert house.issuer.calls == []


def test_a_deleted_key_is_never_touched(house: House) -> None:
    [first, _] = house.keys.of_subscription(7)
    house.keys.mark(first, KeyStatus.DELETED)
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    assert house.issuer.blocked[first.key_hash] is False
    assert house.statuses() == {KeyStatus.DELETED, KeyStatus.BLOCKED}


def test_keys_stay_as_they_are_before_a_chain_event_of_their_subscription_was_read(house: House) -> None:
    house.ledger.subscriptions.clear()
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    assert house.issuer.calls == []


def test_a_key_whose_block_had_no_answer_is_corrected_by_the_next_run(house: House) -> None:
    # Given a block that LiteLLM carried out without our hearing of it
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        house.enforce()
    # When there is room again before it is repeated
    house.ledger.top_up(7, FLOW)
    house.enforce()
    # Then every key works
    assert (house.statuses(), house.blocked()) == ({KeyStatus.ACTIVE}, {False})


def test_a_top_up_during_enforcement_unblocks_the_keys_again(house: House) -> None:
    # Given a top-up that arrives while LiteLLM is being told to block
    house.usage.meter(7, counted=50_000 * TOKENS)
    block = house.issuer.block

    def block_and_top_up(key_hash: str) -> None:
        block(key_hash)
        house.ledger.top_up(7, FLOW)

    house.issuer.block = block_and_top_up  # type: ignore[method-assign]
    # When the first decision has been carried out
    house.enforce()
    # Then the second look has undone it
    assert (house.statuses(), house.blocked()) == ({KeyStatus.ACTIVE}, {False})


def test_enforcing_raises_when_the_balance_changes_in_every_round(house: House) -> None:
    # Given funds that change each time that keys do
    house.usage.meter(7, counted=50_000 * TOKENS)
    mark = house.keys.mark

    def mark_and_flip(key: VirtualKey, status: KeyStatus) -> bool:
        flipped = SubscriptionStatus.CLOSED if status is KeyStatus.ACTIVE else SubscriptionStatus.ACTIVE
        house.ledger.set_status(7, flipped)
        house.usage.meter(7)
        return mark(key, status)

    house.keys.mark = mark_and_flip  # type: ignore[method-assign]
    with pytest.raises(RaceLostError):
        house.enforce()


def test_a_batch_enforces_each_subscription_once() -> None:
    enforced: list[int] = []
    handle = once_each(enforced.append)
    for subscription_id in [7, 8, 7, 7]:
        handle(subscription_id)
    assert enforced == [7, 8]


def test_a_failed_enforcement_is_repeated_within_the_batch() -> None:
    # Given an enforcement that fails once
    enforced: list[int] = []

    def fail_once(subscription_id: int) -> None:
        enforced.append(subscription_id)
        if len(enforced) == 1:
            raise KeyIssuerUnavailableError("told to be down")

    handle = once_each(fail_once)
    with pytest.raises(KeyIssuerUnavailableError):
        handle(7)
    # When the same subscription comes again
    handle(7)
    # Then it is enforced again
    assert enforced == [7, 7]


@given(deposit=st.integers(0, 10**12), counted=st.integers(0, 10**15), unconfirmed=st.integers(0, 10**15))
def test_a_subscription_can_pay_exactly_when_its_deposit_exceeds_the_price_of_all_usage(
    deposit: int, counted: int, unconfirmed: int
) -> None:
    ledger = FakeLedger()
    ledger.open(7, ALICE, deposit)
    live = LiveTotals(Usage(rated_microtokens=counted), Usage(rated_microtokens=unconfirmed))
    pays = can_pay(ledger.subscriptions[7], live, None)
    assert pays == (charge_ufix64(counted + unconfirmed) < deposit)


def test_usage_that_is_charged_already_does_not_count_against_the_balance_again(house: House) -> None:
    # Given half of the deposit charged for 25,000 tokens, and 20,000 tokens more that were metered
    half = FLOW // 2
    house.ledger.subscriptions[7] = replace(house.ledger.subscriptions[7], balance_ufix64=half, charged_ufix64=half)
    house.usage.meter(7, counted=45_000 * TOKENS)
    # When the keys are looked at, then they work, because 5,000 tokens are left
    house.enforce()
    assert house.blocked() == {False}
    # And when those are used up, they do not
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    assert house.blocked() == {True}


def test_a_block_that_never_reached_litellm_is_carried_out_by_the_next_look(house: House) -> None:
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.issuer.lose_requests = 1
    with pytest.raises(KeyIssuerUnavailableError):
        house.enforce()
    house.enforce()
    assert (house.statuses(), house.blocked()) == ({KeyStatus.BLOCKED}, {True})


def on_dollars(house: House, rate_ufix64: int | None, age: timedelta = timedelta()) -> None:
    """The default prices in dollars, and the last rate, if any, of so long ago."""
    tariff = Tariff(currency=Currency.USD, needs_rate=True)
    house.ledger.subscriptions[7] = replace(house.ledger.subscriptions[7], tariff=tariff)
    house.rates.last = None if rate_ufix64 is None else KnownRate(rate_ufix64, NOON - age)


@pytest.mark.parametrize(("tokens", "blocked"), [(37_499, False), (37_500, True)])
def test_usage_in_dollars_is_valued_at_the_last_rate_less_a_quarter(house: House, tokens: int, blocked: bool) -> None:
    # Given a FLOW that is worth a dollar, of which three quarters count: 37,500 tokens for the deposit of 1 FLOW
    on_dollars(house, FLOW)
    house.usage.meter(7, counted=tokens * TOKENS)
    house.enforce()
    assert house.blocked() == {blocked}


def test_a_rise_of_the_rate_makes_keys_work_again(house: House) -> None:
    on_dollars(house, FLOW)
    house.usage.meter(7, counted=40_000 * TOKENS)
    house.enforce()
    assert house.blocked() == {True}
    on_dollars(house, 2 * FLOW)
    house.enforce()
    assert house.blocked() == {False}


@pytest.mark.parametrize(
    ("rate", "age", "blocked"),
    [(FLOW, RATE_GRACE, False), (FLOW, RATE_GRACE + timedelta(seconds=1), True), (None, timedelta(), True)],
    ids=["within the grace", "after the grace", "never read"],
)
def test_usage_that_cannot_be_valued_blocks_keys(house: House, rate: int | None, age: timedelta, blocked: bool) -> None:
    on_dollars(house, rate, age)
    house.usage.meter(7, counted=TOKENS)
    house.enforce()
    assert house.blocked() == {blocked}


def test_without_uncharged_usage_no_rate_is_needed(house: House) -> None:
    on_dollars(house, None)
    house.enforce()
    assert house.blocked() == {False}


def test_what_was_paid_in_dollars_does_not_count_again(house: House) -> None:
    # Given a dollar used and paid with half of the deposit, and nothing used since
    on_dollars(house, None)
    paid = replace(
        house.ledger.subscriptions[7],
        balance_ufix64=FLOW // 2,
        charged_ufix64=FLOW // 2,
        paid_dollars_ufix64=FLOW,
    )
    house.ledger.subscriptions[7] = paid
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.enforce()
    assert house.blocked() == {False}


def test_a_rate_of_almost_nothing_still_values_usage(house: House) -> None:
    on_dollars(house, 1)
    house.usage.meter(7, counted=TOKENS)
    house.enforce()
    assert house.blocked() == {True}
