"""Receipts of calls: whether one is signed by a key that a statement names, in epochs in which that key may sign."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS
from pydantic import ValidationError

from flareflow.keccak import keccak256
from flareflow.metering.calls import counts
from flareflow.metering.receipts import ALGORITHM, RECEIPT_BYTES_MAX, Receipt, ReceiptKey, ReceiptKeys
from flareflow.statements.models import NO_HASH, Statement
from flareflow.time import Epochs

HEADER_TYPE: Final = "flareflow-receipt"
AMOUNT_LIMIT: Final = 2**53
"""Numbers below it are exact in every program that reads JSON."""


class ReceiptError(ValueError):
    """A text is no receipt, or not one that counts; the message says why."""


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt in compact form, and what it says. Whether its signature is good is asked of `Keys`."""

    text: str
    kid: str
    receipt: Receipt

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ReceiptError for what is no JWS of a receipt."""
        try:
            header, payload, _ = text[: RECEIPT_BYTES_MAX + 1].split(".")
            named = json.loads(_bytes(header).decode())
            if named != {"alg": ALGORITHM, "typ": HEADER_TYPE, "kid": named["kid"]}:
                raise ValueError(f"its header says {str(named)[:100]}")
            if len(text) > RECEIPT_BYTES_MAX:
                raise ValueError(f"it has more than {RECEIPT_BYTES_MAX} bytes")
            return cls(text, str(named["kid"]), _receipt(_bytes(payload)))
        except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
            raise ReceiptError(f"no receipt: {str(error).splitlines()[0][:100]}") from error

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return self.text.rpartition(".")[0].encode()

    @property
    def signature(self) -> bytes:
        """R and S, 32 bytes each. Raises ReceiptError."""
        try:
            return _bytes(self.text.rpartition(".")[2])
        except ValueError as error:
            raise ReceiptError("its signature is not base64url") from error


@dataclass(frozen=True)
class Keys:
    """The keys of receipts that a statement names, and the length of its epoch, by which their validity is told."""

    known: ReceiptKeys | None
    epochs: Epochs

    @classmethod
    def named_by(cls, statement: Statement, document: str | None) -> Self:
        """The keys of a document. Raises ReceiptError if the statement names another one, or it cannot be read."""
        epochs = Epochs(statement.window_end - statement.window_start)
        if statement.receipt_key_hash == NO_HASH:
            return cls(None, epochs)
        if document is None:
            raise ReceiptError(f"the document of the receipt keys 0x{statement.receipt_key_hash.hex()} is not there")
        if keccak256(document.encode()) != statement.receipt_key_hash:
            raise ReceiptError(f"the statement of epoch {statement.epoch} names other receipt keys than these")
        try:
            known = ReceiptKeys.model_validate_json(document)
        except ValidationError as error:
            raise ReceiptError("the document of the receipt keys cannot be read") from error
        if known.canonical_json != document:
            raise ReceiptError("the document of the receipt keys is not in its one form")
        return cls(known, epochs)

    @cached_property
    def _by_kid(self) -> Mapping[str, ReceiptKey]:
        return {key.kid: key for key in self.known.keys} if self.known else {}

    def why_not(self, signed: SignedReceipt) -> str | None:
        """Why a receipt does not count; None if one of the keys has signed it when it may."""
        key = self._by_kid.get(signed.kid)
        if key is None:
            return f"it is signed by the key {signed.kid[:60]}, which the statement does not name"
        if not _verifies(key, signed):
            return f"the signature is not that of the key {key.kid}"
        ended = self.epochs.at(signed.receipt.ended_at)
        if not key.signs_at(ended):
            until = "" if key.valid_until_epoch is None else f" to {key.valid_until_epoch}"
            return f"the call ended in epoch {ended}; its key is valid from epoch {key.valid_from_epoch}{until}"
        return None


def _receipt(payload: bytes) -> Receipt:
    """Raises ValueError unless the payload is one that a gate writes."""
    receipt = Receipt.model_validate_json(payload)
    if receipt.payload != payload or not all(0 <= amount < AMOUNT_LIMIT for amount in counts(receipt.tokens)):
        raise ValueError("its payload is not in the one form of a receipt")
    return receipt


def _verifies(key: ReceiptKey, signed: SignedReceipt) -> bool:
    try:
        x, y = (int.from_bytes(_bytes(one)) for one in (key.x, key.y))
        public_key = ECC.construct(curve="P-256", point_x=x, point_y=y)
        DSS.new(public_key, "fips-186-3").verify(SHA256.new(signed.signed), signed.signature)
    except ValueError:
        return False
    return True


def _bytes(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError for any other form."""
    try:
        decoded = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if urlsafe_b64encode(decoded).rstrip(b"=").decode() != text:
        raise ValueError("not base64url in its one form")
    return decoded
