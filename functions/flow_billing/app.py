"""Every five minutes: prove the newest attested statement on Flow and settle its pages."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.flow_billing import bill_on_flow
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, int]:
    ScheduledTick.model_validate(event)
    report = asdict(bill_on_flow().run(deadline_of(context)))
    metrics.add_metric("PagesSettled", MetricUnit.Count, report["pages_settled"])
    metrics.add_metric("FlowTransactionsFailed", MetricUnit.Count, report["failed"])
    logger.info("billed on Flow", **report)
    return report
