"""Keys work exactly while their subscription can pay."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.enforcement import Enforce
from flareflow.accounts.models import KeyStatus, Standing, VirtualKey
from flareflow.accounts.standing import LEDGER_AGE_MAX, RATE_GRACE, UNKNOWN_GRACE, Facts, decide
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import BrokenRuleError, KeyIssuerUnavailableError, RaceLostError
from flareflow.metering.models import LiveTotals, Usage
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers, charge_ufix64
from flareflow.settlement.subscription import SubscriptionStatus
from tests.fakes.accounts import ALICE, BOB, FakeLedger, FakeMeteredUsage, FakeStandings, FakeVirtualKeys
from tests.fakes.keys import FakeKeyIssuer
from tests.fakes.settlement import FakeKnownRates

TOKENS = 1_000_000
FLOW = 100_000_000
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BUDGET = 500_000
"""What 50,000 tokens can cost, in 1e-6 dollars."""


@dataclass
class House:
    """Subscription 7 with a deposit of 1 FLOW (50,000 tokens) and two keys; a million tokens cost 10 dollars."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    keys: FakeVirtualKeys = field(default_factory=FakeVirtualKeys)
    issuer: FakeKeyIssuer = field(default_factory=FakeKeyIssuer)
    rates: FakeKnownRates = field(default_factory=FakeKnownRates)
    standings: FakeStandings = field(default_factory=FakeStandings)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.ledger.open(7, ALICE, FLOW)
        self.ledger.complete = NOON
        for name in ("one", "two"):
            self.add_key(name)

    def add_key(self, name: str, owner: str = ALICE) -> None:
        key_hash = self.issuer.issue(name, 7, owner, BUDGET).key_hash
        self.keys.keys[key_hash] = VirtualKey(key_hash, 7, name, KeyStatus.ACTIVE, NOON, owner, 0, BUDGET)
        self.issuer.calls.clear()

    def enforce(self) -> None:
        judge = JudgeStanding(self.ledger, self.usage, self.rates, self.standings, lambda: self.now)
        Enforce(judge, self.keys, lambda: self.issuer, Budgets(10), lambda: self.now).run(7)

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


@pytest.mark.parametrize(("price", "is_blocked"), [(4_000_000, True), (1_000_000, False)], ids=["dearer", "cheaper"])
def test_a_plan_that_the_owner_has_accepted_counts_before_it_is_in_force(
    house: House, price: int, is_blocked: bool
) -> None:
    # Given usage for half of the balance at 0.02 FLOW for 1,000 tokens, and another plan that is accepted
    house.usage.meter(7, counted=25_000 * TOKENS)
    following = NextPlan(2, 1, Tariff(Tiers((Tier(None, price),))), from_epoch=9)
    house.ledger.subscriptions[7] = replace(house.ledger.subscriptions[7], next_plan=following)
    house.enforce()
    # Then keys work unless that plan may make the usage cost the whole balance
    assert house.blocked() == {is_blocked}


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
    [first, _] = house.keys.living(7)
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


@given(deposit=st.integers(0, 10**12), counted=st.integers(0, 10**15), unconfirmed=st.integers(0, 10**15))
def test_a_subscription_can_pay_exactly_when_its_deposit_exceeds_the_price_of_all_usage(
    deposit: int, counted: int, unconfirmed: int
) -> None:
    ledger = FakeLedger()
    ledger.open(7, ALICE, deposit)
    live = LiveTotals(Usage(rated_microtokens=counted), Usage(rated_microtokens=unconfirmed))
    decision = decide(Facts(ledger.subscriptions[7], live, 0, None, NOON), NOON)
    assert decision.standing.allows_calls == (charge_ufix64(counted + unconfirmed) < deposit)


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


def test_keys_of_a_former_owner_end_when_the_subscription_moves(house: House) -> None:
    # Given a subscription that Alice gave to Bob, who has made a key
    house.ledger.subscriptions[7] = replace(house.ledger.subscriptions[7], owner=BOB)
    house.add_key("of Bob", BOB)
    # When it is enforced, Then only Bob's key is left, here and at LiteLLM
    house.enforce()
    [left] = house.keys.living(7)
    assert (left.owner, list(house.issuer.blocked)) == (BOB, [left.key_hash])


