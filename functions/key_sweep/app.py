"""Every five minutes: compare each key with what LiteLLM says of it, and mend what differs."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.key_sweep import sweep
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    ScheduledTick.model_validate(event)
    report = sweep().run(deadline_of(context))
    publish(metrics, {Metric.KEYS_MENDED: report.keys_mended, Metric.KEY_SWEEP_FAILURES: report.failed})
    logger.info("keys compared with LiteLLM", report=report)
    return asdict(report)
