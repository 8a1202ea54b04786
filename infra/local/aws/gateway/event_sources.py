"""Event source mappings of the template, for queues and streams alike: invoke with a batch, read what failed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.event_patterns import Filters
from infra.local.aws.gateway.functions import Functions
from infra.local.aws.gateway.template import Properties

type Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventSource:
    """One `AWS::Lambda::EventSourceMapping`: `function` is invoked with batches of records from `source_arn`.

    `reports_failures` is whether `FunctionResponseTypes` has `ReportBatchItemFailures`.
    """

    source_arn: str
    function: str
    batch_size: int
    reports_failures: bool
    properties: Properties

    @property
    def filters(self) -> Filters:
        """Of the records; a queue's messages are not filtered here."""
        return Filters.of(self.properties)

    async def hand_over(self, functions: Functions, records: Sequence[Record]) -> set[str] | None:
        """Invoke the function with a batch; returns the identifiers of failed records, or None if the function failed.

        Raises `ThrottledError`.
        """
        outcome = await functions.invoke(self.function, json.dumps({"Records": records}).encode())
        if outcome.is_error:
            return None
        answer = json.loads(outcome.payload)
        if not self.reports_failures or not isinstance(answer, dict):
            return set()
        return {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or []}


def event_sources(deployment: Deployment, service: str) -> Iterator[EventSource]:
    """The mappings whose source belongs to `service`, which is "sqs" or "dynamodb"."""
    for _, properties in deployment.template.of_type("AWS::Lambda::EventSourceMapping"):
        given = deployment.resolve(properties)
        if given["EventSourceArn"].split(":")[2] == service:
            yield EventSource(
                source_arn=given["EventSourceArn"],
                function=given["FunctionName"],
                batch_size=int(given["BatchSize"]),
                reports_failures="ReportBatchItemFailures" in given.get("FunctionResponseTypes", []),
                properties=given,
            )
