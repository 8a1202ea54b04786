"""What an epoch changes on the usage pages. Pages on which nothing changes are neither read nor written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from typing import Final

from flareflow.errors import BrokenRuleError
from flareflow.keccak import keccak256
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import UsageEvent, usage_of
from flareflow.statements.documents import TEXT, Document, page_path
from flareflow.statements.events import event_text, events_tree
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.ports import Documents, EpochUsage
from flareflow.statements.reading import read_pages
from flareflow.statements.usage_pages import Totals, UsagePage, page_of

PAGES_AT_ONCE: Final = 32
"""Usage pages that are in memory at the same time, with the events of their subscriptions."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The usage pages after an epoch: the hashes of all of them by number, and what has changed.

    `totals`: the new cumulative totals of subscriptions that used something, in rated micro-tokens, to which the epoch
    has added `added_microtokens`.
    """

    hashes: Mapping[int, bytes]
    totals: Mapping[int, int]
    added_microtokens: int
    new_subscriptions: int
    changed_pages: int


@dataclass(frozen=True, slots=True)
class GrowUsagePages:
    """Adds an epoch's usage to the usage pages and writes those that change."""

    usage: EpochUsage
    documents: Documents
    contract: str

    def run(self, epoch: int, before: Mapping[int, bytes], deltas: Mapping[int, Usage]) -> Growth:
        """The pages after the epoch; `before` has the hashes of the pages before it.

        Raises BrokenRuleError when a stored page or the events of a subscription are not what was committed to.
        """
        hashes, totals, new = dict(before), dict[int, int](), 0
        by_page = {number: list(ids) for number, ids in groupby(sorted(deltas), page_of)}
        for numbers in batched(by_page, PAGES_AT_ONCE, strict=False):
            changing = {one: deltas[one] for number in numbers for one in by_page[number]}
            roots = self._events_roots(epoch, changing)
            written = []
            for page in self._pages(numbers, before):
                grown = page.with_totals(_grown(page, changing, by_page[page.number], epoch, roots))
                written.append(grown)
                new += len(grown.totals) - len(page.totals)
                totals |= {one: grown.totals[one].usage.rated_microtokens for one in by_page[page.number]}
            hashes |= self._write(written)
        rated = sum(delta.rated_microtokens for delta in deltas.values())
        return Growth({number: hashes[number] for number in sorted(hashes)}, totals, rated, new, len(by_page))

    def _pages(self, numbers: Sequence[int], before: Mapping[int, bytes]) -> list[UsagePage]:
        """The pages with these numbers as they were before the epoch."""
        known = [number for number in numbers if number in before]
        texts = dict(zip(known, read_pages(self.documents, [before[one] for one in known]), strict=True))
        return [
            UsagePage.parse(texts[number]) if number in texts else UsagePage(self.contract, number)
            for number in numbers
        ]

    def _events_roots(self, epoch: int, deltas: Mapping[int, Usage]) -> Mapping[int, bytes]:
        """The root over each subscription's events, which must add up to its delta."""
        roots = {}
        for subscription_id, events in self.usage.events(epoch, deltas).items():
            if added(events) != deltas[subscription_id]:
                raise BrokenRuleError(f"the events of subscription {subscription_id} do not add up to its usage")
            roots[subscription_id] = events_tree(event_text(event) for event in events).root
        return roots

    def _write(self, pages: Iterable[UsagePage]) -> Mapping[int, bytes]:
        texts = {page.number: page.text for page in pages}
        hashes = {number: keccak256(text.encode("ascii")) for number, text in texts.items()}
        self.documents.put_all([Document(page_path(hashes[number]), text, TEXT) for number, text in texts.items()])
        return hashes


def added(events: Iterable[UsageEvent]) -> Usage:
    """What some events add up to."""
    usages = (usage_of(event.tokens, event.rated_microtokens, event.cost_nanousd) for event in events)
    return sum(usages, start=Usage())


def _grown(
    page: UsagePage, deltas: Mapping[int, Usage], ids: Iterable[int], epoch: int, roots: Mapping[int, bytes]
) -> Mapping[int, Totals]:
    nothing = OrderedTree.over([]).root
    return {
        one: page.totals.get(one, Totals(one, -1, Usage(), nothing)).plus(deltas[one], epoch, roots[one]) for one in ids
    }
