"""Amounts as people read them."""

from typing import Final

from flareflow.settlement.charging import UNITS
from flareflow.settlement.pricing import MICROTOKENS_PER_TOKEN
from flareflow_verify.bundle import Bill

SYMBOLS: Final = {"/storage/flowTokenVault": "FLOW"}
"""Symbols of the tokens of deposits by the path of a vault; other tokens are named by that path."""


def money(amount_ufix64: int, unit: str) -> str:
    """An amount in 1e-8 with all of its decimals."""
    whole, fraction = divmod(amount_ufix64, UNITS)
    return f"{whole}.{fraction:08d} {unit}"


def counted(count: int, what: str) -> str:
    """A number of things: `1 call`, `2 calls`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def rated(microtokens: int) -> str:
    """An amount in rated micro-tokens as rated tokens."""
    whole, fraction = divmod(microtokens, MICROTOKENS_PER_TOKEN)
    decimals = f".{fraction:06d}".rstrip("0").rstrip(".")
    return f"{whole:,}{decimals} rated tokens"


def token_of(bill: Bill) -> str:
    """The symbol of the token in which deposits are held."""
    return SYMBOLS.get(bill.token_storage_path, f"({bill.token_storage_path})")


def currency_of(bill: Bill) -> str:
    """What the plan's prices are in. A plan in dollars that needs no rate is charged in a token that is a dollar."""
    return "USD" if bill.needs_rate else token_of(bill)
