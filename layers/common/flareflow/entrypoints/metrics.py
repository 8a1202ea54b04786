"""Every metric of FlareFlow: its name in CloudWatch and its unit."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from aws_lambda_powertools import Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMES_MAX: Final = 20
"""Names that one invocation sends: callers may invent some, and each is a metric of its own in CloudWatch."""


class Metric(Enum):
    """A metric as (name, unit)."""

    CALLS_COUNTED = "CallsCounted", MetricUnit.Count
    """Calls that a poll found and counted for the first time."""
    ROWS_SET_ASIDE = "RowsSetAside", MetricUnit.Count
    """Rows of the spend log that nobody could be billed for, each of which is a new open case."""
    ROWS_NOT_BILLED = "RowsNotBilled", MetricUnit.Count
    """Rows that are counted only: of keys that are not ours, of calls that only read, doubles."""
    RECORDS_BILLED_ALONE = "RecordsBilledAlone", MetricUnit.Count
    """Records of the gate that were billed because no row came in time."""
    MODELS_BY_DEFAULT = "ModelsByDefault", MetricUnit.Count
    """Models that were rated by the default of the price book, which does not name them; also by `model`."""
    SLICES_QUEUED = "SlicesQueued", MetricUnit.Count
    """Parts of the window that a poll left to the queue."""
    SLICES_OPEN = "SlicesOpen", MetricUnit.Count
    """Parts of the spend log that are queued and not read yet."""
    SLICES_RESENT = "SlicesResent", MetricUnit.Count
    """Parts that nobody had read for half an hour, and that were queued again."""
    SECONDS_BEHIND = "SecondsBehind", MetricUnit.Seconds
    """How long ago the moment is up to which the spend log was read without a gap."""
    WINDOWS_CHANGED = "WindowsChanged", MetricUnit.Count
    """Windows whose rows a re-scan found to be other than those that were read."""
    RESCANS_CUT_SHORT = "RescansCutShort", MetricUnit.Count
    """Re-scans that had no time for all of their windows."""
    EPOCHS_RECONCILED = "EpochsReconciled", MetricUnit.Count
    """Epochs whose events were compared with their statement."""
    DIFFERENCES_FOUND = "DifferencesFound", MetricUnit.Count
    """Differences between what was billed, what LiteLLM counted and what statements say; each is a new open case."""
    NANOUSD_MISSING = "NanoUsdMissing", MetricUnit.Count
    """What LiteLLM had counted today, an hour ago or earlier, and nobody was billed for; in 1e-9 dollars."""
    ROWS_MISSING = "RowsMissing", MetricUnit.Count
    """Calls that LiteLLM had counted today, an hour ago or earlier, and that nobody was billed for."""
    ATTESTATIONS_UNDER_WAY = "AttestationsUnderWay", MetricUnit.Count
    """Attestations that are neither settled nor skipped."""
    WITNESSES_MISSING = "WitnessesMissing", MetricUnit.Count
    """Witnesses that have not signed the newest checkpoint of the log."""
    PAGES_SETTLED = "PagesSettled", MetricUnit.Count
    """Settlement pages that were settled on Flow."""
    PAGES_WAITING = "PagesWaiting", MetricUnit.Count
    """Settlement pages with plans in dollars that wait, because the contract uses no rate of the price oracle."""
    FLOW_TRANSACTIONS_FAILED = "FlowTransactionsFailed", MetricUnit.Count
    """Transactions that failed on Flow."""
    ITEMS_UNREADABLE = "ItemsUnreadable", MetricUnit.Count
    """Stored items and documents that a job has left out, because they break a rule or have an unknown form."""
    JOURNAL_ENTRIES = "JournalEntries", MetricUnit.Count
    """Events of the contract that were added to the journal."""
    KEYS_MENDED = "KeysMended", MetricUnit.Count
    """Keys that a sweep found blocked or working at LiteLLM against the standing of their subscription."""
    KEY_SWEEP_FAILURES = "KeySweepFailures", MetricUnit.Count
    """Subscriptions whose keys a sweep could not compare or mend."""
    CHAIN_EVENTS_SET_ASIDE = "ChainEventsSetAside", MetricUnit.Count
    """Events of the contract that are set aside now: each could not be entered, or waits for one that could not."""
    WEBHOOKS_DELIVERED = "WebhooksDelivered", MetricUnit.Count
    """Events that receivers of webhooks have taken."""
    WEBHOOK_ATTEMPTS_FAILED = "WebhookAttemptsFailed", MetricUnit.Count
    """Attempts to post an event that a receiver has not taken."""


def publish(metrics: Metrics, values: Mapping[Metric, int]) -> None:
    """Add `values` to the metrics that the handler's `log_metrics` sends to CloudWatch."""
    for metric, value in values.items():
        name, unit = metric.value
        metrics.add_metric(name, unit, value)


def publish_names(metric: Metric, dimension: str, names: Iterable[str]) -> None:
    """Send the metric once for each name, by which it is then found; of more than `NAMES_MAX` the first."""
    name, unit = metric.value
    for one in sorted(names)[:NAMES_MAX]:
        with single_metric(name=name, unit=unit, value=1) as sent:
            sent.add_dimension(name=dimension, value=one)
