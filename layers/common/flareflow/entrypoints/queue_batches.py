"""SQS batches: each message is handled on its own, and only those that failed are delivered again."""

from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

_PROCESSOR: Final = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def each_message(
    event: dict[str, Any], context: LambdaContext, handle: Callable[[str], None]
) -> PartialItemFailureResponse:
    """Call `handle` with the body of every message; a message fails when it raises, whatever it raises."""

    def handle_record(record: SQSRecord) -> None:
        handle(record.body)

    return process_partial_response(event, handle_record, _PROCESSOR, context)
