"""What a rule of the template is given, and what several rules ask of it."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.intrinsics import Physical
from infra.local.aws.gateway.policies import Access
from infra.local.aws.gateway.routing import Route, RouteTable


@dataclass(frozen=True, slots=True)
class Needs:
    """What the functions need, as seen by running them.

    `provisioned` names the resources, `accesses` are by function, `expiry_attributes` by table (logical ids).
    """

    provisioned: Mapping[str, Physical]
    accesses: Mapping[str, Set[Access]]
    expiry_attributes: Mapping[str, Set[str]]


type Rule = Callable[[Deployment, Needs], Iterator[str]]


def routes_of(deployment: Deployment) -> list[Route]:
    return list(RouteTable.of(deployment.http_api[1]).routes)
