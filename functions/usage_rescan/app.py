"""Every hour, and further back every day: find rows that appeared after the polls had read their window."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_rescan import rescan
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    tick = ScheduledTick.model_validate(event)
    report = rescan().run(tick.time, deadline_of(context))
    publish(
        metrics,
        {Metric.WINDOWS_CHANGED: report.slices, Metric.RESCANS_CUT_SHORT: int(not report.is_complete)},
    )
    logger.info("spend log scanned again", report=report)
    return asdict(report)
