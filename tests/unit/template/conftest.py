"""What the functions need of the template, seen once by running all of them."""

from collections.abc import Iterator

import pytest

from infra.local.aws.gateway.template import Template
from tests.unit.template.aws_in_memory import aws_in_memory
from tests.unit.template.main_job import MainJob
from tests.unit.template.needs import Needs


@pytest.fixture(scope="package")
def needs() -> Iterator[Needs]:
    with aws_in_memory(Template.load({})) as aws:
        job = MainJob(aws)
        job.run()
        yield Needs(aws.deployment.provisioned, aws.used, job.expiry_attributes())
