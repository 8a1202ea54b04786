"""The ports of settlement: what it needs from outside systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.settlement.charging import KnownRate
    from flareflow.settlement.events import BlocksRead
    from flareflow.settlement.journal import Posting, SettingAside
    from flareflow.settlement.plans import PlanVersion
    from flareflow.settlement.positions import SetAside
    from flareflow.settlement.subscription import Subscription
    from flareflow.settlement.transactions import Call, Outgoing, Progress, SignedTransaction


class LightClient(Protocol):
    """The light client of Flare in our verifier contract on Flow."""

    def latest_reward_epoch(self) -> int:
        """The newest reward epoch whose signing policy it has. Raises FlowUnavailableError."""


class Flow(Protocol):
    """Sends transactions to Flow. Every method raises FlowUnavailableError when the access node gives no answer."""

    def proposer_keys(self) -> Sequence[int]:
        """Indices of keys of the operator account that can propose a transaction, at most PROPOSER_KEYS_MAX."""

    def sign(self, call: Call, key_index: int) -> SignedTransaction:
        """A signed transaction with the key's next sequence number and the latest block; it is not sent."""

    def send(self, transaction: SignedTransaction) -> str | None:
        """Send the transaction. Sending it again has no further effect. Returns the node's reason if it refuses."""

    def progress(self, transaction: SignedTransaction) -> Progress:
        """The stage of the transaction on Flow."""


class ProposerKeys(Protocol):
    """Leases of proposer keys. A key has one sequence number, so it has at most one transaction under way."""

    def lease(self, purpose: str, key_indices: Sequence[int], now: datetime, until: datetime) -> int | None:
        """Lease a key that is free or whose lease has expired; None if there is none.

        A purpose that holds a key gets the same key again.
        """

    def release(self, purpose: str, key_index: int) -> None:
        """End a lease. Does nothing when the purpose no longer holds the key."""


class Outbox(Protocol):
    """The stored outgoing transactions."""

    def get(self, purpose: str) -> Outgoing | None:
        """The last transaction made for a purpose; None if there is none."""

    def save(self, outgoing: Outgoing) -> Outgoing:
        """Store the change and return it with its new version. Raises RaceLostError when the stored version differs."""


class DollarRates(Protocol):
    """The price oracle of the contracts that charge plans in dollars."""

    def now(self) -> int:
        """1e-8 dollars for one token, as a settlement at this moment would read it; nothing is changed on chain.

        Raises FlowRefusedError while there is no price, or one that is too old or has jumped too far. Raises
        FlowUnavailableError when the access node gives no answer.
        """


class KnownRates(Protocol):
    """The last rate that could be read, for whoever values usage that is not settled yet."""

    def last_rate(self) -> KnownRate | None:
        """None before the first."""

    def note_rate(self, rate: KnownRate) -> None:
        """Store a rate in place of the one before."""


class DepositToken(Protocol):
    """The token in which the contract holds deposits."""

    def is_dollar(self) -> bool:
        """Whether a token is worth a dollar by definition, so that plans in dollars need no rate.

        Raises FlowUnavailableError or FlowRefusedError.
        """


class ChainLog(Protocol):
    """The contract's events on Flow. Every method raises FlowUnavailableError when the access node gives no answer."""

    def latest_sealed_height(self) -> int:
        """The height of the latest sealed block, whose events are final."""

    def events(self, first_height: int, last_height: int, names: Collection[str] | None = None) -> BlocksRead:
        """All events, or only those of these names, of at most HEIGHTS_MAX sealed blocks, both ends included.

        The answer says how far it goes: perhaps not to the last block.
        Raises FlowAnswerTooLargeError when less should be asked for, BlocksNotKeptError when no known node has the
        first block.
        """


class Plans(Protocol):
    """The plans as the public sees them."""

    def all(self) -> Sequence[PlanVersion]:
        """Every version that was announced, by plan and version."""


class Ledger(Protocol):
    """The journal, the subscriptions that are projected from it, and the plans that they are on."""

    def read_to(self) -> int | None:
        """The last height whose events are all in the journal; None before the first."""

    def advance(self, height: int) -> None:
        """Store that all events up to this height are in the journal. A lower height changes nothing."""

    def note_complete(self, at: datetime) -> None:
        """Store that at this moment every sealed event was in the journal."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        """A subscription as of its last entry; None if it has none."""

    def subscriptions_by_id(self, ids: Collection[int]) -> Mapping[int, Subscription]:
        """Those of these subscriptions that have an entry."""

    def plan(self, plan_id: int, plan_version: int) -> PlanVersion | None:
        """A version of a plan; None if no event has announced it."""

    def add_plan(self, plan: PlanVersion) -> None:
        """Store a version of a plan. May be repeated."""

    def retire_plan(self, plan_id: int) -> None:
        """Store that nobody can accept the plan any more. May be repeated."""

    def record(self, postings: Sequence[Posting | SettingAside]) -> int:
        """Store entries, and what is set aside, with the changed subscriptions, in order.

        Returns how many of the entries were not stored already.

        Many postings become one write; each subscription is stored with all entries that lead to it, or not at all.
        Raises RaceLostError when a stored subscription has changed since it was read.
        """

    def set_aside(self, limit: int) -> Sequence[SetAside]:
        """The first `limit` events that are set aside: those of no subscription, then by subscription and position."""

    def forget(self, aside: SetAside) -> None:
        """Delete an event that is set aside and needs no entry. May be repeated."""
