"""Public documents and their fixed paths."""

from dataclasses import dataclass
from typing import Final

from flareflow.statements.models import EPOCH_DIGITS, PageKind

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Document:
    """A text under a path, which begins with `/v1/`."""

    path: str
    text: str
    media_type: str


def statement_path(epoch: int) -> str:
    return f"/v1/statements/{epoch:0{EPOCH_DIGITS}d}"


def index_path(epoch: int, kind: PageKind) -> str:
    return f"{statement_path(epoch)}/{kind}-index"


def attestation_path(epoch: int) -> str:
    return f"{statement_path(epoch)}/attestation"


def page_path(digest: bytes) -> str:
    """The path of a usage page or a settlement page."""
    return f"/v1/pages/{digest.hex()}"


def price_book_path(digest: bytes) -> str:
    return f"/v1/price-books/{digest.hex()}"


def receipt_keys_path(digest: bytes) -> str:
    return f"/v1/receipt-keys/{digest.hex()}"
