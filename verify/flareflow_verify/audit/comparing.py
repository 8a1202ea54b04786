"""What a log and the calls that statements bill do not agree on, call by call."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from flareflow.metering.calls import Tokens as TokensByKind
from flareflow.metering.receipts import Receipt
from flareflow_verify.amounts import rated
from flareflow_verify.audit.bills import Billed, Bills
from flareflow_verify.audit.log import Log, Logged, Tokens
from flareflow_verify.audit.receipts import Keys, SignedReceipt

BOOK_READ_WITHIN: Final = timedelta(minutes=1)
"""The gate reads the price book every minute; until then it signs by the one before."""


class Kind(StrEnum):
    """How the bill deviates from the log."""

    EXTRA = "extra"
    """Billed, and not in the log."""
    TWICE = "billed-twice"
    """Billed in two statements."""
    DIFFERENT = "different"
    """Billed for other tokens than the log has, or the receipt signs."""
    OVERBILLED = "overbilled"
    """Billed for more than the receipt signs, by the same price book."""
    ANOTHER_BOOK = "another-book"
    """Rated by a price book that was in force when the gate promised another one."""
    LATER_BOOK = "later-book"
    """Rated by a price book that came into force after the call; receipts allow that."""
    PROMISE_BROKEN = "promise-broken"
    """In no statement, although the epoch has passed until which its receipt promises it."""
    TWO_RECEIPTS = "two-receipts"
    """Two receipts that say different things of the same call."""
    BAD_RECEIPT = "bad-receipt"
    """A receipt that no key has signed which the statement names and which was valid when the call ended."""
    LESS = "less"
    """Billed for less than the receipt signs."""
    MISSING = "missing"
    """In the log, and in none of these bills: it may be in another one."""


HARMLESS: Final = frozenset({Kind.MISSING, Kind.LESS, Kind.LATER_BOOK})
"""What is no fault of a bill."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One call whose bill is not what the log says.

    `microtokens` is how much it is about, in rated micro-tokens. `receipts` and `bills` show it: the receipts that
    count, and the places of the bundles among those that were compared.
    """

    kind: Kind
    event_id: str
    said: str
    microtokens: int = 0
    receipts: tuple[SignedReceipt, ...] = ()
    bills: tuple[int, ...] = ()

    @property
    def is_harmless(self) -> bool:
        return self.kind in HARMLESS


@dataclass(frozen=True, slots=True)
class Comparison:
    """A log beside bills whose links are verified.

    `keys` are those that the newest of the statements names. Calls that began before `since` are not looked for in the
    log, which begins then.
    """

    log: Log
    bills: Bills
    keys: Keys
    since: datetime | None = None

    def deviations(self) -> Iterator[Deviation]:
        """Every call on which log and bills do not agree: billed ones in their order, then the others."""
        seen: dict[str, int] = {}
        for call in self.bills.calls:
            if call.event_id in seen:
                said, bills = f"billed once more: {call.said}", (seen[call.event_id], call.bill)
                yield Deviation(Kind.TWICE, call.event_id, said, call.rated_microtokens, bills=bills)
            else:
                yield from self._of_billed(call)
            seen.setdefault(call.event_id, call.bill)
        for logged in self.log.values():
            if logged.event_id not in seen:
                yield from self._of_unbilled(logged)

    def _of_billed(self, call: Billed) -> Iterator[Deviation]:
        logged = self.log.get(call.event_id)
        if logged is None:
            if self.since is None or call.started_at >= self.since:
                said, bills = f"billed: {call.said}", (call.bill,)
                yield Deviation(Kind.EXTRA, call.event_id, said, call.rated_microtokens, bills=bills)
            return
        signed = yield from self._receipts(logged)
        against = next((found for one in signed if (found := self._against_receipt(call, one))), None)
        if against:
            yield against
        elif logged.tokens and (logged.tokens.input, logged.tokens.output) != (call.tokens.input, call.tokens.output):
            own = f"the log has {logged.tokens.input:,} in and {logged.tokens.output:,} out"
            said = f"billed: {call.said}; {own}"
            yield Deviation(Kind.DIFFERENT, call.event_id, said, call.rated_microtokens, signed, (call.bill,))

    def _of_unbilled(self, logged: Logged) -> Iterator[Deviation]:
        signed = yield from self._receipts(logged)
        receipt = signed[0].receipt if signed else None
        told = receipt.tokens if receipt else logged.tokens
        if receipt and self.bills.should_have(receipt):
            until, weight = receipt.counted_until_epoch, receipt.rated_microtokens
            said = f"in no statement up to epoch {self.bills.through_epoch}, though promised by epoch {until}"
            every = tuple(range(len(self.bills.bundles)))
            yield Deviation(Kind.PROMISE_BROKEN, logged.event_id, said, weight, signed[:1], every)
        elif told:
            promised = f", promised by epoch {receipt.counted_until_epoch}" if receipt else ""
            yield Deviation(Kind.MISSING, logged.event_id, f"not billed: {_told(told)}{promised}", 0, signed)

    def _receipts(self, logged: Logged) -> Generator[Deviation, None, tuple[SignedReceipt, ...]]:
        """Tell what is wrong with the receipts of a call; return those that count."""
        good = []
        for signed in logged.receipts:
            reason = self.keys.why_not(signed)
            if reason:
                yield Deviation(Kind.BAD_RECEIPT, logged.event_id, reason, 0, (signed,), (self.bills.last,))
            else:
                good.append(signed)
        different = next((one for one in good if one.receipt != good[0].receipt), None)
        if different:
            one, other = good[0].receipt, different.receipt
            fields = (name for name in Receipt.model_fields if getattr(one, name) != getattr(other, name))
            said = f"two receipts that differ in {', '.join(fields)}"
            about, shown = abs(one.rated_microtokens - other.rated_microtokens), (good[0], different)
            yield Deviation(Kind.TWO_RECEIPTS, logged.event_id, said, about, shown, (self.bills.last,))
        return tuple(good)

    def _against_receipt(self, call: Billed, signed: SignedReceipt) -> Deviation | None:
        """How the bill of a call deviates from its receipt; None if it does not."""
        receipt, bills = signed.receipt, (call.bill,)
        more = call.rated_microtokens - receipt.rated_microtokens
        said = f"billed: {call.said}, {rated(call.rated_microtokens)}; {_signed(receipt)}"
        if call.price_book_hash != receipt.price_book_hash:
            place = self.bills.place_of_book(call.price_book_hash, receipt.ended_at - BOOK_READ_WITHIN)
            kind = Kind.LATER_BOOK if place is None else Kind.ANOTHER_BOOK
            shown = bills if place in (None, call.bill) else (place, call.bill)
            books = f"rated by the book {call.price_book_hash}, the receipt names {receipt.price_book_hash}"
            return Deviation(kind, call.event_id, f"{books}; {said}", abs(more), (signed,), shown)
        if more > 0:
            estimated = ", which it calls an estimate" if receipt.tokens_are_estimated else ""
            return Deviation(Kind.OVERBILLED, call.event_id, f"{said}{estimated}", more, (signed,), bills)
        if more < 0:
            return Deviation(Kind.LESS, call.event_id, said, -more, (signed,), bills)
        if (call.tokens, call.key_hash) != (receipt.tokens, receipt.key_hash):
            return Deviation(Kind.DIFFERENT, call.event_id, said, call.rated_microtokens, (signed,), bills)
        return None


def _told(tokens: TokensByKind | Tokens) -> str:
    return f"{tokens.input:,} tokens in and {tokens.output:,} out"


def _signed(receipt: Receipt) -> str:
    return f"the receipt signs {_told(receipt.tokens)}, {rated(receipt.rated_microtokens)}"
