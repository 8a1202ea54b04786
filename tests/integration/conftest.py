"""What integration tests share."""

from collections.abc import Iterator

import pytest

from tests.support.gateway import Gateway, served_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with served_gateway(tmp_path_factory.mktemp("notes")) as running:
        yield running
