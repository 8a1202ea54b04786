"""Triggers that AWS would refuse: the template has them, and nothing permits them.

API Gateway and EventBridge need a permission on the function that they invoke (`AWS::Lambda::Permission`). A queue or
a stream is read, and what was given up is reported, under the role of the function that it feeds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.event_sources import event_sources
from infra.local.aws.gateway.policies import Access, matches
from infra.local.aws.gateway.routing import RouteTable
from infra.local.aws.gateway.schedules import schedules
from infra.local.aws.gateway.websocket_api import routes_of, stage_of

API_GATEWAY: Final = "apigateway.amazonaws.com"
EVENTS: Final = "events.amazonaws.com"
READING: Final = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """A service that invokes a function, and the ARN of what makes it do so."""

    function: str
    principal: str
    source_arn: str

    def __str__(self) -> str:
        return f"{self.principal} may not invoke {self.function} for {self.source_arn}"


def unpermitted_triggers(deployment: Deployment) -> list[str]:
    """One sentence for each permission that is missing; empty for a template that AWS would serve."""
    permissions = [deployment.resolve(given) for _, given in deployment.template.of_type("AWS::Lambda::Permission")]
    permitted = [Trigger(_name(given["FunctionName"]), given["Principal"], given["SourceArn"]) for given in permissions]
    refused = [trigger for trigger in _triggers(deployment) if not any(_permits(one, trigger) for one in permitted)]
    return [*map(str, refused), *_unreadable(deployment)]


def _triggers(deployment: Deployment) -> Iterator[Trigger]:
    api_id, body = deployment.http_api
    for route in RouteTable.of(body).routes:
        source = aws.arn("execute-api", f"{api_id}/$default/{route.method}{route.path}")
        yield Trigger(route.function, API_GATEWAY, source)
        if route.authorizer is not None and not route.authorizer.is_iam:
            yield Trigger(route.authorizer.function, API_GATEWAY, aws.arn("execute-api", f"{api_id}/authorizers/id"))
    stage = f"{deployment.websocket_api_id}/{stage_of(deployment)}"
    for route_key, function in routes_of(deployment).items():
        yield Trigger(function, API_GATEWAY, aws.arn("execute-api", f"{stage}/{route_key}"))
    for schedule in schedules(deployment):
        yield Trigger(schedule.function, EVENTS, schedule.rule_arn)


def _permits(permission: Trigger, trigger: Trigger) -> bool:
    same = (permission.function, permission.principal) == (trigger.function, trigger.principal)
    return same and matches(permission.source_arn, trigger.source_arn)


def _unreadable(deployment: Deployment) -> Iterator[str]:
    """What the roles of functions behind queues and streams do not allow."""
    for service, actions in READING.items():
        for source in event_sources(deployment, service):
            needed = [Access(action, source.source_arn) for action in actions]
            if lost := source.properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
                needed.append(Access("sqs:SendMessage", lost))
            if refused := deployment.roles[source.function].first_refused(needed):
                yield f"the role of {source.function} does not allow {refused.action} on {refused.resource}"


def _name(function: str) -> str:
    """A function's name from its name or ARN."""
    return function.rpartition(":")[2]
