"""Every five minutes: count what LiteLLM's spend log has, and seal the epoch once it is over."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_polling import poll_usage, seal_epoch
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    tick = ScheduledTick.model_validate(event)
    poll = poll_usage().run(tick.time, deadline_of(context))
    metrics.add_metric("CallsCounted", MetricUnit.Count, poll.reading.counted)
    metrics.add_metric("CallsQuarantined", MetricUnit.Count, poll.reading.quarantined)
    metrics.add_metric("CallsUnreadable", MetricUnit.Count, poll.reading.unreadable)
    metrics.add_metric("PushedCallsDropped", MetricUnit.Count, poll.dropped)
    metrics.add_metric("SlicesQueued", MetricUnit.Count, poll.slices)
    sealed = seal_epoch().run(tick.time)
    report: dict[str, object] = {"poll": asdict(poll), "sealed": asdict(sealed) if sealed else None}
    logger.info("usage polled", report=report)
    return report
