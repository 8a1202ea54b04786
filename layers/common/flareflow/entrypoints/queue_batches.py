"""SQS batches: each message is handled on its own, and only those that failed are delivered again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

AT_ONCE_MAX: Final = 10
"""Messages of a batch that are handled at the same time."""

logger = Logger(child=True)

type QueueResponse = dict[str, list[dict[str, str]]]
"""Lambda's partial batch response: the messages that have to be delivered again."""


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

    def handle_record(record: "SQSRecord") -> None:
        handle(record.body)

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, handle_record, processor, context)


def messages_at_once[R](event: dict[str, Any], handle: Callable[[str], R]) -> tuple[QueueResponse, Sequence[R]]:
    """Call `handle` with the body of every message, of several at the same time, so that none waits for a slow one.

    A message fails when it raises, whatever it raises. Returns which failed, and what the others came to.
    """
    failed: list[dict[str, str]] = []
    results: list[R] = []

    def attempt(record: dict[str, Any]) -> None:
        try:
            results.append(handle(record["body"]))
        except Exception:
            logger.exception("a message failed; the queue delivers it again")
            failed.append({"itemIdentifier": record["messageId"]})

    with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
        list(pool.map(attempt, event["Records"]))
    return {"batchItemFailures": failed}, results
