"""Every five minutes: append new statements to the log, and have its checkpoint cosigned by witnesses."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.statement_log import publish_log
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    report = publish_log().run(ScheduledTick.model_validate(event).time)
    publish(metrics, {Metric.WITNESSES_MISSING: len(report.missing)})
    logger.info("log published", report=asdict(report))
    return asdict(report)
