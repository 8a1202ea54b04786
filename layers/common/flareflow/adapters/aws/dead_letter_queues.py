"""`Queues` over SQS: how full they are, and dead letters back to where they came from."""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from flareflow.errors import StorageUnavailableError
from flareflow.metering.dead_letters import DeadLetters, QueueDepth, QueueName, Redriven

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCH_MAX: Final = 10
BATCHES_MAX: Final = 20
WAITING: Final = "ApproximateNumberOfMessages"
IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
HIDDEN_SECONDS: Final = 60
"""How long a message that is being moved is not seen by another redrive."""

_SOURCES: Final = {
    DeadLetters.USAGE_SLICES: QueueName.USAGE_SLICES,
    DeadLetters.WEBHOOKS: QueueName.WEBHOOKS,
}
"""Where the messages of a queue come from that takes them from one queue only."""


class _Function(BaseModel):
    functionArn: str  # noqa: N815  # the field's name in what Lambda reports


class _GivenUp(BaseModel):
    """What Lambda writes into the queue of a stream's failures."""

    requestContext: _Function  # noqa: N815


@dataclass(frozen=True, slots=True)
class SqsQueues:
    """`urls` are the addresses of the queues, `readers` the queues of functions by the functions' names."""

    sqs: "SQSClient"
    urls: Mapping[QueueName, str]
    readers: Mapping[str, QueueName]

    def depths(self) -> Sequence[QueueDepth]:
        return [self._depth(name) for name in QueueName]

    def redrive(self, name: DeadLetters) -> Redriven:
        moved = left = 0
        for _ in range(BATCHES_MAX):
            found = self._receive(QueueName(name.value))
            if not found:
                break
            for message in found:
                target = self._target(name, message["Body"])
                if target is None:
                    left += 1
                else:
                    self._move(message, QueueName(name.value), target)
                    moved += 1
        return Redriven(moved, left)

    def _depth(self, name: QueueName) -> QueueDepth:
        with _asking(f"how full {name} is"):
            told = self.sqs.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=[WAITING, IN_FLIGHT])
        return QueueDepth(name, int(told["Attributes"][WAITING]), int(told["Attributes"][IN_FLIGHT]))

    def _receive(self, name: QueueName) -> Sequence["MessageTypeDef"]:
        with _asking(f"for messages of {name}"):
            return self.sqs.receive_message(
                QueueUrl=self.urls[name], MaxNumberOfMessages=BATCH_MAX, VisibilityTimeout=HIDDEN_SECONDS
            ).get("Messages", [])

    def _target(self, name: DeadLetters, body: str) -> QueueName | None:
        """The queue that a message came from; a stream's failures name the function that gave them up."""
        if name is not DeadLetters.STREAMS:
            return _SOURCES[name]
        try:
            arn = _GivenUp.model_validate_json(body).requestContext.functionArn
        except ValidationError:
            return None
        return self.readers.get(arn.partition(":function:")[2].partition(":")[0])

    def _move(self, message: "MessageTypeDef", source: QueueName, target: QueueName) -> None:
        """Sent before it is deleted: a failure between both leaves it twice, and handlers bear that."""
        with _asking(f"to move a message from {source} to {target}"):
            self.sqs.send_message(QueueUrl=self.urls[target], MessageBody=message["Body"])
            self.sqs.delete_message(QueueUrl=self.urls[source], ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def _asking(what: str) -> "Iterator[None]":
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StorageUnavailableError(f"SQS was asked {what}: {error}") from error
