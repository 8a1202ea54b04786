"""The models that the price book in force names: no other may be called."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field

REFRESH_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0
BOOK_BYTES_MAX: Final = 16 * 1024 * 1024
TIMEOUT_SECONDS: Final = 10.0

logger = logging.getLogger(__name__)


class _Book(BaseModel):
    models: Annotated[Mapping[str, object], Field(min_length=1)]


class PricedModels:
    """The names in the newest book that could be read; none before the first, so nothing is served unpriced."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._names: frozenset[str] = frozenset()

    def names(self) -> frozenset[str]:
        return self._names

    async def run(self) -> None:
        """Read the book now and every minute, until cancelled; every second until there is one."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS if self._names else RETRY_SECONDS)

    async def refresh(self) -> None:
        """Read the book once; where that fails, the last one stays."""
        try:
            answer = (await self._http.get(self._url, timeout=TIMEOUT_SECONDS)).raise_for_status()
            if len(answer.content) > BOOK_BYTES_MAX:
                raise ValueError(f"it is longer than {BOOK_BYTES_MAX} bytes")
            self._names = frozenset(_Book.model_validate_json(answer.content).models)
        except (httpx.HTTPError, ValueError) as error:
            logger.warning("the price book could not be read: %s", error)
