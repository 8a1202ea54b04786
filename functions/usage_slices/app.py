"""Queue consumer: reads the windows of the spend log that a poll had no time for."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_slices import parse_slice, read_slice
from flareflow.entrypoints.metrics import Metric, publish_names
from flareflow.entrypoints.queue_batches import each_message
from flareflow.entrypoints.schedule import deadline_of
from flareflow.time import Deadline, utc_now

logger = Logger()


def read(message: str, deadline: Deadline) -> None:
    reading = read_slice().run(parse_slice(message), utc_now(), deadline)
    publish_names(Metric.MODELS_BY_DEFAULT, "model", reading.by_default)
    logger.info("slice read", slice=message, reading=reading)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return each_message(event, context, partial(read, deadline=deadline_of(context)))
