"""The price book in force: what the calls of each model weigh. No model without a price may be called."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import httpx

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import Price, PriceBook, Used

REFRESH_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0
BOOK_BYTES_MAX: Final = 16 * 1024 * 1024
TIMEOUT_SECONDS: Final = 10.0

logger = logging.getLogger(__name__)


class PricesInForce:
    """`Prices` of the newest book that could be read; none before the first, so nothing is served unpriced.

    `base_models`: what the deployments of each model call, by LiteLLM's configuration.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, base_models: Mapping[str, frozenset[str]]) -> None:
        self._http = http
        self._url = url
        self._base_models = base_models
        self._book: PriceBook | None = None

    def are_known(self) -> bool:
        return self._book is not None

    def of(self, model: str) -> tuple[Price, ...]:
        if self._book is None:
            return ()
        named = [self._book.named(model, one) for one in self._base_models.get(model) or {None}]
        bounded = tuple(price for price in named if price is not None and price.most(0, 0) is not None)
        return bounded if len(bounded) == len(named) else ()

    def billed(self, model: str, base_model: str | None, tokens: Tokens) -> int:
        return 0 if self._book is None else self._book.price(model, base_model).rate(Used(tokens)) or 0

    def hash(self) -> bytes:
        """The hash of the book in force; 32 zero bytes before the first."""
        return bytes(32) if self._book is None else self._book.hash

    async def run(self) -> None:
        """Read the book now and every minute, until cancelled; every second until there is one."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS if self.are_known() else RETRY_SECONDS)

    async def refresh(self) -> None:
        """Read the book once; where that fails, the last one stays."""
        try:
            answer = (await self._http.get(self._url, timeout=TIMEOUT_SECONDS)).raise_for_status()
            if len(answer.content) > BOOK_BYTES_MAX:
                raise ValueError(f"it is longer than {BOOK_BYTES_MAX} bytes")
            book = PriceBook.model_validate_json(answer.content)
            await asyncio.to_thread(getattr, book, "hash")  # the next call finds it computed
            self._book = book
        except (httpx.HTTPError, ValueError) as error:
            logger.warning("the price book could not be read: %s", error)
