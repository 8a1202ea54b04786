"""Sending to an SQS queue, so many messages at once as SQS takes."""

from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from flareflow.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BATCH_MAX: Final = 10


def send_all(sqs: "SQSClient", queue_url: str, messages: Sequence[tuple[str, int]], what: str) -> None:
    """Send messages: the body of each, and the seconds for which the queue holds it back. `what` they are, for errors.

    Raises StorageUnavailableError where SQS has not taken all; some may have been sent then.
    """
    for batch in batched(messages, BATCH_MAX, strict=False):
        try:
            answer = sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": body, "DelaySeconds": delay}
                    for number, (body, delay) in enumerate(batch)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"SQS did not take {len(batch)} {what}: {error}") from error
        if failed := answer.get("Failed"):
            raise StorageUnavailableError(f"SQS did not take {len(failed)} of {len(batch)} {what}: {failed}")
