"""How sessions are read: what was written is what the next request sees."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flareflow.adapters.dynamodb.accounts import DynamoSessions


@dataclass
class NotingTable:
    """A table without items that notes how it was read."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_item(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {}

    def query(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {"Items": []}


@pytest.mark.parametrize("read", ["find", "of"])
def test_sessions_are_read_strongly_consistent(read: str) -> None:
    # Given a table, which may answer from a copy that is behind unless it is asked not to
    table = NotingTable()
    sessions = DynamoSessions(cast("Any", table))
    # When a session is looked for, or all of an account
    _ = sessions.find("0x01", "s") if read == "find" else sessions.of("0x01")
    # Then the newest state is asked for
    assert [asked["ConsistentRead"] for asked in table.asked] == [True]
