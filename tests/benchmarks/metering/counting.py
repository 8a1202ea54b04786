"""What one core does with pages of the spend log: parse them, rate their rows, and sum these by subscription.

The code is that of `usage_polling`: its reader of pages, its sorting of rows and its pairing of witnesses. What is
measured beside it is `json.loads` of the same pages, by which machines can be compared. Seconds are those that the
process has used the processor, the least of some repetitions.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

import httpx

from flareflow.adapters.litellm.spend_log import PAGE_ROWS_MAX, LiteLLMSpendLog
from flareflow.metering.call_types import known_call_types
from flareflow.metering.models import Usage, Window
from flareflow.metering.outcomes import Known
from flareflow.metering.price_book import PriceBook
from flareflow.metering.rows import Listing
from flareflow.metering.sorting import Seen, SortRows
from flareflow.metering.usage_events import CountReport, OwnedRow
from flareflow.metering.witnesses import count_rows
from tests.benchmarks.metering.log import Log, page_text
from tests.fakes.metering import FakeKeyDirectory
from tests.fakes.spend_log import FakeCases

NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WINDOW: Final = Window(NOW - timedelta(minutes=5), NOW)
REPEATS: Final = 5
BOOK: Final = PriceBook.load()


@dataclass
class Totals:
    """`RowCounter` that pairs and sums the rows of each subscription, and stores nothing."""

    usage: defaultdict[int, Usage] = field(default_factory=lambda: defaultdict(Usage))

    def count(self, rows: Sequence[OwnedRow], now: datetime) -> CountReport:
        by_subscription = defaultdict(list)
        for row in rows:
            by_subscription[row.subscription_id].append(row)
        for subscription_id, same in by_subscription.items():
            self.usage[subscription_id] += count_rows(Known(), same, BOOK).counted
        return CountReport(len(rows))


def pages(log: Log) -> list[bytes]:
    rows = [log.row_text(number) for number in range(log.rows)]
    return [page_text(part, len(rows)) for part in batched(rows, PAGE_ROWS_MAX, strict=False)]


def totals_of(texts: Sequence[bytes], log: Log) -> dict[int, Usage]:
    """The usage of each subscription on these pages."""
    left = iter(texts)
    http = httpx.Client(
        base_url="http://litellm", transport=httpx.MockTransport(lambda _: httpx.Response(200, content=next(left)))
    )
    spend_log, totals, seen = LiteLLMSpendLog(http), Totals(), Seen()
    sort = SortRows(FakeKeyDirectory(log.keys), totals, FakeCases(), known_call_types())
    for number in range(len(texts)):
        sort.run(spend_log.page(Listing.ANSWERED, WINDOW, number + 1), seen, NOW)
    sort.count(seen, NOW)
    return totals.usage


def seconds(run: Callable[[], object]) -> float:
    """Processor time, the least of `REPEATS` runs."""
    return min(_seconds(run) for _ in range(REPEATS))


def _seconds(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


def figures() -> dict[str, float]:
    log = Log(subscriptions=1_000, each=10, begin=WINDOW.start, span=timedelta(minutes=5))
    texts = pages(log)
    assert sum(usage.requests for usage in totals_of(texts, log).values()) == log.rows
    whole = seconds(lambda: totals_of(texts, log))
    loads = seconds(lambda: [json.loads(text) for text in texts])
    return {
        "rows_per_second": round(log.rows / whole),
        "times_json_loads": round(whole / loads, 2),
        "bytes_a_row": round(sum(map(len, texts)) / log.rows),
    }
