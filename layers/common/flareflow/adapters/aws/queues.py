"""Slices of the spend log that wait in an SQS queue to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import AwareDatetime, BaseModel

from flareflow.adapters.aws.sending import send_all
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, Slice

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


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
        messages = [(SliceMessage.of(part).model_dump_json(), 0) for part in slices]
        send_all(self.sqs, self.queue_url, messages, "slices")
