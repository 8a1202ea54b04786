"""Lambda tells in milliseconds how long an invocation may go on."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from flareflow.entrypoints import schedule

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("milliseconds", [1, 30_000, 899_999])
def test_an_invocation_ends_when_its_milliseconds_are_over(monkeypatch: pytest.MonkeyPatch, milliseconds: int) -> None:
    monkeypatch.setattr(schedule, "utc_now", lambda: NOON)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
    deadline = schedule.deadline_of(cast("LambdaContext", context))
    assert deadline.at == NOON + timedelta(seconds=milliseconds / 1_000)
