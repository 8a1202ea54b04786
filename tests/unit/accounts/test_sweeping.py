"""The sweep mends what no change tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.enforcement import Enforce
from flareflow.accounts.models import KeyLimits, KeyStatus, VirtualKey
from flareflow.accounts.standings import JudgeStanding
from flareflow.accounts.sweeping import PAGE_MAX, REASONS_MAX, Sweep, SweepReport
from flareflow.errors import BrokenRuleError, KeyIssuerUnavailableError
from flareflow.time import Deadline
from tests.fakes.accounts import (
    ALICE,
    FakeClock,
    FakeLedger,
    FakeMeteredUsage,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyIssuer
from tests.fakes.settlement import FakeKnownRates

FLOW = 100_000_000
TOKENS = 10**6
DOWN = "LiteLLM: KeyIssuerUnavailableError: the request to find was lost"
BUDGET = 500_000
"""What the 50,000 tokens of a deposit of 1 FLOW can cost, in 1e-6 dollars."""


@dataclass
class FakeAllSubscriptions:
    """`AllSubscriptions` in memory."""

    ledger: FakeLedger

    def after(self, subscription_id: int | None, limit: int) -> Sequence[int]:
        return sorted(one for one in self.ledger.subscriptions if subscription_id is None or one > subscription_id)[
            :limit
        ]


@dataclass
class FakeSweepProgress:
    """`SweepProgress` in memory."""

    noted: int | None = None

    def last(self) -> int | None:
        return self.noted

    def note(self, subscription_id: int | None) -> None:
        self.noted = subscription_id


@dataclass
class Tick:
    """Subscriptions with a deposit of 1 FLOW and one key each."""

    clock: FakeClock = field(default_factory=FakeClock)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    standings: FakeStandings = field(default_factory=FakeStandings)
    keys: FakeVirtualKeys = field(default_factory=FakeVirtualKeys)
    issuer: FakeKeyIssuer = field(default_factory=FakeKeyIssuer)
    progress: FakeSweepProgress = field(default_factory=FakeSweepProgress)

    def open(self, *numbers: int) -> list[str]:
        for number in numbers:
            self.ledger.open(number, ALICE, FLOW)
            key_hash = self.issuer.issue(f"of-{number}", number, ALICE, BUDGET).key_hash
            self.keys.keys[key_hash] = VirtualKey(
                key_hash, number, "", KeyStatus.ACTIVE, self.clock(), ALICE, 0, BUDGET
            )
        return list(self.keys.keys)

    def enforce(self) -> Enforce:
        judge = JudgeStanding(self.ledger, self.usage, FakeKnownRates(), self.standings, self.clock)
        return Enforce(judge, self.keys, lambda: self.issuer, Budgets(10), self.clock)

    def sweep(self, seconds: float = 240) -> SweepReport:
        subscriptions = FakeAllSubscriptions(self.ledger)
        use_case = Sweep(subscriptions, self.progress, self.keys, self.issuer, self.enforce())
        return use_case.run(Deadline(self.clock() + timedelta(seconds=seconds), self.clock))


@pytest.fixture
def tick() -> Tick:
    return Tick()


def test_a_top_up_while_litellm_was_down_unblocks_the_key_at_the_next_tick(tick: Tick) -> None:
    # Given a key that is blocked, and a top-up that could not be told to LiteLLM
    [key_hash] = tick.open(7)
    tick.usage.meter(7, counted=50_000 * TOKENS)
    tick.enforce().run(7)
    tick.ledger.top_up(7, FLOW)
    tick.issuer.lose_requests = 2
    with pytest.raises(KeyIssuerUnavailableError):
        tick.enforce().run(7)
    # When LiteLLM is still down, and then there again
    assert tick.sweep() == SweepReport(subscriptions=1, failed=1, reasons=[DOWN])
    assert tick.sweep().keys_mended == 1
    # Then the key works
    assert (tick.keys.keys[key_hash].status, tick.issuer.blocked[key_hash]) == (KeyStatus.ACTIVE, False)


def test_a_key_that_was_unblocked_by_hand_while_overdrawn_is_blocked_again(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    tick.usage.meter(7, counted=50_000 * TOKENS)
    tick.enforce().run(7)
    tick.issuer.unblock(key_hash)
    assert tick.sweep() == SweepReport(subscriptions=1, keys_mended=1, is_complete=True)
    assert tick.issuer.blocked[key_hash]


def test_a_block_of_flareflows_that_was_not_noted_is_lifted(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    tick.issuer.block(key_hash)
    tick.sweep()
    assert not tick.issuer.blocked[key_hash]


def test_a_key_that_an_administrator_blocked_stays_blocked_and_shows_so(tick: Tick) -> None:
    # Given a key that an administrator has blocked in LiteLLM
    [key_hash] = tick.open(7)
    tick.issuer.hold(key_hash)
    # When sweeps and changes of the balance pass over it
    tick.sweep()
    tick.usage.meter(7, counted=50_000 * TOKENS)
    tick.sweep()
    tick.ledger.top_up(7, FLOW)
    tick.sweep()
    # Then it stays so until the administrator unblocks it
    assert (tick.keys.keys[key_hash].status, tick.issuer.blocked[key_hash]) == (KeyStatus.HELD, True)
    tick.issuer.held.clear()
    tick.issuer.blocked[key_hash] = False
    tick.sweep()
    assert tick.keys.keys[key_hash].status is KeyStatus.ACTIVE


def test_a_key_that_an_administrator_deleted_shows_as_deleted(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    tick.issuer.delete(key_hash)
    tick.sweep()
    assert tick.keys.keys[key_hash].status is KeyStatus.DELETED


def test_a_key_that_an_administrator_limited_shows_its_limits(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    limits = KeyLimits(("gpt-4o",), tick.clock() + timedelta(days=1), 5, 900)
    tick.issuer.limits[key_hash] = limits
    tick.sweep()
    assert tick.keys.keys[key_hash].limits == limits


@pytest.mark.parametrize("at_litellm", [None, timedelta(days=3)])
def test_a_key_never_works_longer_at_litellm_than_it_should(tick: Tick, at_litellm: timedelta | None) -> None:
    # Given a key that was rotated while LiteLLM could not be told
    [key_hash] = tick.open(7)
    end = tick.clock() + timedelta(days=1)
    tick.keys.note_limits(tick.keys.keys[key_hash], KeyLimits(expires_at=end))
    tick.issuer.limits[key_hash] = KeyLimits(expires_at=None if at_litellm is None else tick.clock() + at_litellm)
    # When it is swept, Then LiteLLM ends it when it should
    tick.sweep()
    assert tick.issuer.limits[key_hash].expires_at == end
    assert tick.keys.keys[key_hash].limits.expires_at == end


def test_seconds_between_the_clocks_change_nothing(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    end = tick.clock() + timedelta(days=1)
    tick.keys.note_limits(tick.keys.keys[key_hash], KeyLimits(expires_at=end))
    for seconds in (-30, 30):
        tick.issuer.limits[key_hash] = KeyLimits(expires_at=end + timedelta(seconds=seconds))
        tick.issuer.calls.clear()
        tick.sweep()
        assert (tick.issuer.calls, tick.keys.keys[key_hash].limits.expires_at) == (["find"], end)


def test_a_key_whose_time_is_over_is_deleted(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    tick.keys.note_limits(tick.keys.keys[key_hash], KeyLimits(expires_at=tick.clock() + timedelta(hours=1)))
    tick.sweep()
    assert tick.keys.keys[key_hash].status is KeyStatus.ACTIVE
    tick.clock.advance(timedelta(hours=1))
    assert tick.sweep().keys_expired == 1
    assert (tick.keys.keys[key_hash].status, tick.issuer.blocked) == (KeyStatus.DELETED, {})


def test_a_budget_that_was_changed_by_hand_is_set_again(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    for budget in (BUDGET // 2, 10 * BUDGET):
        tick.issuer.budgets[key_hash] = budget
        tick.sweep()
        assert tick.issuer.budgets[key_hash] == BUDGET


def test_keys_that_are_as_they_should_be_are_only_looked_at(tick: Tick) -> None:
    tick.open(7, 8)
    tick.issuer.calls.clear()
    assert tick.sweep() == SweepReport(subscriptions=2, is_complete=True)
    assert tick.issuer.calls == ["find", "find"]


def test_a_key_that_litellm_lost_holds_up_nothing_and_is_not_taken_for_deleted(tick: Tick) -> None:
    [key_hash] = tick.open(7)
    del tick.issuer.blocked[key_hash]
    assert tick.sweep() == SweepReport(subscriptions=1, missing=1, is_complete=True)
    assert tick.keys.keys[key_hash].status is KeyStatus.ACTIVE


def test_a_sweep_looks_at_every_subscription_page_by_page(tick: Tick) -> None:
    tick.open(*range(2 * PAGE_MAX + 1))
    assert tick.sweep().subscriptions == 2 * PAGE_MAX + 1


def test_a_sweep_that_runs_out_of_time_goes_on_at_the_next_tick(tick: Tick) -> None:
    # Given three subscriptions, and LiteLLM that takes two minutes for each key
    tick.open(1, 2, 3)
    find = tick.issuer.find
    looked_at: list[str] = []

    def find_slowly(key_hash: str) -> object:
        tick.clock.advance(timedelta(minutes=2))
        tick.ledger.complete = tick.clock()
        looked_at.append(key_hash)
        return find(key_hash)

    tick.issuer.find = find_slowly  # type: ignore[method-assign, assignment]
    # When two ticks sweep, Then each subscription is looked at once, and the third tick begins anew
    reports = [tick.sweep(240) for _ in range(2)]
    assert [(one.subscriptions, one.is_complete) for one in reports] == [(2, False), (1, True)]
    assert looked_at == list(tick.keys.keys)
    assert tick.progress.noted is None


@pytest.mark.parametrize("error", [BrokenRuleError("the keys of 7"), ValueError("the keys of 7")])
def test_one_subscription_that_fails_is_told_and_does_not_hold_up_the_others(tick: Tick, error: Exception) -> None:
    # Given a subscription whose keys cannot be listed, before another whose key is blocked by hand
    *_, key_hash = tick.open(7, 8)
    tick.issuer.block(key_hash)
    living = tick.keys.living

    def living_or_broken(subscription_id: int) -> Sequence[VirtualKey]:
        if subscription_id == 7:
            raise error
        return living(subscription_id)

    tick.keys.living = living_or_broken  # type: ignore[method-assign]
    # When all are swept, Then the other's key is mended, and the report names the one that failed
    reasons = [f"subscription 7: {type(error).__name__}: the keys of 7"]
    assert tick.sweep() == SweepReport(subscriptions=2, keys_mended=1, failed=1, is_complete=True, reasons=reasons)
    assert not tick.issuer.blocked[key_hash]


def test_a_report_tells_the_reasons_of_the_first_failures_only(tick: Tick) -> None:
    tick.open(*range(REASONS_MAX + 1))

    def broken(subscription_id: int) -> Sequence[VirtualKey]:
        raise BrokenRuleError("broken")

    tick.keys.living = broken  # type: ignore[method-assign]
    report = tick.sweep()
    assert (report.failed, len(report.reasons)) == (REASONS_MAX + 1, REASONS_MAX)


def test_while_litellm_is_down_the_sweep_stays_where_it_is(tick: Tick) -> None:
    tick.open(1, 2)
    tick.issuer.lose_requests = 1
    assert tick.sweep() == SweepReport(subscriptions=1, failed=1, reasons=[DOWN])
    assert tick.sweep() == SweepReport(subscriptions=2, is_complete=True)
