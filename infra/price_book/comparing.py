"""How a price book differs from another one, as a table that a person can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from flareflow.metering.calls import TOKEN_KINDS
from flareflow.metering.price_book import Price, PriceBook

OTHER_WEIGHTS: Final = ("request", "image", "second", "nanousd")
DEFAULT: Final = "(every other model)"


@dataclass(frozen=True, slots=True)
class Change:
    """One weight of one model; None where there is none."""

    model: str
    weight: str
    before: int | None
    after: int | None

    @property
    def factor(self) -> Fraction | None:
        """How many times as much it is, or was, whichever is above 1; None where one of both is nothing."""
        if not self.before or not self.after:
            return None
        factor = Fraction(self.after, self.before)
        return max(factor, 1 / factor)

    @property
    def is_new(self) -> bool:
        return self.before is None

    def jumps(self, factor_max: Fraction) -> bool:
        """Whether a weight that was there changes by more than a factor, or a weight is taken away."""
        return not self.is_new and (self.factor is None or self.factor > factor_max)


def changes(before: PriceBook, after: PriceBook) -> list[Change]:
    """Every weight that differs, by model; those of the default last."""
    found = []
    for model in sorted(before.models.keys() | after.models.keys()):
        found += list(_of_price(model, before.models.get(model), after.models.get(model)))
    return [*found, *_of_price(DEFAULT, before.default, after.default)]


def table(found: Sequence[Change]) -> str:
    """One line for each change."""
    rows = [("model", "weight", "was", "becomes", "")]
    rows += [(one.model, one.weight, _shown(one.before), _shown(one.after), _times(one)) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    )


def _of_price(model: str, before: Price | None, after: Price | None) -> Iterator[Change]:
    if after is None and before is not None:
        yield Change(model, "every", before.of("prompt"), None)
        return
    was, becomes = _weights(before), _weights(after)
    for name in dict.fromkeys([*was, *becomes]):
        if was.get(name) != becomes.get(name):
            yield Change(model, name, _weight(before, was, name), _weight(after, becomes, name))


def _weights(price: Price | None) -> dict[str, int]:
    """The weights that are set in a price, by what a person calls them."""
    if price is None:
        return {}
    own = {name: getattr(price, name) for name in (*TOKEN_KINDS, *OTHER_WEIGHTS)}
    own |= {f"{kind} above {one.above:,}": getattr(one, kind) for one in price.long for kind in TOKEN_KINDS}
    return {name: weight for name, weight in own.items() if weight}


def _weight(price: Price | None, own: Mapping[str, int], name: str) -> int | None:
    """What counts for a kind of tokens, also where its own weight is not set."""
    return price.of(name) if price is not None and name in TOKEN_KINDS else own.get(name)


def _shown(weight: int | None) -> str:
    """In rated tokens."""
    return "-" if weight is None else f"{weight / 1_000_000:,.6f}".rstrip("0").rstrip(".")


def _times(change: Change) -> str:
    if change.before is None:
        return "new"
    if change.after is None:
        return "gone"
    return f"x {change.after / change.before:,.3g}" if change.before else "was free"
