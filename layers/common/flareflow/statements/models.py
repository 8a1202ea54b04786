"""A statement, its leaves and its settlement pages."""

import json
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.keccak import WORD_BYTES, keccak256
from flareflow.metering.models import Usage

NO_HASH: Final = bytes(WORD_BYTES)
PAGE_SUBSCRIPTIONS_MAX: Final = 200
PAGE_VERSION: Final = "flareflow-page/1"
STATEMENT_VERSION: Final = "flareflow-statement/1"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A subscription's cumulative usage and the epoch in which it last changed."""

    subscription_id: int
    epoch_of_last_change: int
    usage: Usage

    @property
    def hash(self) -> bytes:
        """OpenZeppelin's standard leaf: two keccak256 of the ABI-encoded values, one word each.

        (uint64 subscription_id, uint64 epoch_of_last_change, uint256 prompt_tokens, uint256 completion_tokens,
        uint256 requests, uint256 rated_microtokens, uint256 cost_nanousd)
        """
        usage = self.usage
        values = (
            self.subscription_id,
            self.epoch_of_last_change,
            usage.input_tokens,
            usage.output_tokens,
            usage.requests,
            usage.rated_microtokens,
            usage.cost_nanousd,
        )
        return keccak256(keccak256(b"".join(value.to_bytes(WORD_BYTES) for value in values)))

    def plus(self, delta: Usage, epoch: int) -> Self:
        """The leaf after an epoch that used `delta`. Raises BrokenRuleError when the epoch or a total would go down."""
        if epoch <= self.epoch_of_last_change:
            raise BrokenRuleError(f"epoch {epoch} does not come after {self.epoch_of_last_change}")
        return type(self)(self.subscription_id, epoch, self.usage + delta.as_total())


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
        entries = tuple((int(before), int(after)) for before, after in (line.split(":") for line in lines))
        page = cls(contract, int(epoch), int(number), entries)
        if version != PAGE_VERSION or page.text != text:
            raise ValueError("not the canonical text of a page")
        return page


@dataclass(frozen=True, slots=True)
class Statement:
    """The public document of an epoch, which Flare attests. The window is in Unix seconds, its end not included.

    `receipt_key_hash` names the keys that sign receipts, and `meter_hash` the program that counts; 32 zero bytes as
    long as there is none.
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
        values: dict[str, Any] = {name: _read(given[name]) for name in STATEMENT_FIELDS}
        statement = cls(**values)
        if statement.body != body:
            raise ValueError("not the canonical body of a statement")
        return statement


STATEMENT_FIELDS: Final = tuple(field.name for field in fields(Statement))
"""The attested fields in their order."""


def _written(value: int | bytes) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _read(text: str) -> int | bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else int(text)


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement as it is stored, with the number of pages that its settlement root commits to."""

    statement: Statement
    page_count: int
