"""The accounts that pay for transactions on Flow and on Flare, and what they have left, for an operator to see."""

from dataclasses import dataclass
from typing import Protocol

from flareflow.errors import UnavailableError


class PayingAccount(Protocol):
    """An account that pays for transactions."""

    def address(self) -> str:
        """Its address, with `0x`. Raises UnavailableError."""

    def balance(self) -> int:
        """What it has, in the smallest unit of its chain's coin. Raises UnavailableError."""


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that pays for transactions. `balance` is None while its chain does not answer."""

    address: str
    balance: int | None


@dataclass(frozen=True, slots=True)
class Payers:
    """Who pays on each chain: on Flow in 1e-8 FLOW, on Flare in wei."""

    flow: Payer
    flare: Payer


@dataclass(frozen=True, slots=True)
class ReadPayers:
    """Ask each chain for the balance of the account that pays there. One that is down does not hide the other."""

    flow: PayingAccount
    flare: PayingAccount

    def run(self) -> Payers:
        return Payers(_read(self.flow), _read(self.flare))


def _read(account: PayingAccount) -> Payer:
    address = account.address()
    try:
        return Payer(address, account.balance())
    except UnavailableError:
        return Payer(address, None)
