"""What a caller asks about usage: of which span of time, what it is summed by, and how far it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from flareflow.metering.models import Window

WINDOW_DEFAULT: Final = timedelta(days=30)


class UsageState(StrEnum):
    """How far a call is: `pending` is in no statement yet, `sealed` is in one, `settled` is charged on Flow."""

    PENDING = "pending"
    SEALED = "sealed"
    SETTLED = "settled"


class Dimension(StrEnum):
    """What usage is summed by."""

    KEY = "key"
    MODEL = "model"
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Span:
    """A window that a caller asks for; without an end it ends now, without a start it is `WINDOW_DEFAULT` long."""

    since: datetime | None
    until: datetime | None

    def window(self, now: datetime) -> Window:
        end = self.until or now
        return Window(min(self.since or end - WINDOW_DEFAULT, end), end)
