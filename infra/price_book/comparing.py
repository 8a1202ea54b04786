"""How a price book differs from another one, as a table that a person can read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from flareflow.metering.calls import TOKEN_KINDS
from flareflow.metering.price_book import Price, PriceBook

OTHER_WEIGHTS: Final = ("request", "image", "second", "nanousd")
DEFAULT: Final = "(every other model)"


@dataclass(frozen=True, slots=True)
class Change:
    """One weight of one model; None where there is none. `is_new`: only the default covered the model before."""

    model: str
    weight: str
    before: int | None
    after: int | None
    is_new: bool = False

    @property
    def factor(self) -> Fraction | None:
        """How many times as much it is, or was, whichever is above 1; None where one of both is nothing."""
        if not self.before or not self.after:
            return None
        factor = Fraction(self.after, self.before)
        return max(factor, 1 / factor)

    def jumps(self, factor_max: Fraction) -> bool:
        """Whether a weight of a known model changes by more than a factor, or there is one where there was none, or
        none where there was one."""
        return not self.is_new and (self.factor is None or self.factor > factor_max)


def changes(before: PriceBook, after: PriceBook) -> list[Change]:
    """Every weight that differs, by model, as each book finds its price; then those of patterns and of the default."""
    found: list[Change] = []
    for model in sorted(before.models.keys() | after.models.keys()):
        found += _of_price(model, before.named(model), after.named(model))
    was, becomes = ({f"{one.match} (pattern)": one.price for one in book.patterns} for book in (before, after))
    for match in dict.fromkeys([*was, *becomes]):
        found += _of_price(match, was.get(match), becomes.get(match))
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
    for name, above in dict.fromkeys([*_set_in(before), *_set_in(after)]):
        was, becomes = _weight(before, name, above), _weight(after, name, above)
        if was != becomes:
            yield Change(model, f"{name} above {above:,}" if above else name, was, becomes, is_new=before is None)


def _set_in(price: Price | None) -> Iterator[tuple[str, int]]:
    """The weights that are set in a price: what of, and for inputs of more than how many tokens."""
    if price is None:
        return
    yield from ((name, 0) for name in (*TOKEN_KINDS, *OTHER_WEIGHTS) if getattr(price, name))
    yield from ((kind, one.above) for one in price.long for kind in TOKEN_KINDS if getattr(one, kind))


def _weight(price: Price | None, name: str, above: int) -> int | None:
    """What counts, also where no weight of its own is set."""
    if price is None:
        return None
    if name in TOKEN_KINDS:
        return price.weights(above + 1 if above else 0).of(name)
    weight: int | None = getattr(price, name)
    return weight


def _shown(weight: int | None) -> str:
    """In rated tokens."""
    return "-" if weight is None else f"{weight / 1_000_000:,.6f}".rstrip("0").rstrip(".")


def _times(change: Change) -> str:
    if change.before is None:
        return "new"
    if change.after is None:
        return "gone"
    return f"x {change.after / change.before:,.3g}" if change.before else "was free"
