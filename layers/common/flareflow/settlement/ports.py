"""What settling needs from the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flareflow.settlement.events import ChainEvent
from flareflow.settlement.journal import Posting, Subscription
from flareflow.settlement.transactions import Call, Outgoing, Progress, SignedTransaction


class LightClient(Protocol):
    """What the verifier on Flow knows of Flare."""

    def latest_reward_epoch(self) -> int:
        """The newest reward epoch whose policy it has; FlowUnavailableError when Flow cannot be asked."""


class Flow(Protocol):
    """Sending on Flow; every method raises FlowUnavailableError when the access node cannot be asked."""

    def proposer_keys(self) -> Sequence[int]:
        """Indices of the operator account's keys that can propose, at most PROPOSER_KEYS_MAX of them."""

    def sign(self, call: Call, key_index: int) -> SignedTransaction:
        """A transaction with the key's next sequence number, referring to the latest block; sends nothing."""

    def send(self, transaction: SignedTransaction) -> str | None:
        """Send these bytes; again does no harm. The answer is the node's reason when it refuses them."""

    def progress(self, transaction: SignedTransaction) -> Progress:
        """How far it has come."""


class ProposerKeys(Protocol):
    """Leases of proposer keys: a key has at most one transaction under way, since it has one sequence number."""

    def lease(self, purpose: str, key_indices: Sequence[int], now: datetime, until: datetime) -> int | None:
        """Take a key that is free or whose lease has run out; None where there is none.

        A purpose that holds a key gets the same one again.
        """

    def release(self, purpose: str, key_index: int) -> None:
        """Give a key back; nothing happens where the purpose does not hold it any more."""


class Outbox(Protocol):
    """Where outgoing transactions are kept."""

    def get(self, purpose: str) -> Outgoing | None:
        """The transaction that was last made for a purpose."""

    def save(self, outgoing: Outgoing) -> Outgoing:
        """Store the change and return it with its new version; RaceLostError if the stored version differs."""


class ChainLog(Protocol):
    """The contract's events on Flow; every method raises FlowUnavailableError when Flow cannot be asked."""

    def latest_sealed_height(self) -> int:
        """The last height whose events are final."""

    def events(self, first_height: int, last_height: int) -> Sequence[ChainEvent]:
        """The events in at most HEIGHTS_MAX sealed blocks, both ends included, in the order they happened."""


class Ledger(Protocol):
    """The journal and its projections."""

    def read_to(self) -> int | None:
        """The last height whose events are all in the journal; None before the first."""

    def advance(self, height: int) -> None:
        """Note that everything up to this height is in the journal; never goes back."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        """A subscription as far as the journal goes."""

    def record(self, posting: Posting) -> bool:
        """Add an entry and what follows from it, all or nothing; False where the entry is there already.

        RaceLostError when the subscription was changed by another since it was read.
        """
