"""Windows of the spend log that wait in an SQS queue to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import AwareDatetime, BaseModel

from flareflow.errors import StorageUnavailableError
from flareflow.metering.models import Window

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BATCH_MAX: Final = 10


class SliceMessage(BaseModel):
    """The body of a message: one window."""

    start: AwareDatetime
    end: AwareDatetime

    def window(self) -> Window:
        return Window(self.start, self.end)


@dataclass(frozen=True, slots=True)
class SqsSliceQueue:
    """`SliceQueue` over SQS. A window may arrive more than once; reading it again changes nothing."""

    sqs: "SQSClient"
    queue_url: str

    def send(self, windows: Sequence[Window]) -> None:
        for first in range(0, len(windows), BATCH_MAX):
            self._send_batch(windows[first : first + BATCH_MAX])

    def _send_batch(self, windows: Sequence[Window]) -> None:
        messages = [SliceMessage(start=window.start, end=window.end) for window in windows]
        try:
            answer = self.sqs.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": message.model_dump_json()}
                    for number, message in enumerate(messages)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"SQS did not take {len(windows)} slices: {error}") from error
        if failed := answer.get("Failed"):
            raise StorageUnavailableError(f"SQS did not take {len(failed)} of {len(windows)} slices: {failed}")
