"""Every five minutes: count the calls in LiteLLM's spend log, and seal the epoch once it is over."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_polling import poll_usage, seal_epoch
from flareflow.entrypoints.metrics import Metric, publish, publish_names
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    tick = ScheduledTick.model_validate(event)
    try:
        poll = poll_usage().run(tick.time, deadline_of(context))
    finally:  # a poll that fails does not keep what is counted from being sealed and charged
        sealed = seal_epoch().run(tick.time)
    publish(
        metrics,
        {
            Metric.CALLS_COUNTED: poll.reading.counted,
            Metric.ROWS_SET_ASIDE: poll.reading.set_aside,
            Metric.ROWS_NOT_BILLED: poll.reading.tallied,
            Metric.RECORDS_BILLED_ALONE: poll.billed_alone,
            Metric.MODELS_BY_DEFAULT: len(poll.reading.by_default),
            Metric.SLICES_QUEUED: poll.slices,
            Metric.SLICES_OPEN: poll.open_slices,
            Metric.SLICES_RESENT: poll.resent,
            Metric.SECONDS_BEHIND: poll.behind_seconds,
            Metric.ITEMS_UNREADABLE: len(sealed.unreadable) if sealed else 0,
        },
    )
    publish_names(Metric.MODELS_BY_DEFAULT, "model", poll.reading.by_default)
    report: dict[str, object] = {"poll": asdict(poll), "sealed": asdict(sealed) if sealed else None}
    logger.info("usage polled", report=report)
    return report
