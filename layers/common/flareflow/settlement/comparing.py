"""The journal against the contract: every balance that the journal's events add up to is the contract's own."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, Protocol, Self

from flareflow.errors import UNREADABLE, FlowRefusedError
from flareflow.settlement.ports import Ledger
from flareflow.settlement.subscription import Subscription

COMPARED_MAX: Final = 100
"""Subscriptions that one run asks the chain about; the next run goes on with the next ones."""


@dataclass(frozen=True, slots=True)
class Balances:
    """A subscription's amounts, in 1e-8 of the token (`owed_ufix64`: of the plan's currency), and what is settled."""

    balance_ufix64: int
    deposited_ufix64: int
    credited_ufix64: int
    charged_ufix64: int
    withdrawn_ufix64: int
    refunded_ufix64: int
    owed_ufix64: int
    settled_microtokens: int

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        """Those of the journal."""
        return cls(*(getattr(subscription, name) for name in cls.__slots__))


class Contract(Protocol):
    """The contract on Flow."""

    def balances(self, subscription_id: int) -> Balances | None:
        """A subscription at the latest sealed block; None if there is none.

        Raises FlowUnavailableError, and FlowRefusedError where the script fails for this subscription.
        """


class Settled(Protocol):
    """The subscriptions that the journal knows."""

    def all(self) -> Mapping[int, int]:
        """Settled rated micro-tokens by subscription id."""


@dataclass(frozen=True, slots=True)
class JournalAgainstContract:
    """`metering.ports.JournalCheck`: compares some subscriptions at each turn."""

    ledger: Ledger
    known: Settled
    contract: Contract

    def mismatches(self, turn: int) -> Iterator[tuple[int, str]]:
        """(subscription id, what differs). The journal may lag behind, so only what stays the same is a difference.

        A subscription that one side cannot tell differs too, and does not keep the others from being compared.
        """
        ids = sorted(self.known.all())
        first = turn * COMPARED_MAX % max(len(ids), 1)
        for subscription_id in (ids + ids)[first : first + min(COMPARED_MAX, len(ids))]:
            if what := self._difference(subscription_id):
                yield subscription_id, what

    def _difference(self, subscription_id: int) -> str | None:
        try:
            subscription = self.ledger.subscription(subscription_id)
        except UNREADABLE as error:
            return f"what the journal has stored cannot be read: {error}"
        try:
            told = self.contract.balances(subscription_id)
        except FlowRefusedError:  # its message has the block, which would be another one at each run
            return "the contract's script fails"
        kept = Balances.of(subscription) if subscription else None
        return None if kept == told else f"the journal says {_text(kept)}, the contract {_text(told)}"


def _text(balances: Balances | None) -> str:
    return ", ".join(f"{name} {amount}" for name, amount in asdict(balances).items()) if balances else "nothing"
