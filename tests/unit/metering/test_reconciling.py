"""What was billed agrees with what LiteLLM counted and with the statements, or a person is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from flareflow.errors import BrokenRuleError, SpendLogUnavailableError, StorageUnavailableError
from flareflow.metering.cases import Case
from flareflow.metering.models import Usage
from flareflow.metering.reconciling import Reconcile, ReconciliationReport
from flareflow.metering.spent import BilledCall, Compared, KeyLine, Spent
from flareflow.time import Deadline
from tests.fakes.metering import KEY, NOW, FakeKeyDirectory
from tests.fakes.reconciliation import (
    FakeBilledCalls,
    FakeJournalCheck,
    FakeKeySpend,
    FakeReconciled,
    FakeReports,
    FakeSealedTotals,
)
from tests.fakes.spend_log import FakeCases

DAY = NOW.date()
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAYS = timedelta(days=1)
STRANGER = "cd" * 32


@dataclass
class Reconciling:
    """The reconciliation on fakes; a bill of `rows` calls of 1,000 nano-dollars each."""

    billed: FakeBilledCalls = field(default_factory=FakeBilledCalls)
    litellm: FakeKeySpend = field(default_factory=FakeKeySpend)
    reconciled: FakeReconciled = field(default_factory=FakeReconciled)
    cases: FakeCases = field(default_factory=FakeCases)
    reports: FakeReports = field(default_factory=FakeReports)
    journal: FakeJournalCheck = field(default_factory=FakeJournalCheck)

    def __post_init__(self) -> None:
        self.sealed = FakeSealedTotals(self.billed)

    def bill(
        self, epoch: int, rows: int, started_at: datetime = NOW, key_hash: str = KEY, subscription_id: int = 1
    ) -> None:
        usage = Usage(prompt_tokens=9, completion_tokens=1, requests=1, rated_microtokens=10, cost_nanousd=1_000)
        calls = self.billed.calls.setdefault(epoch, [])
        calls += [BilledCall(subscription_id, key_hash, started_at, usage)] * rows

    def count(self, rows: int, day: date = DAY, key_hash: str = KEY) -> None:
        self.litellm.days.setdefault(day, {})[key_hash] = Spent(rows, rows * 1_000)

    def run(self, now: datetime = NOW, time_left: timedelta = HOUR) -> ReconciliationReport:
        ports = (self.reconciled, self.cases, self.reports, self.journal)
        use_case = Reconcile(self.billed, self.sealed, self.litellm, FakeKeyDirectory(), *ports, unit_nanousd=2 * 10**9)
        return use_case.run(now, Deadline(now + time_left, clock=lambda: now))


@pytest.fixture
def reconciling() -> Reconciling:
    return Reconciling()


def test_numbers_that_agree_are_no_difference(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=2)
    reconciling.bill(2, rows=1)
    reconciling.count(3)
    reconciling.run(NOW)
    report = reconciling.run(NOW + 2 * HOUR)
    assert (report.differences, report.missing_rows, reconciling.cases.opened) == (0, 0, {})
    assert reconciling.reconciled.billed(DAY) == {KEY: Spent(3, 3_000)}


def test_a_row_that_litellm_has_counted_and_lost_is_told_after_an_hour(reconciling: Reconciling) -> None:
    # Given three calls that LiteLLM has counted, and rows of two
    reconciling.bill(1, rows=2)
    reconciling.count(3)
    # When it is compared at once, Then the third may still come
    assert reconciling.run(NOW).differences == 0
    assert reconciling.run(NOW + HOUR - MINUTE).differences == 0
    # When an hour has passed, Then a person is told, once
    report = reconciling.run(NOW + HOUR)
    assert (report.differences, report.missing_rows, report.missing_nanousd) == (1, 1, 1_000)
    assert reconciling.run(NOW + HOUR + MINUTE).differences == 0
    [case] = reconciling.cases.opened.values()
    assert (case.reason, KEY in case.what) == ("billed_less", True)


def test_a_row_that_comes_within_the_hour_is_no_difference(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=2)
    reconciling.count(3)
    reconciling.run(NOW)
    reconciling.bill(2, rows=1)
    reconciling.count(9)
    assert reconciling.run(NOW + HOUR).differences == 0


def test_what_was_billed_and_litellm_never_counted_is_told_after_an_hour(reconciling: Reconciling) -> None:
    # Given three billed calls, of which LiteLLM has counted two
    reconciling.bill(1, rows=3)
    reconciling.count(2)
    # When it is compared at once, Then LiteLLM may still write the third into its totals
    assert reconciling.run(NOW).differences == 0
    assert reconciling.run(NOW + HOUR - MINUTE).differences == 0
    # When an hour has passed, Then a person is told
    assert reconciling.run(NOW + HOUR).differences == 1
    [case] = reconciling.cases.opened.values()
    assert case.reason == "billed_more"


def test_what_litellm_counts_within_the_hour_is_no_difference(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=3)
    reconciling.run(NOW)
    reconciling.bill(2, rows=1)
    reconciling.count(3)
    assert reconciling.run(NOW + HOUR).differences == 0


def test_what_is_billed_of_a_key_that_litellm_does_not_name_is_told_after_an_hour(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=1)
    assert [reconciling.run(NOW + hours * HOUR).differences for hours in (0, 1)] == [0, 1]


def test_costs_may_differ_by_the_rounding_of_each_row(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=3)
    for cost in (3_006, 2_994):
        reconciling.litellm.days = {DAY: {KEY: Spent(3, cost)}}
        reconciling.run(NOW)
        assert reconciling.run(NOW + HOUR).differences == 0


def test_calls_without_cost_are_compared_by_their_number(reconciling: Reconciling) -> None:
    reconciling.litellm.days = {DAY: {KEY: Spent(4, 0)}}
    reconciling.run(NOW)
    assert reconciling.run(NOW + HOUR).missing_rows == 4


def test_keys_that_are_not_ours_are_not_compared(reconciling: Reconciling) -> None:
    reconciling.count(3, key_hash=STRANGER)
    reconciling.run(NOW)
    assert reconciling.run(NOW + HOUR).differences == 0


def test_a_statement_that_says_something_else_than_its_events_is_told(reconciling: Reconciling) -> None:
    # Given an epoch whose statement has another subscription in it, and less of this one
    reconciling.bill(1, rows=2)
    reconciling.sealed.told[1] = {1: Usage(requests=1), 2: Usage(requests=1)}
    reconciling.count(2)
    # When it is compared, Then both are told
    reconciling.run(NOW)
    assert set(reconciling.cases.opened) == {
        "difference#statement_differs#1-1",
        "difference#statement_differs#1-2",
    }


@pytest.mark.parametrize("error", [BrokenRuleError("a pack of another form"), ValueError("no JSON")])
def test_events_that_cannot_be_read_are_a_case_and_the_others_are_compared(
    reconciling: Reconciling, error: Exception
) -> None:
    # Given an epoch with two subscriptions: the events of one cannot be read, the statement of the other is wrong
    reconciling.bill(1, rows=2)
    reconciling.bill(1, rows=3, key_hash=STRANGER, subscription_id=2)
    reconciling.billed.broken[2] = error
    reconciling.sealed.told[1] = {1: Usage(requests=1), 2: Usage(requests=3)}
    reconciling.count(2)
    # When it is reconciled, twice
    report = reconciling.run(NOW)
    reconciling.run(NOW + MINUTE)
    # Then both are told once, and what could be read is compared with LiteLLM
    assert (report.epochs, report.differences) == (1, 2)
    assert set(reconciling.cases.opened) == {
        "difference#events_unreadable#1-2",
        "difference#statement_differs#1-1",
    }
    assert reconciling.reconciled.billed(DAY) == {KEY: Spent(2, 2_000)}


def test_a_statement_that_cannot_be_read_is_a_case_and_later_epochs_are_compared(reconciling: Reconciling) -> None:
    # Given an epoch whose documents do not lead to their roots, before one with a wrong statement
    for epoch in (1, 2):
        reconciling.bill(epoch, rows=1)
    reconciling.count(2)
    reconciling.sealed.broken[1] = BrokenRuleError("the usage index does not lead to its root")
    reconciling.sealed.told[2] = {1: Usage(requests=9)}
    # When they are reconciled, Then both are told, and the calls of both are compared with LiteLLM
    assert reconciling.run(NOW).epochs == 2
    assert set(reconciling.cases.opened) == {
        "difference#statement_unreadable#1",
        "difference#statement_differs#2-1",
    }
    assert reconciling.reconciled.billed(DAY) == {KEY: Spent(2, 2_000)}


def test_an_epoch_is_added_once_also_after_a_run_that_was_broken_off(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=2)
    reconciling.litellm.is_down = True
    with pytest.raises(SpendLogUnavailableError):
        reconciling.run(NOW)
    reconciling.litellm.is_down = False
    reconciling.count(2)
    reconciling.run(NOW)
    assert reconciling.reconciled.billed(None) == {KEY: Spent(2, 2_000)}


def test_what_was_found_before_litellm_failed_is_told(reconciling: Reconciling) -> None:
    # Given a statement that says something else than its events, while LiteLLM is down
    reconciling.bill(1, rows=2)
    reconciling.sealed.told[1] = {1: Usage(requests=1)}
    reconciling.litellm.is_down = True
    # When the run ends with LiteLLM's failure
    with pytest.raises(SpendLogUnavailableError):
        reconciling.run(NOW)
    # Then the difference is an open case
    assert set(reconciling.cases.opened) == {"difference#statement_differs#1-1"}


def an_epoch_with_a_wrong_statement(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=2)
    reconciling.sealed.told[1] = {1: Usage(requests=1)}
    reconciling.count(2)


def a_day_with_more_than_litellm_has_counted(reconciling: Reconciling) -> None:
    """Nothing is awaited of a day that is over."""
    yesterday = NOW - timedelta(days=1)
    reconciling.bill(1, rows=3, started_at=yesterday)
    reconciling.count(2, day=yesterday.date())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (an_epoch_with_a_wrong_statement, "statement_differs"),
        (a_day_with_more_than_litellm_has_counted, "billed_more"),
    ],
)
def test_what_could_not_be_stored_as_a_case_is_found_again(
    reconciling: Reconciling,
    monkeypatch: pytest.MonkeyPatch,
    given: Callable[[Reconciling], None],
    reason: str,
) -> None:
    # Given a difference, and a storage that takes no cases once
    def fail(cases: Sequence[Case]) -> int:
        if cases:
            raise StorageUnavailableError("open cases")
        return 0

    given(reconciling)
    with monkeypatch.context() as patch:
        patch.setattr(reconciling.cases, "open", fail)
        with pytest.raises(StorageUnavailableError):
            reconciling.run(NOW)
    # When the next run goes on, Then a person is told
    reconciling.run(NOW + MINUTE)
    assert {case.reason for case in reconciling.cases.opened.values()} == {reason}


def test_a_call_belongs_to_the_day_on_which_it_started(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=1, started_at=NOW - timedelta(days=1))
    reconciling.bill(1, rows=2)
    reconciling.run(NOW)
    assert reconciling.reconciled.billed(DAY) == {KEY: Spent(2, 2_000)}
    assert reconciling.reconciled.billed(DAY - timedelta(days=1)) == {KEY: Spent(1, 1_000)}


def test_a_day_has_one_report_which_also_compares_the_totals_of_keys(reconciling: Reconciling) -> None:
    # Given a key with two calls yesterday, of which LiteLLM has counted one more in its total
    yesterday = DAY - timedelta(days=1)
    midnight = NOW.replace(hour=0, minute=5)
    reconciling.bill(1, rows=2, started_at=NOW - timedelta(days=1))
    reconciling.count(2, day=yesterday)
    reconciling.litellm.total = {KEY: Spent(0, 3_000)}
    # When the night passes
    reconciling.run(midnight)
    assert not reconciling.reports.written
    reconciling.run(midnight + 2 * HOUR)
    reconciling.run(midnight + 3 * HOUR)
    # Then there is one report of yesterday
    assert reconciling.reports.written == {
        yesterday: [
            KeyLine(KEY, yesterday, Spent(2, 2_000), Spent(2, 2_000), Compared(Spent(2, 2_000), 2_000)),
            KeyLine(KEY, None, Spent(2, 2_000), Spent(0, 3_000)),
        ]
    }
    # And the next day, what the key's total has more is told
    reconciling.bill(2, rows=0)
    reconciling.run(midnight + timedelta(days=1, hours=2))
    assert f"difference#billed_less#{KEY}-all" in reconciling.cases.opened


def test_epochs_wait_when_no_time_is_left(reconciling: Reconciling) -> None:
    reconciling.bill(1, rows=1)
    assert reconciling.run(NOW, time_left=timedelta(seconds=1)).epochs == 0
    assert [reconciling.run(NOW).epochs for _ in range(2)] == [1, 0]


def test_what_the_journal_and_the_chain_disagree_on_is_told_when_it_stays_the_same(reconciling: Reconciling) -> None:
    # Given a balance that differs, because the journal lags behind
    reconciling.journal.found = [(7, "the journal says 5, the contract 6")]
    assert reconciling.run(NOW).differences == 0
    # When it has changed at the next run, Then nobody is told
    reconciling.journal.found = [(7, "the journal says 6, the contract 7")]
    assert reconciling.run(NOW + HOUR).differences == 0
    # When it has been the same for an hour, Then a person is, once
    assert reconciling.run(NOW + 2 * HOUR - MINUTE).differences == 0
    assert reconciling.run(NOW + 2 * HOUR).differences == 1
    assert reconciling.run(NOW + 2 * HOUR + 5 * MINUTE).differences == 0
    [case] = reconciling.cases.opened.values()
    assert (case.reason, case.subscription_id) == ("journal_differs", 7)
    assert len(set(reconciling.journal.turns)) == 5


def test_the_report_of_a_day_has_what_each_model_brought_and_cost(reconciling: Reconciling) -> None:
    # Given calls of two models on one day, in two epochs, of which one is read twice, and of a third on another day
    def call(model: str, rated_microtokens: int, cost_nanousd: int, started_at: datetime = NOW - DAYS) -> BilledCall:
        usage = Usage(requests=1, rated_microtokens=rated_microtokens, cost_nanousd=cost_nanousd)
        return BilledCall(1, KEY, started_at, usage, model)

    reconciling.billed.calls[1] = [call("gpt-4o", 3 * 10**12, 10**9), call("o1", 10**11, 9 * 10**8)]
    reconciling.billed.calls[2] = [call("gpt-4o", 10**12, 10**9), call("haiku", 1, 1, NOW)]
    reconciling.run()
    reconciling.reconciled.epoch, reconciling.reconciled.last_report = 1, None
    # When the day's report is written, at two dollars for a million rated tokens
    reconciling.run(NOW)
    # Then each model has its calls, revenue, cost and margin
    told = [
        (line.model, line.sold.calls, line.revenue_nanousd, line.sold.cost_nanousd, line.margin_nanousd)
        for line in reconciling.reports.margins[(NOW - DAYS).date()]
    ]
    assert told == [
        ("gpt-4o", 2, 8 * 10**9, 2 * 10**9, 6 * 10**9),
        ("o1", 1, 2 * 10**8, 9 * 10**8, -7 * 10**8),
    ]
