"""What a rule of the template is given, and what several rules ask of it."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.intrinsics import Physical
from infra.local.aws.gateway.policies import Access
from infra.local.aws.gateway.routing import Route, RouteTable
from tests.unit.template.aws_in_memory import AwsInMemory
from tests.unit.template.main_job import MainJob


@dataclass(frozen=True)
class Needs:
    """What the functions need of a deployment in memory. They run once, as soon as a rule asks what they did."""

    aws: AwsInMemory

    @property
    def provisioned(self) -> Mapping[str, Physical]:
        """What each resource of the template has become."""
        return self.aws.deployment.provisioned

    @cached_property
    def _job(self) -> MainJob:
        job = MainJob(self.aws)
        job.run()
        return job

    @cached_property
    def accesses(self) -> Mapping[str, Set[Access]]:
        """By function."""
        return self._job.aws.used

    @cached_property
    def expiry_attributes(self) -> Mapping[str, Set[str]]:
        """By table (logical id)."""
        return self._job.expiry_attributes()


type Rule = Callable[[Deployment, Needs], Iterator[str]]


def routes_of(deployment: Deployment) -> list[Route]:
    return list(RouteTable.of(deployment.http_api[1]).routes)
