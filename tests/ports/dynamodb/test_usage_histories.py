"""Random histories of what the gate and LiteLLM tell, over DynamoDB Local: fewer than over the table in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.breakable_table import BreakableRealTable
from tests.support.dynamodb import fresh_table
from tests.support.usage_histories import Histories, tried


class StoredHistories(Histories):
    """The histories on a table of the real kind."""

    @contextmanager
    def opened_table(self) -> Iterator[BreakableRealTable]:
        with fresh_table("UsageTable") as empty:
            yield BreakableRealTable(empty)


StoredHistories.TestCase.settings = tried(examples=5, steps=15)
TestStoredHistories = pytest.mark.stack(pytest.mark.usefixtures("server")(StoredHistories.TestCase))
