"""A subscription's usage as each system tells it: the systems themselves are asked, not FlareFlow's backend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from flareflow.adapters.flow.json_cdc import Value, uint64
from flareflow.metering.calls import Tokens
from flareflow.metering.models import Usage
from flareflow.metering.price_book import PriceBook, Used
from flareflow.statements.documents import index_path, page_path, statement_path
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind, Statement
from flareflow.statements.usage_pages import UsagePage, page_of
from infra.local.demo.api import Api
from infra.local.flow.accounts import LocalFlow

PAGE_ROWS: Final = 100
EVENT_HEIGHTS: Final = 250
EVENT_PAGES_MAX: Final = 100
TIMEOUT_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class LitellmRows:
    """A key's successful rows in LiteLLM's spend log, rated by the public price book."""

    calls: int
    tokens: int
    rated_microtokens: int


def litellm_rows(litellm_admin_url: str, master_key: str, key_hash: str) -> LitellmRows:
    """The rows of the last day that belong to a key, by its hash."""
    now = datetime.now(UTC)
    query: dict[str, str | int] = {
        "start_date": f"{now - timedelta(days=1):%Y-%m-%d %H:%M:%S}",
        "end_date": f"{now + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        "api_key": key_hash,
        "status_filter": "success",
        "page_size": PAGE_ROWS,
    }
    headers = {"authorization": f"Bearer {master_key}"}
    answer = httpx.get(f"{litellm_admin_url}/spend/logs/v2", params=query, headers=headers, timeout=TIMEOUT_SECONDS)
    rows = answer.raise_for_status().json()["data"]
    book = PriceBook.load()
    return LitellmRows(
        calls=len(rows),
        tokens=sum(row["total_tokens"] for row in rows),
        rated_microtokens=sum(_rated(book, row) for row in rows),
    )


def _rated(book: PriceBook, row: Mapping[str, Any]) -> int:
    """What a row weighs whose tokens are all fresh text."""
    used = Used(Tokens(prompt=row["prompt_tokens"], completion=row["completion_tokens"]))
    return book.price(row["model_group"], row["model"]).rate(used) or 0


@dataclass(frozen=True, slots=True)
class OnFlow:
    """Queries of the contracts on Flow."""

    flow: LocalFlow
    contract_address: str

    def subscription(self, subscription_id: int) -> dict[str, Any]:
        found = self.flow.script("subscriptions/get_subscription.cdc", uint64(subscription_id))
        if not isinstance(found, dict):
            raise LookupError(f"there is no subscription {subscription_id} on Flow")
        return found

    def root(self, voting_round: int) -> str:
        return str(self.flow.script("flare/get_root.cdc", uint64(voting_round)))

    def events(self, name: str, first_height: int) -> Sequence[tuple[str, dict[str, Value]]]:
        """(transaction id, fields) of a contract's event since a height, oldest first."""
        last = self.flow.rest.latest_sealed_block().height
        kind = f"A.{self.contract_address.removeprefix('0x')}.{name}"
        found = []
        for first in range(first_height, last + 1, EVENT_HEIGHTS):
            for block in self.flow.rest.events(kind, first, min(first + EVENT_HEIGHTS - 1, last)):
                for event in block.events:
                    fields = event.fields()
                    if isinstance(fields, dict):
                        found.append((event.transaction_id, fields))
        return found


@dataclass(frozen=True, slots=True)
class Documents:
    """The public documents, fetched from their fixed paths."""

    api: Api

    def statement(self, epoch: int) -> Statement:
        return Statement.parse(self.api.text(statement_path(epoch)))

    def index(self, epoch: int, kind: PageKind) -> PageIndex:
        return PageIndex.parse(self.api.text(index_path(epoch, kind)))

    def usage_page(self, epoch: int, subscription_id: int) -> UsagePage | None:
        """The page that a subscription is on; None if nobody on it has used something."""
        digest = self.index(epoch, PageKind.USAGE).hashes.get(page_of(subscription_id))
        return UsagePage.parse(self.api.text(page_path(digest))) if digest else None

    def usage(self, epoch: int, subscription_id: int) -> Usage:
        """All that a subscription has used up to a statement."""
        page = self.usage_page(epoch, subscription_id)
        totals = page.totals.get(subscription_id) if page else None
        return totals.usage if totals else Usage()