def test_a_key_whose_deletion_had_no_answer_is_deleted_by_the_next_run(house: House) -> None:
    house.ledger.subscriptions[7] = replace(house.ledger.subscriptions[7], owner=BOB)
    house.issuer.lose_answers = 1
    with pytest.raises(KeyIssuerUnavailableError):
        house.enforce()
    house.enforce()
    assert house.keys.living(7) == []
    assert house.issuer.blocked == {}


def test_a_ledger_that_grows_old_stops_keys_only_after_a_grace(house: House) -> None:
    # Given a ledger that is not read any more
    house.now = NOON + LEDGER_AGE_MAX + timedelta(seconds=1)
    house.enforce()
    assert (house.standings.known[7].standing, house.blocked()) == (Standing.UNKNOWN, {False})
    # When the grace is over
    house.now = NOON + UNKNOWN_GRACE + timedelta(seconds=1)
    house.enforce()
    assert house.blocked() == {True}
    # And once the ledger is complete again, keys work
    house.ledger.complete = house.now
    house.enforce()
    assert house.blocked() == {False}


def test_a_ledger_without_the_subscription_stops_keys_after_a_grace(house: House) -> None:
    house.ledger.subscriptions.clear()
    house.enforce()
    house.now = house.ledger.complete = NOON + UNKNOWN_GRACE
    house.enforce()
    assert house.blocked() == {False}
    house.now += timedelta(seconds=1)
    house.enforce()
    assert house.blocked() == {True}


def test_a_ledger_row_that_breaks_a_rule_makes_the_standing_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(subscription_id: int) -> None:
        raise BrokenRuleError(f"the row of {subscription_id}")

    monkeypatch.setattr(house.ledger, "subscription", broken)
    house.enforce()
    assert (house.standings.known[7].standing, house.blocked()) == (Standing.UNKNOWN, {False})


def test_a_top_up_raises_the_budgets_at_litellm(house: House) -> None:
    # Given half of the deposit used, which changes no budget
    house.usage.meter(7, counted=25_000 * TOKENS)
    house.enforce()
    assert house.issuer.calls == []
    # When the deposit is doubled
    house.ledger.top_up(7, FLOW)
    house.enforce()
    # Then each key may cost as much as 100,000 tokens can
    assert set(house.issuer.budgets.values()) == {2 * BUDGET}
    assert {key.budget_microusd for key in house.keys.living(7)} == {2 * BUDGET}


def test_a_withdrawal_lowers_budgets_that_are_more_than_twice_what_is_left(house: House) -> None:
    house.ledger.open(7, ALICE, FLOW // 2)
    house.enforce()
    assert house.issuer.calls == []
    house.ledger.open(7, ALICE, FLOW // 2 - 2_000)
    house.enforce()
    assert set(house.issuer.budgets.values()) == {249_990}


def test_the_standing_is_stored_with_a_new_version_only_when_it_changes(house: House) -> None:
    house.enforce()
    house.enforce()
    first = house.standings.known[7]
    assert (first.standing, first.owner, first.version, first.since) == (Standing.ACTIVE, ALICE, 1, NOON)
    house.usage.meter(7, counted=50_000 * TOKENS)
    house.now += timedelta(minutes=1)
    house.enforce()
    assert house.standings.known[7] == replace(first, standing=Standing.OVERDRAWN, version=2, since=house.now)


def test_a_decision_by_older_facts_does_not_replace_one_by_newer_facts(house: House) -> None:
    # Given an invocation that has read the usage, and another that decides by newer usage before the first stores
    read = house.usage.live
    raced: list[bool] = []

    def read_then_race(subscription_id: int) -> LiveTotals:
        found = read(subscription_id)
        if not raced:
            raced.append(True)
            house.usage.meter(7, counted=50_000 * TOKENS)
            house.enforce()
        return found

    house.usage.live = read_then_race  # type: ignore[method-assign]
    # When the first goes on, Then it decides again, and has not stored what it had decided
    house.enforce()
    known = house.standings.known[7]
    assert (known.standing, known.version, house.blocked()) == (Standing.OVERDRAWN, 1, {True})
