"""SQS queues as event sources: batches, partial failures, repeated delivery.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mypy_boto3_sqs import SQSClient

from infra.local.aws import session as aws
from infra.local.aws.gateway.event_sources import EventSource, Record
from infra.local.aws.gateway.functions import Functions, ThrottledError
from infra.local.aws.gateway.sqs_orders import SqsOrders
from infra.waiting import pause

RECEIVE_MAX: Final = 10
CONCURRENCY_DEFAULT: Final = 2


@dataclass(frozen=True, slots=True)
class QueuePoller:
    """Feeds one queue to one function.

    Messages that the function did not handle are not deleted: the queue gives them out again after its visibility
    timeout.
    """

    source: EventSource
    functions: Functions
    sqs: SQSClient
    orders: SqsOrders = field(default_factory=SqsOrders)

    async def run(self) -> None:
        queue_name = self.source.source_arn.rpartition(":")[2]
        address = (await asyncio.to_thread(self.sqs.get_queue_url, QueueName=queue_name))["QueueUrl"]
        scaling = self.source.properties.get("ScalingConfig", {})
        slots = asyncio.Semaphore(int(scaling.get("MaximumConcurrency", CONCURRENCY_DEFAULT)))
        async with asyncio.TaskGroup() as deliveries:
            while True:
                await slots.acquire()
                records = await self.receive(address)
                if records:
                    delivery = deliveries.create_task(self.deliver(address, records))
                    delivery.add_done_callback(lambda _: slots.release())
                else:
                    slots.release()
                    await pause()

    async def receive(self, address: str) -> list[Record]:
        """The next messages of the queue as event records, at most a batch; empty if there are none."""
        answer = await asyncio.to_thread(
            self.sqs.receive_message,
            QueueUrl=address,
            MaxNumberOfMessages=min(self.source.batch_size, RECEIVE_MAX),
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [event_record(message, self.source.source_arn) for message in answer.get("Messages", [])]

    async def deliver(self, address: str, records: Sequence[Record]) -> None:
        """Invoke the function with a batch, and delete the messages that it handled, unless they shall come again."""
        try:
            failed = await self.source.hand_over(self.functions, records)
        except ThrottledError:
            return
        done = [] if failed is None else [record for record in records if record["messageId"] not in failed]
        for record in done:
            message = {"QueueUrl": address, "ReceiptHandle": record["receiptHandle"]}
            if self.orders.delivers_again():
                await asyncio.to_thread(self.sqs.change_message_visibility, **message, VisibilityTimeout=0)
            else:
                await asyncio.to_thread(self.sqs.delete_message, **message)


def event_record(message: Mapping[str, Any], source_arn: str) -> Record:
    """A received message in the form in which Lambda passes it to the function."""
    attributes = {
        name: {
            "stringValue": given.get("StringValue"),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": given["DataType"],
        }
        for name, given in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source_arn,
        "awsRegion": aws.REGION,
    }
