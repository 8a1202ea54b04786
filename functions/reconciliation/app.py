"""After every epoch: keep public statistics, and compare what was billed with LiteLLM and with the statement."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.reconciliation import keep_statistics, reconcile
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    tick = ScheduledTick.model_validate(event)
    keep_statistics().run(tick.time, deadline_of(context))  # first: it also tells when LiteLLM does not answer
    report = reconcile().run(tick.time, deadline_of(context))
    publish(
        metrics,
        {
            Metric.EPOCHS_RECONCILED: report.epochs,
            Metric.DIFFERENCES_FOUND: report.differences,
            Metric.NANOUSD_MISSING: report.missing_nanousd,
            Metric.ROWS_MISSING: report.missing_rows,
        },
    )
    logger.info("usage reconciled", report=report)
    return asdict(report)
