"""SQS batches: each message is handled on its own, and only those that failed are delivered again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse


def each_message(
    event: dict[str, Any], context: LambdaContext, handle: Callable[[str], None]
) -> "PartialItemFailureResponse":
    """Call `handle` with the body of every message; a message fails when it raises, whatever it raises.

    Imports what does it at the first message: functions that consume a stream have a queue for failures only.
    """
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    def handle_record(record: SQSRecord) -> None:
        handle(record.body)

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, handle_record, processor, context)
