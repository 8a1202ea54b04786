"""The receipt of a call: what the gate says that it will bill, signed before the answer ends; and the keys that sign.

A receipt is a JWS (RFC 7515) in compact form, signed with ES256, whose payload is this JSON. Whoever holds it can show
that a statement lacks the call, or bills more than was signed.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Final, Literal, Protocol, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from flareflow.metering.calls import Ending, Tokens

RECEIPT_VERSION: Final = "flareflow-receipt/1"
ALGORITHM: Final = "ES256"
RECEIPT_BYTES_MAX: Final = 8_192
"""Of the compact form."""
KEYS_VERSION: Final = "flareflow-receipt-keys/1"
KEYS_MAX: Final = 64

type _Text = Annotated[str, Field(max_length=256)]
type _Coordinate = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
type _Epoch = Annotated[int, Field(ge=0, lt=2**53)]
type Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Receipt(BaseModel):
    """One call as it will be billed.

    `request_hash` is the SHA-256 of the body as the caller sent it. `answer_hash` is that of the body that was sent
    back, without the line of the receipt itself; where the call was broken off, of what was sent until then.
    `rated_microtokens` are by the book `price_book_hash`; a book that comes into force before the call is counted rates
    it instead. `tokens_are_estimated`: counted by the gate, since the answer did not tell them. The call is promised to
    be in the statement of epoch `counted_until_epoch` or in an earlier one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal["flareflow-receipt/1"] = RECEIPT_VERSION
    event_id: _Text
    key_hash: Sha256
    call_type: _Text
    model: _Text
    answered_by: _Text | None
    base_model: _Text | None
    ending: Ending
    tokens: Tokens
    tokens_are_estimated: bool
    rated_microtokens: Annotated[int, Field(ge=0, lt=2**53)]
    price_book_hash: Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
    request_hash: Sha256
    answer_hash: Sha256
    started_at: AwareDatetime
    ended_at: AwareDatetime
    counted_until_epoch: _Epoch

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return self.model_dump_json().encode()


def promised_epoch(ended_at: datetime, epoch_seconds: int, within: timedelta) -> int:
    """The last epoch in which a call can be counted for the first time, if that is done `within` its end."""
    return int((ended_at + within).timestamp()) // epoch_seconds


class ReceiptKey(BaseModel):
    """A public key as a JWK (RFC 7517); `kid` is its thumbprint (RFC 7638).

    It signs receipts of calls that end in `valid_from_epoch` or later, but not after `valid_until_epoch`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: _Coordinate
    y: _Coordinate
    kid: _Coordinate
    valid_from_epoch: _Epoch
    valid_until_epoch: _Epoch | None = None

    def signs_at(self, epoch: int) -> bool:
        """Whether a receipt of a call that ended in `epoch` may be signed with it."""
        return self.valid_from_epoch <= epoch and (self.valid_until_epoch is None or epoch <= self.valid_until_epoch)

    def is_the_key(self, other: "ReceiptKey") -> bool:
        """Whether the other is the same key, whenever it is valid."""
        return (self.kid, self.x, self.y) == (other.kid, other.x, other.y)


class ReceiptKeys(BaseModel):
    """All keys that sign receipts or ever did. Statements name the document by its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal["flareflow-receipt-keys/1"] = KEYS_VERSION
    keys: Annotated[Sequence[ReceiptKey], Field(min_length=1, max_length=KEYS_MAX)]

    @model_validator(mode="after")
    def _name_each_key_once(self) -> Self:
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise ValueError("two keys have the same kid")
        return self

    @cached_property
    def canonical_json(self) -> str:
        """JSON text in one form: ASCII, fields sorted, no spaces."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the canonical JSON."""
        from flareflow.keccak import keccak256  # noqa: PLC0415 (loaded where it is used)

        return keccak256(self.canonical_json.encode())

    def keeps_all_of(self, earlier: "ReceiptKeys") -> bool:
        """Whether it still has every key of an earlier document, so that old receipts can be checked by it."""
        return all(any(key.is_the_key(one) for key in self.keys) for one in earlier.keys)


class ReceiptKeyRegister(Protocol):
    """The keys that sign receipts, and the epochs from which each set is in force. Raises StorageUnavailableError."""

    def in_force(self, epoch: int) -> ReceiptKeys | None:
        """The keys that the statement of an epoch names; None before the first were put in force."""

    def put_in_force(self, keys: ReceiptKeys, from_epoch: int) -> None:
        """Name `keys` in the statements of `from_epoch` and later ones, until the next set.

        Raises ConflictError `epoch_has_its_receipt_keys` when that epoch was opened already, or another set begins with
        it or after it; `receipt_key_dropped` when a key of the set before is missing.
        """
