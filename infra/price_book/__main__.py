"""`make price-book`: build a price book from LiteLLM's cost map, and show how it differs from the one in force.

Ends with 1 and writes nothing when a price is negative, infinite or no number; when a model has no price in the map and
the book prices no spelling of its name, unless `--allow-missing` is given; and when a weight jumps by more than
`--factor` or a model disappears, unless `--allow-jumps` is given.
"""

import argparse
import json
import sys
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Final

from flareflow.metering.price_book import PriceBook
from infra.price_book.building import Built, Pricing, build
from infra.price_book.comparing import changes, table
from infra.price_book.cost_map import CostMap, WrongPricesError, installed

FILE: Final = Path(__file__).with_name("litellm.json")
LINES_MAX: Final = 60
FACTOR: Final = "2"


def amount(text: str) -> Decimal:
    """A positive decimal number."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text} is no number") from error
    if not number.is_finite() or number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def main(given: list[str] | None = None) -> int:
    arguments = _arguments(given)
    in_force = (
        PriceBook.model_validate_json(arguments.in_force.read_bytes()) if arguments.in_force else PriceBook.load()
    )
    pricing = Pricing(arguments.margin, arguments.unit)
    title = f"LiteLLM's cost map x {arguments.margin}, {arguments.unit} USD for a million rated tokens"
    try:
        built = build(CostMap.read(arguments.cost_map or installed()), pricing, in_force.version + 1, title)
    except (WrongPricesError, ValueError) as error:
        print(f"No book is built:\n{error}", file=sys.stderr)
        return 1
    return _accept(built, in_force, arguments)


def _accept(built: Built, in_force: PriceBook, arguments: argparse.Namespace) -> int:
    found = changes(in_force, built.book)
    jumps = [one for one in found if one.jumps(Fraction(arguments.factor))]
    of_models_before = [one for one in found if not one.is_new]
    shown = found if arguments.all else of_models_before[:LINES_MAX]
    print(table(shown))
    _print_counts(built, len(found) - len(shown))
    if (missing := built.without_price) and not arguments.allow_missing:
        return _refuse(f"{len(missing)} models have no price", "\n".join(missing), "--allow-missing")
    if jumps and not arguments.allow_jumps:
        what = f"{len(jumps)} weights change by more than x {arguments.factor} or disappear"
        return _refuse(what, table(jumps[:LINES_MAX]), "--allow-jumps")
    arguments.out.write_text(written(built.book))
    print(f"{arguments.out} is written; its hash is 0x{built.book.hash.hex()}")
    return 0


def _refuse(what: str, lines: str, flag: str) -> int:
    print(f"\n{what}:\n{lines}\nNothing is written. Look at them, then give {flag}.", file=sys.stderr)
    return 1


def _print_counts(built: Built, hidden: int) -> None:
    reasons = sorted(set(built.left_out.values()))
    counts = [f"{sum(one == reason for one in built.left_out.values())} ({reason})" for reason in reasons]
    print(f"\n{hidden} more changes; --all shows them" if hidden else "")
    print(f"{len(built.book.models)} models; left out: {', '.join(counts) or 'none'}")


def written(book: PriceBook) -> str:
    """The book as a file: one line for each model."""
    document = json.loads(book.canonical_json)
    models = [f"    {json.dumps(name)}: {json.dumps(price)}" for name, price in document.pop("models").items()]
    head = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in document.items()]
    return "\n".join(["{", *head, '  "models": {', ",\n".join(models), "  }", "}"]) + "\n"


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.price_book", description=__doc__)
    parser.add_argument("--margin", type=amount, default="1.2", help="what a dollar of cost is charged (1.2)")
    parser.add_argument("--unit", type=amount, default="1", help="dollars for a million rated tokens (1)")
    parser.add_argument("--cost-map", type=Path, help="another file than that of the installed LiteLLM")
    parser.add_argument("--in-force", type=Path, help="the book in force, as GET /v1/price-book returns it")
    parser.add_argument("--factor", type=amount, default=FACTOR, help=f"larger jumps are refused ({FACTOR})")
    parser.add_argument("--allow-jumps", action="store_true")
    parser.add_argument("--allow-missing", action="store_true", help="leave models without a price out of the book")
    parser.add_argument("--all", action="store_true", help="show every change")
    parser.add_argument("--out", type=Path, default=FILE)
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
