"""A statement and its settlement pages."""

import json
import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.keccak import WORD_BYTES, keccak256

NO_HASH: Final = bytes(WORD_BYTES)
EPOCH_DIGITS: Final = 10
"""Digits of an epoch in the path of its statement."""
PAGE_SUBSCRIPTIONS_MAX: Final = 125
"""The worst page of so many settles in one transaction, whatever owners do until then: see `docs/contract-costs.md`."""
PAGE_VERSION: Final = "flareflow-page/1"
STATEMENT_VERSION: Final = "flareflow-statement/1"
DIGITS_MAX: Final = 78
"""Of a number in a document; that of 2^256 - 1."""
NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,77}")
HASH: Final = re.compile(r"0x[0-9a-f]{64}")


def whole_number(text: str) -> int:
    """A decimal number without sign, of at most DIGITS_MAX digits. Raises ValueError."""
    if not text.isdecimal() or len(text) > DIGITS_MAX:
        raise ValueError(f"{text[:20]!r} is no decimal number")
    return int(text)


class PageKind(StrEnum):
    """The two kinds of pages that a statement commits to."""

    USAGE = "usage"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class SettlementPage:
    """What one transaction charges: 1 to PAGE_SUBSCRIPTIONS_MAX (id, cumulative rated micro-tokens), by rising id."""

    contract: str
    epoch: int
    number: int
    entries: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        ids = [subscription_id for subscription_id, _ in self.entries]
        if not 0 < len(ids) <= PAGE_SUBSCRIPTIONS_MAX or ids != sorted(set(ids)):
            raise BrokenRuleError(f"page {self.number} of epoch {self.epoch} has {len(ids)} ids, or not in order")

    @property
    def text(self) -> str:
        """The canonical text that is hashed; the contract builds the same text from its arguments."""
        first = f"{PAGE_VERSION} {self.contract} epoch {self.epoch} page {self.number}"
        return "\n".join([first, *(f"{subscription_id}:{rated}" for subscription_id, rated in self.entries)])

    @property
    def hash(self) -> bytes:
        return keccak256(self.text.encode("ascii"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The page of a text. Raises ValueError unless the text is canonical."""
        first, *lines = text.split("\n")
        version, contract, _, epoch, _, number = first.split(" ")
        pairs = (line.split(":") for line in lines)
        entries = tuple((whole_number(subscription_id), whole_number(rated)) for subscription_id, rated in pairs)
        page = cls(contract, whole_number(epoch), whole_number(number), entries)
        if version != PAGE_VERSION or page.text != text:
            raise ValueError("not the canonical text of a page")
        return page


@dataclass(frozen=True, slots=True)
class Statement:
    """The public document of an epoch, which Flare attests. The window is in Unix seconds, its end not included.

    `receipt_key_hash` is that of the document of the keys that sign receipts; 32 zero bytes before there was one.
    `meter_hash` is 32 zero bytes: it is reserved for the program that counts.
    """

    epoch: int
    window_start: int
    window_end: int
    usage_root: bytes
    settlement_root: bytes
    subscription_count: int
    total_rated_microtokens: int
    price_book_hash: bytes
    receipt_key_hash: bytes
    meter_hash: bytes
    previous_statement_hash: bytes

    @property
    def body(self) -> str:
        """Canonical JSON: version and attested fields, no spaces; numbers as decimal and hashes as 0x hex strings."""
        values = {name: _written(getattr(self, name)) for name in STATEMENT_FIELDS}
        return json.dumps({"version": STATEMENT_VERSION, **values}, separators=(",", ":"))

    @property
    def hash(self) -> bytes:
        return keccak256(self.body.encode("ascii"))

    @property
    def words(self) -> tuple[int, ...]:
        """The fields in this order as integers; Flare attests each as one ABI word."""
        values = (getattr(self, name) for name in STATEMENT_FIELDS)
        return tuple(int.from_bytes(value) if isinstance(value, bytes) else value for value in values)

    def root_of(self, kind: PageKind) -> bytes:
        """The root over the pages of a kind."""
        return self.usage_root if kind is PageKind.USAGE else self.settlement_root

    @property
    def settles_something(self) -> bool:
        """True when at least one page is to be charged."""
        return self.settlement_root != NO_HASH

    @classmethod
    def parse(cls, body: str) -> Self:
        """The statement of a body. Raises ValueError unless the body is canonical."""
        given = json.loads(body)
        if list(given) != ["version", *STATEMENT_FIELDS]:
            raise ValueError(f"a statement has other fields, or another order, than {', '.join(given)}")
        values: dict[str, Any] = {field.name: _read(given[field.name], field.type) for field in fields(cls)}
        statement = cls(**values)
        if statement.body != body:
            raise ValueError("not the canonical body of a statement")
        return statement


STATEMENT_FIELDS: Final = tuple(field.name for field in fields(Statement))
"""The attested fields in their order."""


def _written(value: int | bytes) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _read(text: str, kind: object) -> int | bytes:
    """The number or the hash that a field has. Raises ValueError for another form."""
    if not (HASH if kind is bytes else NUMBER).fullmatch(text):
        raise ValueError(f"a statement has decimal numbers and hashes of {WORD_BYTES} bytes, not {text[:80]}")
    return bytes.fromhex(text[2:]) if kind is bytes else int(text)
