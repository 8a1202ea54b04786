"""What the functions need of the template, seen once for all rules."""

from collections.abc import Iterator

import pytest

from infra.local.aws.gateway.template import Template
from tests.unit.template.aws_in_memory import aws_in_memory
from tests.unit.template.needs import Needs


@pytest.fixture(scope="package")
def needs() -> Iterator[Needs]:
    with aws_in_memory(Template.load({})) as aws:
        yield Needs(aws)
