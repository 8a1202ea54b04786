"""What is read from the spend log: rows of any form, in pages, by windows of start time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from flareflow.metering.calls import LoggedCall, SetAside
from flareflow.metering.models import Window
from flareflow.values import value

SECOND: Final = timedelta(seconds=1)
BUCKET: Final = timedelta(minutes=5)
"""The unit of what is known of the log: for each whole bucket, how many rows of answered calls were read."""


class Reason(StrEnum):
    """Why nobody was billed for a row."""

    IDENTITY_UNREADABLE = "identity_unreadable"
    """No usable `request_id`, or one of more than 1,024 characters."""
    TIME_UNREADABLE = "time_unreadable"
    TOKENS_UNREADABLE = "tokens_unreadable"
    """Missing, text, negative, above 1e9, or a part that is more than the prompt or completion that contains it."""
    TOTAL_DIFFERS = "total_differs"
    """`total_tokens` is not the sum of prompt and completion tokens."""
    METADATA_UNREADABLE = "metadata_unreadable"
    """The tokens of a cache are told in the metadata, so without it nobody knows what to bill."""
    STATUS_UNKNOWN = "status_unknown"
    FORM_UNKNOWN = "form_unknown"
    """Anything else that does not have the documented form."""
    CALL_TYPE_UNKNOWN = "call_type_unknown"
    """The list of call types does not say whether such calls are billed."""
    READING_COST = "reading_cost"
    """A call that only reads, and is therefore not billed, used tokens or cost something, or may have done so."""
    UNPRICED = "unpriced"
    """The price book in force has no price for what the call used, or the row tells neither use nor cost."""
    USAGE_UNREADABLE = "usage_unreadable"
    """What is stored of the subscription's usage breaks a rule; once that is mended, the row can be driven again."""
    DOUBLE = "double"
    """LiteLLM's second row for one answer of the provider, which another row has billed."""
    KEY_UNKNOWN = "key_unknown"
    """The SHA-256 of a key that was not created here."""
    KEY_HASHED_TWICE = "key_hashed_twice"
    """The SHA-256 of the SHA-256 of a key that was created here."""
    KEY_MISSING = "key_missing"
    KEY_OF_LITELLM = "key_of_litellm"
    """LiteLLM's own name for its master key, its health checks or its command."""
    KEY_SESSION = "key_session"
    """A session or a token of another issuer."""
    KEY_NAME = "key_name"
    """A text that is no hash: an alias."""
    NOT_BILLED = "not_billed"
    """A call that only reads or manages, by the list of call types."""
    ANSWERED_NOTHING = "answered_nothing"
    """A failure without any output, which cost nothing."""


COUNTED_ONLY: Final = frozenset(
    {
        *(Reason.KEY_UNKNOWN, Reason.KEY_MISSING, Reason.KEY_OF_LITELLM, Reason.KEY_SESSION, Reason.KEY_NAME),
        *(Reason.NOT_BILLED, Reason.ANSWERED_NOTHING, Reason.DOUBLE),
    }
)
"""Any number of these can come, so they are counted for each bucket, with a few whole rows as samples."""


class KeyForm(StrEnum):
    """What the text in a row's `api_key` looks like."""

    HASH = "hash"
    MISSING = "missing"
    OF_LITELLM = "of_litellm"
    SESSION = "session"
    NAME = "name"


@value
class LoggedRow:
    """A readable row: the call, what its key looks like, and the row itself.

    `body` makes the row as JSON text; only few rows are ever kept as such.
    """

    call: LoggedCall
    body: Callable[[], str]
    key_form: KeyForm = KeyForm.HASH


class Listing(StrEnum):
    """Which rows of a window are listed, and in which order.

    The first is what windows are read by. LiteLLM orders by one column only: rows that are equal in it may change
    places between two pages. `BY_END`, `BY_TOKENS` and `BY_COST` list the same rows in other orders, in which other
    rows are equal.
    """

    ANSWERED = "answered"
    """Calls that LiteLLM calls a success, oldest first."""
    BY_END = "by_end"
    BY_TOKENS = "by_tokens"
    BY_COST = "by_cost"
    FAILED_WITH_TOKENS = "failed_with_tokens"
    """Failures that have tokens, those with most tokens first."""
    FAILED_WITH_COST = "failed_with_cost"
    """Failures that have a cost, oldest first."""


IN_OTHER_ORDERS: Final = (Listing.ANSWERED, Listing.BY_END, Listing.BY_TOKENS, Listing.BY_COST)


class PageText(Protocol):
    """The text of a page, which its rows hold until they are counted, because one that is set aside is kept whole."""

    @property
    def held_bytes(self) -> int:
        """How much memory it takes."""

    def compress(self) -> None:
        """Hold it in less memory. May be repeated."""


@dataclass(frozen=True, slots=True)
class SpendPage:
    """One page of a listing. `total` is how many rows the window has in the listing; None when LiteLLM does not know.

    `ends_at` is the start time of the last row, None when that cannot be read.
    """

    rows: tuple[LoggedRow, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    is_last: bool = True
    total: int | None = None
    ends_at: datetime | None = None
    text: PageText | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of one bucket that nobody is billed for, for one reason: how many, and the first few of them."""

    reason: str
    bucket: datetime
    count: int
    samples: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A window of one listing that is still to be read."""

    window: Window
    listing: Listing = Listing.ANSWERED


@dataclass(frozen=True, slots=True)
class Progress:
    """The spend log was read up to `read_to`, but for the open slices. `sent` tells when each was queued last."""

    read_to: datetime | None = None
    sent: Mapping[Slice, datetime] = field(default_factory=dict)

    @property
    def complete_to(self) -> datetime | None:
        """The moment before which nothing is left to be read."""
        starts = [part.window.start for part in self.sent]
        return min([self.read_to, *starts]) if self.read_to else None

    def unanswered(self, sent_before: datetime) -> tuple[Slice, ...]:
        """Open slices that were queued before a moment, oldest first."""
        return tuple(sorted((part for part, at in self.sent.items() if at < sent_before), key=lambda p: p.window.start))


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of rows in a part of the spend log that was read.

    `seen`: all. `counted`: billed, and not counted before. `set_aside`: kept for a person, and not kept before.
    `tallied`: of the reasons that are only counted. `by_default`: the models of what was counted that the price book
    does not name.
    """

    seen: int = 0
    counted: int = 0
    set_aside: int = 0
    tallied: int = 0
    by_default: tuple[str, ...] = ()

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(
            self.seen + other.seen,
            self.counted + other.counted,
            self.set_aside + other.set_aside,
            self.tallied + other.tallied,
            tuple(sorted({*self.by_default, *other.by_default})),
        )


def bucket_of(moment: datetime, length: timedelta = BUCKET) -> datetime:
    """The start of the bucket, or of the longer span, that contains `moment`; all are counted from midnight in UTC."""
    seconds = length.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def window_of(bucket: datetime, length: timedelta = BUCKET) -> Window:
    """The window whose rows started from `bucket` to `bucket + length`; LiteLLM widens its end by a second."""
    return Window(bucket, bucket + length - SECOND)
