"""What SQS seldom does, on order: an entry of a batch fails alone, a message that was handled comes again.

    POST <gateway_lambda>/control/sqs {"fail_entries": 1, "deliver_again": 1}

lets the last entry of the next batch of several messages fail, and delivers the next message that is handled again.
SQS delivers at least once, and names the entries of a batch that it did not take.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

PATH: Final = "/control/sqs"
SEND_BATCH: Final = "AmazonSQS.SendMessageBatch"

type Count = Annotated[int, Field(ge=0, le=100)]


class Orders(BaseModel, extra="forbid"):
    """How often each shall still happen."""

    fail_entries: Count = 0
    deliver_again: Count = 0


@dataclass(frozen=True, slots=True)
class PartialSend:
    """A batch without its last entry: `done` is the request to forward, `failed` the entry that the answer names."""

    done: bytes
    failed: str

    def answer(self, content: bytes) -> bytes:
        """The queue's answer, with the entry that failed."""
        answer = json.loads(content)
        failure = {"Id": self.failed, "SenderFault": False, "Code": "InternalError", "Message": "as ordered"}
        return json.dumps({**answer, "Failed": [*answer.get("Failed", []), failure]}).encode()


@dataclass(slots=True)
class SqsOrders:
    """The orders that are not carried out yet."""

    left: Orders = field(default_factory=Orders)

    async def take(self, request: web.Request) -> web.Response:
        """New orders, in place of those that are left."""
        try:
            self.left = Orders.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": error.errors(include_url=False)}, status=422)
        return web.json_response(self.left.model_dump())

    def partial_send(self, target: str, body: bytes) -> PartialSend | None:
        """The request without its last entry, if that shall fail; None for any other request."""
        if target != SEND_BATCH or not self.left.fail_entries:
            return None
        request: dict[str, Any] = json.loads(body)
        *taken, last = request["Entries"]
        if not taken:
            return None
        self.left.fail_entries -= 1
        return PartialSend(json.dumps({**request, "Entries": taken}).encode(), last["Id"])

    def delivers_again(self) -> bool:
        """Whether a message that was handled shall come again."""
        if not self.left.deliver_again:
            return False
        self.left.deliver_again -= 1
        return True
