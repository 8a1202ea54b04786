"""Slices of the spend log that wait in an SQS queue to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import AwareDatetime, BaseModel

from flareflow.errors import StorageUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, Slice

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BATCH_MAX: Final = 10


class SliceMessage(BaseModel):
    """The body of a message: one slice."""

    start: AwareDatetime
    end: AwareDatetime
    listing: Listing = Listing.ANSWERED

    def part(self) -> Slice:
        return Slice(Window(self.start, self.end), self.listing)

    @classmethod
    def of(cls, part: Slice) -> Self:
        return cls(start=part.window.start, end=part.window.end, listing=part.listing)


@dataclass(frozen=True, slots=True)
class SqsSliceQueue:
    """`SliceQueue` over SQS. A slice may arrive more than once."""

    sqs: "SQSClient"
    queue_url: str

    def send(self, slices: Sequence[Slice]) -> None:
        for first in range(0, len(slices), BATCH_MAX):
            self._send_batch(slices[first : first + BATCH_MAX])

    def _send_batch(self, slices: Sequence[Slice]) -> None:
        messages = [SliceMessage.of(part) for part in slices]
        try:
            answer = self.sqs.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": message.model_dump_json()}
                    for number, message in enumerate(messages)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"SQS did not take {len(slices)} slices: {error}") from error
        if failed := answer.get("Failed"):
            raise StorageUnavailableError(f"SQS did not take {len(failed)} of {len(slices)} slices: {failed}")
