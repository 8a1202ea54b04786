"""Every five minutes: prove the newest attested statement on Flow and settle its pages."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.flow_billing import bill_on_flow
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    ScheduledTick.model_validate(event)
    report = bill_on_flow().run(deadline_of(context))
    publish(
        metrics,
        {
            Metric.PAGES_SETTLED: report.pages_settled,
            Metric.PAGES_WAITING: report.pages_waiting,
            Metric.FLOW_TRANSACTIONS_FAILED: report.failed,
            Metric.ITEMS_UNREADABLE: len(report.unreadable),
        },
    )
    logger.info("billed on Flow", report=report)
    return asdict(report)
