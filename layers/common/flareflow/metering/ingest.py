"""The gate's records, as it posts them: usage shows as soon as a call has ended, before its row is in the spend log."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flareflow.errors import UnauthenticatedError
from flareflow.metering.calls import CallRecord, SetAside
from flareflow.metering.opening import cases_of, of_row
from flareflow.metering.ports import Cases, KeyDirectory, UsageEvents
from flareflow.metering.usage_events import OwnedRecord


@dataclass(frozen=True, slots=True)
class PostedRecords:
    """What was posted: the records that could be read, and the others."""

    records: tuple[CallRecord, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the records of one post, in numbers.

    `added` are unconfirmed usage now. Those of unknown keys are left to their rows, as nobody can be billed for them.
    """

    received: int
    added: int
    set_aside: int
    of_unknown_keys: int


@dataclass(frozen=True, slots=True)
class IngestRecords:
    """Take records into the unconfirmed totals. One that cannot be read is set aside, and the others go on.

    `push_secret` returns the bearer token that the gate must send; `parse` reads the body of a post.
    """

    push_secret: Callable[[], str]
    parse: Callable[[bytes, datetime], PostedRecords]
    keys: KeyDirectory
    usage: UsageEvents
    cases: Cases

    def run(self, authorization: str, body: bytes, now: datetime) -> IngestReport:
        """Raises UnauthenticatedError `push_secret_wrong`, InvalidRequestError when the body cannot be read at all."""
        self._authenticate(authorization)
        posted = self.parse(body, now)
        known = self.keys.subscriptions({record.key_hash for record in posted.records})
        owned = [OwnedRecord(known[one.key_hash], one) for one in posted.records if one.key_hash in known]
        report = self.usage.record(owned, now)
        set_aside = (*posted.set_aside, *report.set_aside)
        self.cases.open([of_row(one, now) for one in posted.set_aside] + cases_of(report, now))
        return IngestReport(
            received=len(posted.records) + len(posted.set_aside),
            added=report.added,
            set_aside=len(set_aside),
            of_unknown_keys=len(posted.records) - len(owned),
        )

    def _authenticate(self, authorization: str) -> None:
        wanted = f"Bearer {self.push_secret()}"
        # in constant time, so that the response time reveals nothing about the secret
        if not hmac.compare_digest(authorization.encode(), wanted.encode()):
            raise UnauthenticatedError("push_secret_wrong", "Only the gate can post records.")
