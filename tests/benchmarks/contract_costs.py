"""What every operation of the contracts costs: `docs/contract-costs.md` and `.local/bench/contracts.json`.

`make bench-contracts` starts an emulator of its own, measures everything and exits with 1 where a limit is exceeded.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from infra.local.demo.progress import Doing, Steps
from infra.paths import LOCAL
from tests.benchmarks.contracts import owning, proving, settling, week, worst
from tests.benchmarks.contracts.costs import Cost, Measure
from tests.benchmarks.contracts.crowd import open_crowd
from tests.benchmarks.contracts.settling import LargestPage
from tests.benchmarks.contracts.table import TABLE, Section, document
from tests.support.flow_emulator import Chain, running_chain

FIGURES: Final = LOCAL / "bench" / "contracts.json"
MANY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Topic:
    """What is measured together, and how the file speaks of it; the tests leave out what is `slow`."""

    title: str
    text: str
    measures: tuple[Measure, ...]
    slow: tuple[Measure, ...] = ()

    def section(self, chain: Chain, steps: Steps) -> Section:
        costs = [cost for measure in (*self.measures, *self.slow) for cost in _measured(measure, chain, steps)]
        return Section(self.title, self.text, costs)


TOPICS: Final = (
    Topic(
        "Following Flare",
        "As many signatures as make the quorum. In the older scheme a policy's hash is folded word by word. A week\n"
        "later the contracts keep as many roots and epochs as they ever will, 2,016 of each.",
        (proving.roots, proving.policies, proving.proofs),
        (week.a_week_later,),
    ),
    Topic(
        "Owners",
        "From the first subscription of an account to its end. About 57 units of most of them are the transaction\n"
        "itself with a withdrawal from one vault into another. Much of the rest is reading: contracts lie in storage\n"
        "in an order that depends on the address of their account, so these numbers differ by a few units elsewhere.",
        (owning.owners,),
    ),
    Topic(
        "Settling a page",
        "All subscriptions on the page used something, as in the epoch before, in four tiers of the price in turns.\n"
        "The page is proven by a path of nine hashes, as among 500 pages.",
        (settling.pages_by_length,),
    ),
    Topic(
        "What is on the page",
        "The page of 200 where something holds for all of it, and that of `SimpleUsageSubscriptions`.",
        (settling.pages_by_content, owning.simple, worst.worst_page),
    ),
    Topic(
        "How many subscriptions there are",
        "Subscriptions lie in storage side by side by their ids, so that adjacent ids share what is read.",
        (settling.pages_of_few,),
    ),
)


def main() -> int:
    """0 when nothing costs more than it may."""
    console = Console()
    steps = Steps(console)
    with running_chain(coverage=False) as chain:
        sections = [topic.section(chain, steps) for topic in TOPICS]
        largest = _largest(chain, steps)
        sections.append(_among_many(chain, steps))
    return _report(console, sections, largest)


def _measured(measure: Measure, chain: Chain, steps: Steps) -> Sequence[Cost]:
    words = measure.__name__.replace("_", " ")
    with steps.step(measure.__name__, f"Measuring {words}") as doing, chain.rolled_back():
        return list(_told(measure(chain), doing))


def _told(costs: Iterable[Cost], doing: Doing) -> Iterable[Cost]:
    for cost in costs:
        doing.now(f"{cost.operation}: {cost.each}")
        yield cost


def _largest(chain: Chain, steps: Steps) -> LargestPage:
    with steps.step("largest", "Looking for the largest page") as doing, chain.rolled_back():
        largest = settling.largest_page(chain)
        doing.result = f"{largest.subscriptions} subscriptions"
        return largest


def _among_many(chain: Chain, steps: Steps) -> Section:
    """The chain has these subscriptions from then on."""
    with steps.step("opening", f"Opening {MANY:,} subscriptions") as doing:
        crowd = open_crowd(chain, MANY, tell=lambda opened: doing.now(f"{opened:,}"))
    with steps.step("many", f"Measuring among {MANY:,} subscriptions") as doing:
        pages = list(_told(settling.pages_of(crowd), doing))
        owners = list(_told(owning.owners_among(chain, f"_of_{MANY}"), doing))
    text = (
        "The same pages, and what an owner does. Subscriptions and their ledgers are then two trees of four levels,\n"
        "of which an operation of an owner reads a branch each: about 20 units more than among a few."
    )
    return Section(f"Among {MANY:,} subscriptions", text, [*pages, *owners])


def _report(console: Console, sections: Sequence[Section], largest: LargestPage) -> int:
    costs = [cost for section in sections for cost in section.costs]
    figures = {**{cost.name: cost.each for cost in costs}, **largest.figures}
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    TABLE.write_text(document(sections, largest))
    exceeded = [cost for cost in costs if cost.is_exceeded]
    for cost in exceeded:
        console.print(f"[red]✗[/] {cost.operation}: {cost.each} units, not {cost.limit}")
    console.print(f"{TABLE} and {FIGURES} are written.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    raise SystemExit(main())
