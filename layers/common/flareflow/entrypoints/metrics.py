"""Every metric of FlareFlow: its name in CloudWatch and its unit."""

from collections.abc import Mapping
from enum import Enum

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit


class Metric(Enum):
    """A metric as (name, unit)."""

    CALLS_COUNTED = "CallsCounted", MetricUnit.Count
    """Calls that a poll found and counted for the first time."""
    CALLS_QUARANTINED = "CallsQuarantined", MetricUnit.Count
    """Calls of unknown keys."""
    CALLS_UNREADABLE = "CallsUnreadable", MetricUnit.Count
    """Rows of the spend log that are not what LiteLLM promises."""
    RECORDS_BILLED_ALONE = "RecordsBilledAlone", MetricUnit.Count
    """Pushed calls that no poll found in time."""
    SLICES_QUEUED = "SlicesQueued", MetricUnit.Count
    """Parts of the window that a poll left to the queue."""
    ATTESTATIONS_UNDER_WAY = "AttestationsUnderWay", MetricUnit.Count
    """Attestations that are neither settled nor skipped."""
    PAGES_SETTLED = "PagesSettled", MetricUnit.Count
    """Settlement pages that were settled on Flow."""
    PAGES_WAITING = "PagesWaiting", MetricUnit.Count
    """Settlement pages with plans in dollars that wait, because the contract accepts no rate of the price oracle."""
    FLOW_TRANSACTIONS_FAILED = "FlowTransactionsFailed", MetricUnit.Count
    """Transactions that failed on Flow."""
    JOURNAL_ENTRIES = "JournalEntries", MetricUnit.Count
    """Events of the contract that were added to the journal."""


def publish(metrics: Metrics, values: Mapping[Metric, int]) -> None:
    """Add `values` to the metrics that the handler's `log_metrics` sends to CloudWatch."""
    for metric, value in values.items():
        name, unit = metric.value
        metrics.add_metric(name, unit, value)
