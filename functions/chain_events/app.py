"""Every five minutes: add the contract's new events on Flow to the journal."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.chain_events import read_chain_events
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import ScheduledTick, deadline_of

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, int | None]:
    ScheduledTick.model_validate(event)
    report = asdict(read_chain_events().run(deadline_of(context)))
    publish(metrics, {Metric.JOURNAL_ENTRIES: report["entries"]})
    logger.info("chain events read", **report)
    return report
