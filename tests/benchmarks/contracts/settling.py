"""What settling a page costs: by its length, by what is on it, and by how many subscriptions there are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX
from infra.deploy.contracts import PlanTerms, add_plan
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.contracts import LocalDeployer
from tests.benchmarks.contracts.costs import Cost, event_bytes, units
from tests.benchmarks.contracts.crowd import AFTER, BEFORE, PAGE_NUMBER, PATH, Crowd, open_crowd, totals
from tests.support.flow_emulator import FLOW, Chain, settling

PAGE: Final = 200
LIMIT_EACH: Final = 10
SIZES: Final = (1, 10, 50, PAGE_SUBSCRIPTIONS_MAX, PAGE, 500)
EPOCH: Final = 1_000
LARGEST_TRIED: Final = 1_800
"""More than this does not fit into a transaction: its events alone are over 256,000 bytes."""
_REASON: Final = re.compile(r"\[Error Code: \d+\] (.+)")


def pages_by_length(chain: Chain) -> Iterator[Cost]:
    """Everyone on the page used something, in all four tiers, as in the epoch before."""
    crowd = open_crowd(chain, max(SIZES))
    crowd.settle_before(crowd.ids)
    for size in SIZES:
        yield _page(
            crowd,
            crowd.ids[:size],
            f"page_{size}",
            f"settle a page of {size}, each",
            LIMIT_EACH if size in (PAGE_SUBSCRIPTIONS_MAX, PAGE) else None,
        )


def pages_by_content(chain: Chain) -> Iterator[Cost]:
    """The same page of 200 where something is special about every subscription."""
    for special in (_with_spend_caps, _on_two_plans, _repeated, _run_dry):
        with chain.rolled_back():
            yield special(chain)


def pages_of_few(chain: Chain) -> Iterator[Cost]:
    """One subscription and 1,000 in the contract."""
    with chain.rolled_back():
        yield from pages_of(open_crowd(chain, 1))
    yield from pages_of(open_crowd(chain, 1_000))


def pages_of(crowd: Crowd) -> Iterator[Cost]:
    """A page of 200 out of all, with ids side by side and far apart; a page of one where there is one."""
    if crowd.size == 1:
        crowd.settle_before(crowd.ids)
        yield _page(crowd, crowd.ids, "page_1_of_1", "settle the only subscription of the contract")
        return
    for ids, where, limit in ((crowd.adjacent(PAGE), "adjacent", LIMIT_EACH), (crowd.spread(PAGE), "spread", None)):
        with crowd.chain.rolled_back():
            crowd.settle_before(ids)
            operation = f"settle {PAGE} of {crowd.size:,} subscriptions, ids {where}, each"
            yield _page(crowd, ids, f"page_{PAGE}_of_{crowd.size}_{where}", operation, limit)


def _page(crowd: Crowd, ids: Sequence[int], name: str, operation: str, limit: int | None = None) -> Cost:
    with crowd.chain.rolled_back():
        settled = units(crowd.chain, crowd.settle(EPOCH, totals(ids, AFTER)), "Settled")
    return _cost(name, operation, settled, len(ids), limit)


def _cost(name: str, operation: str, settled: int, size: int = PAGE, limit: int | None = None) -> Cost:
    return Cost(f"settle_cu_per_subscription_{name}", operation, settled, limit, size)


def _with_spend_caps(chain: Chain) -> Cost:
    crowd = open_crowd(chain, PAGE)
    crowd.cap_all()
    crowd.settle_before(crowd.ids)
    return _page(crowd, crowd.ids, f"page_{PAGE}_spend_caps", f"the same page of {PAGE}, all with spend caps, each")


def _on_two_plans(chain: Chain) -> Cost:
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1))
    crowd = open_crowd(chain, PAGE, plans=2)
    crowd.settle_before(crowd.ids)
    return _page(crowd, crowd.ids, f"page_{PAGE}_two_plans", f"the same page of {PAGE}, two plans in turns, each")


def _repeated(chain: Chain) -> Cost:
    crowd = open_crowd(chain, PAGE)
    entries = totals(crowd.ids, AFTER)
    crowd.settle(EPOCH, entries)
    again = units(chain, crowd.settle(EPOCH, entries))
    return _cost(f"page_{PAGE}_repeated", f"the same page of {PAGE} once more, when nothing changes, each", again)


def _run_dry(chain: Chain) -> Cost:
    crowd = open_crowd(chain, PAGE, deposit=2 * FLOW)
    crowd.settle(EPOCH, totals(crowd.ids, BEFORE[:1]))
    dry = crowd.settle(EPOCH + 1, totals(crowd.ids, AFTER[1:]))
    settled = units(chain, dry, "Settled", "LowBalance", "Suspended")
    return _cost(f"page_{PAGE}_run_dry", f"the same page of {PAGE}, when all deposits run dry, each", settled)


@dataclass(frozen=True, slots=True)
class LargestPage:
    """The longest page that a transaction can settle, and with what the next longer one was refused."""

    subscriptions: int
    units: int
    event_bytes: int
    argument_bytes: int
    refusal: str

    @property
    def figures(self) -> Mapping[str, int]:
        """Its numbers by name."""
        return {
            "largest_page_subscriptions": self.subscriptions,
            "largest_page_cu": self.units,
            "largest_page_event_bytes": self.event_bytes,
            "largest_page_argument_bytes": self.argument_bytes,
        }


def largest_page(chain: Chain) -> LargestPage:
    """Found by bisection with real transactions."""
    crowd = open_crowd(chain, LARGEST_TRIED)
    crowd.settle_before(crowd.ids)
    fits, too_long, refusal = max(SIZES), LARGEST_TRIED + 1, ""
    while too_long - fits > 1:
        size = (fits + too_long) // 2
        with chain.rolled_back():
            try:
                crowd.settle(EPOCH, totals(crowd.ids[:size], AFTER))
                fits = size
            except TransactionFailedError as refused:
                too_long, refusal = size, _REASON.findall(str(refused))[-1]
    return _largest(crowd, fits, refusal)


def _largest(crowd: Crowd, size: int, refusal: str) -> LargestPage:
    entries = totals(crowd.ids[:size], AFTER)
    settled = crowd.settle(EPOCH, entries)
    return LargestPage(
        subscriptions=size,
        units=units(crowd.chain, settled, "Settled"),
        event_bytes=event_bytes(crowd.chain, settled),
        argument_bytes=sum(len(argument.encode()) for argument in settling(EPOCH, PAGE_NUMBER, entries, PATH)),
        refusal=refusal,
    )
