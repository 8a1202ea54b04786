"""Receipts: one is signed for every answered call, and kept for callers who have lost it."""

import hashlib
import json
import logging
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

from flareflow.metering.calls import COUNTED_WITHIN
from flareflow.metering.receipts import ALGORITHM, Receipt, promised_epoch
from flareflow_gate.records import Settled
from flareflow_gate.refusals import RefusedError

RECEIPT_HEADER: Final = b"x-flareflow-receipt"
KEPT_FOR: Final = timedelta(days=62)
"""So that the receipts of a month are there when its bill is checked in the next one."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS receipt (
    event_id TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL,
    signed TEXT NOT NULL,
    ended_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_end ON receipt (ended_at);
"""
FORGOTTEN_AT_ONCE_MAX: Final = 10_000

logger = logging.getLogger(__name__)


class Signer:
    """Signs receipts with one P-256 key. `public_key` is its JWK (RFC 7517), `kid` being its thumbprint (RFC 7638)."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        named = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        thumbprint = hashlib.sha256(json.dumps(named, sort_keys=True, separators=(",", ":")).encode()).digest()
        self.public_key = {**named, "kid": urlsafe_b64encode(thumbprint).rstrip(b"=").decode()}
        self._key = key
        self._headers = {"typ": "flareflow-receipt", "kid": self.public_key["kid"]}
        self._jws = PyJWS()

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Raises ValueError unless the file holds a P-256 private key in PEM form."""
        key = load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError(f"{file} holds no P-256 key")
        return cls(key)

    def sign(self, receipt: Receipt) -> str:
        """The receipt as a JWS in compact form."""
        return self._jws.encode(receipt.payload, self._key, ALGORITHM, self._headers)


class ReceiptStore(Protocol):
    """Where receipts are kept. Methods may raise sqlite3.Error."""

    def put(self, receipt: Receipt, signed: str) -> None: ...

    def find(self, event_id: str, key_hash: str) -> str | None:
        """The receipt of a call, if it was made with this key."""


class KeptReceipts:
    """`ReceiptStore` in one file, which several gates on the same machine may share."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, autocommit=True, check_same_thread=False)
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def put(self, receipt: Receipt, signed: str) -> None:
        row = receipt.event_id, receipt.key_hash, signed, receipt.ended_at.timestamp()
        self._connection.execute("INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?)", row)

    def find(self, event_id: str, key_hash: str) -> str | None:
        found = self._connection.execute(
            "SELECT signed FROM receipt WHERE event_id = ? AND key_hash = ?", (event_id, key_hash)
        ).fetchone()
        return found and str(found[0])

    def forget_before(self, moment: datetime) -> None:
        """Remove the oldest receipts of calls that ended before, `FORGOTTEN_AT_ONCE_MAX` at most."""
        self._connection.execute(
            "DELETE FROM receipt WHERE event_id IN (SELECT event_id FROM receipt WHERE ended_at < ? LIMIT ?)",
            (moment.timestamp(), FORGOTTEN_AT_ONCE_MAX),
        )

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Receipts:
    """Makes receipts. `price_book_hash` returns the hash of the book that rates calls now."""

    signer: Signer
    kept: ReceiptStore
    price_book_hash: Callable[[], bytes]
    epoch_seconds: int

    def issue(self, settled: Settled, request_hash: str, answer_hash: str) -> str:
        """Sign the receipt of a call that has ended. One that cannot be kept is only in the answer."""
        record = settled.record
        receipt = Receipt(
            event_id=record.event_id,
            key_hash=record.key_hash,
            call_type=record.call_type,
            model=record.model,
            answered_by=record.answered_by,
            base_model=record.base_model,
            ending=record.ending,
            tokens=record.tokens,
            tokens_are_estimated=record.tokens_are_estimated,
            rated_microtokens=settled.rated_microtokens,
            price_book_hash=f"0x{self.price_book_hash().hex()}",
            request_hash=request_hash,
            answer_hash=answer_hash,
            started_at=record.started_at,
            ended_at=record.ended_at,
            counted_until_epoch=promised_epoch(record.ended_at, self.epoch_seconds, COUNTED_WITHIN),
        )
        signed = self.signer.sign(receipt)
        try:
            self.kept.put(receipt, signed)
        except sqlite3.Error as error:
            logger.warning("the receipt of %s was not kept: %s", record.event_id, error)
        return signed

    def find(self, event_id: str, key_hash: str) -> str:
        """Raises RefusedError `unknown_receipt`, also for the call of another key."""
        try:
            signed = self.kept.find(event_id, key_hash)
        except sqlite3.Error as error:
            message = "Receipts cannot be read now. Try again later."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "receipts_unavailable", message) from error
        if signed is None:
            message = "This key has made no call of this id that was answered here."
            raise RefusedError(HTTPStatus.NOT_FOUND, "unknown_receipt", message)
        return signed
