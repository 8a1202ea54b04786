"""What the stored status of a key means to those who watch its subscription."""

from collections.abc import Mapping
from typing import Final

from flareflow.accounts.models import KeyStatus
from flareflow.realtime.models import SuspendedBy

SUSPENDED_BY: Final[Mapping[KeyStatus, SuspendedBy | None]] = {
    KeyStatus.ACTIVE: None,
    KeyStatus.BLOCKED: SuspendedBy.STANDING,
    KeyStatus.HELD: SuspendedBy.ADMINISTRATOR,
}
"""None: the key works. Of any other status nothing is told: a change is under way, or the key is deleted."""
