"""Usage pages: every subscription's cumulative totals as text that people can read.

A page covers a fixed range of ids and is named by the hash of its text, so a page on which nothing changed is the same
document in the next statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.keccak import WORD_BYTES, keccak256
from flareflow.metering.models import USAGE_FIELDS, Usage
from flareflow.statements.models import whole_number

PAGE_IDS: Final = 256
"""Ids of one page. With 100,000 subscriptions a page and the index of all pages are about equally long, so whoever
checks one subscription reads least; see docs/decisions/backend.md."""
USAGE_PAGE_VERSION: Final = "flareflow-usage/1"
COLUMNS: Final = ("subscription", "epoch", *USAGE_FIELDS, "events_root")


@dataclass(frozen=True, slots=True)
class Totals:
    """A subscription's cumulative usage, the epoch of its last change, and the root over its events of that epoch."""

    subscription_id: int
    epoch: int
    usage: Usage
    events_root: bytes

    def plus(self, delta: Usage, epoch: int, events_root: bytes) -> Self:
        """The totals after an epoch that used `delta`.

        Raises BrokenRuleError when the epoch or a total would go down.
        """
        if epoch <= self.epoch:
            raise BrokenRuleError(f"epoch {epoch} does not come after {self.epoch}")
        return type(self)(self.subscription_id, epoch, self.usage + delta.as_total(), events_root)


@dataclass(frozen=True, slots=True)
class UsagePage:
    """The totals of the subscriptions with ids from `number` x PAGE_IDS on that have used something, by rising id."""

    contract: str
    number: int
    totals: Mapping[int, Totals] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = list(self.totals)
        if ids != sorted(ids) or any(page_of(one) != self.number for one in ids):
            raise BrokenRuleError(f"usage page {self.number} has ids out of order or of another page")

    @property
    def text(self) -> str:
        """The canonical text that is hashed."""
        return _text(self.contract, self.number, COLUMNS, [*self.totals.values()])

    @property
    def hash(self) -> bytes:
        return keccak256(self.text.encode("ascii"))

    def with_totals(self, changed: Mapping[int, Totals]) -> Self:
        """The page with these totals in place of older ones."""
        merged = dict(self.totals) | dict(changed)
        return type(self)(self.contract, self.number, {one: merged[one] for one in sorted(merged)})

    @classmethod
    def parse(cls, text: str) -> Self:
        """The page of a text, whose second line names the columns. Raises ValueError unless the text is canonical."""
        first, header, *lines = text.split("\n")
        version, contract, _, start, _, _ = first.split(" ")
        number, columns = whole_number(start) // PAGE_IDS, header.split(" ")
        totals = [_parsed(columns, line.split(" ")) for line in lines]
        page = cls(contract, number, {one.subscription_id: one for one in totals})
        if len(set(columns)) != len(columns):
            raise ValueError("a column stands there twice")
        is_whole = len(page.totals) == len(totals) and all(len(one.events_root) == WORD_BYTES for one in totals)
        if version != USAGE_PAGE_VERSION or not is_whole or _text(contract, number, columns, totals) != text:
            raise ValueError("not the canonical text of a usage page")
        return page


def page_of(subscription_id: int) -> int:
    """The number of the page that a subscription is on."""
    return subscription_id // PAGE_IDS


def _text(contract: str, number: int, columns: Sequence[str], totals: Sequence[Totals]) -> str:
    start = number * PAGE_IDS
    first = f"{USAGE_PAGE_VERSION} {contract} subscriptions {start} to {start + PAGE_IDS - 1}"
    amounts = [name for name in columns if name in USAGE_FIELDS]
    lines = (
        " ".join(
            [
                str(one.subscription_id),
                str(one.epoch),
                *(str(getattr(one.usage, name)) for name in amounts),
                one.events_root.hex(),
            ]
        )
        for one in totals
    )
    return "\n".join([first, " ".join(("subscription", "epoch", *amounts, "events_root")), *lines])


def _parsed(columns: Sequence[str], values: Sequence[str]) -> Totals:
    subscription, epoch, *amounts, events_root = values
    usage = Usage(**dict(zip(columns[2:-1], map(whole_number, amounts), strict=True)))
    return Totals(whole_number(subscription), whole_number(epoch), usage, bytes.fromhex(events_root))
