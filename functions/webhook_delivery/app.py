"""Queue consumer: posts events to the receivers of webhooks, each order on its own and several at the same time."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.webhook_delivery import deliver, parse_order
from flareflow.entrypoints.metrics import Metric, publish
from flareflow.entrypoints.queue_batches import QueueResponse, messages_at_once
from flareflow.webhooks.delivering import Outcome

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> QueueResponse:
    delivering = deliver()
    response, outcomes = messages_at_once(event, lambda message: delivering.run(parse_order(message)))
    counted = {
        Metric.WEBHOOKS_DELIVERED: outcomes.count(Outcome.DELIVERED),
        Metric.WEBHOOK_ATTEMPTS_FAILED: outcomes.count(Outcome.RETRIED) + outcomes.count(Outcome.FAILED),
    }
    publish(metrics, counted)
    return response
