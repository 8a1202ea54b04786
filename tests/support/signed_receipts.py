"""Receipts as a gate signs them, of calls that a `World` bills; and the keys that its statements name."""

import json
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from flareflow.metering.calls import Ending, Tokens
from flareflow.metering.receipts import Receipt, ReceiptKey, ReceiptKeys
from flareflow_gate.receipts import Signer
from tests.fakes.metering import FakeReceiptKeys
from tests.support.bills import BOOK, EPOCHS, FIRST_EPOCH, World

SIGNER: Final = Signer(derive_private_key(7, SECP256R1()))
STRANGER: Final = Signer(derive_private_key(8, SECP256R1()))
PROMISED: Final = FIRST_EPOCH + 1
"""The epoch of the newest statement of a `World`."""


def keys(signer: Signer = SIGNER, **validity: int) -> ReceiptKeys:
    """A document with the key of a signer."""
    key = ReceiptKey.model_validate({**signer.public_key, "valid_from_epoch": FIRST_EPOCH, **validity})
    return ReceiptKeys(keys=[key])


def world_with_keys(named: ReceiptKeys | None = None, **changes: Any) -> World:
    """A world whose statements name these keys."""
    return World(receipt_keys=FakeReceiptKeys({0: named or keys()}), **changes)


def receipt(event: str, **changes: Any) -> Receipt:
    """What the gate signed of a call that is billed as in this text, with other values where it lies."""
    billed = json.loads(event)
    ended = EPOCHS.start(FIRST_EPOCH) + timedelta(seconds=100)
    values: dict[str, Any] = {
        "event_id": billed["event_id"],
        "key_hash": billed["key_hash"],
        "call_type": billed["call_type"],
        "model": billed["model"],
        "answered_by": None,
        "base_model": None,
        "ending": Ending.COMPLETE,
        "tokens": Tokens(**{kind: int(amount) for kind, amount in billed["tokens"].items()}),
        "tokens_are_estimated": False,
        "rated_microtokens": int(billed["rated_microtokens"]),
        "price_book_hash": f"0x{BOOK.hash.hex()}",
        "request_hash": "aa" * 32,
        "answer_hash": "bb" * 32,
        "started_at": ended - timedelta(seconds=2),
        "ended_at": ended,
        "counted_until_epoch": PROMISED,
    }
    return Receipt.model_validate({**values, **changes})


def signed(event: str, signer: Signer = SIGNER, **changes: Any) -> str:
    """The receipt of a call in compact form."""
    return signer.sign(receipt(event, **changes))
