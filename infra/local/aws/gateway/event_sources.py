"""What SQS and DynamoDB Streams pollers have in common: the template's mapping, and which records failed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.functions import Functions
from infra.local.aws.gateway.template import Properties

type Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventSource:
    """One `AWS::Lambda::EventSourceMapping`: batches of records from `source_arn` go to `function`."""

    source_arn: str
    function: str
    batch_size: int
    reports_failures: bool
    properties: Properties

    async def hand_over(self, functions: Functions, records: Sequence[Record]) -> set[str] | None:
        """Identifiers of the records that failed; None where the whole batch did.

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
    """The mappings whose source is of a service, "sqs" or "dynamodb"."""
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
