"""One emulator for all tests of the contracts; each test leaves it as it was."""

from collections.abc import Iterator

import pytest

from tests.support.flow_emulator import Chain, running_chain


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the tests cover is known after all others."""
    items.sort(key=lambda item: item.path.name == "test_coverage.py")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Chain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def chain(emulator: Chain) -> Iterator[Chain]:
    with emulator.rolled_back() as chain:
        yield chain
