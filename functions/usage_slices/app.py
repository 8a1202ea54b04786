"""Windows of the spend log that one poll could not read: each is read here, some at a time."""

from datetime import UTC, datetime
from functools import partial

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_slices import parse_slice, read_slice
from flareflow.entrypoints.schedule import deadline_of
from flareflow.time import Deadline

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def read(record: SQSRecord, deadline: Deadline) -> None:
    reading = read_slice().run(parse_slice(record.body), datetime.now(UTC), deadline)
    logger.info("slice read", slice=record.body, reading=reading)


@logger.inject_lambda_context
def handler(event: dict[str, object], context: LambdaContext) -> PartialItemFailureResponse:
    record_handler = partial(read, deadline=deadline_of(context))
    return process_partial_response(event, record_handler, processor, context)
