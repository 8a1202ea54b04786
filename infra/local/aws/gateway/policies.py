"""IAM for the functions: what each role allows, from the template's inline and managed policies.

Evaluated as AWS evaluates identity-based policies: an explicit Deny wins, then an Allow, and the rest is refused.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from infra.local.aws.gateway.template import Properties

LOGGING: Final = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
MANAGED_POLICIES: Final[Mapping[str, Sequence[str]]] = {
    "service-role/AWSLambdaBasicExecutionRole": LOGGING,
    "service-role/AWSLambdaSQSQueueExecutionRole": (
        *LOGGING,
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    ),
    "service-role/AWSLambdaDynamoDBExecutionRole": (
        *LOGGING,
        *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    ),
    "AWSXrayWriteOnlyAccess": (
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules"),
        *("xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"),
    ),
}
"""The actions of AWS' managed policies that SAM attaches to the roles it makes; all of them on every resource."""


class UnsupportedPolicyError(Exception):
    """A policy uses what is not evaluated here, so nobody could say what it allows."""


@dataclass(frozen=True, slots=True, order=True)
class Access:
    """One action on one resource (an ARN): what IAM decides on."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy; actions and resources may hold the wildcards `*` and `?`."""

    is_allow: bool
    actions: Sequence[str]
    resources: Sequence[str]

    @classmethod
    def parse(cls, given: Properties) -> Self:
        """Raises `UnsupportedPolicyError` for a condition, a principal, `NotAction` or `NotResource`."""
        if unsupported := set(given) - {"Sid", "Effect", "Action", "Resource"}:
            raise UnsupportedPolicyError(f"a statement's {', '.join(sorted(unsupported))} is not evaluated locally")
        return cls(given["Effect"] == "Allow", _listed(given["Action"]), _listed(given["Resource"]))

    def covers(self, access: Access) -> bool:
        names_action = any(matches(pattern.lower(), access.action.lower()) for pattern in self.actions)
        return names_action and any(matches(pattern, access.resource) for pattern in self.resources)


@dataclass(frozen=True, slots=True)
class Role:
    """A function's execution role."""

    name: str
    statements: Sequence[Statement]

    @classmethod
    def parse(cls, name: str, properties: Properties) -> Self:
        """From a resolved `AWS::IAM::Role`. Raises `UnsupportedPolicyError`."""
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        inline = [Statement.parse(given) for document in documents for given in _listed(document["Statement"])]
        managed = [_managed(arn) for arn in properties.get("ManagedPolicyArns", [])]
        return cls(name, [*inline, *managed])

    def allows(self, access: Access) -> bool:
        covering = [statement for statement in self.statements if statement.covers(access)]
        return bool(covering) and all(statement.is_allow for statement in covering)

    def first_refused(self, accesses: Iterable[Access]) -> Access | None:
        return next((access for access in accesses if not self.allows(access)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of IAM covers a text: `*` is any text, `?` any character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _managed(arn: str) -> Statement:
    name = arn.partition(":policy/")[2]
    if name not in MANAGED_POLICIES:
        raise UnsupportedPolicyError(f"what the managed policy {name} allows is not known locally")
    return Statement(is_allow=True, actions=MANAGED_POLICIES[name], resources=["*"])


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
