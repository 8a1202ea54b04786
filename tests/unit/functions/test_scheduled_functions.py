"""What the functions do when their schedule fires, and the metrics that they send."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from flareflow.attestation.advancing import AdvanceReport
from flareflow.errors import BrokenRuleError, SpendLogUnavailableError
from flareflow.metering.polling import PollReport
from flareflow.metering.reconciling import ReconciliationReport
from flareflow.metering.rescanning import RescanReport
from flareflow.metering.rows import Reading
from flareflow.settlement.billing import BillingReport
from flareflow.settlement.chain_events import ChainEventsReport
from flareflow.settlement.positions import Position, SetAside
from flareflow.settlement.repairing import Repaired
from flareflow.statements.sealing import SealReport
from flareflow.transparency.publishing import LogReport
from tests.support.functions import Load, sample

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def doing(report: object) -> SimpleNamespace:
    """A use case that gives this report."""
    return SimpleNamespace(run=lambda *_: report)


def sent_metrics(printed: str) -> dict[str, Any]:
    """Values and units by name, in CloudWatch's embedded format, of one invocation."""
    [document] = [json.loads(line) for line in printed.splitlines() if '"CloudWatchMetrics"' in line]
    [directive] = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "FlareFlow"
    return {metric["Name"]: (document[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]}


def test_a_tick_polls_first_and_seals_then(load: Load) -> None:
    # Given a poll and a sealing that say that they ran
    ran: list[str] = []

    def poll(*_: object) -> PollReport:
        ran.append("poll")
        return PollReport(Reading(seen=3, counted=2), 0, 0, 0, 0, 0)

    polling = load(
        "usage_polling",
        poll_usage=SimpleNamespace(run=poll),
        seal_epoch=SimpleNamespace(run=lambda _: ran.append("seal")),
    )
    # When the schedule fires
    report = polling.handle(sample("usage_polling"))
    # Then both have run, in this order
    assert ran == ["poll", "seal"]
    assert (report["poll"]["reading"]["counted"], report["sealed"]) == (2, None)


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_poll_that_fails_keeps_nothing_that_is_counted_from_being_sealed(load: Load) -> None:
    ran: list[str] = []

    def poll(*_: object) -> PollReport:
        raise BrokenRuleError("what is stored of a subscription")

    polling = load(
        "usage_polling",
        poll_usage=SimpleNamespace(run=poll),
        seal_epoch=SimpleNamespace(run=lambda _: ran.append("seal")),
    )
    with pytest.raises(BrokenRuleError):
        polling.handle(sample("usage_polling"))
    assert ran == ["seal"]


def test_a_model_that_the_price_book_does_not_name_is_a_metric_by_its_name(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    poll = PollReport(Reading(counted=2, by_default=("new-model", "other-model")), 0, 0, 0, 0, 0)
    report = load("usage_polling", poll_usage=doing(poll), seal_epoch=doing(None)).handle(sample("usage_polling"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"CloudWatchMetrics"' in line]
    assert [line["model"] for line in lines if "model" in line] == ["new-model", "other-model"]
    assert [line["ModelsByDefault"] for line in lines if "model" not in line] == [[2.0]]
    assert json.loads(json.dumps(report))["poll"]["reading"]["by_default"] == ["new-model", "other-model"]


def test_a_poll_sends_its_numbers_as_metrics(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a poll with another number for each thing
    reading = Reading(seen=9, counted=2, set_aside=3, tallied=4)
    poll = PollReport(reading, billed_alone=5, slices=6, open_slices=8, resent=10, behind_seconds=11)
    sealed = SealReport(1_000, "0x01", 7, 1, 2, ("a page of the statement before",))
    # When the schedule fires
    report = load("usage_polling", poll_usage=doing(poll), seal_epoch=doing(sealed)).handle(sample("usage_polling"))
    # Then each is a metric
    assert report["sealed"]["epoch"] == 1_000
    assert sent_metrics(capsys.readouterr().out) == {
        "CallsCounted": ([2.0], "Count"),
        "RowsSetAside": ([3.0], "Count"),
        "ModelsByDefault": ([0.0], "Count"),
        "RowsNotBilled": ([4.0], "Count"),
        "RecordsBilledAlone": ([5.0], "Count"),
        "SlicesQueued": ([6.0], "Count"),
        "SlicesOpen": ([8.0], "Count"),
        "SlicesResent": ([10.0], "Count"),
        "SecondsBehind": ([11.0], "Seconds"),
        "ItemsUnreadable": ([1.0], "Count"),
    }


def test_a_reconciliation_sends_what_is_missing(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    report = ReconciliationReport(epochs=1, keys=9, differences=2, missing_nanousd=3, missing_rows=4)
    function = load("reconciliation", reconcile=doing(report), keep_statistics=doing(None))
    assert function.handle(sample("reconciliation"))["keys"] == 9
    assert sent_metrics(capsys.readouterr().out) == {
        "EpochsReconciled": ([1.0], "Count"),
        "DifferencesFound": ([2.0], "Count"),
        "NanoUsdMissing": ([3.0], "Count"),
        "RowsMissing": ([4.0], "Count"),
    }


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_statistics_are_kept_when_litellm_does_not_answer(load: Load) -> None:
    # Given a LiteLLM that is down, which the comparison needs
    ticks: list[datetime] = []

    def fail(*_: object) -> None:
        raise SpendLogUnavailableError("LiteLLM gave no answer")

    kept = SimpleNamespace(run=lambda now, _: ticks.append(now))
    function = load("reconciliation", reconcile=SimpleNamespace(run=fail), keep_statistics=kept)
    # When a tick comes
    with pytest.raises(SpendLogUnavailableError):
        function.handle(sample("reconciliation"))
    # Then it is counted among those of the day
    assert len(ticks) == 1


@pytest.mark.parametrize(("is_complete", "cut_short"), [(True, 0.0), (False, 1.0)])
def test_a_rescan_sends_what_has_changed_and_whether_it_was_cut_short(
    load: Load, capsys: pytest.CaptureFixture[str], is_complete: bool, cut_short: float
) -> None:
    report = RescanReport(asked=30, slices=2, is_complete=is_complete)
    assert load("usage_rescan", rescan=doing(report)).handle(sample("usage_rescan"))["asked"] == 30
    assert sent_metrics(capsys.readouterr().out) == {
        "WindowsChanged": ([2.0], "Count"),
        "RescansCutShort": ([cut_short], "Count"),
    }


def test_attestations_are_advanced_after_the_policies_were_recorded(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    function = load(
        "attestation_submission",
        record_policies=doing(2),
        advance_attestations=doing(AdvanceReport({1_000: "REQUESTED", 1_001: "SEALED"})),
    )
    report = function.handle(sample("attestation_submission"))
    assert report == {"states": {"1000": "REQUESTED", "1001": "SEALED"}, "new_policies": 2}
    assert sent_metrics(capsys.readouterr().out) == {"AttestationsUnderWay": ([2.0], "Count")}


def test_the_log_tells_which_witnesses_have_not_signed(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    report = LogReport(appended=2, size=12, missing=("witness.example",))
    assert load("statement_log", publish_log=doing(report)).handle(sample("statement_log"))["size"] == 12
    assert sent_metrics(capsys.readouterr().out) == {"WitnessesMissing": ([1.0], "Count")}


def test_billing_sends_settled_pages_waiting_pages_and_failures(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    unreadable = ("attestation of epoch 7: unknown form",)
    billed = BillingReport(1, 1, pages_settled=3, pages_waiting=4, failed=2, unreadable=unreadable)
    report = load("flow_billing", bill_on_flow=doing(billed)).handle(sample("flow_billing"))
    assert (report["pages_settled"], report["failed"]) == (3, 2)
    assert sent_metrics(capsys.readouterr().out) == {
        "PagesSettled": ([3.0], "Count"),
        "PagesWaiting": ([4.0], "Count"),
        "FlowTransactionsFailed": ([2.0], "Count"),
        "ItemsUnreadable": ([1.0], "Count"),
    }


def test_reading_chain_events_sends_the_new_journal_entries(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    report = load("chain_events", read_chain_events=doing(ChainEventsReport(4, 120, 2))).handle(sample("chain_events"))
    assert report == {"entries": 4, "read_to": 120, "set_aside": 2}
    assert sent_metrics(capsys.readouterr().out) == {
        "JournalEntries": ([4.0], "Count"),
        "ChainEventsSetAside": ([2.0], "Count"),
    }


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_operator_has_the_journal_repaired(load: Load) -> None:
    left = SetAside(7, Position(3, 0, 0), NOON, "ab" * 32, "ToppedUp", "unknown form")
    answer = load("chain_events", repair_journal=doing(Repaired(4, [left]))).handle({"command": "repair"})
    assert answer["entered"] == "4"
    assert (answer["still_aside"][0]["subscription_id"], answer["still_aside"][0]["reason"]) == ("7", "unknown form")


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize(
    "name",
    [
        *("usage_polling", "usage_rescan", "reconciliation", "attestation_submission", "flow_billing", "chain_events"),
        "statement_log",
    ],
)
def test_an_event_that_is_no_tick_is_refused_before_anything_happens(load: Load, name: str) -> None:
    with pytest.raises(ValidationError):
        load(name).handle({"source": "somebody else", "time": "2026-11-24T10:00:00Z"})
