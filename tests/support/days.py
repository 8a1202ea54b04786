"""Days of UTC, by which usage is summed up."""

import time
from datetime import UTC, datetime, timedelta


def within_one_day(needed: timedelta) -> None:
    """Wait for midnight if it comes sooner than a test has ended that needs so much time."""
    now = datetime.now(UTC)
    if (now + needed).date() != now.date():
        midnight = (now + needed).replace(hour=0, minute=0, second=0, microsecond=0)
        time.sleep((midnight - now).total_seconds())
