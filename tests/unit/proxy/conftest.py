"""A gate of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.proxy.gate_harness import GateHarness


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateHarness]:
    harness = GateHarness.at(tmp_path)
    yield harness
    harness.outbox.close()
