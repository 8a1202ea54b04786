"""Every five minutes: add the contract's new events on Flow to the journal. An operator has it repair what waits."""

from dataclasses import asdict

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.chain_events import read_chain_events, repair_journal
from flareflow.entrypoints.commands import Repair, tick_or_repair
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.schedule import deadline_of
from flareflow.json_format import json_value

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, object], context: LambdaContext) -> object:
    if isinstance(tick_or_repair(event), Repair):
        repaired = repair_journal().run(deadline_of(context))
        logger.info("journal repaired", entered=repaired.entered, still_aside=len(repaired.still_aside))
        return json_value(repaired)
    report = asdict(read_chain_events().run(deadline_of(context)))
    publish(metrics, {Metric.JOURNAL_ENTRIES: report["entries"], Metric.CHAIN_EVENTS_SET_ASIDE: report["set_aside"]})
    logger.info("chain events read", **report)
    return report
