"""What is known of one subscription's calls, and what its rows and records change (see `metering.witnesses`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flareflow.metering.calls import SetAside, Tokens
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import Difference, Entry, RatedRecord, usage_of, usage_of_record


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one subscription's calls: records that wait for their rows, and entries near those looked at."""

    waiting: Sequence[RatedRecord] = ()
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rows or records change: new entries, records that begin to wait (`added`), and those that end (`gone`).

    `by_default`: the models of what is billed that the price book does not name.
    """

    entries: tuple[Entry, ...] = ()
    added: tuple[RatedRecord, ...] = ()
    gone: tuple[RatedRecord, ...] = ()
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    by_default: frozenset[str] = frozenset()

    @property
    def changes_something(self) -> bool:
        return bool(self.entries or self.added or self.gone)

    @property
    def billed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.is_billed)

    @property
    def counted(self) -> Usage:
        """What the counted totals grow by."""
        billed = self.billed
        return usage_of(
            Tokens.sum([entry.call.tokens for entry in billed]),
            sum([entry.rated_microtokens for entry in billed]),
            sum([entry.cost_nanousd for entry in billed]),
            requests=len(billed),
        )

    @property
    def unconfirmed(self) -> Usage:
        """The change of the unconfirmed totals."""
        return Usage.sum(map(usage_of_record, self.added)) - Usage.sum(map(usage_of_record, self.gone))
