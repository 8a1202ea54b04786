"""Bills of one subscription with the owner's calls, whose links were verified before: what they show of calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from flareflow.metering.calls import Tokens
from flareflow.metering.receipts import Receipt
from flareflow_verify.bundle import Bill, Bundle
from flareflow_verify.checking import Outcome, Report
from flareflow_verify.evidence import Evidence, Link, MissingError, parsing
from flareflow_verify.steps.events import numbers, read_event

COUNTED_EARLY: Final = timedelta(hours=1)
"""A call is counted in the epoch that is open when it is found, which an operator may close late: whether a call is
in no statement is told only where all calls are known since the statement of an hour before it began."""
OF_THE_CHARGE: Final = frozenset(
    {Link.FLARE_ROOT, Link.FLOW_ROOT, Link.SETTLEMENT_INDEX, Link.SETTLEMENT_PAGE, Link.FLOW_STATEMENT}
    | {Link.FLOW_TOTAL, Link.PRICE, Link.CHARGE}
)
"""Links that need not be checked for calls to be compared: nodes forget old roots, new calls are not yet charged."""


def is_unusable(report: Report) -> bool:
    """Whether a bill's calls cannot be relied on: a link differs, or one on the way to the calls is not checked."""
    return any(
        one.outcome is Outcome.DIFFERS or (one.outcome is Outcome.UNCHECKED and one.link not in OF_THE_CHARGE)
        for one in report.findings
    )


@dataclass(frozen=True, slots=True)
class Billed:
    """A call as a statement bills it. `text` is its event, and `bill` the place of its bundle among all."""

    event_id: str
    key_hash: str
    model: str
    tokens: Tokens
    rated_microtokens: int
    price_book_hash: str
    started_at: datetime
    text: str
    bill: int

    @classmethod
    def of(cls, event: Mapping[str, Any], text: str, bill: int) -> "Billed":
        """The call of an event. Raises ValueError or KeyError for one without a key or a time."""
        started_at = datetime.fromisoformat(event["started_at"])
        if started_at.tzinfo is None or not isinstance(event["key_hash"], str):
            raise ValueError(f"event {event['event_id']} has no time zone or no key")
        return cls(
            event_id=event["event_id"],
            key_hash=event["key_hash"],
            model=event["model"],
            tokens=Tokens(**numbers(event["tokens"])),
            rated_microtokens=int(event["rated_microtokens"]),
            price_book_hash=event["price_book_hash"],
            started_at=started_at,
            text=text,
            bill=bill,
        )

    @property
    def said(self) -> str:
        return f"{self.model}, {self.tokens.input:,} tokens in and {self.tokens.output:,} out"


@dataclass(frozen=True)
class Bills:
    """Bills in the order of their epochs, at least one."""

    bundles: Sequence[Bundle]

    @cached_property
    def evidence(self) -> Sequence[Evidence]:
        return [Evidence(bundle) for bundle in self.bundles]

    @property
    def last(self) -> int:
        """The place of the newest bill."""
        return len(self.bundles) - 1

    @cached_property
    def calls(self) -> Sequence[Billed]:
        """The calls that are known, in the order of the bills. Raises DifferenceError for a malformed one."""
        texts = [
            (place, evidence, text) for place, evidence in enumerate(self.evidence) for text in _texts(evidence.bundle)
        ]
        with parsing(Link.EVENTS, "an event"):
            return [Billed.of(read_event(evidence, text), text, place) for place, evidence, text in texts]

    @property
    def priced_by(self) -> Bill | None:
        """The newest state of the contract, which prices usage; None where Flow was not asked."""
        known = [one.on_flow.bill for one in self.bundles if one.on_flow]
        return max(known, key=lambda bill: bill.settled_microtokens, default=None)

    @property
    def through_epoch(self) -> int:
        """The epoch of the newest statement."""
        return self.bundles[-1].epoch

    def should_have(self, receipt: Receipt) -> bool:
        """Whether every call is known that was counted while this one could be."""
        if any(bundle.events is None for bundle in self.bundles) or receipt.counted_until_epoch > self.through_epoch:
            return False
        try:
            if self.evidence[0].totals_before is None:
                return True
        except MissingError:
            return False
        before = self.evidence[0].statements[self.evidence[0].position - 1]
        return before.window_end <= (receipt.started_at - COUNTED_EARLY).timestamp()

    def has_call_of_key(self, key_hash: str) -> bool:
        """Whether one of the calls was made with a key, which shows that the key is one of the subscription's."""
        return any(call.key_hash == key_hash for call in self.calls)

    def place_of_book(self, price_book_hash: str, moment: datetime) -> int | None:
        """The bill with a statement whose epoch had begun by a time and that names a book; None if none has."""
        for place, evidence in enumerate(self.evidence):
            for statement in evidence.statements[: evidence.position + 1]:
                if (
                    statement.window_start <= moment.timestamp()
                    and f"0x{statement.price_book_hash.hex()}" == price_book_hash
                ):
                    return place
        return None


def _texts(bundle: Bundle) -> Sequence[str]:
    if bundle.events is not None:
        return bundle.events
    return (bundle.event.text,) if bundle.event else ()
