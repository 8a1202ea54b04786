"""Answers of the HTTP API about metering and rating."""

from typing import TYPE_CHECKING, Annotated, Final

from flareflow.answers import Answer, DocumentedAs, Number

if TYPE_CHECKING:
    from flareflow.metering.price_book import PriceBook


class IngestAnswer(Answer):
    """What became of the records of one post, in numbers."""

    received: Number
    added: Number
    set_aside: Number
    of_unknown_keys: Number


_EXAMPLE: Final = {
    "version": 1,
    "title": "Two models",
    "models": {
        "gpt-4o": {"prompt": 1_500_000, "completion": 1_500_000, "cache_read": 150_000, "request": 0, "long": []},
        "gpt-4o-mini": {"prompt": 800_000, "completion": 800_000, "request": 0, "long": []},
    },
    "patterns": [],
    "default": {"prompt": 1_500_000, "completion": 1_500_000, "request": 0, "long": []},
}


def _price_book() -> "type[PriceBook]":
    from flareflow.metering.price_book import PriceBook  # noqa: PLC0415 (only the documentation of the API needs it)

    return PriceBook


PriceBookText = Annotated[str, DocumentedAs(_price_book, _EXAMPLE)]
"""The canonical JSON of a price book; docs/price-book.md explains it."""
